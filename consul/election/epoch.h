/* epoch.h - the highest epoch of an election that was ever seen here.
 *
 * Epochs are indexes of Consul's log, so they grow.  A Consul that was restored from an old copy,
 * or lost its data, begins lower.  A resource that fences writes by epoch would then refuse the new
 * leader or, worse, take a former leader for a newer one.  So a lower epoch is refused.
 *
 * A file, if there is one, keeps the number over restarts: a decimal number and a newline.
 */
#ifndef EPOCH_H
#define EPOCH_H

#include "base/error.h"

struct epoch {
	const char *path;		/* borrowed; NULL: in memory alone */
	unsigned long highest;
};

bool epoch_init(struct epoch *epoch, const char *path, struct error *error);
/* Before the election starts: a former election with the same file may have written since. */
void epoch_catch_up(struct epoch *epoch);

void epoch_see(struct epoch *epoch, unsigned long seen);
void epoch_forget(struct epoch *epoch);

#endif
