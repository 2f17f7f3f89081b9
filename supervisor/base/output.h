/* output.h - what a child prints: lines to the log, and the start of it for a report.
 *
 * Lines may be of any length: beyond LOG_PIECE they are logged in pieces.  The last line is
 * logged though it lacks its newline.  At most OUTPUT_TURN bytes a stream are read in a turn of
 * the loop, and none while the log's reader does not keep up: then the pipe fills and the child
 * waits, as it would with a descriptor of ours.
 *
 * An end of file says nothing about the end of the process: a daemon may hold the pipe for
 * longer.  output_leave() lets such a stream be read on until its end.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "buf.h"
#include "log.h"
#include "loop.h"
#include "writer.h"

enum { OUTPUT_TURN = 64 * 1024, OUTPUT_TAIL = 4096 };

struct output {
	struct io io;
	int fd;
	char *job;
	struct log_origin origin;	/* set the pid when it is known */
	struct buf held;		/* what has no newline yet, or no room in the log */
	struct buf *tail;		/* gets the first OUTPUT_TAIL bytes; borrowed, may be NULL */
	bool ended;			/* nobody holds the pipe any more */
	bool quiet;			/* not to the log */
	bool leaving;			/* no time to wait for room */
	struct room_waiter room;
	struct list link;		/* among those that were left */
};

/* The child's end of the pipe is left in *child, to be closed after the spawn.  NULL: errno. */
struct output *output_new(struct loop *loop, const char *job, const char *stream, int *child);
void output_free(struct output *output);	/* NULL is fine */

/* The process has ended: log what it had printed, the last partial line too; then read on for as
 * long as somebody holds the pipe.  Takes the output. */
void output_leave(struct output *output);
void output_free_left(void);			/* at the end of the program */

#endif
