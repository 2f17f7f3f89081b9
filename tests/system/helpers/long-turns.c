/* long-turns - LD_PRELOAD: keeps in the file $LONG_TURNS how long the longest turn of an event loop took,
 * in microseconds of its thread's processor time, as other processes delay nothing that we could mend.
 *
 * A turn lasts from one epoll_wait() to the next, or to the end of the process.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long began;			/* 0: not in a turn */

static long spent_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note(long took)
{
	int fd = open(getenv("LONG_TURNS"), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	dprintf(fd, "%9ld\n", took);
	close(fd);
}

static void end_turn(void)
{
	static long longest;
	long took = began ? spent_now() - began : 0;

	if (took > longest) {
		longest = took;
		note(took);
	}
}

int epoll_wait(int fd, struct epoll_event *events, int room, int timeout)
{
	static int (*real)(int, struct epoll_event *, int, int);
	int count;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "epoll_wait");
	end_turn();
	count = real(fd, events, room, timeout);
	began = spent_now();
	return count;
}

__attribute__((destructor))
static void end(void)
{
	end_turn();
}

void _exit(int code)
{
	end_turn();
	for (;;)
		syscall(SYS_exit_group, code);
}
