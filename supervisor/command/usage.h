/* usage.h - what the verbs and their options are, as tables, and all that is made of these.
 *
 * From a verb's row come its lines in `pilotfish help`, `pilotfish VERB --help`, the check of a command
 * line, the shell completion and its entry in pilotfish(1).  The rows of the verbs are in verbs.c, those
 * of the options in call_options.c.  Neither has an owner: both are constant.
 */
#ifndef USAGE_H
#define USAGE_H

#include <stdbool.h>

#include "base/buf.h"
#include "command.h"

/* The first argument of a verb, if that is one of a few words. */
struct verb_action {
	const char *name;		/* NULL ends the table */
	const char *arguments;		/* that follow it, as in struct verb */
	const char *help;		/* a clause, as in struct verb */
};

struct verb_exit {
	const char *code;		/* NULL ends the table */
	const char *help;
};

struct verb {
	const char *name;		/* of two rows if `needs` tells them apart; NULL ends the table */

	/* "SIGNAL JOB", "[FILE]", "[JOB...]": those in brackets may be missing, and "..." stands for any
	 * number of the last one.  FILE, JOB, SHELL and others have values for a completion. */
	const char *arguments;
	const char *help;		/* a clause, such as "print the version" */
	verb_fn *fn;
	const char *options;		/* their long names, with blanks between */
	const char *needs;		/* the option that this row requires, NULL: none */
	const struct verb_action *actions;	/* NULL: none; `arguments` is not used else */
	const char *about;		/* more sentences for --help and the manual */
	const char *example;		/* the command line behind "pilotfish " */
	const struct verb_exit *exits;	/* NULL: 0 and 64 alone */
};

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_TEXTS, OPTION_SECONDS };

struct call_option {
	const char *name;		/* the long name; NULL ends the table */
	char letter;			/* or 0 */
	const char *value;		/* what its value is called, or "one|of|these"; NULL: it takes none */
	enum option_kind kind;
	size_t offset;			/* of the member of struct call that it sets */
	bool common;			/* all verbs take it */
	const char *preset;		/* the value may be left out, and is this then; NULL: it may not */
	const char *help;		/* sentences */
};

const struct call_option *call_options(void);
const struct call_option *call_option_find(const char *name, size_t length);	/* NULL: none */
bool verb_takes(const struct verb *verb, const struct call_option *option);

/* False: the value is wrong. */
bool call_option_take(const struct call_option *option, struct call *call, const char *value);

/* One of `arguments`. */
struct argument {
	const char *name;
	int length;			/* of the name */
	size_t place;			/* its own; a repeated one also fills the places behind it */
	bool optional, repeated;
};

/* The argument at this place, counted from 0.  False: there are no so many. */
bool argument_at(const char *arguments, size_t place, struct argument *argument);
bool argument_is(const struct argument *argument, const char *name);
int argument_unexpected(const char *word);	/* prints the message, returns EX_USAGE */
int verb_unknown(const struct verb *verbs, const char *name);	/* as that */

const struct verb_action *verb_action_find(const struct verb *verb, const char *name);	/* NULL: none */

/* False: these words are not what the verb takes, and a message is printed. */
bool verb_accepts(const struct verb *verb, const struct strv *words);

void usage_print(const struct verb *verbs, struct buf *out);
void usage_print_verb(const struct verb *verb, struct buf *out);	/* one row */
void usage_print_mdoc(const struct verb *verbs, struct buf *out);

#endif
