#include <float.h>
#include <math.h>
#include <stdio.h>

#include "print.h"
#include "verb.h"

#define MANTISSA_BITS 52

/* A finite number as mantissa * 2^exponent; unless it is 0, the mantissa's first bit is 1. */
static uint64_t take_apart(double real, int *exponent)
{
	double mantissa = frexp(real, exponent);

	*exponent = real != 0 ? *exponent - MANTISSA_BITS - 1 : -MANTISSA_BITS;
	return (uint64_t)ldexp(mantissa, MANTISSA_BITS + 1);
}

/* 0x1.8p+00: rounds half to even. */
static void add_hex(struct text *out, double real, int precision, bool upper)
{
	int exponent, digits = MANTISSA_BITS / 4, drop = 0;
	uint64_t mantissa = take_apart(real, &exponent), half;

	if (precision >= 0 && precision < digits) {
		drop = MANTISSA_BITS - 4 * precision;
		half = (uint64_t)1 << (drop - 1);
		mantissa += half - 1 + (mantissa >> drop & 1);
		mantissa >>= drop;
		digits = precision;
	}
	if (mantissa >> (4 * digits + 1)) {
		mantissa >>= 1;
		exponent++;
	}
	for (; precision < 0 && digits && !(mantissa & 15); digits--)
		mantissa >>= 4;
	exponent += MANTISSA_BITS;
	text_print(out, upper ? "0X%d" : "0x%d", (int)(mantissa >> 4 * digits));
	if (precision > 0 || digits)
		text_char(out, '.');
	if (digits)
		text_print(out, upper ? "%0*llX" : "%0*llx", digits,
			   (unsigned long long)(mantissa & (((uint64_t)1 << 4 * digits) - 1)));
	text_repeat(out, '0', precision - digits);
	text_print(out, upper ? "P%c%02d" : "p%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

/* 4503599627370496p-52 */
static void add_binary(struct text *out, double real)
{
	int exponent;
	uint64_t mantissa = take_apart(real, &exponent);

	if (real < DBL_MIN) {
		mantissa = (uint64_t)ldexp(real, 1074);
		exponent = -1074;
	}
	text_print(out, "%llup%+d", (unsigned long long)mantissa, exponent);
}

static void add_real(struct text *out, const struct directive *d, double real)
{
	char verb = d->verb == 'F' ? 'f' : d->verb == 'v' ? 'g' : (char)d->verb;
	char format[] = { '%', '.', '*', verb, 0 };
	size_t start = out->used;

	if (verb == 'b') {
		add_binary(out, real);
	} else if ((verb | 32) == 'x') {
		add_hex(out, real, d->precision, verb == 'X');
	} else if ((verb | 32) == 'g' && d->precision < 0) {
		print_float(out, real);
		for (size_t i = start; verb == 'G' && i < out->used; i++)
			if (out->data[i] == 'e')
				out->data[i] = 'E';
	} else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		text_print(out, format, d->precision < 0 ? 6 : d->precision, real);
#pragma GCC diagnostic pop
	}
}

/* #: always a point; g, v and x show as many digits as the precision says. */
static void add_sharp(struct text *out, const struct directive *d, const char *number, size_t size)
{
	bool hex = (d->verb | 32) == 'x', point = false, seen = false;
	long digits = strchr("vgGx", (int)d->verb) ? d->precision < 0 ? 6 : d->precision : 0;
	size_t end = 0;

	for (; end < size && !strchr(hex ? "pP" : "eE", number[end]); end++) {
		point |= number[end] == '.';
		if (number[end] == '.')
			continue;
		seen |= number[end] != '0';
		digits -= seen;
	}
	text_add(out, number, end);
	if (!point) {
		digits -= end == 1 && number[0] == '0';
		text_char(out, '.');
	}
	text_repeat(out, '0', digits);
	text_add(out, number + end, size - end);
}

void print_real(struct text *text, const struct directive *d, struct value value)
{
	struct text number = { .arena = text->arena }, out = { .arena = text->arena };
	struct directive plain = *d;
	double real = fabs(value.real);
	const char *sign = signbit(value.real) ? "-" : d->plus ? "+" : d->space ? " " : "";

	if (d->verb >= 0x80 || !strchr("vbxXeEfFgG", (int)d->verb)) {
		print_bad(text, d, value);
		return;
	}
	if (isnan(real))
		sign = d->plus ? "+" : d->space ? " " : "";
	if (!isfinite(real)) {
		plain.zero = false;
		text_string(&number, isnan(real) ? "NaN" : *sign ? "Inf" : "+Inf");
	} else {
		add_real(&number, d, real);
	}
	/* Zeros follow the sign. */
	if (plain.zero && *sign) {
		text_string(text, sign);
		plain.width = plain.width > 0 ? plain.width - 1 : plain.width;
	} else {
		text_string(&out, sign);
	}
	if (d->sharp && isfinite(real) && d->verb != 'b')
		add_sharp(&out, d, number.data, number.used);
	else
		text_add(&out, number.data, number.used);
	print_padded(text, &plain, out.data, out.used);
}
