/* print.h - values as text, in the forms of Go. */
#ifndef PRINT_H
#define PRINT_H

#include "value.h"

void print_value(struct text *text, struct value value);	/* as {{value}} does */
void print_inner(struct text *text, struct value value);	/* %v: nil is <nil> */
void print_float(struct text *text, double real);		/* %v */
void print_decimal(struct text *text, double real);		/* without an exponent; finite */
size_t float_shortest(char out[32], double real);		/* d.ddde+xx with the fewest digits */
void print_quoted(struct text *text, struct value value, bool ascii);	/* %q, %+q */
void print_quoted_rune(struct text *text, uint32_t rune, bool ascii);
bool print_format(struct text *text, const struct value *args, size_t count);	/* printf */
void print_operands(struct text *text, const struct value *args, size_t count, bool line);
bool print_json(struct text *text, struct value value, bool escape, int indent);	/* -1: one line */

#endif
