#include "function.h"

enum { ME = TEMPLATE_CONSUL };

/* Within integers, within floats, within strings. */
static bool is_same(struct value a, struct value b)
{
	enum kind first = kind_of(a), second = kind_of(b);

	if (a.type == TYPE_STRING && b.type == TYPE_STRING)
		return !value_compare_text(a, b);
	if (first == KIND_FLOAT && second == KIND_FLOAT)
		return a.real == b.real;
	if (first == KIND_BOOL && second == KIND_BOOL)
		return a.truth == b.truth;
	return (first == KIND_INT || first == KIND_UINT) && (second == KIND_INT || second == KIND_UINT) &&
	       a.integer == b.integer;
}

static bool is_in(struct call *call, struct value list, struct value wanted, bool *found)
{
	*found = false;
	if (list.type == TYPE_STRING) {
		*found = wanted.type == TYPE_STRING &&
			 (!wanted.size || memmem(list.text, list.size, wanted.text, wanted.size));
		return true;
	}
	if (list.type == TYPE_NIL)
		return true;
	if (kind_of(list) != KIND_LIST)
		return fail(call->error, "cannot look into a %s", type_info(list.type)->name);
	for (size_t i = 0; i < list.size && !*found; i++)
		*found = is_same(list.items[i], wanted);
	return true;
}

static bool fn_in(struct call *call)
{
	bool found;

	return is_in(call, call->args[0], call->args[1], &found) && give(call, value_bool(found));
}

static bool fn_contains(struct call *call)
{
	bool found;

	return is_in(call, call->args[1], call->args[0], &found) && give(call, value_bool(found));
}

/* How many of the first list are in the second. */
static bool count_in(struct call *call, size_t *count)
{
	struct value wanted = call->args[0];
	bool found;

	*count = 0;
	for (size_t i = 0; i < wanted.size; i++) {
		if (!is_in(call, call->args[1], wanted.items[i], &found))
			return false;
		*count += found;
	}
	return true;
}

static bool fn_contains_all(struct call *call)
{
	size_t count;

	return count_in(call, &count) && give(call, value_bool(count == call->args[0].size));
}

static bool fn_contains_any(struct call *call)
{
	size_t count;

	return count_in(call, &count) && give(call, value_bool(count > 0));
}

static bool fn_contains_none(struct call *call)
{
	size_t count;

	return count_in(call, &count) && give(call, value_bool(!count));
}

static bool fn_contains_not_all(struct call *call)
{
	size_t count;

	return count_in(call, &count) && give(call, value_bool(count < call->args[0].size));
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
