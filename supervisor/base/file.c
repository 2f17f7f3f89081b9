#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

bool file_read(const char *path, size_t limit, struct buf *text, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), why = errno;
	bool read = fd >= 0 && read_all(fd, limit, text, &why);

	if (fd >= 0)
		close(fd);
	if (read)
		return true;
	if (why == EFBIG)
		return fail(error, "cannot read %s: more than %zu bytes", path, limit);
	return fail(error, "cannot read %s: %s", path, strerror(why));
}
