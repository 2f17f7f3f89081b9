#include "control_client.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/loop.h"
#include "base/setting.h"
#include "config/load.h"

enum { HEAD_MOST = 8192 };

static char *configured_socket(const struct call *call, struct error *error)
{
	CLEANUP(load_error_release) struct load_error why = { .code = 0 };
	AUTOFREE char *path = command_config_path(call, &why);
	struct config *config = path ? load_config(path, NULL, &why) : NULL;
	char *socket;

	if (!config) {
		fail(error, "no pilotfish is at %s, and its socket is not known: %s", CONTROL_SOCKET,
		     why.mistakes.items[0]);
		return NULL;
	}
	socket = steal(&config->control.socket);
	if (!socket)
		fail(error, "%s: control.socket is \"off\"", path);
	config_free(config);
	return socket;
}

static char *find_socket(const struct call *call, struct error *error)
{
	char *path = NULL;

	if (call->socket)
		return copy_string(call->socket);
	if (!setting_get("PILOTFISH_SOCKET", &path, error))
		return NULL;
	if (path && !strcmp(path, "off")) {
		free(path);
		fail(error, "PILOTFISH_SOCKET is \"off\", so there is no control socket");
		return NULL;
	}
	if (path)
		return path;
	return access(CONTROL_SOCKET, F_OK) ? configured_socket(call, error) : copy_string(CONTROL_SOCKET);
}

static int fail_connect(const char *path, struct error *error)
{
	int reason = errno;

	if (reason == ENOENT || reason == ECONNREFUSED)
		fail(error, "no pilotfish answers at %s", path);
	else
		fail(error, "%s: %s", path, strerror(reason));
	return reason == EACCES || reason == EPERM ? EX_NOPERM : EX_UNAVAILABLE;
}

static int open_socket(const char *path, int *fd, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path) {
		fail(error, "%s: the path of a socket has at most %zu bytes", path, sizeof address.sun_path - 1);
		return EX_USAGE;
	}
	strcpy(address.sun_path, path);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && !connect(*fd, (const struct sockaddr *)&address, sizeof address))
		return EX_OK;
	return fail_connect(path, error);
}

static bool send_whole(int fd, const struct buf *text)
{
	for (size_t sent = 0; sent < text->used; ) {
		ssize_t size = send(fd, text->data + sent, text->used - sent, MSG_NOSIGNAL);

		if (size < 0 && errno != EINTR)
			return false;
		sent += size > 0 ? (size_t)size : 0;
	}
	return true;
}

static bool send_request(int fd, const struct control_request *request)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	const char *body = request->body ? request->body : "";

	buf_print(&text, "%s %s HTTP/1.1\r\nHost: pilotfish\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
		  request->method, request->path, strlen(body), body);
	return send_whole(fd, &text);
}

/* Moves the head out of `text`.  True: it was complete, and the status is known. */
static bool take_head(struct buf *text, struct control_request *request)
{
	const char *end = strstr(text->data, "\r\n\r\n");

	if (!end || strncmp(text->data, "HTTP/1.1 ", 9))
		return false;
	request->status = (int)strtol(text->data + 9, NULL, 10);
	buf_consume(text, (size_t)(end - text->data) + 4);
	return true;
}

/* False: enough. */
static bool take_part(struct control_request *request, const char *part, size_t size)
{
	if (request->on_part && request->status / 100 == 2)
		return !size || request->on_part(request, part, size);
	buf_append(&request->answer, part, size);
	return true;
}

/* Waits for input until `end`, a monotonic time; 0: without a limit. */
static bool await_input(int fd, double end)
{
	struct pollfd input = { .fd = fd, .events = POLLIN };
	double left = end ? end - monotonic_now() : 0;

	if (end && left <= 0)
		return false;
	return poll(&input, 1, end ? (int)ceil(1000 * left) : -1) > 0;
}

static int receive(int fd, struct control_request *request, double end, struct error *error)
{
	CLEANUP(buf_release) struct buf head = BUF_INIT;
	char bytes[16384];

	for (;;) {
		ssize_t size;

		if (!await_input(fd, end)) {
			fail(error, "no answer within %gs", request->timeout);
			return EX_TEMPFAIL;
		}
		size = read(fd, bytes, sizeof bytes);
		if (size < 0 || (!size && !request->status)) {
			fail(error, "the connection was lost");
			return EX_UNAVAILABLE;
		}
		if (!size)
			return EX_OK;
		if (request->status) {
			if (!take_part(request, bytes, (size_t)size))
				return EX_OK;
			continue;
		}
		buf_append(&head, bytes, (size_t)size);
		if (!take_head(&head, request) && head.used > HEAD_MOST) {
			fail(error, "the answer is no HTTP");
			return EX_UNAVAILABLE;
		}
		if (request->status && !take_part(request, head.data, head.used))
			return EX_OK;
	}
}

int control_ask(const struct call *call, struct control_request *request, struct error *error)
{
	AUTOFREE char *path = find_socket(call, error);
	double end = request->timeout ? monotonic_now() + request->timeout : 0;
	int fd = -1, code = path ? open_socket(path, &fd, error) : EX_UNAVAILABLE;

	request->answer = (struct buf)BUF_INIT;
	request->status = 0;
	if (code == EX_OK && !send_request(fd, request))
		code = fail_connect(path, error);
	if (code == EX_OK)
		code = receive(fd, request, end, error);
	if (fd >= 0)
		close(fd);
	return code;
}

int control_code(const struct control_request *request)
{
	static const struct { int status, code; } codes[] = {
		{ 200, EX_OK }, { 400, EX_USAGE }, { 404, EX_UNAVAILABLE }, { 409, EX_UNAVAILABLE },
		{ 422, EX_DATAERR }, { 503, 1 }, { 504, EX_TEMPFAIL },
	};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].status == request->status)
			return codes[i].code;
	return EX_SOFTWARE;
}

int ask_and_print(const struct call *call, struct control_request *request)
{
	struct error error = ERROR_INIT;
	int code = control_ask(call, request, &error);

	if (code != EX_OK) {
		command_fail(code, &error);
	} else {
		code = control_code(request);
		if (code == EX_OK && request->print)
			code = request->print(call, &request->answer);
		else
			fprintf(code == EX_OK ? stdout : stderr, "%s%s", code == EX_OK ? "" : "pilotfish: ",
				request->answer.data);
	}
	buf_release(&request->answer);
	return code;
}
