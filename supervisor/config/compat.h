/* compat.h - the files of ContainerPilot 2 and 3, rewritten into our own configuration: JSON to JSON.
 *
 * Such a file is read as ContainerPilot reads it (weak.h) and becomes a tree with our keys, which means
 * the same.  Faults of ContainerPilot are mended.  Ways of it on which people may rely are kept, and can be
 * changed by the file's key `compat`, which ContainerPilot did not have:
 *
 *	compat: false			it is our own file, whatever its keys
 *	compat: 2, 3			it is ContainerPilot's, of this version
 *	compat: { healthEvents: false }	it is ContainerPilot's, but for this; see compat.c for the names
 *
 * Without that key, a file with a key that only version 2 has is of version 2.  Any other file is of
 * version 3 if ContainerPilot would have accepted it, or if we were called in ContainerPilot's way.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/strv.h"

struct compat_call {
	char *const *command;		/* the application of version 2, ends in NULL; NULL: none */
	bool certain;			/* called in ContainerPilot's way */
};

struct compat_result {
	int version;			/* 2 or 3; 0: the file is our own, and nothing has changed */
	struct strv mistakes;
	struct strv notes;		/* "PATH: what has changed and why", of the new tree */
};

void compat_result_release(struct compat_result *result);

/* Returns the tree to be decoded, new or `tree` with another reference. */
json_t *compat_read(json_t *tree, const struct compat_call *call, struct compat_result *result);

#endif
