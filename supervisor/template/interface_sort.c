#include <string.h>

#include "interface_value.h"

enum { CLAUSES_LIMIT = 16 };

struct sortable {
	struct value value;
	struct interface interface;
	bool private;
};

static int order(bool less, bool greater)
{
	return greater - less;
}

/* The bool is the first's, unless it is in both: it precedes. */
static int compare_address(const struct sortable *a, const struct sortable *b)
{
	const struct ip *first = &a->interface.ip, *second = &b->interface.ip;

	return first->is_v6 != second->is_v6 ? 0 :
	       order(first->bits < second->bits, first->bits > second->bits);
}

static int compare_default(const struct sortable *a, const struct sortable *b)
{
	return order(a->interface.is_default && !b->interface.is_default,
		     b->interface.is_default && !a->interface.is_default);
}

static int compare_name(const struct sortable *a, const struct sortable *b)
{
	int names = strcmp(a->interface.name, b->interface.name);

	return order(names < 0, names > 0);
}

static int compare_port(const struct sortable *a, const struct sortable *b)
{
	(void)a;
	(void)b;
	return 0;
}

/* As in go-sockaddr: a private address precedes all of the other family. */
static int compare_private(const struct sortable *a, const struct sortable *b)
{
	if (a->interface.ip.is_v6 != b->interface.ip.is_v6)
		return order(a->private, false);
	return order(a->private && !b->private, b->private && !a->private);
}

static int compare_size(const struct sortable *a, const struct sortable *b)
{
	const struct ip *first = &a->interface.ip, *second = &b->interface.ip;

	return first->is_v6 != second->is_v6 ? 0 :
	       order(first->prefix < second->prefix, first->prefix > second->prefix);
}

static int compare_type(const struct sortable *a, const struct sortable *b)
{
	return order(b->interface.ip.is_v6 && !a->interface.ip.is_v6,
		     a->interface.ip.is_v6 && !b->interface.ip.is_v6);
}

typedef int compare_fn(const struct sortable *a, const struct sortable *b);

struct clauses {
	struct { compare_fn *fn; int sign; } items[CLAUSES_LIMIT];
	size_t count;
};

static const char space[] = " \t\n\v\f\r";

static bool read_clauses(struct call *call, const char *param, struct clauses *clauses)
{
	static const struct { const char *name; compare_fn *fn; } known[] = {
		{ "address", compare_address }, { "default", compare_default },
		{ "name", compare_name }, { "port", compare_port }, { "private", compare_private },
		{ "size", compare_size }, { "type", compare_type },
	};
	char *rest = call_lower_case(call, value_string(param)), *clause;
	size_t n;

	while ((clause = strsep(&rest, ","))) {
		bool down;

		clause += strspn(clause, space);
		clause[strcspn(clause, space)] = '\0';
		down = *clause == '-';
		clause += *clause == '-' || *clause == '+';
		for (n = 0; n < sizeof known / sizeof *known && strcmp(known[n].name, clause); n++)
			;
		if (n == sizeof known / sizeof *known)
			return fail(call->error, "unknown order");
		if (clauses->count == CLAUSES_LIMIT)
			return fail(call->error, "more than %d orders", CLAUSES_LIMIT);
		clauses->items[clauses->count].fn = known[n].fn;
		clauses->items[clauses->count++].sign = down ? -1 : 1;
	}
	return true;
}

static int compare(const struct clauses *clauses, const struct sortable *a, const struct sortable *b)
{
	int found = 0;

	for (size_t i = 0; i < clauses->count && !found; i++)
		found = clauses->items[i].sign * clauses->items[i].fn(a, b);
	return found;
}

/* By insertion, as Go does with up to 12: the order by `private` is none that other methods bear. */
bool interfaces_sort(struct call *call, const char *param, struct value *list)
{
	struct sortable *items = arena_alloc(call->arena, (list->size + 1) * sizeof *items), item;
	struct list_maker sorted = { .arena = call->arena };
	struct clauses clauses = { .count = 0 };

	if (!read_clauses(call, param, &clauses))
		return false;
	for (size_t i = 0, j; i < list->size && !call->arena->over; i++) {
		item.value = list->items[i];
		item.interface = interface_from_value(item.value);
		item.private = ip_is_in(&item.interface.ip, ip_reserved(6890));
		for (j = i; j && compare(&clauses, &item, &items[j - 1]) < 0; j--)
			items[j] = items[j - 1];
		items[j] = item;
		arena_work(call->arena, 3000 + 20 * (i - j));
	}
	for (size_t i = 0; i < list->size; i++)
		if (!interfaces_add(call, &sorted, items[i].value))
			return false;
	*list = interfaces_list(&sorted);
	return true;
}
