/* scalar.h - the decoders of single values: JSON to C. */
#ifndef SCALAR_H
#define SCALAR_H

#include "schema.h"

/* NULL for the types that are records. */
decode_fn *scalar_decoder(enum field_type type);

char *scalar_text(const json_t *value);	/* free() it.  NULL: no string, number or boolean */
void scalar_show(const json_t *value, struct buf *out);	/* for a message */
bool scalar_number(const json_t *value, long *number);	/* accepts 80 and "80" */

/* Adds a string, or a list's strings, numbers and booleans as text. */
bool scalar_strings(const json_t *value, struct strv *strings);

#endif
