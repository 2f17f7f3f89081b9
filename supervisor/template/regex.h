/* regex.h - Go's regular expressions (RE2's), with Go's results and in linear time.
 *
 * Matching takes time in proportion to the size of the text times that of the pattern, and steps of the
 * arena (arena_work()), which may end it.  A render keeps what it compiled.
 */
#ifndef REGEX_H
#define REGEX_H

#include "base/error.h"
#include "value.h"

struct regexes;

struct regexes *regexes_new(struct arena *arena);
void regexes_free(struct regexes *regexes);

bool regex_match(struct regexes *regexes, struct value pattern, struct value subject, bool *matches,
		 struct error *error);
/* In `with`, $1, ${name} and $$ stand for groups and the dollar. */
bool regex_replace(struct regexes *regexes, const struct value args[3], struct text *out,
		   struct error *error);	/* args: pattern, with, subject */

#endif
