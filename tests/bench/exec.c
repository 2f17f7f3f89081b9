/* exec FIFO PROGRAM ARG... - write "NS exec 0\n" to FIFO, CLOCK_MONOTONIC, and become PROGRAM. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[1], O_WRONLY | O_CLOEXEC) : -1;
	struct timespec at;

	if (fd < 0)
		return 64;
	clock_gettime(CLOCK_MONOTONIC, &at);
	dprintf(fd, "%lld exec 0\n", at.tv_sec * 1000000000LL + at.tv_nsec);
	execvp(argv[2], argv + 2);
	return 127;
}
