#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "tree.h"
#include "utf8.h"

static int digit_value(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;
}

/* The digits of \ooo, \xhh, \uhhhh, \Uhhhhhhhh; how many were there, 0: not so. */
static size_t read_digits(const char *text, size_t size, size_t digits, uint32_t *value)
{
	int base = digits == 3 ? 8 : 16;

	*value = 0;
	if (size < digits)
		return 0;
	for (size_t i = 0; i < digits; i++) {
		if (digit_value(text[i]) >= base)
			return 0;
		*value = *value * (uint32_t)base + (uint32_t)digit_value(text[i]);
	}
	return digits;
}

/* One character behind a backslash: its value, whether that is a byte, what it took; 0: wrong. */
static size_t read_escape(const char *text, size_t size, uint32_t *value, bool *byte)
{
	static const char names[] = "abfnrtv\\\"'", values[] = "\a\b\f\n\r\t\v\\\"'";
	const char *name = size && text[0] ? strchr(names, text[0]) : NULL;
	size_t digits = !size ? 0 : text[0] == 'x' ? 2 : text[0] == 'u' ? 4 : text[0] == 'U' ? 8 : 0;

	*byte = false;
	if (name) {
		*value = (unsigned char)values[name - names];
		return 1;
	}
	if (digits) {
		*byte = digits == 2;
		if (!read_digits(text + 1, size - 1, digits, value) || *value > 0x10FFFF ||
		    (*value >= 0xD800 && *value < 0xE000))
			return 0;
		return digits + 1;
	}
	*byte = true;
	return size && read_digits(text, size, 3, value) && *value < 256 ? 3 : 0;
}

static bool unquote_escapes(const char *text, size_t size, char quote, struct text *out)
{
	for (size_t i = 0, took; i < size; i += took) {
		uint32_t value;
		char bytes[4];
		bool byte;

		took = 1;
		if (text[i] != '\\') {
			text_char(out, text[i]);
			continue;
		}
		took = read_escape(text + i + 1, size - i - 1, &value, &byte);
		if (!took || (took == 1 && (text[i + 1] == '"' || text[i + 1] == '\'') &&
			      text[i + 1] != quote))
			return false;
		took++;
		bytes[0] = (char)value;
		text_add(out, bytes, byte ? 1 : utf8_write(bytes, value));
	}
	return true;
}

bool literal_unquote(struct arena *arena, const char *text, size_t size, struct value *value)
{
	struct text out = { .arena = arena };

	if (text[0] == '`') {
		for (size_t i = 1; i + 1 < size; i++)
			if (text[i] != '\r')
				text_char(&out, text[i]);
	} else if (!unquote_escapes(text + 1, size - 2, '"', &out)) {
		return false;
	}
	*value = value_of_text(&out);
	return true;
}

bool literal_character(const char *text, size_t size, int64_t *rune)
{
	const char *inside = text + 1;
	uint32_t value = 0;
	size_t took;
	bool byte;

	size -= 2;
	if (!size)
		return false;
	if (inside[0] == '\\')
		took = read_escape(inside + 1, size - 1, &value, &byte) + 1;
	else
		took = utf8_read(inside, size, &value);
	*rune = value;
	return took == size && !(size == 2 && inside[0] == '\\' && inside[1] == '"') && took > 0;
}

/* Digits without `_`, which may only stand between digits or behind the base. */
static bool plain_digits(const char *text, size_t size, char *plain)
{
	bool based = size > 1 && text[0] == '0' && isalpha((unsigned char)text[1]);

	for (size_t i = 0; i < size; i++) {
		if (text[i] != '_') {
			*plain++ = text[i];
			continue;
		}
		bool before = i && (isxdigit((unsigned char)text[i - 1]) || (based && i == 2));
		if (!before || i + 1 >= size || !isxdigit((unsigned char)text[i + 1]))
			return false;
	}
	*plain = '\0';
	return true;
}

/* An integer with Go's prefixes; `sign` was taken off.  1: it is one; -1: too large; 0: none. */
static int read_integer(const char *digits, bool minus, int64_t *integer)
{
	int base = 10;
	unsigned long long value;
	char *end;

	if (digits[0] == '0' && digits[1]) {
		int c = digits[1] | 32;

		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		digits += isdigit((unsigned char)digits[1]) ? 1 : 2;
	}
	if (!isxdigit((unsigned char)digits[0]))
		return 0;
	errno = 0;
	value = strtoull(digits, &end, base);
	if (*end)
		return 0;
	if (errno || value > (uint64_t)INT64_MAX + minus)
		return -1;
	*integer = (int64_t)(minus ? -value : value);
	return 1;
}

const char *literal_number(const char *text, size_t size, struct node *node)
{
	bool minus = text[0] == '-', hex, real;
	char plain[128], *end;
	double number;
	int found;

	if (text[0] == '-' || text[0] == '+') {
		text++;
		size--;
	}
	if (size >= sizeof plain || !size || !plain_digits(text, size, plain))
		return "bad number syntax";
	hex = plain[0] == '0' && (plain[1] | 32) == 'x';
	real = hex ? strpbrk(plain, ".pP") : strpbrk(plain, ".eEpP");
	found = real ? 0 : read_integer(plain, minus, &node->integer);
	node->is_integer = found == 1;
	node->value = value_int(node->integer);
	if (found)
		return found < 0 ? "integer overflow" : NULL;
	errno = 0;
	number = strtod(plain, &end);
	if (*end || end == plain || (hex && !strpbrk(plain, "pP")) || isinf(number))
		return "illegal number syntax";
	if (!real)
		return "integer overflow";
	number = minus ? -number : number;
	node->value = value_float(number);
	node->is_integer = number == floor(number) && fabs(number) < 0x1p63;
	node->integer = node->is_integer ? (int64_t)number : 0;
	return NULL;
}
