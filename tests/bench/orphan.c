/* orphan N FIFO - make N orphans as fast as possible, then write "NS orphans 0\n" to FIFO, with the
 * present time, and stay.
 *
 * An orphan is the child of a child that ends at once.  Some orphans end before their parent, some after. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void make_one(void)
{
	pid_t child = fork();

	if (child < 0)
		_exit(71);
	if (!child) {
		if (fork() < 0)
			_exit(71);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[2], O_WRONLY | O_CLOEXEC) : -1;
	struct timespec at;

	if (fd < 0)
		return 64;
	for (int i = 0; i < atoi(argv[1]); i++)
		make_one();
	clock_gettime(CLOCK_MONOTONIC, &at);
	dprintf(fd, "%lld orphans 0\n", at.tv_sec * 1000000000LL + at.tv_nsec);
	pause();
	return 0;
}
