#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "offload.h"

#define RETRY 1.0			/* seconds after a failed write to a file */

static mode_t kind_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_mode & S_IFMT;
}

/* A file description of our own; -1 if the kernel refuses, or none is needed. */
static int reopen(int fd)
{
	char path[32];

	if (kind_of(fd) != S_IFIFO && !isatty(fd))
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

/* Regular files and /dev/null never make write(2) wait for a reader. */
static bool takes_all(int fd)
{
	mode_t kind = kind_of(fd);

	return kind == S_IFREG || (kind == S_IFCHR && !isatty(fd));
}

/* The part of `size` that can be written now without blocking.  `timeout` is poll(2)'s. */
static size_t fitting(const struct writer *writer, size_t size, int timeout)
{
	struct pollfd ready = { .fd = writer->fd, .events = POLLOUT };

	if (writer->nonblocking)
		return size;
	if (poll(&ready, 1, timeout) <= 0)
		return 0;
	return size < PIPE_BUF ? size : PIPE_BUF;
}

/* Writes what the descriptor takes.  True: nothing is pending any more. */
static bool push(struct writer *writer, int timeout)
{
	size_t done = 0;

	while (done < writer->pending.used && !writer->broken) {
		size_t size = fitting(writer, writer->pending.used - done, timeout);
		ssize_t n = size ? write(writer->fd, writer->pending.data + done, size) : -1;

		if (n >= 0)
			done += (size_t)n;
		else if (!size || errno == EAGAIN)
			break;
		else if (errno != EINTR)
			writer->broken = true;
	}
	if (writer->broken)
		buf_clear(&writer->pending);
	else
		buf_consume(&writer->pending, done);
	if (!writer->pending.used && writer->pending.room > WRITER_FULL)
		buf_release(&writer->pending);
	return !writer->pending.used;
}

static void wake_waiters(struct writer *writer)
{
	struct list waiting;

	if (writer_is_full(writer) || list_empty(&writer->waiters))
		return;
	list_init(&waiting);
	list_append(&writer->waiters, &waiting);	/* on_room() may append to the old ring again */
	list_remove(&writer->waiters);
	while (!list_empty(&waiting)) {
		struct room_waiter *waiter = list_entry(waiting.next, struct room_waiter, link);

		list_remove(&waiter->link);
		waiter->on_room(waiter);
	}
}

/* ---- regular files: a thread writes ---- */

struct batch {
	struct offload offload;
	struct writer *writer;		/* not for the thread */
	int fd;
	struct buf bytes;
	size_t done;
	int error;
};

static void write_batch(struct offload *offload)
{
	struct batch *batch = container_of(offload, struct batch, offload);

	while (batch->done < batch->bytes.used && !batch->error) {
		ssize_t n = write(batch->fd, batch->bytes.data + batch->done,
				  batch->bytes.used - batch->done);

		if (n >= 0)
			batch->done += (size_t)n;
		else if (errno != EINTR)
			batch->error = errno;
	}
}

static unsigned long count_lines(const char *text, size_t size)
{
	unsigned long count = 0;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	return count;
}

/* The rest of the batch is lost, and so are the records that came meanwhile. */
static void give_up(struct writer *writer, const struct batch *batch)
{
	const struct buf *bytes = &batch->bytes;

	writer->dropped += count_lines(bytes->data + batch->done, bytes->used - batch->done) +
			   count_lines(writer->pending.data, writer->pending.used);
	if (batch->done)
		writer->torn = bytes->data[batch->done - 1] != '\n';
	writer->retry_at = monotonic_now() + RETRY;
	buf_clear(&writer->pending);
}

static void release_batch(struct offload *offload)
{
	struct batch *batch = container_of(offload, struct batch, offload);

	close(batch->fd);
	buf_release(&batch->bytes);
	free(batch);
}

static void start_batch(struct writer *writer);

static void on_batch(struct offload *offload)
{
	struct batch *batch = container_of(offload, struct batch, offload);
	struct writer *writer = batch->writer;

	writer->batch = NULL;
	writer->trouble = batch->error;
	if (batch->error)
		give_up(writer, batch);
	else
		writer->torn = false;
	release_batch(offload);
	wake_waiters(writer);		/* these may add more */
	start_batch(writer);
}

/* Its descriptor outlives the writer's, if the disk hangs. */
static void start_batch(struct writer *writer)
{
	int fd;

	if (writer->batch || !writer->pending.used)
		return;
	fd = fcntl(writer->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {			/* there are too many */
		push(writer, 0);
		return;
	}
	writer->batch = NEW(struct batch);
	*writer->batch = (struct batch){
		.offload = { .run = write_batch, .on_done = on_batch, .release = release_batch },
		.writer = writer,
		.fd = fd,
		.bytes = writer->pending,
	};
	writer->pending = (struct buf)BUF_INIT;
	offload_start(&writer->batch->offload, writer->loop);
}

/* ---- in the loop ---- */

static void write_pending(struct writer *writer)
{
	if (writer->regular) {
		start_batch(writer);
		return;
	}
	push(writer, 0);
	wake_waiters(writer);		/* these may add more */
	if (!writer->pending.used)
		io_stop(&writer->io);
	else if (!ev_is_active(&writer->io.ev))
		io_set(&writer->io, writer->fd, IO_WRITE);
}

static void on_writable(struct io *io, int events)
{
	(void)events;
	write_pending(container_of(io, struct writer, io));
}

static void on_prepare(struct ev_loop *ev, ev_prepare *flush, int revents)
{
	struct writer *writer = container_of(flush, struct writer, flush);

	(void)ev;
	(void)revents;
	if (writer->pending.used && !ev_is_active(&writer->io.ev))
		write_pending(writer);
}

void writer_open(struct writer *writer, struct loop *loop, int fd)
{
	int own = reopen(fd);

	*writer = (struct writer){
		.loop = loop,
		.fd = own >= 0 ? own : fd,
		.owned = own >= 0,
		.nonblocking = own >= 0 || takes_all(fd),
		.regular = loop && kind_of(fd) == S_IFREG,
		.pending = BUF_INIT,
	};
	list_init(&writer->waiters);
	if (!loop)
		return;
	io_init(&writer->io, loop, on_writable);
	ev_prepare_init(&writer->flush, on_prepare);
	ev_set_priority(&writer->flush, EV_MINPRI);	/* after the bus is drained */
	ev_prepare_start(loop->ev, &writer->flush);
}

static void flush_batches(struct writer *writer, double until)
{
	do {
		start_batch(writer);
	} while (writer->batch && offload_wait(&writer->batch->offload, until - monotonic_now()));
}

void writer_flush(struct writer *writer, double timeout)
{
	double until = monotonic_now() + timeout;
	struct pollfd ready = { .fd = writer->fd, .events = POLLOUT };

	if (writer->regular) {
		flush_batches(writer, until);
		return;
	}
	while (!push(writer, 0) && monotonic_now() < until)
		poll(&ready, 1, 10);
}

void writer_close(struct writer *writer)
{
	if (writer->loop) {
		io_stop(&writer->io);
		ev_prepare_stop(writer->loop->ev, &writer->flush);
	}
	if (writer->batch)
		offload_abandon(&writer->batch->offload);
	buf_release(&writer->pending);
	wake_waiters(writer);
	if (writer->owned)
		close(writer->fd);
	writer->fd = -1;
}

static size_t pending_of(const struct writer *writer)
{
	return writer->pending.used + (writer->batch ? writer->batch->bytes.used : 0);
}

void writer_add(struct writer *writer, const char *bytes, size_t size)
{
	if (pending_of(writer) + size > WRITER_MOST ||
	    (writer->trouble && monotonic_now() < writer->retry_at)) {
		writer->dropped++;
		return;
	}
	if (writer->torn && !writer->batch && !writer->pending.used)
		buf_add_char(&writer->pending, '\n');
	buf_append(&writer->pending, bytes, size);
	if (!writer->loop)
		push(writer, -1);
}

bool writer_is_full(const struct writer *writer)
{
	return pending_of(writer) > WRITER_FULL;
}

void writer_wait(struct writer *writer, struct room_waiter *waiter)
{
	list_append(&writer->waiters, &waiter->link);
}
