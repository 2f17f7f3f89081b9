/* libconf.h - libconfig's syntax to a JSON tree.  No other file uses libconfig.
 *
 * What libconfig would misread is refused before it parses: numbers with a leading zero or beyond
 * 32 bits, strings side by side, durations and words without quotes.
 */
#ifndef LIBCONF_H
#define LIBCONF_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/* `path` names the text in messages, and is what @include is relative to. */
json_t *libconf_parse(const char *path, const char *text, size_t size, struct error *error);

#endif
