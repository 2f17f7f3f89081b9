/* query PORT PATH [PROGRAM ARG...] - the floor: a bare blocking query of 127.0.0.1:PORT.
 *
 * It keeps one connection.  Whenever the answer's body has changed, and for the first answer, it
 * spawns PROGRAM.  Without PROGRAM it prints a line "NS SIZE\n": CLOCK_MONOTONIC, and the size of
 * the body.  PATH must have a question mark.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SPACE = 4 << 20 };

static char answers[2][SPACE];

static int open_connection(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((in_port_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		perror("query: connect");
		exit(1);
	}
	return fd;
}

/* The body, or NULL if the answer is incomplete. */
static const char *find_body(const char *answer, size_t used, size_t *size)
{
	const char *end = strstr(answer, "\r\n\r\n"), *length;

	if (!end)
		return NULL;
	end += 4;
	*size = used - (size_t)(end - answer);
	length = strcasestr(answer, "\r\nContent-Length:");
	if (length && length < end)
		return *size >= strtoul(length + 17, NULL, 10) ? end : NULL;
	return *size >= 5 && !memcmp(answer + used - 5, "0\r\n\r\n", 5) ? end : NULL;
}

static const char *ask(int fd, const char *path, unsigned long *index, char *answer, size_t *size)
{
	const char *body = NULL, *header;
	char request[512];
	size_t used = 0;
	int length = snprintf(request, sizeof request, *index ?
			      "GET %s&index=%lu&wait=60s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" :
			      "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path, *index);

	if (write(fd, request, (size_t)length) != length)
		exit(1);
	while (!body) {
		ssize_t n = read(fd, answer + used, SPACE - 1 - used);

		if (n <= 0)
			exit(1);
		used += (size_t)n;
		answer[used] = '\0';
		body = find_body(answer, used, size);
	}
	header = strcasestr(answer, "\r\nX-Consul-Index:");
	*index = header ? strtoul(header + 17, NULL, 10) : 0;
	return body;
}

static void tell(size_t size)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	printf("%lld %zu\n", at.tv_sec * 1000000000LL + at.tv_nsec, size);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *body, *last = NULL;
	size_t size, last_size = 0;
	unsigned long index = 0;
	int fd, turn = 0;
	pid_t pid;

	if (argc < 3)
		return 64;
	signal(SIGCHLD, SIG_IGN);
	fd = open_connection(argv[1]);
	for (;;) {
		body = ask(fd, argv[2], &index, answers[turn], &size);
		if (last && size == last_size && !memcmp(body, last, size))
			continue;
		if (argc == 3)
			tell(size);
		else if (posix_spawn(&pid, argv[3], NULL, NULL, argv + 3, environ))
			return 1;
		last = body;
		last_size = size;
		turn = !turn;
	}
}
