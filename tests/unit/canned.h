/* canned.h - for unit tests: an HTTP server on the test's own loop with canned replies.
 *
 * Answers the requests in turn with `replies`, whatever they ask, and none after the last reply; or
 * calls `choose` for each request.  Records all requests. */
#ifndef CANNED_H
#define CANNED_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/loop.h"
#include "base/strv.h"

#define CANNED_OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body

struct canned {
	struct loop *loop;
	struct io listener;
	struct list connections;
	int port;
	const char *const *replies;	/* NULL-terminated */
	const char *post_reply;		/* to each POST; NULL: no exception */
	/* instead of `replies`; NULL: no answer, until canned_answer() gives one */
	const char *(*choose)(struct canned *server, const char *request);
	size_t served, accepted;
	bool keep_alive;		/* keep the connection after a reply with Content-Length */
	struct strv asked;		/* each request's head and body */
};

struct canned_connection {
	struct canned *server;
	struct io io;
	struct list link;
	struct buf text;
	char *waiting;			/* the unanswered request; or NULL */
};

static void canned_close(struct canned_connection *connection)
{
	int fd = connection->io.ev.fd;

	io_stop(&connection->io);
	list_remove(&connection->link);
	buf_release(&connection->text);
	free(connection->waiting);
	close(fd);
	free(connection);
}

static bool canned_is_whole(const struct buf *text)
{
	const char *end = strstr(text->data, "\r\n\r\n");
	const char *length = strcasestr(text->data, "\r\nContent-Length:");

	if (!end || !length)
		return end;
	return strlen(end + 4) >= strtoul(strchr(length, ':') + 1, NULL, 10);
}

static const char *canned_reply(struct canned *server, const char *request)
{
	if (server->choose)
		return server->choose(server, request);
	if (server->post_reply && !strncmp(request, "POST ", 5))
		return server->post_reply;
	return server->replies[server->served] ? server->replies[server->served++] : NULL;
}

static void canned_on_read(struct io *io, int events)
{
	struct canned_connection *connection = container_of(io, struct canned_connection, io);
	struct canned *server = connection->server;
	const char *reply;
	char bytes[65536];
	ssize_t size = read(io->ev.fd, bytes, sizeof bytes);

	(void)events;
	if (size <= 0) {
		canned_close(connection);
		return;
	}
	buf_append(&connection->text, bytes, (size_t)size);
	if (!canned_is_whole(&connection->text))
		return;
	strv_push(&server->asked, connection->text.data);
	reply = canned_reply(server, connection->text.data);
	free(connection->waiting);
	connection->waiting = reply ? NULL : copy_string(connection->text.data);
	buf_clear(&connection->text);
	if (!reply)
		return;
	if (write(io->ev.fd, reply, strlen(reply)) < 0 || !server->keep_alive)
		canned_close(connection);
}

/* Answers all waiting requests that contain `what`; returns their number. */
static inline size_t canned_answer(struct canned *server, const char *what, const char *reply)
{
	size_t count = 0;

	list_each(node, &server->connections) {
		struct canned_connection *connection =
			list_entry(node, struct canned_connection, link);

		if (!connection->waiting || !strstr(connection->waiting, what))
			continue;
		if (write(connection->io.ev.fd, reply, strlen(reply)) < 0)
			abort();
		canned_close(connection);
		count++;
	}
	return count;
}

static void canned_on_connection(struct io *io, int events)
{
	struct canned *server = container_of(io, struct canned, listener);
	struct canned_connection *connection;
	int fd = accept4(io->ev.fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	server->accepted++;
	connection = NEW(struct canned_connection);
	connection->server = server;
	connection->text = (struct buf)BUF_INIT;
	list_append(&server->connections, &connection->link);
	io_init(&connection->io, server->loop, canned_on_read);
	io_set(&connection->io, fd, IO_READ);
}

static void canned_start(struct canned *server, struct loop *loop, const char *const *replies)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*server = (struct canned){ .loop = loop, .replies = replies };
	if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)&address, &size))
		abort();
	server->port = ntohs(address.sin_port);
	list_init(&server->connections);
	io_init(&server->listener, loop, canned_on_connection);
	io_set(&server->listener, fd, IO_READ);
}

static void canned_stop(struct canned *server)
{
	int fd = server->listener.ev.fd;

	while (!list_empty(&server->connections))
		canned_close(list_entry(server->connections.next, struct canned_connection, link));
	io_stop(&server->listener);
	close(fd);
	strv_release(&server->asked);
}

#endif
