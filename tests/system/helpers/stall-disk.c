/* stall-disk - LD_PRELOAD: calls for files whose path has $STALL_PATH in it take $STALL_SECONDS longer, as
 * on a disk or an NFS server that does not answer.  fsync and fdatasync always stall, write, rename,
 * open, openat and stat only with $STALL_WRITE, $STALL_RENAME and $STALL_OPEN.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void stall(const char *path)
{
	const char *which = getenv("STALL_PATH"), *seconds = getenv("STALL_SECONDS");
	struct timespec left = { .tv_sec = seconds ? atol(seconds) : 0 };

	if (!which || !strstr(path, which))
		return;
	while (nanosleep(&left, &left))
		;
}

static void stall_fd(int fd)
{
	char link[32], path[PATH_MAX];
	ssize_t size;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof path - 1);
	path[size < 0 ? 0 : size] = '\0';
	stall(path);
}

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

int fdatasync(int fd)
{
	stall_fd(fd);
	return REAL(int, fdatasync, int)(fd);
}

int fsync(int fd)
{
	stall_fd(fd);
	return REAL(int, fsync, int)(fd);
}

int rename(const char *from, const char *to)
{
	if (getenv("STALL_RENAME"))
		stall(to);
	return REAL(int, rename, const char *, const char *)(from, to);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	if (getenv("STALL_WRITE"))
		stall_fd(fd);
	return REAL(ssize_t, write, int, const void *, size_t)(fd, bytes, size);
}

static mode_t mode_of(int how, va_list *rest)
{
	return how & (O_CREAT | O_TMPFILE) ? va_arg(*rest, mode_t) : 0;
}

int open(const char *path, int how, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, how);
	mode = mode_of(how, &rest);
	va_end(rest);
	if (getenv("STALL_OPEN"))
		stall(path);
	return REAL(int, open, const char *, int, ...)(path, how, mode);
}

int openat(int folder, const char *path, int how, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, how);
	mode = mode_of(how, &rest);
	va_end(rest);
	if (getenv("STALL_OPEN"))
		stall(path);
	return REAL(int, openat, int, const char *, int, ...)(folder, path, how, mode);
}

int stat(const char *restrict path, struct stat *restrict found)
{
	if (getenv("STALL_OPEN"))
		stall(path);
	return REAL(int, stat, const char *, struct stat *)(path, found);
}
