#include "function.h"

enum { ME = TEMPLATE_CONSUL };

/* f(b, a) = a op b.  Floats if either is a float, unsigned if both are unsigned, else signed.
 * Integers wrap around. */
enum operator { ADD, SUBTRACT, MULTIPLY, DIVIDE, MODULO, MINIMUM, MAXIMUM };

static double to_float(struct value value)
{
	return kind_of(value) == KIND_FLOAT ? value.real :
	       kind_of(value) == KIND_UINT ? (double)value.natural : (double)value.integer;
}

static bool reckon_floats(struct call *call, enum operator operator, double a, double b)
{
	switch (operator) {
	case ADD: return give(call, value_float(a + b));
	case SUBTRACT: return give(call, value_float(a - b));
	case MULTIPLY: return give(call, value_float(a * b));
	case DIVIDE: return give(call, value_float(a / b));
	case MINIMUM: return give(call, value_float(a < b ? a : b));
	case MAXIMUM: return give(call, value_float(a > b ? a : b));
	default: return fail(call->error, "modulo takes integers");
	}
}

static bool reckon_naturals(struct call *call, enum operator operator, uint64_t a, uint64_t b)
{
	switch (operator) {
	case ADD: return give(call, value_uint64(a + b));
	case SUBTRACT: return give(call, value_uint64(a - b));
	case MULTIPLY: return give(call, value_uint64(a * b));
	case DIVIDE: return give(call, value_uint64(a / b));
	case MINIMUM: return give(call, value_uint64(a < b ? a : b));
	case MAXIMUM: return give(call, value_uint64(a > b ? a : b));
	default: return give(call, value_uint64(a % b));
	}
}

static bool reckon_integers(struct call *call, enum operator operator, int64_t a, int64_t b)
{
	uint64_t x = (uint64_t)a, y = (uint64_t)b;

	switch (operator) {
	case ADD: return give(call, value_int64((int64_t)(x + y)));
	case SUBTRACT: return give(call, value_int64((int64_t)(x - y)));
	case MULTIPLY: return give(call, value_int64((int64_t)(x * y)));
	case DIVIDE: return give(call, value_int64(b == -1 ? (int64_t)-x : a / b));
	case MINIMUM: return give(call, value_int64(a < b ? a : b));
	case MAXIMUM: return give(call, value_int64(a > b ? a : b));
	default: return give(call, value_int64(b == -1 ? 0 : a % b));
	}
}

static bool reckon(struct call *call, enum operator operator)
{
	struct value a = call->args[1], b = call->args[0];
	enum kind first = kind_of(a), second = kind_of(b);

	for (int i = 0; i < 2; i++) {
		enum kind kind = kind_of(call->args[i]);

		if (kind != KIND_INT && kind != KIND_UINT && kind != KIND_FLOAT)
			return fail(call->error, "a %s is not a number", type_info(call->args[i].type)->name);
	}
	if (first == KIND_FLOAT || second == KIND_FLOAT)
		return reckon_floats(call, operator, to_float(a), to_float(b));
	if ((operator == DIVIDE || operator == MODULO) && !b.integer)
		return fail(call->error, "integer divide by zero");
	if (first == KIND_UINT && second == KIND_UINT)
		return reckon_naturals(call, operator, a.natural, b.natural);
	return reckon_integers(call, operator, a.integer, b.integer);
}

#define OPERATION(name, operator) static bool name(struct call *call) { return reckon(call, operator); }
OPERATION(fn_add, ADD)
OPERATION(fn_subtract, SUBTRACT)
OPERATION(fn_multiply, MULTIPLY)
OPERATION(fn_divide, DIVIDE)
OPERATION(fn_modulo, MODULO)
OPERATION(fn_minimum, MINIMUM)
OPERATION(fn_maximum, MAXIMUM)

const struct function *functions_math(void)
{
	static const struct function table[] = {
		{ "add", fn_add, 2, 2, ME, { TYPE_ANY } },
		{ "subtract", fn_subtract, 2, 2, ME, { TYPE_ANY } },
		{ "multiply", fn_multiply, 2, 2, ME, { TYPE_ANY } },
		{ "divide", fn_divide, 2, 2, ME, { TYPE_ANY } },
		{ "modulo", fn_modulo, 2, 2, ME, { TYPE_ANY } },
		{ "minimum", fn_minimum, 2, 2, ME, { TYPE_ANY } },
		{ "maximum", fn_maximum, 2, 2, ME, { TYPE_ANY } },
		{ 0 },
	};

	return table;
}
