#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

enum { CHUNK = 64 * 1024 };

static bool read_all(int fd, size_t limit, struct buf *text, int *why)
{
	size_t total = 0;

	for (;;) {
		ssize_t size = read(fd, buf_reserve(text, CHUNK), CHUNK);

		if (size < 0 && errno == EINTR)
			continue;
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

/* Closes `fd`.  If `fd` is -1, errno holds the reason. */
static bool read_and_close(int fd, const char *path, size_t limit, struct buf *text,
			   struct error *error)
{
	int why = errno;
	bool read = fd >= 0 && read_all(fd, limit, text, &why);

	if (fd >= 0)
		close(fd);
	if (read)
		return true;
	if (why == EFBIG)
		return fail(error, "cannot read %s: more than %zu bytes", path, limit);
	return fail(error, "cannot read %s: %s", path, strerror(why));
}

bool file_read(const char *path, size_t limit, struct buf *text, struct error *error)
{
	return read_and_close(open(path, O_RDONLY | O_CLOEXEC), path, limit, text, error);
}

bool file_read_regular(const char *path, size_t limit, struct buf *text, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd >= 0 && !fstat(fd, &status) && !S_ISREG(status.st_mode)) {
		close(fd);
		return fail(error, "cannot read %s: not a regular file", path);
	}
	return read_and_close(fd, path, limit, text, error);
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
