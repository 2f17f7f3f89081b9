/* json5.h - JSON5 to a JSON tree (https://spec.json5.org), which includes JSON.
 *
 * Refused, as no option could mean it: Infinity and NaN, integers beyond 2^53, which JSON5 does not keep
 * exactly, a NUL in a string, and what is nested too deeply.  Of a key that is given twice, the last counts.
 */
#ifndef JSON5_H
#define JSON5_H

#include <jansson.h>

#include "include.h"
#include "places.h"

/* The object that the text is.  NULL: adds one mistake, "file:line:column: message: the line itself".
 * `repeated` gets a such message for each key that is given twice. */
json_t *json5_parse(const struct included_text *included, struct places *places,
		    struct strv *mistakes, struct strv *repeated);

#endif
