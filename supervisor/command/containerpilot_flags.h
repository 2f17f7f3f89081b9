/* containerpilot_flags.h - the command line of ContainerPilot, which follows the rules of Go's flags.
 *
 * -x is the same as --x, and -x=VALUE as -x VALUE.  A switch has no value of its own but in -x=true and
 * -x=false.  The first word that is no option, or the one behind "--", begins a command.  Pure.
 */
#ifndef CONTAINERPILOT_FLAGS_H
#define CONTAINERPILOT_FLAGS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

struct containerpilot_flags {
	const char *config, *out, *maintenance;	/* NULL: not given; an empty value counts as that */
	bool render, version, reload, ping, help;
	json_t *variables, *metrics;	/* names and values; NULL: not given */
	char **command;			/* borrowed; ends in NULL; NULL: none */
};

/* `words` is the part of argv behind the program's name.  False: wrong usage. */
bool containerpilot_flags_parse(struct containerpilot_flags *flags, char **words, struct error *error);
void containerpilot_flags_release(struct containerpilot_flags *flags);

bool containerpilot_flags_have(const char *word);	/* "-reload" or "-config=X"; with one "-" alone */
/* The path in the value of -config or CONTAINERPILOT.  NULL: that is the configuration's text itself. */
const char *containerpilot_path(const char *value);
void containerpilot_flags_print_usage(struct buf *out);

#endif
