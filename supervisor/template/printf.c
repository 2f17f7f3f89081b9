#include "print.h"
#include "utf8.h"
#include "verb.h"

#define WIDTH_LIMIT 1000000

/* Follows Go to the letter in %[n] and its errors: their messages are part of the output. */
struct printer {
	struct text *text;
	const char *format, *end;
	const struct value *args;
	size_t count, next;
	bool reordered, bad_index;
	bool indexed;		/* [n] precedes directly */
};

static bool at_char(const struct printer *printer, char c)
{
	return printer->format < printer->end && *printer->format == c;
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

/* -1: there is no number.  A number that is too large ends the format. */
static int read_number(struct printer *printer, const char *end)
{
	int number = -1;

	while (printer->format < end && *printer->format >= '0' && *printer->format <= '9') {
		if (number > WIDTH_LIMIT) {
			printer->format = end;
			return -1;
		}
		number = (number < 0 ? 0 : number) * 10 + (*printer->format++ - '0');
	}
	return number;
}

/* [n] */
static void read_index(struct printer *printer)
{
	const char *close;
	int index;

	printer->indexed = false;
	if (!at_char(printer, '['))
		return;
	printer->reordered = true;
	close = memchr(printer->format, ']', (size_t)(printer->end - printer->format));
	printer->format++;
	if (!close) {
		printer->bad_index = true;
		return;
	}
	index = read_number(printer, close);
	printer->indexed = index >= 0 && printer->format == close;
	if (printer->indexed && index > 0 && (size_t)index <= printer->count)
		printer->next = (size_t)index - 1;
	else
		printer->bad_index = true;
	printer->format = close + 1;
}

/* *: the next argument; false: the argument is no number or too large. */
static bool take_size(struct printer *printer, int *size)
{
	struct value value;

	*size = 0;
	printer->format++;
	printer->indexed = false;
	if (printer->next >= printer->count)
		return false;
	value = printer->args[printer->next++];
	if ((kind_of(value) != KIND_INT && kind_of(value) != KIND_UINT) ||
	    value.integer > WIDTH_LIMIT || value.integer < -WIDTH_LIMIT)
		return false;
	*size = (int)value.integer;
	return true;
}

static void read_width(struct printer *printer, struct directive *d)
{
	if (!at_char(printer, '*')) {
		d->width = read_number(printer, printer->end);
		if (printer->indexed && d->width >= 0)
			printer->bad_index = true;
		return;
	}
	if (!take_size(printer, &d->width))
		text_string(printer->text, "%!(BADWIDTH)");
	if (d->width >= 0)
		return;
	d->width = -d->width;
	d->minus = true;
	d->zero = false;
}

static void read_precision(struct printer *printer, struct directive *d)
{
	/* At the end of the format, a point is the verb. */
	if (!at_char(printer, '.') || printer->format + 1 == printer->end)
		return;
	printer->format++;
	if (printer->indexed)
		printer->bad_index = true;
	read_index(printer);
	if (at_char(printer, '*')) {
		if (!take_size(printer, &d->precision) || d->precision < 0) {
			text_string(printer->text, "%!(BADPREC)");
			d->precision = -1;
		}
		return;
	}
	d->precision = read_number(printer, printer->end);
	if (d->precision < 0)
		d->precision = 0;
}

static void read_verb(struct printer *printer, struct directive *d)
{
	d->bytes = printer->format;
	d->size = utf8_read(d->bytes, (size_t)(printer->end - d->bytes), &d->verb);
	printer->format += d->size;
	if (d->verb != 'v')
		return;
	d->go_syntax = d->sharp;
	d->sharp = d->plus = false;
}

static void print_directive(struct printer *printer)
{
	struct directive d = { .width = -1, .precision = -1 };
	struct text *text = printer->text;

	printer->bad_index = false;
	read_flags(printer, &d);
	read_index(printer);
	read_width(printer, &d);
	read_precision(printer, &d);
	if (!printer->indexed)
		read_index(printer);
	if (printer->format >= printer->end) {
		text_string(text, "%!(NOVERB)");
		return;
	}
	read_verb(printer, &d);
	if (d.verb == '%') {
		text_char(text, '%');
	} else if (printer->bad_index || printer->next >= printer->count) {
		text_string(text, "%!");
		text_add(text, d.bytes, d.size);
		text_string(text, printer->bad_index ? "(BADINDEX)" : "(MISSING)");
	} else {
		print_argument(text, &d, printer->args[printer->next++]);
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
