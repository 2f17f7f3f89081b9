#include "function.h"

enum { ME = TEMPLATE_CONSUL };

/* Only signed integers, floats or strings can be equal, each among themselves. */
static bool is_same(struct value a, struct value b)
{
	enum kind first = kind_of(a), second = kind_of(b);

	if (a.type == TYPE_STRING && b.type == TYPE_STRING)
		return !value_compare_text(a, b);
	if (first == KIND_FLOAT && second == KIND_FLOAT)
		return a.real == b.real;
	return first == KIND_INT && second == KIND_INT && a.integer == b.integer;
}

static bool is_in(struct arena *arena, struct value list, struct value wanted)
{
	bool found = false;

	arena_work(arena, 4 * list.size);
	if (list.type == TYPE_STRING)
		return wanted.type == TYPE_STRING &&
		       (!wanted.size || memmem(list.text, list.size, wanted.text, wanted.size));
	if (kind_of(list) == KIND_LIST)
		for (size_t i = 0; i < list.size && !found; i++)
			found = is_same(list.items[i], wanted);
	return found;
}

static bool fn_in(struct call *call)
{
	return give(call, value_bool(is_in(call->arena, call->args[0], call->args[1])));
}

static bool fn_contains(struct call *call)
{
	return give(call, value_bool(is_in(call->arena, call->args[1], call->args[0])));
}

/* How many of the first list are in the second. */
static size_t count_in(struct call *call)
{
	size_t count = 0;

	for (size_t i = 0; i < call->args[0].size && !call->arena->over; i++)
		count += is_in(call->arena, call->args[1], call->args[0].items[i]);
	return count;
}

static bool fn_contains_all(struct call *call)
{
	return give(call, value_bool(count_in(call) == call->args[0].size));
}

static bool fn_contains_any(struct call *call)
{
	return give(call, value_bool(count_in(call) > 0));
}

static bool fn_contains_none(struct call *call)
{
	return give(call, value_bool(!count_in(call)));
}

static bool fn_contains_not_all(struct call *call)
{
	return give(call, value_bool(count_in(call) < call->args[0].size));
}

const struct function *functions_list(void)
{
	static const struct function table[] = {
		{ "in", fn_in, 2, 2, ME, { TYPE_ANY } },
		{ "contains", fn_contains, 2, 2, ME, { TYPE_ANY } },
		{ "containsAll", fn_contains_all, 2, 2, ME, { TYPE_ANYS, TYPE_ANY } },
		{ "containsAny", fn_contains_any, 2, 2, ME, { TYPE_ANYS, TYPE_ANY } },
		{ "containsNone", fn_contains_none, 2, 2, ME, { TYPE_ANYS, TYPE_ANY } },
		{ "containsNotAll", fn_contains_not_all, 2, 2, ME, { TYPE_ANYS, TYPE_ANY } },
		{ 0 },
	};

	return table;
}
