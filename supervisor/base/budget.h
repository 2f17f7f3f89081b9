/* budget.h - one limit for the memory that several users hold.
 *
 * A budget counts estimates; it allocates nothing.  Each user keeps a charge and sets it to the size
 * of what it holds.  When much has been freed, the budget returns free memory to the system: glibc
 * keeps it otherwise.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdbool.h>
#include <stddef.h>

#include "loop.h"

/* No budget refuses what is no larger. */
#define BUDGET_EXEMPT ((size_t)64 << 10)

struct budget {
	const char *name;		/* for messages: the option that sets the limit */
	size_t limit, used;		/* bytes; limit 0: none */
	struct timer trim;
	bool trimmed;			/* once; the second time is for what is freed meanwhile */
};

struct charge {				/* zeroed: nothing, and charge_set() does nothing */
	struct budget *budget;
	size_t size;
};

void budget_init(struct budget *budget, struct loop *loop, const char *name, size_t limit);
void budget_release(struct budget *budget);
bool budget_has(const struct budget *budget, size_t size);
void charge_set(struct charge *charge, size_t size);	/* may exceed the limit */

#endif
