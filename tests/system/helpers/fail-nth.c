/* fail-nth - preloaded: the Nth call of a function fails, as the system would let it fail.
 *
 * $FAIL_CALL names the function, $FAIL_NTH says which call ("3+": and all that follow); the file $FAIL_HIT is
 * made when that comes.
 * Children are spared.  Calls that the C library makes by itself are not seen.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static char name[32], hit[256];
static long left;
static int lasting;

__attribute__((constructor))
static void read_order(void)
{
	const char *call = getenv("FAIL_CALL"), *nth = getenv("FAIL_NTH"), *file = getenv("FAIL_HIT");

	strncpy(name, call ? call : "", sizeof name - 1);
	strncpy(hit, file ? file : "", sizeof hit - 1);
	left = nth ? atol(nth) : 0;
	lasting = nth && strchr(nth, '+');
	unsetenv("LD_PRELOAD");
}

static int fails(const char *call, int why)
{
	if (strcmp(call, name) || left <= 0 || --left)
		return 0;
	left = lasting;
	syscall(SYS_close, (int)syscall(SYS_openat, AT_FDCWD, hit, O_WRONLY | O_CREAT, 0644));
	errno = why;
	return 1;
}

#define NEXT(function) \
	static __typeof__(function) *next; \
	if (!next) \
		*(void **)&next = dlsym(RTLD_NEXT, #function)

#define OPEN(function) \
	int function(const char *path, int flags, ...) \
	{ \
		va_list list; \
		mode_t mode; \
		NEXT(function); \
		va_start(list, flags); \
		mode = va_arg(list, mode_t); \
		va_end(list); \
		return fails("open", EMFILE) ? -1 : next(path, flags, mode); \
	}

#define OPENAT(function) \
	int function(int folder, const char *path, int flags, ...) \
	{ \
		va_list list; \
		mode_t mode; \
		NEXT(function); \
		va_start(list, flags); \
		mode = va_arg(list, mode_t); \
		va_end(list); \
		return fails("open", EMFILE) ? -1 : next(folder, path, flags, mode); \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int socket(int domain, int type, int protocol)
{
	NEXT(socket);
	return fails("socket", EMFILE) ? -1 : next(domain, type, protocol);
}

int clone(int (*fn)(void *), void *stack, int flags, void *argument, ...)
{
	NEXT(clone);
	return fails("clone", EAGAIN) ? -1 : next(fn, stack, flags, argument);
}

pid_t fork(void)
{
	NEXT(fork);
	return fails("clone", EAGAIN) ? -1 : next();
}

int timerfd_create(int clock, int flags)
{
	NEXT(timerfd_create);
	return fails("timer", EMFILE) ? -1 : next(clock, flags);
}

int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer)
{
	NEXT(timer_create);
	return fails("timer", EAGAIN) ? -1 : next(clock, event, timer);
}

int signalfd(int fd, const sigset_t *mask, int flags)
{
	NEXT(signalfd);
	return fails("signalfd", EMFILE) ? -1 : next(fd, mask, flags);
}

int epoll_create1(int flags)
{
	NEXT(epoll_create1);
	return fails("epoll", EMFILE) ? -1 : next(flags);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	NEXT(epoll_ctl);
	return fails("epoll", ENOSPC) ? -1 : next(epoll, operation, fd, event);
}

ssize_t write(int fd, const void *data, size_t size)
{
	NEXT(write);
	return fails("write", EIO) ? -1 : next(fd, data, size);
}

ssize_t read(int fd, void *data, size_t size)
{
	NEXT(read);
	return fails("read", EIO) ? -1 : next(fd, data, size);
}

int pipe2(int fds[2], int flags)
{
	NEXT(pipe2);
	return fails("pipe", EMFILE) ? -1 : next(fds, flags);
}

int memfd_create(const char *label, unsigned flags)
{
	NEXT(memfd_create);
	return fails("memfd", EMFILE) ? -1 : next(label, flags);
}

int rename(const char *from, const char *to)
{
	NEXT(rename);
	return fails("rename", EIO) ? -1 : next(from, to);
}
