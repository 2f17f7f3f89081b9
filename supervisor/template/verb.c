#include "verb.h"

#include "print.h"
#include "utf8.h"

void print_padded(struct text *text, const struct directive *d, const char *bytes, size_t size)
{
	long width = d->width - (long)utf8_count(bytes, size);

	if (!d->minus)
		text_repeat(text, d->zero ? '0' : ' ', width);
	text_add(text, bytes, size);
	if (d->minus)
		text_repeat(text, ' ', width);
}

/* The message contains the value, printed with the same flags. */
void print_bad(struct text *text, const struct directive *d, struct value value)
{
	struct directive plain = *d;

	plain.verb = 'v';
	text_string(text, "%!");
	text_add(text, d->bytes, d->size);
	text_char(text, '(');
	if (value.type == TYPE_INVALID || value.type == TYPE_NIL) {
		text_string(text, "<nil>");
	} else {
		text_string(text, type_info(value.type)->name);
		text_char(text, '=');
		print_argument(text, &plain, value);
	}
	text_char(text, ')');
}

static size_t cut_runes(struct value value, int limit)
{
	size_t at = 0;
	uint32_t rune;

	for (; limit && at < value.size; limit--)
		at += utf8_read(value.text + at, value.size - at, &rune);
	return at;
}

static void print_byte(struct text *out, unsigned char byte, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	text_char(out, digits[byte >> 4]);
	text_char(out, digits[byte & 15]);
}

static void print_hex_string(struct text *text, const struct directive *d, struct value value)
{
	struct text out = { .arena = text->arena };

	for (size_t i = 0; i < value.size && (d->precision < 0 || i < (size_t)d->precision); i++) {
		if (d->space && i)
			text_char(&out, ' ');
		if (d->sharp && (d->space || !i))
			text_string(&out, d->verb == 'x' ? "0x" : "0X");
		print_byte(&out, (unsigned char)value.text[i], d->verb == 'X');
	}
	print_padded(text, d, out.data, out.used);
}

static bool can_backquote(struct value value)
{
	for (size_t i = 0; i < value.size; i++)
		if (value.text[i] == '`' || ((unsigned char)value.text[i] < ' ' && value.text[i] != '\t') ||
		    value.text[i] == 0x7F)
			return false;
	return utf8_is_valid(value.text, value.size);
}

static void print_string(struct text *text, const struct directive *d, struct value value)
{
	struct text out = { .arena = text->arena };

	if (d->verb == 'x' || d->verb == 'X') {
		print_hex_string(text, d, value);
		return;
	}
	if (d->verb != 'v' && d->verb != 's' && d->verb != 'q') {
		print_bad(text, d, value);
		return;
	}
	if (d->precision >= 0)
		value.size = cut_runes(value, d->precision);
	if (d->verb == 'q' && d->sharp && can_backquote(value)) {
		text_char(&out, '`');
		text_add(&out, value.text, value.size);
		text_char(&out, '`');
	} else if (d->verb == 'q' || d->go_syntax) {
		print_quoted(&out, value, d->plus);
	} else {
		out.data = (char *)value.text;
		out.used = value.size;
	}
	print_padded(text, d, out.data, out.used);
}

/* Zeros that fill the width count as precision and exclude the prefix. */
static void print_based(struct text *text, const struct directive *d, bool minus, uint64_t natural)
{
	uint32_t verb = d->verb;
	unsigned base = verb == 'b' ? 2 : verb == 'o' || verb == 'O' ? 8 : (verb | 32) == 'x' ? 16 : 10;
	struct text digits = { .arena = text->arena }, out = { .arena = text->arena };
	struct directive plain = *d;
	const char *sign = minus ? "-" : d->plus ? "+" : d->space ? " " : "";
	const char *prefix = verb == 'O' ? "0o" : !d->sharp ? "" : verb == 'x' ? "0x" : verb == 'X' ? "0X" :
			     verb == 'b' ? "0b" : "";
	long least = d->precision >= 0 ? d->precision : d->zero ? d->width - (long)strlen(sign) : 0;

	plain.zero = false;
	if (!d->precision && !natural) {
		print_padded(text, &plain, "", 0);
		return;
	}
	text_natural(&digits, natural, base);
	for (size_t i = 0; verb == 'X' && i < digits.used; i++)
		digits.data[i] = (char)rune_upper((unsigned char)digits.data[i]);
	text_string(&out, sign);
	text_string(&out, prefix);
	if (d->sharp && base == 8 && natural && least <= (long)digits.used)
		text_char(&out, '0');
	text_repeat(&out, '0', least - (long)digits.used);
	text_add(&out, digits.data, digits.used);
	print_padded(text, &plain, out.data, out.used);
}

/* U+0061; with #: U+0061 'a' */
static void print_unicode(struct text *text, const struct directive *d, uint64_t natural)
{
	struct text out = { .arena = text->arena };
	struct directive plain = *d;
	char bytes[4];

	plain.zero = false;
	text_print(&out, "U+%0*llX", d->precision > 4 ? d->precision : 4, (unsigned long long)natural);
	if (d->sharp && natural <= 0x10FFFF && rune_is_print((uint32_t)natural)) {
		text_string(&out, " '");
		text_add(&out, bytes, utf8_write(bytes, (uint32_t)natural));
		text_char(&out, '\'');
	}
	print_padded(text, &plain, out.data, out.used);
}

static void print_rune(struct text *text, const struct directive *d, uint64_t natural)
{
	uint32_t rune = natural > 0x10FFFF ? RUNE_BAD : (uint32_t)natural;
	struct text out = { .arena = text->arena };
	char bytes[4];

	if (d->verb == 'q')
		print_quoted_rune(&out, rune, d->plus);
	else
		text_add(&out, bytes, utf8_write(bytes, rune));
	print_padded(text, d, out.data, out.used);
}

static void print_integer(struct text *text, const struct directive *d, struct value value)
{
	bool minus = kind_of(value) == KIND_INT && value.integer < 0;
	uint64_t natural = minus ? -value.natural : value.natural;
	struct directive hex = *d;

	if (d->go_syntax && value.type == TYPE_UINT64) {
		hex.verb = 'x';
		hex.sharp = true;
		print_based(text, &hex, minus, natural);
	} else if (d->verb < 0x80 && d->verb && strchr("vdboOxX", (int)d->verb)) {
		print_based(text, d, minus, natural);
	} else if (d->verb == 'U') {
		print_unicode(text, d, value.natural);
	} else if (d->verb == 'c' || d->verb == 'q') {
		print_rune(text, d, value.natural);
	} else {
		print_bad(text, d, value);
	}
}

static void print_bool(struct text *text, const struct directive *d, struct value value)
{
	if (d->verb != 't' && d->verb != 'v')
		print_bad(text, d, value);
	else
		print_padded(text, d, value.truth ? "true" : "false", value.truth ? 4 : 5);
}

/* In lists and maps, nil is <nil> with any verb. */
static void print_element(struct text *text, const struct directive *d, struct value value)
{
	if (value.type != TYPE_NIL)
		print_argument(text, d, value);
	else
		text_string(text, d->go_syntax ? "interface {}(nil)" : "<nil>");
}

/* The verb applies to each element. */
static void print_compound(struct text *text, const struct directive *d, struct value value)
{
	bool list = kind_of(value) == KIND_LIST;
	size_t count = list ? value.size : value.map->count;

	if (d->verb == 'w') {
		print_bad(text, d, value);
		return;
	}
	if (!arena_enter(text->arena))
		return;
	text_string(text, d->go_syntax ? type_info(value.type)->name : list ? "" : "map");
	text_char(text, d->go_syntax ? '{' : '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_string(text, d->go_syntax ? ", " : " ");
		if (!list) {
			print_argument(text, d, map_at(value.map, i)->key);
			text_char(text, ':');
		}
		print_element(text, d, list ? value.items[i] : map_at(value.map, i)->value);
	}
	text_char(text, d->go_syntax ? '}' : ']');
	arena_leave(text->arena);
}

void print_argument(struct text *text, const struct directive *d, struct value value)
{
	const char *name = type_info(value.type)->name;
	struct directive string = *d;

	if (d->verb == 'T' && value.type != TYPE_NIL) {
		string.verb = 's';
		print_string(text, &string, value_string(name));
		return;
	}
	switch (kind_of(value)) {
	case KIND_BOOL: print_bool(text, d, value); break;
	case KIND_INT:
	case KIND_UINT: print_integer(text, d, value); break;
	case KIND_FLOAT: print_real(text, d, value); break;
	case KIND_STRING: print_string(text, d, value); break;
	case KIND_LIST:
	case KIND_MAP: print_compound(text, d, value); break;
	case KIND_INVALID:
	case KIND_NIL:
		if (d->verb == 'v' || d->verb == 'T')
			print_padded(text, d, "<nil>", 5);
		else
			print_bad(text, d, value);
		break;
	default: print_inner(text, value); break;
	}
}
