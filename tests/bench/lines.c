/* lines N FIFO - write N lines of 100 bytes to stdout as fast as the reader takes them.
 *
 * Then write "BEGAN ENDED CPU\n" to FIFO: CLOCK_MONOTONIC before and after, and our own
 * processor time, all in nanoseconds.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define START "GET /a/path \"quoted\" 200 a line as a server of the web writes it "

enum { LINE = 100, BATCH = 640 };

static long long now(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static void put(const char *text, size_t size)
{
	while (size) {
		ssize_t n = write(1, text, size);

		if (n < 0)
			exit(1);
		text += n;
		size -= (size_t)n;
	}
}

int main(int argc, char **argv)
{
	static char batch[BATCH * LINE];
	long long began = now(CLOCK_MONOTONIC);
	long left = argc > 2 ? atol(argv[1]) : 0;
	char line[128];
	int size, fd;

	for (int i = 0; i < BATCH; i++)
		snprintf(batch + i * LINE, LINE, "%098d", i);
	for (int i = 0; i < BATCH; i++) {
		memcpy(batch + i * LINE, START, sizeof START - 1);
		batch[i * LINE + LINE - 1] = '\n';
		batch[i * LINE + LINE - 2] = '.';
	}
	for (; left > 0; left -= BATCH)
		put(batch, (size_t)(left < BATCH ? left : BATCH) * LINE);
	size = snprintf(line, sizeof line, "%lld %lld %lld\n", began, now(CLOCK_MONOTONIC),
			now(CLOCK_PROCESS_CPUTIME_ID));
	fd = open(argv[2], O_WRONLY);
	return fd < 0 || write(fd, line, (size_t)size) != size;
}
