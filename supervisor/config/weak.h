/* weak.h - a group of a ContainerPilot file, read as loosely as ContainerPilot reads it, by a table of
 * its keys.
 *
 * A key's letters may have any case.  Text may stand for a number and a number for text; null, and text
 * that is empty where a duration is expected, are the same as no key.  The result has the keys of the
 * table, and values of one JSON type for each type below.
 */
#ifndef WEAK_H
#define WEAK_H

#include <jansson.h>

#include "base/strv.h"

enum weak_type {
	WEAK_STRING,
	WEAK_INT,			/* 5, "5", "0x1F", 5.9 is 5, true is 1 */
	WEAK_BOOL,			/* true, 1, "t" */
	WEAK_STRINGS,			/* a list, {} is an empty one; text is a list of one */
	WEAK_DURATION,			/* an integer of seconds, or text with units */
	WEAK_COMMAND,			/* a list of words; text is split at each blank, without quotes */
	WEAK_GROUP,
	WEAK_GROUPS,			/* a list of groups; null elements and other values are ignored */
	WEAK_ANY,			/* as it is */
};

struct weak_key {
	const char *name;		/* NULL ends the table */
	enum weak_type type;
	const struct weak_key *keys;	/* of GROUP and GROUPS */
};

/* Returns a new object.  Mistakes begin with the path of the key (mistakes.h), below `group`. */
json_t *weak_read(const struct weak_key *keys, const json_t *group, struct strv *mistakes);

/* The command as ContainerPilot splits it; NULL: it has no program. */
json_t *weak_command(const json_t *value);

#endif
