/* writer.h - writes to a descriptor that may block or fail, without blocking the loop.
 *
 * O_NONBLOCK belongs to the open file description, which our children share.  A pipe or terminal is
 * therefore opened anew through /proc/self/fd.  Where that is not allowed, and for sockets, poll(2)
 * comes first and no write exceeds PIPE_BUF bytes, which a ready pipe takes whole (pipe(7)).
 *
 * No flag makes a regular file non-blocking, and its disk may hang: while a loop runs, a thread writes
 * to it (offload.h).  If a write fails, as on a full disk, records are dropped for a second; then the
 * next record is tried.  So a full disk stops no program that logs.
 *
 * The bytes of one turn of the loop are written together.  With more than WRITER_FULL bytes pending
 * the writer is full: readers that feed it register with writer_wait() and are called when there is
 * room.  Beyond WRITER_MOST bytes a record is dropped whole, and counted.
 */
#ifndef WRITER_H
#define WRITER_H

#include <stdbool.h>

#include "buf.h"
#include "list.h"
#include "loop.h"

enum { WRITER_FULL = 256 * 1024, WRITER_MOST = 4 * 1024 * 1024 };

/* Called once when the writer is no longer full. */
struct room_waiter {
	struct list link;
	void (*on_room)(struct room_waiter *self);
};

struct batch;

struct writer {
	struct loop *loop;		/* NULL: no loop runs yet; writes at once */
	int fd;
	bool owned;			/* the writer opened fd and closes it */
	bool nonblocking;		/* write(2) returns at once, whatever the size */
	bool broken;			/* writes fail; all bytes are discarded */
	bool regular;			/* a file, and a loop runs */
	int trouble;			/* errno of the last write to a file; 0: it was done */
	double retry_at;		/* monotonic */
	bool torn;			/* a failed write has left a part of a line */
	unsigned long dropped;
	struct buf pending;
	struct batch *batch;		/* that a thread writes; NULL: none */
	struct io io;
	ev_prepare flush;
	struct list waiters;
};

void writer_open(struct writer *writer, struct loop *loop, int fd);	/* borrows fd */
void writer_flush(struct writer *writer, double timeout);	/* waits until all is written */
void writer_close(struct writer *writer);
void writer_add(struct writer *writer, const char *bytes, size_t size);
bool writer_is_full(const struct writer *writer);
void writer_wait(struct writer *writer, struct room_waiter *waiter);

#endif
