#include "function.h"

/* Values are comparable only within a family. */
enum family { FAMILY_NONE, FAMILY_BOOL, FAMILY_INTEGER, FAMILY_FLOAT, FAMILY_STRING };

static enum family family_of(struct value value)
{
	switch (kind_of(value)) {
	case KIND_BOOL: return FAMILY_BOOL;
	case KIND_INT:
	case KIND_UINT: return FAMILY_INTEGER;
	case KIND_FLOAT: return FAMILY_FLOAT;
	case KIND_STRING: return FAMILY_STRING;
	default: return FAMILY_NONE;
	}
}

static int compare_integers(struct value a, struct value b)
{
	bool a_minus = kind_of(a) == KIND_INT && a.integer < 0;
	bool b_minus = kind_of(b) == KIND_INT && b.integer < 0;

	if (a_minus != b_minus)
		return a_minus ? -1 : 1;
	return (a.natural > b.natural) - (a.natural < b.natural);
}

/* Both are of one family, and it is not FAMILY_NONE. */
static int compare(struct value a, struct value b)
{
	switch (family_of(a)) {
	case FAMILY_BOOL: return a.truth - b.truth;
	case FAMILY_INTEGER: return compare_integers(a, b);
	case FAMILY_FLOAT: return a.real == b.real ? 0 : a.real < b.real ? -1 : 1;
	default: return value_compare_text(a, b);
	}
}

static bool is_nothing(struct value value)
{
	return value.type == TYPE_INVALID || value.type == TYPE_NIL;
}

static bool is_comparable(struct call *call, struct value value)
{
	return (kind_of(value) != KIND_LIST && kind_of(value) != KIND_MAP) ||
	       fail(call->error, "non-comparable type: %s", type_info(value.type)->name);
}

static bool equal(struct call *call, struct value a, struct value b, bool *same)
{
	*same = is_nothing(a) && is_nothing(b);
	if (is_nothing(a) || is_nothing(b))
		return true;
	if (family_of(a) != family_of(b))
		return fail(call->error, "incompatible types for comparison");
	if (!is_comparable(call, a) || !is_comparable(call, b))
		return false;
	*same = family_of(a) ? !compare(a, b) : a.type == b.type && a.json == b.json;
	return true;
}

static bool fn_eq(struct call *call)
{
	bool same = false;

	if (call->count < 2)
		return fail(call->error, "missing argument for comparison");
	for (size_t i = 1; i < call->count && !same; i++)
		if (!equal(call, call->args[0], call->args[i], &same))
			return false;
	return give(call, value_bool(same));
}

static bool fn_ne(struct call *call)
{
	bool same;

	return equal(call, call->args[0], call->args[1], &same) && give(call, value_bool(!same));
}

static bool order(struct call *call, int *result)
{
	struct value a = call->args[0], b = call->args[1];

	if (family_of(a) <= FAMILY_BOOL || family_of(b) <= FAMILY_BOOL)
		return fail(call->error, "invalid type for comparison");
	if (family_of(a) != family_of(b))
		return fail(call->error, "incompatible types for comparison");
	*result = compare(a, b);
	return true;
}

static bool fn_lt(struct call *call)
{
	int result = 0;

	return order(call, &result) && give(call, value_bool(result < 0));
}

static bool fn_le(struct call *call)
{
	int result = 0;

	return order(call, &result) && give(call, value_bool(result <= 0));
}

static bool fn_gt(struct call *call)
{
	int result = 0;

	return order(call, &result) && give(call, value_bool(result > 0));
}

static bool fn_ge(struct call *call)
{
	int result = 0;

	return order(call, &result) && give(call, value_bool(result >= 0));
}

const struct function *functions_compare(void)
{
	static const struct function table[] = {
		{ "eq", fn_eq, 1, MANY, IN_ALL, { TYPE_VALUE } },
		{ "ne", fn_ne, 2, 2, IN_ALL, { TYPE_VALUE } },
		{ "lt", fn_lt, 2, 2, IN_ALL, { TYPE_VALUE } },
		{ "le", fn_le, 2, 2, IN_ALL, { TYPE_VALUE } },
		{ "gt", fn_gt, 2, 2, IN_ALL, { TYPE_VALUE } },
		{ "ge", fn_ge, 2, 2, IN_ALL, { TYPE_VALUE } },
		{ 0 },
	};

	return table;
}
