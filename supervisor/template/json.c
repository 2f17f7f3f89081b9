#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "print.h"
#include "utf8.h"

/* No value is nested deeper: jansson limits parsed JSON, and functions build flat values. */
#define DEPTH 3000

struct writer {
	struct text *text;
	bool escape;
	int indent, depth;
};

static bool write_value(struct writer *writer, struct value value);

static void newline(struct writer *writer)
{
	if (writer->indent < 0)
		return;
	text_char(writer->text, '\n');
	text_repeat(writer->text, ' ', (long)writer->indent * writer->depth);
}

static void write_rune(struct writer *writer, uint32_t rune, const char *bytes, size_t size)
{
	static const char controls[] = "\b\f\n\r\t", names[] = "bfnrt";
	const char *control = rune && rune < 0x80 ? strchr(controls, (int)rune) : NULL;

	if (rune == '"' || rune == '\\')
		text_print(writer->text, "\\%c", (char)rune);
	else if (control)
		text_print(writer->text, "\\%c", names[control - controls]);
	else if (rune < ' ' || rune == 0x2028 || rune == 0x2029 || (rune == RUNE_BAD && size == 1) ||
		 (writer->escape && (rune == '<' || rune == '>' || rune == '&')))
		text_print(writer->text, "\\u%04x", (unsigned)rune);
	else
		text_add(writer->text, bytes, size);
}

static void write_string(struct writer *writer, struct value value)
{
	text_char(writer->text, '"');
	for (size_t i = 0, length; i < value.size; i += length) {
		uint32_t rune;

		length = utf8_read(value.text + i, value.size - i, &rune);
		write_rune(writer, rune, value.text + i, length);
	}
	text_char(writer->text, '"');
}

static bool write_float(struct text *text, double real)
{
	char out[32], *e;
	long exponent;

	if (!isfinite(real))
		return false;
	float_shortest(out, real);
	e = strchr(out, 'e');
	if (!e)
		return false;
	exponent = strtol(e + 1, NULL, 10);
	if (real != 0 && (exponent < -6 || exponent >= 21)) {
		/* e-09 becomes e-9 */
		if (e[1] == '-' && e[2] == '0')
			memmove(e + 2, e + 3, strlen(e + 2));
		text_string(text, out);
		return true;
	}
	print_decimal(text, real);
	return true;
}

static bool write_list(struct writer *writer, struct value value)
{
	text_char(writer->text, '[');
	writer->depth++;
	for (size_t i = 0; i < value.size; i++) {
		if (i)
			text_char(writer->text, ',');
		newline(writer);
		if (!write_value(writer, value.items[i]))
			return false;
	}
	writer->depth--;
	if (value.size)
		newline(writer);
	text_char(writer->text, ']');
	return true;
}

static bool write_member(struct writer *writer, bool first, struct value key, struct value value)
{
	if (!first)
		text_char(writer->text, ',');
	newline(writer);
	if (key.type == TYPE_STRING)
		write_string(writer, key);
	else
		text_print(writer->text, "\"%lld\"", (long long)key.integer);
	text_string(writer->text, writer->indent < 0 ? ":" : ": ");
	return write_value(writer, value);
}

/* Fields of Consul Enterprise: not written when they are empty. */
static bool is_optional(const char *field)
{
	static const char *const names[] = { "Namespace", "Partition", "PeerName" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(field, names[i]))
			return true;
	return false;
}

static bool write_members(struct writer *writer, struct value value)
{
	const struct member *fields = type_info(value.type)->fields;

	for (const struct member *field = fields; field && field->name; field++) {
		struct value item = struct_get(writer->text->arena, value, field);

		if (is_optional(field->name) && !value_is_true(item))
			continue;
		if (!write_member(writer, field == fields, value_string(field->name), item))
			return false;
	}
	if (fields)
		return true;
	if (type_info(value.type)->key == TYPE_ANY)
		return false;
	for (size_t i = 0; i < value.map->count; i++)
		if (!write_member(writer, !i, map_at(value.map, i)->key, map_at(value.map, i)->value))
			return false;
	return true;
}

static bool write_object(struct writer *writer, struct value value)
{
	bool empty = kind_of(value) == KIND_MAP && !value.map->count;

	text_char(writer->text, '{');
	writer->depth++;
	if (!write_members(writer, value))
		return false;
	writer->depth--;
	if (!empty)
		newline(writer);
	text_char(writer->text, '}');
	return true;
}

static bool write_value(struct writer *writer, struct value value)
{
	if (writer->depth > DEPTH || writer->text->arena->over)
		return false;
	if (value.absent)
		value = value_nil();
	switch (kind_of(value)) {
	case KIND_INVALID:
	case KIND_NIL: text_string(writer->text, "null"); return true;
	case KIND_FLOAT: return write_float(writer->text, value.real);
	case KIND_STRING: write_string(writer, value); return true;
	case KIND_LIST: return write_list(writer, value);
	case KIND_MAP:
	case KIND_STRUCT: return write_object(writer, value);
	case KIND_BOOL:
	case KIND_INT:
	case KIND_UINT: print_inner(writer->text, value); return true;
	default: return false;
	}
}

bool print_json(struct text *text, struct value value, bool escape, int indent)
{
	struct writer writer = { .text = text, .escape = escape, .indent = indent };

	return write_value(&writer, value);
}
