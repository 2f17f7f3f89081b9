/* writer.h - bytes to a descriptor that may block, or be gone, without blocking the loop.
 *
 * O_NONBLOCK would be seen by everybody who shares the open file description, our children
 * among them.  A pipe or terminal is therefore opened anew by /proc/self/fd; where that is
 * not allowed, and for sockets, poll(2) is asked first and no write is larger than PIPE_BUF,
 * which a pipe that is ready takes whole (pipe(7)).
 *
 * Writes of one turn of the loop are gathered.  Over `WRITER_FULL` bytes the writer is full:
 * readers that feed it wait (on_room is called when there is room again); what is added all
 * the same is dropped, whole, and counted.
 */
#ifndef WRITER_H
#define WRITER_H

#include <stdbool.h>

#include "buf.h"
#include "list.h"
#include "loop.h"

enum { WRITER_FULL = 256 * 1024, WRITER_MOST = 4 * 1024 * 1024 };

/* Somebody who waits for room. */
struct room_waiter {
	struct list link;
	void (*on_room)(struct room_waiter *self);
};

struct writer {
	struct loop *loop;		/* NULL: write at once, as before the loop runs */
	int fd;
	bool owned;			/* opened by us */
	bool nonblocking;		/* write(2) returns at once, whatever the size */
	bool broken;			/* the reader is gone */
	unsigned long dropped;
	struct buf pending;
	struct io io;
	ev_prepare flush;
	struct list waiters;
};

void writer_open(struct writer *writer, struct loop *loop, int fd);	/* borrows fd */
void writer_flush(struct writer *writer, double patience);	/* wait until all is written */
void writer_close(struct writer *writer);
void writer_add(struct writer *writer, const char *bytes, size_t size);
bool writer_is_full(const struct writer *writer);
void writer_wait(struct writer *writer, struct room_waiter *waiter);

#endif
