/* target.h - the destination of a template: staged beside it, then renamed over it.
 *
 * target_stage() writes the text to a new file in the destination's directory, named
 * ".NAME.pilotfish-XXXXXX".  Its mode is 0600 until the text is complete and owner and mode are
 * set. target_commit() renames that file over the destination, so a reader sees the old or the new
 * file.  Between the two calls a command may check `staged`.  A failure leaves the old file
 * unchanged and removes the staged file; directories that were made stay.
 *
 * - The destination is a regular file or does not exist: a symbolic link, dangling or not, is an
 *   error and never followed.  Directories on the path may be links, as /var/run is, except in a
 *   directory that others can write to (folder.h).  The destination's directory is opened once for
 *   a staging: all files are made, renamed and removed relative to its descriptor.
 * - The mode is the configured one, else that of the existing file, else 0644, whatever our umask.
 *   The owner is the configured one, else that of the existing file if we may give files away.  If
 *   we may not, the file is ours and loses set-user-ID and set-group-ID.  Extended attributes, and
 *   with them labels and ACLs, are not copied.  In a directory that others can write to, a file of a
 *   user who is neither root nor us counts as missing: its mode and owner are not kept, else its
 *   maker could read the text.
 * - A destination that is a mount point (a file bind-mounted into the container) cannot be
 *   replaced: rename(2) fails with EBUSY or EXDEV.  In that case, and where the file is writable
 *   but not the directory, the text is written into the existing file, after fallocate(2) has
 *   reserved the space.  If that fails, the old text is written back.  A reader may see a part of
 *   it, hence `in_place`.
 * - If no file can be made in the directory, the text is staged in the first of $TMPDIR, /tmp,
 *   /dev/shm and /run that accepts it.
 * - Staged files of the same destination that a killed process left are removed.  A living process
 *   holds a lock (flock(2)) on its staged files, which therefore stay.
 * - Nothing is synced to disk: after a crash of the machine all templates are rendered again, and a
 *   sync could block the loop for seconds.
 *
 * Sources: rename(2), link(2), mkostemp(3), fallocate(2), symlink(7).
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"

struct target {				/* one staged file; zeroed: none */
	const struct target_config *config;	/* borrowed */
	char *staged;			/* its path; NULL: nothing is staged */
	int lock;			/* shows other processes that we live */
	bool elsewhere;			/* not in the destination's directory */
	int folder, place;		/* directories: of `staged`, of the destination */
	bool exposed;			/* others can write to `place` (folder.h) */
};

enum target_state { TARGET_SAME, TARGET_DIFFERS, TARGET_NEW };

/* Differs: the bytes do, or the mode or owner is not the configured one. */
bool target_compare(const struct target_config *config, const struct buf *text,
		    enum target_state *state, struct error *error);
/* Drops an earlier staged file first. */
bool target_stage(struct target *target, const struct target_config *config,
		  const struct buf *text, struct error *error);
/* Puts the staged file in place, or drops it on failure.  *in_place: the text had to be written
 * into the existing file. */
bool target_commit(struct target *target, bool *in_place, struct error *error);
void target_drop(struct target *target);	/* remove the staged file; idempotent */

#endif
