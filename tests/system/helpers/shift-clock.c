/* shift-clock - LD_PRELOAD: shifts the wall clock by the number of seconds in the file $SHIFT_CLOCK.
 *
 * Each call reads the file, so that a test can set the clock while the program runs.  All other clocks
 * stay correct.  syscall() is wrapped too, because libev calls clock_gettime through it.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long raw(long number, long first, long second)
{
	static long (*real)(long, ...);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, first, second);
}

static long shift(void)
{
	const char *path = getenv("SHIFT_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[32] = "";

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	close(fd);
	return atol(text);
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
	int result = (int)raw(SYS_clock_gettime, clock, (long)at);

	if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		at->tv_sec += shift();
	return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
	int result = (int)raw(SYS_gettimeofday, (long)at, (long)zone);

	if (!result)
		at->tv_sec += shift();
	return result;
}

time_t time(time_t *result)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	if (result)
		*result = at.tv_sec;
	return at.tv_sec;
}

long syscall(long number, ...)
{
	static long (*real)(long, ...);
	long values[6];
	va_list list;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	va_start(list, number);
	for (int i = 0; i < 6; i++)
		values[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_clock_gettime)
		return clock_gettime((clockid_t)values[0], (struct timespec *)values[1]);
	return real(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}
