/* output.h - a child's output: lines for the log, and an excerpt from its start for a report.
 *
 * A line longer than LOG_PIECE is logged in pieces.  A last line without a newline is logged, too.
 * At most OUTPUT_TURN bytes of a stream are read in one turn of the loop, and none while the log is
 * full: then the pipe fills and the child blocks, as it would if it wrote to our descriptor.
 *
 * The end of the stream and the end of the process are independent: a daemon may hold the pipe for
 * longer.  After output_leave() such a stream is still read until its end.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "buf.h"
#include "log.h"
#include "loop.h"
#include "writer.h"

enum { OUTPUT_TURN = 64 * 1024, OUTPUT_EXCERPT = 4096 };

struct output_count {
	unsigned long lines, bytes;
};

struct output {
	struct io io;
	int fd;
	char *job;
	struct log_origin origin;	/* the owner sets the pid after the spawn */
	struct buf held;		/* no newline yet, or no room in the log */
	struct buf *excerpt;		/* the first bytes; borrowed, or NULL */
	size_t excerpt_most;		/* how many: OUTPUT_EXCERPT, unless the owner sets it */
	struct output_count *count;	/* gets what is read until the process ends; borrowed, or NULL */
	bool ended;			/* no process holds the pipe any more */
	bool quiet;			/* nothing goes to the log */
	bool draining;			/* do not wait for room in the log */
	struct room_waiter room;
	struct list link;		/* in the list of lingering streams */
};

/* *child becomes the child's end of the pipe; close it after the spawn.  NULL: errno. */
struct output *output_new(struct loop *loop, const char *job, const char *stream, int *child);
void output_free(struct output *output);	/* NULL is fine */

/* The process has ended: logs what it had printed, a partial last line too, and reads on while
 * another process holds the pipe.  Takes the output. */
void output_leave(struct output *output);
void output_free_left(void);			/* at the end of the program */

#endif
