#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "tree.h"
#include "utf8.h"

static int digit_value(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;
}

/* Reads the digits of \ooo, \xhh, \uhhhh, \Uhhhhhhhh; returns their number, 0: invalid. */
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

/* Reads an escape after its backslash: its value and whether it is a byte.
 * Returns its length; 0: invalid. */
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

		if (text[i] != '\\') {
			took = utf8_read(text + i, size - i, &value);	/* of an invalid byte, U+FFFD */
			text_add(out, bytes, utf8_write(bytes, value));
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

/* Copies digits without `_`, which may stand only between digits or after the base. */
static bool plain_digits(const char *text, size_t size, char *plain)
{
	bool based = size > 1 && text[0] == '0' && isalpha((unsigned char)text[1]);
	int (*is_digit)(int) = based && (text[1] | 32) == 'x' ? isxdigit : isdigit;

	for (size_t i = 0; i < size; i++) {
		if (text[i] != '_') {
			*plain++ = text[i];
			continue;
		}
		bool before = i && (is_digit((unsigned char)text[i - 1]) || (based && i == 2));
		if (!before || i + 1 >= size || !is_digit((unsigned char)text[i + 1]))
			return false;
	}
	*plain = '\0';
	return true;
}

enum number { NUMBER_NONE, NUMBER_FINE, NUMBER_TOO_LARGE };

/* Go's prefixes, after the sign. */
static enum number read_natural(const char *digits, uint64_t *natural)
{
	int base = 10;
	char *end;

	if (digits[0] == '0' && digits[1]) {
		int c = digits[1] | 32;

		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		digits += isdigit((unsigned char)digits[1]) ? 1 : 2;
	}
	if (!isxdigit((unsigned char)digits[0]))
		return NUMBER_NONE;
	errno = 0;
	*natural = strtoull(digits, &end, base);
	if (*end)
		return NUMBER_NONE;
	return errno ? NUMBER_TOO_LARGE : NUMBER_FINE;
}

/* A number that fits uint64 but not int64 is an error only where it is used as an integer. */
static const char *set_integer(struct node *node, char sign, uint64_t natural)
{
	bool fits = natural <= (uint64_t)INT64_MAX + (sign == '-');

	if (!fits && sign)
		return "integer overflow";
	node->is_integer = fits;
	node->integer = (int64_t)(sign == '-' ? -natural : natural);
	node->value = fits ? value_int(node->integer) : value_uint64(natural);
	return NULL;
}

/* Reads a float without its sign. */
static bool read_real(const char *digits, double *number)
{
	bool hex = digits[0] == '0' && (digits[1] | 32) == 'x';
	char *end;

	*number = strtod(digits, &end);
	return (isdigit((unsigned char)digits[0]) || digits[0] == '.') && !*end && end != digits &&
	       (!hex || strpbrk(digits, "pP")) && !isinf(*number);
}

static const char *set_real(struct node *node, const char *digits, bool minus)
{
	double number;

	if (!read_real(digits, &number))
		return "illegal number syntax";
	number = minus ? -number : number;
	node->value = value_float(number);
	node->is_integer = number == floor(number) && fabs(number) < 0x1p63;
	node->integer = node->is_integer ? (int64_t)number : 0;
	return NULL;
}

bool literal_float(struct arena *arena, const char *text, size_t size, double *number)
{
	bool sign = size && (text[0] == '-' || text[0] == '+'), minus = sign && text[0] == '-';
	char *plain = arena_alloc(arena, size + 1);

	if (!plain_digits(text + sign, size - sign, plain))
		return false;
	if (!strcasecmp(plain, "inf") || !strcasecmp(plain, "infinity"))
		*number = INFINITY;
	else if (!sign && !strcasecmp(plain, "nan"))
		*number = NAN;
	else if (memchr(text, '\0', size) || !read_real(plain, number))
		return false;
	*number = minus ? -*number : *number;
	return true;
}

const char *literal_number(const char *text, size_t size, struct node *node)
{
	char plain[128], sign = text[0] == '-' || text[0] == '+' ? text[0] : '\0';
	uint64_t natural = 0;
	bool hex;

	if (sign) {
		text++;
		size--;
	}
	if (size >= sizeof plain || !size || !plain_digits(text, size, plain))
		return "bad number syntax";
	hex = plain[0] == '0' && (plain[1] | 32) == 'x';
	if (strpbrk(plain, hex ? ".pP" : ".eEpP"))
		return set_real(node, plain, sign == '-');
	switch (read_natural(plain, &natural)) {
	case NUMBER_FINE: return set_integer(node, sign, natural);
	case NUMBER_TOO_LARGE: return "integer overflow";
	default: return "illegal number syntax";
	}
}
