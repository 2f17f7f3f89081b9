/* epoch.h - the highest epoch of an election that was ever seen here.
 *
 * Epochs are indexes of Consul's log, so they grow.  A Consul that was restored from an old copy,
 * or lost its data, begins lower.  A resource that fences writes by epoch would then refuse the new
 * leader or, worse, take a former leader for a newer one.  So a lower epoch is refused.
 *
 * A file, if there is one, keeps the number over restarts: a decimal number and a newline.
 *
 * No disk may stall the loop, so a forked process writes the file (process_fork), durably and by a
 * rename.  G5 of election.h, that epochs grow, has to hold after a restart, too.  So a candidate is
 * promoted only once its epoch is in the file:
 *
 *   - If the write succeeds, promotion follows.
 *   - If the write fails, as on a full or read-only disk, that is logged and promotion follows: G5
 *     then holds only for the life of this process.  Otherwise one full disk image would leave an
 *     election without a leader.
 *   - If the write hangs it may still succeed.  The candidate holds the lock, renews its session and
 *     waits up to promoteTimeout.  Then it releases the lock, so that another candidate may lead.
 *
 * Epochs of other leaders are written in the same way, but nothing waits for them.  A writer that
 * still hangs when the election has ended is killed, as it would hold up the end of the program.
 *
 * A thread reads the file (offload.h).  The election starts once it is read.
 */
#ifndef EPOCH_H
#define EPOCH_H

#include "base/loop.h"
#include "base/process.h"

struct epoch {
	const char *path;		/* borrowed; NULL: in memory alone */
	unsigned long highest;
	void (*on_read)(struct epoch *epoch);
	void (*on_saved)(struct epoch *epoch);	/* epoch_is_saved() has become true */

	/* private */
	struct loop *loop;
	struct reading *reading;	/* under way, or NULL */
	struct timer retry;		/* of the reading */
	bool complained;
	struct process writer;
	char *staged;			/* PATH.new */
	char text[24];			/* that `writer` writes */
	unsigned long writing, saved;	/* what `text` says; what is in the file, or has failed */
};

/* on_read and on_saved are set. */
void epoch_init(struct epoch *epoch, struct loop *loop, const char *path);
void epoch_stop(struct epoch *epoch);		/* kills a writer; what it wrote is not saved */
void epoch_release(struct epoch *epoch);	/* idempotent; stops */

/* Reads the file, if there is one, and calls on_read; without a path at once.  A file that cannot be
 * read, or has no number, is logged, and read again every 2 s.  To be called when a former election
 * with the same file writes no more. */
void epoch_read(struct epoch *epoch);

void epoch_see(struct epoch *epoch, unsigned long seen);
void epoch_forget(struct epoch *epoch);
bool epoch_is_saved(const struct epoch *epoch);	/* `highest` is, or could not be; or no path */

#endif
