#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "print.h"
#include "utf8.h"

#define WIDTH_LIMIT 1000000

/* One directive of a format. */
struct directive {
	bool plus, minus, sharp, space, zero;
	int width, precision;		/* -1: not given */
	uint32_t verb;
	const char *bytes;		/* of the verb */
	size_t size;
};

struct printer {
	struct text *text;
	const char *format, *end;
	const struct value *args;
	size_t count, next;
	bool reordered, bad_index;
};

static void print_one(struct text *text, const struct directive *d, struct value value);

static void pad(struct text *text, const struct directive *d, const char *bytes, size_t size)
{
	long width = d->width - (long)utf8_count(bytes, size);

	if (!d->minus)
		text_repeat(text, d->zero ? '0' : ' ', width);
	text_add(text, bytes, size);
	if (d->minus)
		text_repeat(text, ' ', width);
}

static void print_bad(struct text *text, const struct directive *d, struct value value)
{
	struct directive plain = { .width = -1, .precision = -1, .verb = 'v' };

	text_string(text, "%!");
	text_add(text, d->bytes, d->size);
	text_char(text, '(');
	if (value.type == TYPE_INVALID || value.type == TYPE_NIL) {
		text_string(text, "<nil>");
	} else {
		text_string(text, type_info(value.type)->name);
		text_char(text, '=');
		print_one(text, &plain, value);
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
	pad(text, d, out.data, out.used);
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
	} else if (d->verb == 'q' || (d->verb == 'v' && d->sharp)) {
		print_quoted(&out, value);
	} else {
		out.data = (char *)value.text;
		out.used = value.size;
	}
	pad(text, d, out.data, out.used);
}

static void print_digits(struct text *out, uint64_t natural, unsigned base, bool upper)
{
	char digits[64];
	size_t at = sizeof digits;

	do
		digits[--at] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[natural % base];
	while (natural /= base);
	text_add(out, digits + at, sizeof digits - at);
}

static void print_based(struct text *text, const struct directive *d, bool minus, uint64_t natural)
{
	uint32_t verb = d->verb;
	unsigned base = verb == 'b' ? 2 : verb == 'o' || verb == 'O' ? 8 : (verb | 32) == 'x' ? 16 : 10;
	struct text digits = { .arena = text->arena }, out = { .arena = text->arena };
	struct directive plain = *d;
	const char *sign = minus ? "-" : d->plus ? "+" : d->space ? " " : "";
	const char *prefix = verb == 'O' ? "0o" : !d->sharp ? "" : base == 16 ? verb == 'x' ? "0x" : "0X" :
			     base == 8 ? "0" : base == 2 ? "0b" : "";
	long least = d->precision;

	if (d->precision || natural)
		print_digits(&digits, natural, base, verb == 'X');
	if (d->zero && !d->minus && d->precision < 0)
		least = d->width - (long)strlen(sign);
	text_string(&out, sign);
	text_string(&out, prefix);
	text_repeat(&out, '0', least - (long)digits.used);
	text_add(&out, digits.data, digits.used);
	plain.zero = false;
	pad(text, &plain, out.data, out.used);
}

static void print_rune(struct text *text, const struct directive *d, uint64_t natural)
{
	uint32_t rune = natural > 0x10FFFF ? RUNE_BAD : (uint32_t)natural;
	struct text out = { .arena = text->arena }, quoted = { .arena = text->arena };
	char bytes[4];
	size_t size = utf8_write(bytes, rune);

	if (d->verb == 'U') {
		text_print(&out, "U+%04llX", (unsigned long long)natural);
	} else if (d->verb == 'q') {
		print_quoted(&quoted, value_text(bytes, size));
		text_char(&out, '\'');
		if (rune == '"')
			text_char(&out, '"');
		else if (rune == '\'')
			text_string(&out, "\\'");
		else
			text_add(&out, quoted.data + 1, quoted.used - 2);
		text_char(&out, '\'');
	} else {
		text_add(&out, bytes, size);
	}
	pad(text, d, out.data, out.used);
}

static void print_integer(struct text *text, const struct directive *d, struct value value)
{
	bool minus = kind_of(value) == KIND_INT && value.integer < 0;
	uint64_t natural = minus ? -value.natural : value.natural;

	if (d->verb < 0x80 && d->verb && strchr("vdboOxX", (int)d->verb))
		print_based(text, d, minus, natural);
	else if (d->verb == 'c' || d->verb == 'q' || d->verb == 'U')
		print_rune(text, d, value.natural);
	else
		print_bad(text, d, value);
}

static void print_real(struct text *text, const struct directive *d, struct value value)
{
	struct text out = { .arena = text->arena };
	struct directive plain = *d;
	bool minus = signbit(value.real);
	double real = fabs(value.real);
	char format[8] = { '%', '.', '*', d->verb == 'F' ? 'f' : (char)d->verb, 0 };
	const char *sign = minus ? "-" : d->plus ? "+" : d->space ? " " : "";
	size_t used = strlen(sign);

	if (d->verb >= 0x80 || !strchr("veEfFgG", (int)d->verb)) {
		print_bad(text, d, value);
		return;
	}
	text_string(&out, sign);
	if (!isfinite(real)) {
		text_string(&out, isnan(real) ? "NaN" : *sign ? "Inf" : "+Inf");
		plain.zero = false;
	} else if (d->verb == 'v' || ((d->verb | 32) == 'g' && d->precision < 0)) {
		print_float(&out, real);
	} else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		text_print(&out, format, d->precision < 0 ? 6 : d->precision, real);
#pragma GCC diagnostic pop
	}
	if (plain.zero && !d->minus && (long)out.used < d->width) {
		text_add(text, sign, used);
		text_repeat(text, '0', d->width - (long)out.used);
		text_add(text, out.data + used, out.used - used);
		return;
	}
	plain.zero = false;
	pad(text, &plain, out.data, out.used);
}

static void print_bool(struct text *text, const struct directive *d, struct value value)
{
	struct directive plain = *d;

	plain.zero = false;
	if (d->verb != 't' && d->verb != 'v')
		print_bad(text, d, value);
	else
		pad(text, &plain, value.truth ? "true" : "false", value.truth ? 4 : 5);
}

/* Verbs go to the elements. */
static void print_compound(struct text *text, const struct directive *d, struct value value)
{
	bool list = kind_of(value) == KIND_LIST;
	size_t count = list ? value.size : value.map->count;

	text_string(text, list ? "[" : "map[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_char(text, ' ');
		if (!list) {
			print_one(text, d, value.map->entries[i].key);
			text_char(text, ':');
		}
		print_one(text, d, list ? value.items[i] : value.map->entries[i].value);
	}
	text_char(text, ']');
}

static void print_one(struct text *text, const struct directive *d, struct value value)
{
	struct directive plain = { .minus = d->minus, .width = d->width, .precision = -1 };
	const char *name = type_info(value.type)->name;

	if (d->verb == 'T') {
		name = value.type == TYPE_NIL ? "<nil>" : name;
		pad(text, &plain, name, strlen(name));
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
		if (d->verb == 'v')
			pad(text, &plain, "<nil>", 5);
		else
			print_bad(text, d, value);
		break;
	default: print_inner(text, value); break;
	}
}

static void read_flags(struct printer *printer, struct directive *d)
{
	for (; printer->format < printer->end; printer->format++) {
		switch (*printer->format) {
		case '+': d->plus = true; break;
		case '-': d->minus = true; d->zero = false; break;
		case '#': d->sharp = true; break;
		case ' ': d->space = true; break;
		case '0': d->zero = !d->minus; break;
		default: return;
		}
	}
}

/* -1: none, or too large. */
static int read_number(struct printer *printer)
{
	int number = -1;

	while (printer->format < printer->end && *printer->format >= '0' && *printer->format <= '9') {
		number = (number < 0 ? 0 : number) * 10 + (*printer->format++ - '0');
		if (number > WIDTH_LIMIT)
			return -1;
	}
	return number;
}

/* [n] */
static void read_index(struct printer *printer)
{
	const char *close;
	int index;

	if (printer->format >= printer->end || *printer->format != '[')
		return;
	close = memchr(printer->format, ']', (size_t)(printer->end - printer->format));
	printer->reordered = true;
	printer->format++;
	index = read_number(printer);
	if (!close || printer->format != close || index < 1 || (size_t)index > printer->count)
		printer->bad_index = true;
	else
		printer->next = (size_t)index - 1;
	if (close)
		printer->format = close + 1;
}

/* A number, or * for the next argument; false: that is no number. */
static bool read_size(struct printer *printer, int *size)
{
	struct value value;

	read_index(printer);
	if (printer->format >= printer->end || *printer->format != '*') {
		*size = read_number(printer);
		return true;
	}
	printer->format++;
	if (printer->next >= printer->count)
		return false;
	value = printer->args[printer->next++];
	if (kind_of(value) != KIND_INT || value.integer > WIDTH_LIMIT || value.integer < -WIDTH_LIMIT)
		return false;
	*size = (int)value.integer;
	return true;
}

static void read_sizes(struct printer *printer, struct directive *d)
{
	if (!read_size(printer, &d->width))
		text_string(printer->text, "%!(BADWIDTH)");
	if (d->width < -1) {
		d->minus = true;
		d->zero = false;
		d->width = -d->width;
	}
	if (printer->format >= printer->end || *printer->format != '.')
		return;
	printer->format++;
	if (!read_size(printer, &d->precision) || d->precision < -1)
		text_string(printer->text, "%!(BADPREC)");
	if (d->precision < 0)
		d->precision = 0;
}

static void print_directive(struct printer *printer)
{
	struct directive d = { .width = -1, .precision = -1 };
	struct text *text = printer->text;

	read_flags(printer, &d);
	read_sizes(printer, &d);
	read_index(printer);
	if (printer->format >= printer->end) {
		text_string(text, "%!(NOVERB)");
		return;
	}
	d.bytes = printer->format;
	d.size = utf8_read(d.bytes, (size_t)(printer->end - d.bytes), &d.verb);
	printer->format += d.size;
	if (d.verb == '%') {
		text_char(text, '%');
	} else if (printer->bad_index || printer->next >= printer->count) {
		text_string(text, "%!");
		text_add(text, d.bytes, d.size);
		text_string(text, printer->bad_index ? "(BADINDEX)" : "(MISSING)");
		printer->bad_index = false;
	} else {
		print_one(text, &d, printer->args[printer->next++]);
	}
}

static void print_extra(struct printer *printer)
{
	struct text *text = printer->text;

	text_string(text, "%!(EXTRA ");
	for (size_t i = printer->next; i < printer->count; i++) {
		struct value value = printer->args[i];

		if (i > printer->next)
			text_string(text, ", ");
		if (value.type != TYPE_NIL) {
			text_string(text, type_info(value.type)->name);
			text_char(text, '=');
		}
		print_inner(text, value);
	}
	text_char(text, ')');
}

bool print_format(struct text *text, const struct value *args, size_t count)
{
	struct printer printer = {
		.text = text, .format = args[0].text, .end = args[0].text + args[0].size,
		.args = args + 1, .count = count - 1,
	};

	while (printer.format < printer.end && !text->arena->over) {
		const char *percent = memchr(printer.format, '%', (size_t)(printer.end - printer.format));
		const char *stop = percent ? percent : printer.end;

		text_add(text, printer.format, (size_t)(stop - printer.format));
		printer.format = percent ? percent + 1 : stop;
		if (percent)
			print_directive(&printer);
	}
	if (!printer.reordered && printer.next < printer.count)
		print_extra(&printer);
	return true;
}
