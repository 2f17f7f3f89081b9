#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

enum { LINKS_MAX = 40 };		/* as in path_resolution(7) */

struct walk {
	const char *path;		/* for messages */
	char *rest;			/* components to enter, and the name of the file */
	int fd;				/* the directory so far */
	unsigned links;			/* that were followed */
	bool exposed;
	bool create;
};

static bool is_exposed(int fd)
{
	struct stat found;

	return fstat(fd, &found) < 0 || (found.st_uid && found.st_uid != geteuid()) ||
	       (found.st_mode & (S_IWGRP | S_IWOTH));
}

static bool enter(struct walk *walk, int next)
{
	int why = errno;

	if (walk->fd >= 0)
		close(walk->fd);
	walk->fd = next;
	walk->exposed = next >= 0 && is_exposed(next);
	errno = why;
	return next >= 0;
}

static bool enter_root(struct walk *walk)
{
	return enter(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* The path up to `name`, as far as it is that of the configuration. */
static int shown_size(const struct walk *walk, const char *name)
{
	size_t size = strlen(walk->path);

	return (int)(walk->links ? size : size - strlen(walk->rest) + (size_t)(name - walk->rest) +
					  strcspn(name, "/"));
}

static bool fail_at(const struct walk *walk, const char *name, const char *what,
		    struct error *error)
{
	int why = errno;

	fail(error, "cannot make the directory %.*s: %s", shown_size(walk, name), walk->path, what);
	errno = why;
	return false;
}

/* mkdir(2) applies our umask, fchmod(2) does not. */
static bool make(struct walk *walk, const char *name, const char *start, struct error *error)
{
	int fd;

	if (mkdirat(walk->fd, name, 0755) < 0)
		return errno == EEXIST || fail_at(walk, start, strerror(errno), error);
	fd = openat(walk->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0755) < 0)
		fail_at(walk, start, strerror(errno), error);
	if (fd >= 0)
		close(fd);
	return !error->text[0];
}

/* `name` is no directory: a symbolic link, or ENOTDIR. */
static bool follow(struct walk *walk, const char *name, const char *after, struct error *error)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(walk->fd, name, target, sizeof target - 1);
	char *rest;

	if (size < 0) {
		errno = ENOTDIR;
		return false;
	}
	errno = ELOOP;
	if (walk->exposed)
		return fail(error, "%s: \"%s\" on its path is a symbolic link in a directory that "
			    "others can write to", walk->path, name);
	if (++walk->links > LINKS_MAX)
		return false;
	target[size] = '\0';
	rest = format_string("%s/%s", target, after);
	free(walk->rest);
	walk->rest = rest;
	return *target != '/' || enter_root(walk);
}

/* Enters the first component of the rest. */
static bool step(struct walk *walk, char *start, char *slash, struct error *error)
{
	const int how = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	AUTOFREE char *name = copy_bytes(start, (size_t)(slash - start));
	int next = openat(walk->fd, name, how);

	if (next < 0 && errno == ENOENT && walk->create) {
		if (!make(walk, name, start, error))
			return false;
		next = openat(walk->fd, name, how);
	}
	if (next < 0 && (errno == ENOTDIR || errno == ELOOP))
		return follow(walk, name, slash + 1, error);
	if (next < 0)
		return false;
	memmove(walk->rest, slash + 1, strlen(slash + 1) + 1);
	return enter(walk, next);
}

int folder_open(const char *path, bool create, bool *exposed, struct error *error)
{
	struct walk walk = { .path = path, .rest = copy_string(path), .fd = -1, .create = create };
	bool good = enter_root(&walk);

	while (good) {
		char *start = walk.rest + strspn(walk.rest, "/"), *slash = strchr(start, '/');

		if (!slash)
			break;
		good = step(&walk, start, slash, error);
	}
	free(walk.rest);
	if (!good)
		enter(&walk, -1);
	*exposed = walk.exposed;
	return walk.fd;
}
