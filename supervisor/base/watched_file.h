/* watched_file.h - a file that other programs replace: its content, whenever that has changed.
 *
 * The file is looked at every 2 s, at the start more often, as a job may be about to make it; and on
 * a thread (offload.h), as its disk may not answer.  It has changed if stat(2) says so.
 */
#ifndef WATCHED_FILE_H
#define WATCHED_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "buf.h"
#include "loop.h"

struct look;

struct watched_file {
	void (*on_change)(struct watched_file *watched, const struct buf *text);	/* the whole file */

	/* private */
	const char *path;		/* borrowed */
	size_t limit;
	struct timer timer;
	double pause;			/* seconds until the next look */
	struct stat seen;		/* at the last look that succeeded */
	struct look *look;		/* under way, or NULL */
};

/* on_change is set.  A file that is missing, has more than `limit` bytes or cannot be read has not
 * changed. */
void watched_file_start(struct watched_file *watched, struct loop *loop, const char *path,
			size_t limit);
void watched_file_stop(struct watched_file *watched);	/* idempotent; of a zeroed one, too */

#endif
