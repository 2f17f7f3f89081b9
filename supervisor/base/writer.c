#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file description of our own; -1 if the kernel refuses, or none is needed. */
static int reopen(int fd)
{
	char path[32];
	struct stat st;

	if (fstat(fd, &st) < 0 || !(S_ISFIFO(st.st_mode) || isatty(fd)))
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

/* Regular files and /dev/null never make write(2) wait for a reader. */
static bool takes_all(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || (S_ISCHR(st.st_mode) && !isatty(fd)));
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

static void write_pending(struct writer *writer)
{
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

void writer_flush(struct writer *writer, double timeout)
{
	double until = monotonic_now() + timeout;
	struct pollfd ready = { .fd = writer->fd, .events = POLLOUT };

	while (!push(writer, 0) && monotonic_now() < until)
		poll(&ready, 1, 10);
}

void writer_close(struct writer *writer)
{
	if (writer->loop) {
		io_stop(&writer->io);
		ev_prepare_stop(writer->loop->ev, &writer->flush);
	}
	buf_release(&writer->pending);
	wake_waiters(writer);
	if (writer->owned)
		close(writer->fd);
	writer->fd = -1;
}

void writer_add(struct writer *writer, const char *bytes, size_t size)
{
	if (writer->pending.used + size > WRITER_MOST) {
		writer->dropped++;
		return;
	}
	buf_append(&writer->pending, bytes, size);
	if (!writer->loop)
		push(writer, -1);
}

bool writer_is_full(const struct writer *writer)
{
	return writer->pending.used > WRITER_FULL;
}

void writer_wait(struct writer *writer, struct room_waiter *waiter)
{
	list_append(&writer->waiters, &waiter->link);
}
