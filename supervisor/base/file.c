#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "loop.h"

enum { CHUNK = 64 * 1024 };

static double wait_limit = 5;		/* seconds for a pipe that has no data yet */

void file_wait_no_more(void)
{
	wait_limit = 0;
}

/* A FIFO that no process writes to reads as empty; poll(2) waits for a writer.  *why is set if the
 * time is over. */
static bool wait_for_data(int fd, double until, int *why)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	double left = until - monotonic_now();

	*why = EAGAIN;
	return left > 0 && poll(&ready, 1, (int)(1e3 * left) + 1) > 0;
}

/* `fd` is not blocking.  The end of a FIFO counts once there was data. */
static bool read_all(int fd, size_t limit, struct buf *text, int *why)
{
	double until = monotonic_now() + wait_limit;
	size_t total = 0;
	struct stat status;
	bool is_pipe = !fstat(fd, &status) && S_ISFIFO(status.st_mode);

	for (;;) {
		ssize_t size = read(fd, buf_reserve(text, CHUNK), CHUNK);

		if (size < 0 && errno == EINTR)
			continue;
		if ((size < 0 && errno == EAGAIN) || (!size && is_pipe && !total)) {
			if (wait_for_data(fd, until, why))
				continue;
			return false;
		}
		*why = size < 0 ? errno : EFBIG;
		if (size < 0 || total + (size_t)size > limit)
			return false;
		total += (size_t)size;
		text->used += (size_t)size;
		text->data[text->used] = '\0';
		if (!size)
			return true;
	}
}

static bool explain(int why, const char *path, size_t limit, struct error *error)
{
	if (why == EFBIG)
		return fail(error, "cannot read %s: more than %zu bytes", path, limit);
	if (why == EAGAIN && !wait_limit)
		return fail(error, "cannot read %s: a pipe cannot be awaited now", path);
	if (why == EAGAIN)
		return fail(error, "cannot read %s: no data within %gs", path, wait_limit);
	return fail(error, "cannot read %s: %s", path, strerror(why));
}

/* Closes `fd`.  If `fd` is -1, errno holds the reason. */
static bool read_and_close(int fd, const char *path, size_t limit, struct buf *text,
			   struct error *error)
{
	int why = errno;
	bool read = fd >= 0 && read_all(fd, limit, text, &why);

	if (fd >= 0)
		close(fd);
	return read || explain(why, path, limit, error);
}

static int open_to_read(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

bool file_read(const char *path, size_t limit, struct buf *text, struct error *error)
{
	return read_and_close(open_to_read(path), path, limit, text, error);
}

int file_open_regular(const char *path, struct error *error)
{
	int fd = open_to_read(path);
	struct stat status;

	if (fd < 0) {
		fail(error, "cannot read %s: %m", path);
		return -1;
	}
	if (!fstat(fd, &status) && !S_ISREG(status.st_mode)) {
		close(fd);
		fail(error, "cannot read %s: not a regular file", path);
		return -1;
	}
	return fd;
}

bool file_read_regular(const char *path, size_t limit, struct buf *text, struct error *error)
{
	int fd = file_open_regular(path, error);

	return fd >= 0 && read_and_close(fd, path, limit, text, error);
}

bool file_read_number(const char *path, unsigned long *number, struct error *error)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	unsigned long value;
	char *end;

	if (!file_read_regular(path, 32, &text, error))
		return false;
	errno = 0;
	value = strtoul(text.data, &end, 10);
	if (errno || text.data[0] < '0' || text.data[0] > '9' || strcmp(end, "\n"))
		return fail(error, "%s: expected a number, found \"%.20s\"", path, text.data);
	*number = value;
	return true;
}

bool file_is_unchanged(const struct stat *before, const struct stat *now)
{
	return now->st_ino == before->st_ino && now->st_dev == before->st_dev &&
	       now->st_size == before->st_size && now->st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       now->st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

bool file_check_readable(const char *path, struct error *error)
{
	return !access(path, R_OK) || fail(error, "cannot read %s: %s", path, strerror(errno));
}
