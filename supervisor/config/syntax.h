/* syntax.h - in which of two languages a configuration is written: libconfig's, or JSON5.
 *
 * The first character behind blanks and comments tells: a JSON5 file is one value, an object, while a
 * libconfig file begins with a key.  A byte order mark has been dropped before (include.h).
 */
#ifndef SYNTAX_H
#define SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

enum { NESTING_LIMIT = 50 };		/* of groups and lists, in both */

bool syntax_is_json5(const char *text, size_t size);

/* Why neither takes this word as a number, though people write such numbers; NULL: no such reason. */
const char *syntax_habit(const char *word);

/* Of a text that neither reader takes: the language of which it has a line that neither can have, "YAML"
 * or "TOML"; or NULL. */
const char *syntax_resembles(const char *text);

#endif
