/* setting.h - values from the environment.
 *
 * Wherever X is read, X_FILE may name a file that holds the value, so that a secret need not be
 * in the environment; one newline at the file's end is not part of it.  Both at once is an error.
 * A variable that is empty counts as not set.
 */
#ifndef SETTING_H
#define SETTING_H

#include <stdbool.h>

#include "error.h"

/* free() *value; NULL: not set. */
bool setting_get(const char *name, char **value, struct error *error);

#endif
