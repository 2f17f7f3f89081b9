/* libconf.h - libconfig's syntax to a JSON tree.  No other file uses libconfig. */
#ifndef LIBCONF_H
#define LIBCONF_H

#include <jansson.h>

#include "include.h"
#include "places.h"

/* NULL: adds mistakes, each "file:line:column: message: the line itself". */
json_t *libconf_parse(const struct included_text *included, struct places *places,
		      struct strv *mistakes);

const char *libconf_library(void);		/* the version of libconfig: "1.5" */

#endif
