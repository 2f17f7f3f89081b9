/* setting.h - values from the environment.
 *
 * For each variable X, X_FILE may name a file that holds the value, so that a secret need not be in
 * the environment.  One newline at the end of the file is not part of the value.  Setting both X
 * and X_FILE is an error.  An empty variable counts as unset.
 */
#ifndef SETTING_H
#define SETTING_H

#include <stdbool.h>

#include "error.h"

/* *value is NULL if the setting is unset; free() it. */
bool setting_get(const char *name, char **value, struct error *error);

/* Removes white space at both ends.  False: the value is empty, or has a control character, with
 * which it could add a header to a request. */
bool setting_trim(char *value, struct error *error);

#endif
