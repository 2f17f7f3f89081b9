/* scalar.h - the decoders of single values: JSON to C. */
#ifndef SCALAR_H
#define SCALAR_H

#include "schema.h"

/* The decoders of the types that are no records; NULL for those. */
decode_fn *scalar_decoder(enum field_type type);

char *scalar_text(const json_t *value);	/* of a string, number or bool; free() it; NULL: neither */
void scalar_show(const json_t *value, struct buf *out);	/* for a message */
bool scalar_number(const json_t *value, long *number);	/* 80 and "80" */

/* Strings of a string or a list; numbers in it are printed. */
bool scalar_strings(const json_t *value, struct strv *strings);

#endif
