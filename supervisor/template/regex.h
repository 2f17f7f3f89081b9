/* regex.h - Go's regular expressions by PCRE2: what only PCRE2 knows is refused, and matching is bounded.
 * A render keeps what it compiled. */
#ifndef REGEX_H
#define REGEX_H

#include "base/buf.h"
#include "base/error.h"
#include "value.h"

struct regexes;

struct regexes *regexes_new(void);
void regexes_free(struct regexes *regexes);

bool regex_match(struct regexes *regexes, struct value pattern, struct value subject, bool *matches,
		 struct error *error);
/* In `with`, $1, ${name} and $$ stand for groups and the dollar. */
bool regex_replace(struct regexes *regexes, const struct value args[3], struct text *out,
		   struct error *error);	/* args: pattern, with, subject */

#endif
