#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A description of our own, if the kernel lets us: -1 where it does not, or need not. */
static int reopen(int fd)
{
	char path[32];
	struct stat st;

	if (fstat(fd, &st) < 0 || !(S_ISFIFO(st.st_mode) || isatty(fd)))
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

/* Plain files and /dev/null take all, at once. */
static bool takes_all(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || (S_ISCHR(st.st_mode) && !isatty(fd)));
}

/* How much of `size` can be written now without blocking. */
static size_t fitting(const struct writer *writer, size_t size, int patience)
{
	struct pollfd ready = { .fd = writer->fd, .events = POLLOUT };

	if (writer->nonblocking)
		return size;
	if (poll(&ready, 1, patience) <= 0)
		return 0;
	return size < PIPE_BUF ? size : PIPE_BUF;
}

/* Write what can be.  False: the rest has to wait. */
static bool push(struct writer *writer, int patience)
{
	size_t done = 0;

	while (done < writer->pending.used && !writer->broken) {
		size_t size = fitting(writer, writer->pending.used - done, patience);
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
	list_append(&writer->waiters, &waiting);	/* a ring of its own: they may wait again */
	list_remove(&writer->waiters);
	while (!list_empty(&waiting)) {
		struct room_waiter *waiter = list_entry(waiting.next, struct room_waiter, link);

		list_remove(&waiter->link);
		waiter->on_room(waiter);
	}
}

static void try_again(struct writer *writer)
{
	push(writer, 0);
	wake_waiters(writer);		/* who may have more to say */
	if (!writer->pending.used)
		io_stop(&writer->io);
	else if (!ev_is_active(&writer->io.ev))
		io_set(&writer->io, writer->fd, IO_WRITE);
}

static void on_writable(struct io *io, int events)
{
	(void)events;
	try_again(container_of(io, struct writer, io));
}

static void on_prepare(struct ev_loop *ev, ev_prepare *flush, int revents)
{
	struct writer *writer = container_of(flush, struct writer, flush);

	(void)ev;
	(void)revents;
	if (writer->pending.used && !ev_is_active(&writer->io.ev))
		try_again(writer);
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
	ev_set_priority(&writer->flush, EV_MINPRI);	/* after the bus was drained */
	ev_prepare_start(loop->ev, &writer->flush);
}

void writer_flush(struct writer *writer, double patience)
{
	double until = monotonic_now() + patience;
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
