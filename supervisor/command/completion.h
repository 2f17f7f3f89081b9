/* completion.h - what the scripts for the completion of bash, zsh and fish have in common. */
#ifndef COMPLETION_H
#define COMPLETION_H

#include "usage.h"

/* Where the values of an argument or an option come from. */
enum value_kind {
	VALUE_FREE, VALUE_FILE, VALUE_JOB, VALUE_SIGNAL, VALUE_VERB, VALUE_WORDS, VALUE_KIND_COUNT,
};

/* A name may be that of several rows: these walk over the first of each, and join their options. */
const struct verb *next_name(const struct verb *verbs, const struct verb *after);	/* NULL: the end */
#define each_name(verb, verbs) \
	(const struct verb *verb = (verbs); verb; verb = next_name((verbs), verb))
bool name_takes(const struct verb *verbs, const char *name, const struct call_option *option);

/* The first sentence, without its stop, within quotes of a shell, and "\" before bytes of `escaped`. */
void add_clause(const char *text, const char *escaped, struct buf *out);

/* The values of an argument or an option; `words` with blanks between is for VALUE_WORDS. */
struct values {
	enum value_kind kind;
	bool repeated;			/* an argument, for all further places */
	char words[256];
};

struct values option_values(const struct call_option *option);

/* False: the verb has no argument at this place, or it depends on its action. */
bool place_values(const struct verb *verb, size_t place, struct values *values);

void completion_bash(const struct verb *verbs, struct buf *out);
void completion_zsh(const struct verb *verbs, struct buf *out);
void completion_fish(const struct verb *verbs, struct buf *out);

/* The names of the jobs of a running pilotfish, one a line, for a shell. */
#define COMPLETION_JOBS								\
	"pilotfish status --timeout 1s 2>/dev/null | awk 'on && !NF { exit } on { print $1 } /^JOB / { on = 1 }'"

#endif
