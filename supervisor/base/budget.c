#include "budget.h"

#include <malloc.h>

#define MUCH ((size_t)256 << 10)
#define MMAP_THRESHOLD (128 << 10)
static const double soon = 1, later = 10;

static void on_trim(struct timer *timer)
{
	struct budget *budget = container_of(timer, struct budget, trim);

	if (!budget->trimmed)
		timer_set(timer, later);
	budget->trimmed = true;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void budget_init(struct budget *budget, struct loop *loop, const char *name, size_t limit)
{
	*budget = (struct budget){ .name = name, .limit = limit };
	timer_init(&budget->trim, loop, on_trim);
#ifdef __GLIBC__
	/* Otherwise the first large block that is freed raises the threshold, up to 32 MiB. */
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
#endif
}

void budget_release(struct budget *budget)
{
	timer_stop(&budget->trim);
}

bool budget_has(const struct budget *budget, size_t size)
{
	return !budget->limit ||
	       (budget->used <= budget->limit && size <= budget->limit - budget->used);
}

void charge_set(struct charge *charge, size_t size)
{
	struct budget *budget = charge->budget;

	if (!budget)
		return;
	budget->used = budget->used - charge->size + size;
	if (charge->size > size && charge->size - size >= MUCH) {
		budget->trimmed = false;
		timer_set(&budget->trim, soon);
	}
	charge->size = size;
}
