#include "print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "utf8.h"

size_t float_shortest(char out[32], double real)
{
	int size = 0;

	for (int precision = 0; precision <= 16; precision++) {
		size = snprintf(out, 32, "%.*e", precision, real);
		if (strtod(out, NULL) == real)
			break;
	}
	return (size_t)size;
}

/* The fewest digits, and zeros; printf would print more digits of a large number. */
void print_decimal(struct text *text, double real)
{
	char out[32], digits[32];
	long exponent, count = 0;

	float_shortest(out, real);
	exponent = strtol(strchr(out, 'e') + 1, NULL, 10);
	for (const char *at = out; *at != 'e'; at++)
		if (*at >= '0' && *at <= '9')
			digits[count++] = *at;
	if (out[0] == '-')
		text_char(text, '-');
	if (exponent < 0) {
		text_string(text, "0.");
		text_repeat(text, '0', -exponent - 1);
		text_add(text, digits, (size_t)count);
		return;
	}
	text_add(text, digits, (size_t)(count <= exponent ? count : exponent + 1));
	text_repeat(text, '0', exponent + 1 - count);
	if (count > exponent + 1) {
		text_char(text, '.');
		text_add(text, digits + exponent + 1, (size_t)(count - exponent - 1));
	}
}

static bool print_special(struct text *text, double real)
{
	if (isfinite(real))
		return false;
	text_string(text, isnan(real) ? "NaN" : real < 0 ? "-Inf" : "+Inf");
	return true;
}

void print_float(struct text *text, double real)
{
	char out[32];
	long exponent;

	if (print_special(text, real))
		return;
	float_shortest(out, real);
	exponent = strtol(strchr(out, 'e') + 1, NULL, 10);
	if (exponent < -4 || exponent >= 6) {
		text_string(text, out);
		return;
	}
	long digits = (long)(strchr(out, 'e') - out) - (out[0] == '-') - 2;
	digits = digits > 0 ? digits : 0;
	text_print(text, "%.*f", digits > exponent ? (int)(digits - exponent) : 0, real);
}

static void print_list(struct text *text, struct value value)
{
	text_char(text, '[');
	for (size_t i = 0; i < value.size; i++) {
		if (i)
			text_char(text, ' ');
		print_inner(text, value.items[i]);
	}
	text_char(text, ']');
}

static void print_map(struct text *text, struct map *map)
{
	text_string(text, "map[");
	for (size_t i = 0; i < map->count; i++) {
		if (i)
			text_char(text, ' ');
		print_inner(text, map_at(map, i)->key);
		text_char(text, ':');
		print_inner(text, map_at(map, i)->value);
	}
	text_char(text, ']');
}

static void print_struct(struct text *text, struct value value)
{
	const struct member *field = type_info(value.type)->fields;

	text_char(text, '{');
	for (; field->name; field++) {
		if (field != type_info(value.type)->fields)
			text_char(text, ' ');
		print_inner(text, struct_get(text->arena, value, field));
	}
	text_char(text, '}');
}

static void print_integer(struct text *text, int64_t integer)
{
	if (integer < 0)
		text_char(text, '-');
	text_natural(text, integer < 0 ? -(uint64_t)integer : (uint64_t)integer, 10);
}

static void print_nested(struct text *text, struct value value)
{
	if (!arena_enter(text->arena))
		return;
	if (kind_of(value) == KIND_LIST)
		print_list(text, value);
	else if (kind_of(value) == KIND_MAP)
		print_map(text, value.map);
	else
		print_struct(text, value);
	arena_leave(text->arena);
}

void print_inner(struct text *text, struct value value)
{
	switch (kind_of(value)) {
	case KIND_INVALID:
	case KIND_NIL: text_string(text, "<nil>"); break;
	case KIND_BOOL: text_string(text, value.truth ? "true" : "false"); break;
	case KIND_INT: print_integer(text, value.integer); break;
	case KIND_UINT: text_natural(text, value.natural, 10); break;
	case KIND_FLOAT: print_float(text, value.real); break;
	case KIND_STRING: text_add(text, value.text, value.size); break;
	case KIND_LIST:
	case KIND_MAP:
	case KIND_STRUCT: print_nested(text, value); break;
	default: text_print(text, "<%s>", type_info(value.type)->name); break;
	}
}

void print_value(struct text *text, struct value value)
{
	if (value.type == TYPE_INVALID || value.type == TYPE_NIL)
		text_string(text, "<no value>");
	else
		print_inner(text, value);
}

void print_operands(struct text *text, const struct value *args, size_t count, bool line)
{
	for (size_t i = 0; i < count; i++) {
		if (i && (line || (args[i].type != TYPE_STRING && args[i - 1].type != TYPE_STRING)))
			text_char(text, ' ');
		print_inner(text, args[i]);
	}
	if (line)
		text_char(text, '\n');
}

static void quote_rune(struct text *text, uint32_t rune, char quote, bool ascii)
{
	static const char controls[] = "\a\b\f\n\r\t\v", names[] = "abfnrtv";
	const char *control = rune && rune < 0x80 ? strchr(controls, (int)rune) : NULL;
	char bytes[4];

	if (control)
		text_print(text, "\\%c", names[control - controls]);
	else if (rune == (uint32_t)quote || rune == '\\')
		text_print(text, "\\%c", (char)rune);
	else if (rune < ' ' || rune == 0x7F)
		text_print(text, "\\x%02x", (unsigned)rune);
	else if (rune >= 0x80 && (ascii || !rune_is_print(rune)))
		text_print(text, rune < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)rune);
	else
		text_add(text, bytes, utf8_write(bytes, rune));
}

void print_quoted_rune(struct text *text, uint32_t rune, bool ascii)
{
	if (rune >= 0xD800 && rune < 0xE000)
		rune = RUNE_BAD;
	text_char(text, '\'');
	quote_rune(text, rune, '\'', ascii);
	text_char(text, '\'');
}

void print_quoted(struct text *text, struct value value, bool ascii)
{
	text_char(text, '"');
	for (size_t i = 0, length; i < value.size; i += length) {
		uint32_t rune;

		length = utf8_read(value.text + i, value.size - i, &rune);
		if (rune == RUNE_BAD && length == 1)
			text_print(text, "\\x%02x", (unsigned char)value.text[i]);
		else
			quote_rune(text, rune, '"', ascii);
	}
	text_char(text, '"');
}
