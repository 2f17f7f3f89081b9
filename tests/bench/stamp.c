/* stamp FIFO TAG [NEEDLE [MS]] - report when we started.
 *
 * Writes "NS TAG FOUND\n" to FIFO: CLOCK_MONOTONIC at the top of main(), the tag, and whether
 * NEEDLE is on stdin (0 without one).  With MS it stays for that many milliseconds, or for
 * ever if MS is negative, and reports its end by a second line with the tag TAG.end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static int find(const char *needle)
{
	static char text[1 << 20];
	size_t used = 0;
	ssize_t n;

	while (used < sizeof text - 1 && (n = read(0, text + used, sizeof text - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	return strstr(text, needle) != NULL;
}

static void say(const char *path, long long at, const char *tag, int found)
{
	char line[128];
	int size = snprintf(line, sizeof line, "%lld %s %d\n", at, tag, found);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, line, (size_t)size) != size)
		_exit(1);
	close(fd);
}

int main(int argc, char **argv)
{
	long long at = now();
	const char *needle = argc > 3 ? argv[3] : "";
	char end[64];

	if (argc < 3)
		return 64;
	say(argv[1], at, argv[2], *needle && find(needle));
	if (argc < 5)
		return 0;
	if (*argv[4] == '-')
		pause();
	usleep((useconds_t)atoi(argv[4]) * 1000);
	snprintf(end, sizeof end, "%.50s.end", argv[2]);
	say(argv[1], now(), end, 0);
	return 0;
}
