#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "function.h"
#include "print.h"
#include "tree.h"
#include "utf8.h"

enum { ME = TEMPLATE_CONSUL };

static bool fn_parse_bool(struct call *call)
{
	static const char *const words[][6] = {
		{ "0", "f", "F", "FALSE", "false", "False" }, { "1", "t", "T", "TRUE", "true", "True" },
	};

	if (!call->args[0].size)
		return give(call, value_bool(false));
	for (int truth = 0; truth < 2; truth++)
		for (int i = 0; i < 6; i++)
			if (value_is_text(call->args[0], words[truth][i]))
				return give(call, value_bool(truth));
	return fail(call->error, "not a bool");
}

static bool is_whole(struct value value, const char *end)
{
	return !errno && end == value.text + value.size && !isspace((unsigned char)value.text[0]);
}

static bool fn_parse_int(struct call *call)
{
	struct value value = value_text(call_string(call, 0), call->args[0].size);
	char *end;

	errno = 0;
	long long number = value.size ? strtoll(value.text, &end, 10) : 0;
	if (value.size && !is_whole(value, end))
		return fail(call->error, "not an integer");
	return give(call, value_int64(number));
}

static bool fn_parse_uint(struct call *call)
{
	struct value value = value_text(call_string(call, 0), call->args[0].size);
	char *end;

	errno = 0;
	unsigned long long number = value.size ? strtoull(value.text, &end, 10) : 0;
	if (value.size && (!isdigit((unsigned char)value.text[0]) || !is_whole(value, end)))
		return fail(call->error, "not an integer without sign");
	return give(call, value_uint64(number));
}

static bool fn_parse_float(struct call *call)
{
	struct value value = call->args[0];
	double number = 0;

	if (value.size && !literal_float(call->arena, value.text, value.size, &number))
		return fail(call->error, "not a number");
	return give(call, value_float(number));
}

/* Go replaces invalid UTF-8; jansson would refuse it. */
static struct value made_valid(struct arena *arena, struct value value)
{
	struct text text = { .arena = arena };

	if (utf8_is_valid(value.text, value.size))
		return value;
	for (size_t i = 0; i < value.size;) {
		uint32_t rune;
		char bytes[4];

		i += utf8_read(value.text + i, value.size - i, &rune);
		text_add(&text, bytes, utf8_write(bytes, rune));
	}
	return value_of_text(&text);
}

static bool fn_parse_json(struct call *call)
{
	struct value value = made_valid(call->arena, call->args[0]);
	json_error_t where;
	json_t *json;

	if (!value.size)
		return give(call, value_map(call->arena, TYPE_MAP_ANY));
	/* Small values have the greatest overhead. */
	arena_charge(call->arena, value.size * 48);
	if (call->arena->over)
		return fail(call->error, "the JSON is too large");
	json = json_loadb(value.text, value.size, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL |
			  JSON_ALLOW_NUL, &where);
	if (!json)
		return fail(call->error, "invalid JSON at line %d, column %d", where.line, where.column);
	run_own(call->run, json);
	return give(call, value_from_json(call->arena, json, TYPE_ANY));
}

/* That of sprig: nil instead of an error. */
static bool fn_from_json(struct call *call)
{
	if (!call->args[0].size || !fn_parse_json(call)) {
		call->error->text[0] = '\0';
		return give(call, value_nil());
	}
	return true;
}

static bool to_json(struct call *call, bool escape, int indent)
{
	struct text text = { .arena = call->arena };

	if (!print_json(&text, call->args[0], escape, indent))
		return fail(call->error, "a %s cannot be written as JSON", type_info(call->args[0].type)->name);
	return give_text(call, &text);
}

static bool fn_to_json(struct call *call)
{
	return to_json(call, true, -1);
}

static bool fn_to_json_pretty(struct call *call)
{
	return to_json(call, true, 2);
}

static bool fn_to_unescaped_json(struct call *call)
{
	return to_json(call, false, -1);
}

static bool fn_to_unescaped_json_pretty(struct call *call)
{
	return to_json(call, false, 2);
}

const struct function *functions_parse(void)
{
	static const struct function table[] = {
		{ "parseBool", fn_parse_bool, 1, 1, ME, { TYPE_STRING } },
		{ "parseInt", fn_parse_int, 1, 1, ME, { TYPE_STRING } },
		{ "parseUint", fn_parse_uint, 1, 1, ME, { TYPE_STRING } },
		{ "parseFloat", fn_parse_float, 1, 1, ME, { TYPE_STRING } },
		{ "parseJSON", fn_parse_json, 1, 1, ME, { TYPE_STRING } },
		{ "sprig_fromJson", fn_from_json, 1, 1, ME, { TYPE_STRING } },
		{ "toJSON", fn_to_json, 1, 1, ME, { TYPE_ANY } },
		{ "toJSONPretty", fn_to_json_pretty, 1, 1, ME, { TYPE_ANY } },
		{ "toUnescapedJSON", fn_to_unescaped_json, 1, 1, ME, { TYPE_ANY } },
		{ "toUnescapedJSONPretty", fn_to_unescaped_json_pretty, 1, 1, ME, { TYPE_ANY } },
		{ 0 },
	};

	return table;
}
