#include "responder.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"

static const double request_limit = 5, write_limit = 30, linger = 1, rest = 1;

static const struct { int status; const char *reason; } reasons[] = {
	{ 200, "OK" }, { 400, "Bad Request" }, { 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 409, "Conflict" }, { 413, "Content Too Large" },
	{ 414, "URI Too Long" }, { 417, "Expectation Failed" }, { 422, "Unprocessable Content" },
	{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
	{ 501, "Not Implemented" }, { 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

static const char *reason_of(int status)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Status";
}

/* ---- an exchange ---- */

/* While the owner is to answer, nothing is read: a client that sends more waits. */
static void watch(struct exchange *exchange)
{
	static const bool reads[] = {
		[EXCHANGE_READING] = true, [EXCHANGE_STREAMING] = true, [EXCHANGE_LINGERING] = true,
		[EXCHANGE_ENDED] = false,
	};

	io_set(&exchange->io, exchange->fd,
	       (reads[exchange->state] ? IO_READ : 0) | (exchange->out.used ? IO_WRITE : 0));
}

static void exchange_free(struct exchange *exchange)
{
	if (exchange->on_gone)
		exchange->on_gone(exchange);
	list_remove(&exchange->link);
	exchange->responder->count--;
	deferred_cancel(&exchange->later);
	timer_stop(&exchange->limit);
	io_stop(&exchange->io);
	close(exchange->fd);
	buf_release(&exchange->in);
	buf_release(&exchange->out);
	free(exchange);
}

/* Its memory goes later: the owner may be in the middle of its use. */
void exchange_end(struct exchange *exchange)
{
	exchange->state = EXCHANGE_ENDED;
	buf_clear(&exchange->out);
	defer(&exchange->later);
}

static void on_limit(struct timer *timer)
{
	exchange_end(container_of(timer, struct exchange, limit));
}

static void await_request(struct exchange *exchange)
{
	exchange->state = EXCHANGE_READING;
	exchange->headers = "";
	timer_set(&exchange->limit, request_limit);
}

/* The bytes of the request that was answered go; those of the next one stay. */
static void finish_answer(struct exchange *exchange)
{
	if (!exchange->request.keep_alive) {
		shutdown(exchange->fd, SHUT_WR);
		exchange->state = EXCHANGE_LINGERING;
		timer_set(&exchange->limit, linger);
		return;
	}
	buf_consume(&exchange->in, exchange->request.head + exchange->request.body);
	await_request(exchange);
}

static void flush(struct exchange *exchange)
{
	ssize_t size = send(exchange->fd, exchange->out.data, exchange->out.used,
			    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (size < 0 && errno != EAGAIN && errno != EINTR) {
		exchange_end(exchange);
		return;
	}
	if (size > 0) {
		buf_consume(&exchange->out, (size_t)size);
		timer_set(&exchange->limit, write_limit);
	}
	if (!exchange->out.used) {
		timer_stop(&exchange->limit);
		if (exchange->state == EXCHANGE_WRITING)
			finish_answer(exchange);
	}
}

static void count_answer(const struct exchange *exchange, int status)
{
	const char *route = exchange->route ? exchange->route : "other";

	if (exchange->responder->answers)
		answer_counts_add(exchange->responder->answers, route, strlen(route), status);
}

static void ask(struct exchange *exchange)
{
	exchange->route = NULL;
	exchange->state = EXCHANGE_ASKED;
	exchange->body = exchange->in.data + exchange->request.head;
	timer_stop(&exchange->limit);
	exchange->responder->on_request(exchange->responder, exchange);
}

static void refuse(struct exchange *exchange, int status)
{
	AUTOFREE char *text = format_string("%s\n", reason_of(status));

	exchange->request.keep_alive = false;
	exchange->route = NULL;
	exchange->state = EXCHANGE_ASKED;
	exchange_answer(exchange, status, "text/plain", text, strlen(text));
}

/* Requests that have arrived already are answered, one after the other. */
static void proceed(struct exchange *exchange)
{
	while (exchange->state == EXCHANGE_READING && exchange->in.used) {
		int status = request_parse(exchange->in.data, exchange->in.used, &exchange->request);

		if (!status)
			break;
		if (status == 200)
			ask(exchange);
		else
			refuse(exchange, status);
	}
}

static void on_later(struct deferred *deferred)
{
	struct exchange *exchange = container_of(deferred, struct exchange, later);

	if (exchange->state == EXCHANGE_ENDED) {
		exchange_free(exchange);
		return;
	}
	proceed(exchange);
	watch(exchange);
}

static void receive(struct exchange *exchange)
{
	char bytes[16384];
	ssize_t size = recv(exchange->fd, bytes, sizeof bytes, MSG_DONTWAIT);

	if (size > 0 && exchange->state == EXCHANGE_READING) {
		buf_append(&exchange->in, bytes, (size_t)size);
		proceed(exchange);
	} else if (!size || (size < 0 && errno != EAGAIN && errno != EINTR)) {
		exchange_end(exchange);
	}
}

static void on_exchange_io(struct io *io, int events)
{
	struct exchange *exchange = container_of(io, struct exchange, io);

	if (events & IO_WRITE) {
		flush(exchange);
		proceed(exchange);
	} else {
		receive(exchange);
	}
	watch(exchange);
}

void exchange_answer(struct exchange *exchange, int status, const char *type, const char *body, size_t size)
{
	if (exchange->state != EXCHANGE_ASKED)
		return;
	exchange->on_gone = NULL;
	count_answer(exchange, status);
	buf_print(&exchange->out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		  "Connection: %s\r\n%s\r\n", status, reason_of(status), type, size,
		  exchange->request.keep_alive ? "keep-alive" : "close", exchange->headers);
	if (strcmp(exchange->request.method, "HEAD"))
		buf_append(&exchange->out, body, size);
	exchange->state = EXCHANGE_WRITING;
	flush(exchange);
	watch(exchange);
	defer(&exchange->later);
}

void exchange_stream(struct exchange *exchange, const char *type)
{
	count_answer(exchange, 200);
	exchange->request.keep_alive = false;
	buf_print(&exchange->out, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nCache-Control: no-store\r\n"
		  "Connection: close\r\n%s\r\n", type, exchange->headers);
	exchange->state = EXCHANGE_STREAMING;
	flush(exchange);
	watch(exchange);
}

bool exchange_push(struct exchange *exchange, const char *part, size_t size)
{
	if (exchange->state != EXCHANGE_STREAMING || exchange->out.used + size > STREAM_MOST)
		return false;
	if (!exchange->out.used)
		timer_set(&exchange->limit, write_limit);
	buf_append(&exchange->out, part, size);
	if (exchange->out.used == size)
		watch(exchange);
	return true;
}

/* ---- the listening socket ---- */

/* True: there is room for one more connection. */
static bool make_room(struct responder *responder)
{
	if (responder->count < RESPONDER_MOST)
		return true;
	list_each(node, &responder->exchanges) {
		struct exchange *exchange = list_entry(node, struct exchange, link);

		if (exchange->state == EXCHANGE_READING || exchange->state == EXCHANGE_LINGERING) {
			exchange_free(exchange);
			return true;
		}
	}
	return false;
}

static void add_exchange(struct responder *responder, int fd)
{
	struct exchange *exchange = NEW(struct exchange);
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof peer;

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	*exchange = (struct exchange){
		.responder = responder, .fd = fd, .uid = peer.uid, .pid = peer.pid,
		.in = BUF_INIT, .out = BUF_INIT,
	};
	io_init(&exchange->io, responder->loop, on_exchange_io);
	timer_init(&exchange->limit, responder->loop, on_limit);
	deferred_init(&exchange->later, responder->loop, on_later);
	list_append(&responder->exchanges, &exchange->link);
	responder->count++;
	await_request(exchange);
	watch(exchange);
}

static void on_connection(struct io *io, int events)
{
	struct responder *responder = container_of(io, struct responder, io);

	(void)events;
	for (int n = 0; n < 16; n++) {
		int fd = accept4(responder->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
				io_stop(&responder->io);
				timer_set(&responder->rest, rest);
			}
			return;
		}
		if (make_room(responder))
			add_exchange(responder, fd);
		else
			close(fd);
	}
}

static void on_rested(struct timer *timer)
{
	struct responder *responder = container_of(timer, struct responder, rest);

	io_set(&responder->io, responder->fd, IO_READ);
}

void responder_init(struct responder *responder, struct loop *loop, int fd,
		    void (*on_request)(struct responder *responder, struct exchange *exchange))
{
	*responder = (struct responder){ .loop = loop, .fd = fd, .on_request = on_request };
	list_init(&responder->exchanges);
	io_init(&responder->io, loop, on_connection);
	timer_init(&responder->rest, loop, on_rested);
	io_set(&responder->io, fd, IO_READ);
}

void responder_release(struct responder *responder)
{
	list_each(node, &responder->exchanges)
		flush(list_entry(node, struct exchange, link));		/* the last events */
	while (!list_empty(&responder->exchanges))
		exchange_free(list_entry(responder->exchanges.next, struct exchange, link));
	timer_stop(&responder->rest);
	io_stop(&responder->io);
	close(responder->fd);
}
