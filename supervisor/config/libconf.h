/* libconf.h - libconfig's syntax to a JSON tree.  No other file uses libconfig.
 *
 * Before libconfig parses, we refuse the text that it would silently misread: numbers with a
 * leading zero or beyond 32 bits, adjacent strings, durations and words without quotes.
 */
#ifndef LIBCONF_H
#define LIBCONF_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/* `path` names the text in messages; @include is relative to its folder. */
json_t *libconf_parse(const char *path, const char *text, size_t size, struct error *error);

#endif
