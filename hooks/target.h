/* target.h - the file that a template becomes: staged beside it, and put in its place.
 *
 * Text is staged in a new file of the destination's directory, ".NAME.pilotfish-XXXXXX" (mode 0600
 * until all is written and its owner and mode are right), and renamed over the destination by
 * target_commit(): whoever reads sees the old file or the new one.  Between the two a command may
 * look at `staged`.  What fails leaves the old file as it was and nothing beside it, but for
 * directories that were made.
 *
 * - The last component of the destination is a regular file or nothing: a symbolic link, dangling
 *   or not, is an error and never followed.  The directories before it may be links, as /var/run
 *   is; whoever may change those decides where the file goes.
 * - The mode is the configured one, else that of the file that is there, else 0644, whatever our
 *   umask.  The owner is the configured one, else that of the file that is there, if we may give
 *   it away; if not it is ours, without set-user-ID and set-group-ID.  Extended attributes, and
 *   with them labels and ACLs, are not copied.
 * - A destination that is a mount point (a file that is bind-mounted into the container) cannot
 *   be renamed over: rename(2) says EBUSY, or EXDEV.  Then, and where the directory is not
 *   writable but the file is, the complete text is written into the existing file, after
 *   fallocate(2) has said that there is room; if it fails nevertheless the old text is written
 *   back.  A reader may see half of it, hence `in_place`.
 * - Where nothing can be made in the directory, it is staged in $TMPDIR, /tmp, /dev/shm or /run,
 *   the first that takes it.
 * - Staged files that a killed process left, of the same destination, are removed.  Those of a
 *   living one are locked (flock(2)) and stay.
 * - Nothing is synced to disk: after a crash of the machine everything is rendered again, and a
 *   sync could hold up the loop for seconds.
 *
 * Sources: rename(2), link(2), mkostemp(3), fallocate(2), symlink(7).
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"

struct target {				/* one staging under way; zeroed: none */
	const struct target_config *config;	/* borrowed */
	char *staged;			/* path of the staged file; NULL: none, and no lock */
	int lock;			/* tells others that we live */
	bool elsewhere;			/* it could not be made beside the destination */
};

enum target_state { TARGET_SAME, TARGET_DIFFERS, TARGET_NEW };

/* Does the file hold other bytes than these, or is its mode or owner not what is configured? */
bool target_compare(const struct target_config *config, const struct buf *text,
		    enum target_state *state, struct error *error);
/* What was staged before in this target is dropped first. */
bool target_stage(struct target *target, const struct target_config *config,
		  const struct buf *text, struct error *error);
/* Put it in place.  Nothing is staged any more afterwards, whatever the outcome.  *in_place: it
 * had to be written into the existing file. */
bool target_commit(struct target *target, bool *in_place, struct error *error);
void target_drop(struct target *target);	/* remove the staged file; idempotent */

#endif
