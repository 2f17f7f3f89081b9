/* epoch.h - the highest epoch of an election that was ever seen here.
 *
 * Epochs are indexes of Consul's log, so they grow; but a Consul that was restored from an old copy,
 * or lost its data, begins lower.  Who fences writes by epoch would then refuse the new leader, or,
 * worse, take a former one for newer: so such an epoch must be refused before it does harm.
 *
 * Kept in a file, if there is one, so that it outlives this process: a decimal number and a newline.
 */
#ifndef EPOCH_H
#define EPOCH_H

#include "base/error.h"

struct epoch {
	const char *path;		/* borrowed; NULL: in memory alone */
	unsigned long highest;
};

bool epoch_init(struct epoch *epoch, const char *path, struct error *error);
void epoch_see(struct epoch *epoch, unsigned long seen);
void epoch_forget(struct epoch *epoch);

#endif
