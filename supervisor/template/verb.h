/* verb.h - one directive of printf with its value, printed as by Go; shared by printf.c and verbs. */
#ifndef VERB_H
#define VERB_H

#include "value.h"

struct directive {
	bool plus, minus, sharp, space, zero;
	bool go_syntax;			/* %#v */
	int width, precision;		/* -1: not given */
	uint32_t verb;
	const char *bytes;		/* of the verb */
	size_t size;
};

void print_argument(struct text *text, const struct directive *d, struct value value);
void print_bad(struct text *text, const struct directive *d, struct value value);
void print_padded(struct text *text, const struct directive *d, const char *bytes, size_t size);
void print_real(struct text *text, const struct directive *d, struct value value);

#endif
