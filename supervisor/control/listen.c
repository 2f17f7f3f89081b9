#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"

enum { BACKLOG = 128 };

static bool fill_address(struct sockaddr_un *address, const char *path, struct error *error)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address->sun_path)
		return fail(error, "%s: the path of a socket has at most %zu bytes, this one has %zu", path,
			    sizeof address->sun_path - 1, strlen(path));
	strcpy(address->sun_path, path);
	return true;
}

/* Only the last folder: a longer path that is missing is more likely a mistake. */
static bool make_folder(const char *path, struct error *error)
{
	AUTOFREE char *folder = copy_string(path);
	char *slash = strrchr(folder, '/');

	if (!slash || slash == folder)
		return true;
	*slash = '\0';
	if (mkdir(folder, 0755) && errno != EEXIST)
		return fail(error, "%s: %s", folder, strerror(errno));
	return true;
}

/* A connection to a unix socket is made or refused at once: a full backlog is EAGAIN. */
static bool answers(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = fd < 0 || (connect(fd, (const struct sockaddr *)address, sizeof *address) &&
				  errno == ECONNREFUSED);

	if (fd >= 0)
		close(fd);
	return !refused;
}

static bool remove_stale(const struct sockaddr_un *address, struct error *error)
{
	const char *path = address->sun_path;
	struct stat file;

	if (lstat(path, &file))
		return errno == ENOENT || fail(error, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(file.st_mode))
		return fail(error, "%s exists and is no socket", path);
	if (answers(address))
		return fail(error, "%s is in use: another process answers there", path);
	return !unlink(path) || errno == ENOENT || fail(error, "%s: %s", path, strerror(errno));
}

/* The mask alone gives the file its first mode: after bind(2) it would be too late. */
static bool bind_private(int fd, const struct sockaddr_un *address)
{
	mode_t mask = umask(0177);
	int result = bind(fd, (const struct sockaddr *)address, sizeof *address), reason = errno;

	umask(mask);
	errno = reason;
	return !result;
}

/* A change of the inode costs as much as all else here, so what is right already stays. */
bool listening_permit(const struct listening *listening, mode_t mode, gid_t group, struct error *error)
{
	const char *path = listening->path;
	struct stat now;
	bool fine = !lstat(path, &now);

	if (fine && group != (gid_t)-1 && now.st_gid != group)
		fine = !chown(path, (uid_t)-1, group);
	if (fine && (now.st_mode & 07777) != mode)
		fine = !chmod(path, mode);
	return fine || fail(error, "%s: %s", path, strerror(errno));
}

bool listen_unix(struct listening *listening, const char *path, mode_t mode, gid_t group,
		 struct error *error)
{
	struct sockaddr_un address;

	*listening = (struct listening){ .fd = -1 };
	if (!fill_address(&address, path, error) || !make_folder(path, error) ||
	    !remove_stale(&address, error))
		return false;
	listening->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listening->fd < 0 || !bind_private(listening->fd, &address)) {
		fail(error, "%s: %s", path, strerror(errno));
		close(listening->fd);
		return false;
	}
	listening->path = copy_string(path);
	if (!lstat(path, &listening->file) && listening_permit(listening, mode, group, error) &&
	    !listen(listening->fd, BACKLOG))
		return true;
	fail(error, "%s: %s", path, strerror(errno));
	close(listening->fd);
	listening_close(listening);
	return false;
}

void listening_close(struct listening *listening)
{
	struct stat now;

	if (listening->path && !lstat(listening->path, &now) && now.st_dev == listening->file.st_dev &&
	    now.st_ino == listening->file.st_ino)
		unlink(listening->path);
	free(steal(&listening->path));
}

/* Returns the size of the socket's address; 0: the text is no address. */
static socklen_t parse_address(const char *address, long port, struct sockaddr_storage *storage)
{
	struct sockaddr_in *inet = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *inet6 = (struct sockaddr_in6 *)storage;

	*storage = (struct sockaddr_storage){ .ss_family = strchr(address, ':') ? AF_INET6 : AF_INET };
	if (storage->ss_family == AF_INET6) {
		inet6->sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, address, &inet6->sin6_addr) == 1 ? sizeof *inet6 : 0;
	}
	inet->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, address, &inet->sin_addr) == 1 ? sizeof *inet : 0;
}

static int bind_tcp(const struct sockaddr_storage *storage, socklen_t size)
{
	static const int on = 1;
	int fd = socket(storage->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (!bind(fd, (const struct sockaddr *)storage, size) && !listen(fd, BACKLOG))
		return fd;
	close(fd);
	return -1;
}

bool listen_tcp(struct listening *listening, const struct listening *present, const char *address,
		long port, struct error *error)
{
	AUTOFREE char *place = format_string("%s port %ld", address, port);
	struct sockaddr_storage storage;
	socklen_t size = parse_address(address, port, &storage);

	*listening = (struct listening){ .fd = -1 };
	if (present->path && !strcmp(present->path, place)) {
		*listening = *present;
		return true;
	}
	if (!size)
		return fail(error, "%s is no address", address);
	listening->fd = bind_tcp(&storage, size);
	if (listening->fd < 0)
		return fail(error, "cannot listen on %s: %s", place, strerror(errno));
	listening->path = steal(&place);
	return true;
}

bool listening_is(const struct listening *listening, const struct listening *present)
{
	return listening->path && listening->path == present->path;
}

void listening_drop(struct listening *listening, const struct listening *present)
{
	if (!listening->path || listening_is(listening, present))
		return;
	close(listening->fd);
	listening_close(listening);
}
