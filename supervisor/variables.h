/* variables.h - the environment of later children (base/env.h), as the control socket shows and changes it.
 *
 * A body is a JSON object: {"NAME": "value"} sets a variable, {"NAME": null} removes it.  Either all of a
 * body counts, or nothing does.  Variables of pilotfish itself, PILOTFISH_*, cannot be changed.
 *
 * A value is only shown if it is asked for when its variable's name looks like that of a secret (PASSWORD,
 * TOKEN, KEY and others); the user and password in a URL likewise.
 */
#ifndef VARIABLES_H
#define VARIABLES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

enum { VARIABLES_MOST = 256, VARIABLE_NAME_MOST = 256, VARIABLE_BYTES_MOST = 128 * 1024 };

/* {"variables": [{"name": ..., "value": null if hidden, "changed": whether by us}, ...]}; new. */
json_t *variables_document(bool secrets);

/* Returns the status of the answer, whose text is `answer`: which names were set and removed. */
int variables_change(const char *body, size_t size, struct buf *answer);

#endif
