#include "http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "alloc.h"
#include "duration.h"

enum {
	/* Idle connections.  libcurl closes those that have been idle for two minutes. */
	CONNECTIONS_SPARE = 8,
	STREAMS = 250,			/* Consul's limit for one HTTP/2 connection */
	KEEPALIVE_IDLE = 20, KEEPALIVE_INTERVAL = 5,	/* seconds */
	NAMES_KEPT = 5,			/* seconds: a restarted Consul may have another address */
};

/* A socket of libcurl's that is in the loop. */
struct http_socket {
	struct http *http;
	struct io io;
	struct list link;
};

static void *checked(void *handle)
{
	if (!handle)
		abort();		/* out of memory: see alloc.h */
	return handle;
}

/* libcurl's words for a timeout contain milliseconds.  Ours are constant, hence logged once. */
static void explain(struct http_request *request, CURLcode result)
{
	char limit[32];
	long number = 0, connects = 0;

	duration_print(request->timeout, limit);
	curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &number);
	curl_easy_getinfo(request->easy, CURLINFO_NUM_CONNECTS, &connects);
	request->turned_away = connects > 0 && request->connected && !request->size &&
			       (result == CURLE_GOT_NOTHING || result == CURLE_RECV_ERROR);
	if (result == CURLE_ABORTED_BY_CALLBACK || result == CURLE_GOT_NOTHING)
		fail(&request->error, "the connection was lost");
	else if (result == CURLE_OPERATION_TIMEDOUT && request->connected)
		fail(&request->error, "no answer within %s", limit);
	else if (result == CURLE_OPERATION_TIMEDOUT)
		fail(&request->error, "no connection in time");
	else if (result == CURLE_COULDNT_CONNECT && number)
		fail(&request->error, "%s", strerror((int)number));
	else
		fail(&request->error, "%s", request->reason[0] ? request->reason
							       : curl_easy_strerror(result));
}

/* Consul's limit is per address, so leave connections to other programs. */
static void keep_connections(struct http *http)
{
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS,
			  (long)(http->busy + CONNECTIONS_SPARE));
}

/* Frees everything of libcurl, since a thousand idle requests are possible. */
static void detach(struct http_request *request)
{
	curl_multi_remove_handle(request->http->multi, request->easy);
	curl_easy_cleanup(request->easy);
	curl_slist_free_all(request->list);
	curl_slist_free_all(request->route);
	request->list = request->route = NULL;
	request->easy = NULL;
	list_remove(&request->link);
	request->http->busy--;
	keep_connections(request->http);
	request->http = NULL;
}

static void finish(struct http_request *request, CURLcode result)
{
	const char *address = NULL;

	if (result == CURLE_OK && !request->error.text[0]) {
		request->connected = true;
		curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &request->status);
	} else {
		explain(request, result);
	}
	if (request->connected && !request->unix_socket)
		curl_easy_getinfo(request->easy, CURLINFO_LOCAL_IP, &address);
	snprintf(request->local_address, sizeof request->local_address, "%s",
		 address ? address : "");
	detach(request);
	request->on_reply(request);
}

/* Called after libcurl has returned, so that on_reply may send and cancel any request. */
static void deliver(struct http *http)
{
	CURLMsg *message;
	int left;

	while (http->multi && (message = curl_multi_info_read(http->multi, &left))) {
		struct http_request *request;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
		finish(request, message->data.result);
	}
}

static void on_timeout(struct timer *timer)
{
	struct http *http = container_of(timer, struct http, timer);
	int running;

	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	deliver(http);
}

static void on_ready(struct io *io, int events)
{
	struct http *http = container_of(io, struct http_socket, io)->http;
	int mask = (events & IO_READ ? CURL_CSELECT_IN : 0) |
		   (events & IO_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(http->multi, io->ev.fd, mask, &running);
	deliver(http);			/* `io` may have been freed */
}

/* libcurl asks to be called in so many milliseconds.  For 0 the timer fires from the loop, because
 * libcurl must not be entered from its own callback. */
static int on_curl_timer(CURLM *multi, long milliseconds, void *data)
{
	struct http *http = data;

	(void)multi;
	if (milliseconds < 0)
		timer_stop(&http->timer);
	else
		timer_set(&http->timer, 1e-3 * (double)milliseconds);
	return 0;
}

static void socket_free(struct http_socket *sock)
{
	io_stop(&sock->io);
	list_remove(&sock->link);
	free(sock);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *assigned)
{
	struct http *http = data;
	struct http_socket *sock = assigned;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (sock)
			socket_free(sock);
		return 0;
	}
	if (!sock) {
		sock = NEW(struct http_socket);
		sock->http = http;
		io_init(&sock->io, http->loop, on_ready);
		list_append(&http->sockets, &sock->link);
		curl_multi_assign(http->multi, fd, sock);
	}
	io_set(&sock->io, fd, (what & CURL_POLL_IN ? IO_READ : 0) |
			      (what & CURL_POLL_OUT ? IO_WRITE : 0));
	return 0;
}

/* The memory is free at once; libcurl ends the request when more of the body comes. */
static void refuse(struct http_request *request)
{
	fail(&request->error, "an answer that exceeds %s = %zuM", request->budget->name,
	     request->budget->limit >> 20);
	http_forget_reply(request);
}

static struct http_request *find_largest(const struct http_request *like)
{
	struct http_request *largest = NULL;

	list_each(node, &like->http->requests) {
		struct http_request *request = list_entry(node, struct http_request, link);

		if (request->budget == like->budget &&
		    (!largest || request->reply.used > largest->reply.used))
			largest = request;
	}
	return largest;
}

/* Frees the largest bodies until the budget has room for `size` more bytes of this one.  May refuse
 * this one. */
static void make_room(struct http_request *request, size_t size)
{
	size_t whole = request->reply.used + size;

	while (whole > BUDGET_EXEMPT && !budget_has(request->budget, size)) {
		struct http_request *largest = find_largest(request);

		if (!largest || largest == request || largest->reply.used <= whole) {
			refuse(request);
			return;
		}
		refuse(largest);
	}
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
	struct http_request *request = data;

	size *= count;
	if (size > request->limit - request->reply.used)
		fail(&request->error, "an answer of more than %zu bytes", request->limit);
	else if (request->budget)
		make_room(request, size);
	request->size += size;
	if (request->error.text[0])
		return 0;
	buf_append(&request->reply, bytes, size);
	charge_set(&request->charge, request->reply.used);
	return size;
}

/* False: the line is not the header `name`. */
static bool take_header(const char *line, size_t size, const char *name, char value[static 32])
{
	size_t length = strlen(name);

	if (size <= length || strncasecmp(line, name, length))
		return false;
	for (line += length, size -= length; size && *line == ' '; size--)
		line++;
	snprintf(value, 32, "%.*s", (int)size, line);
	return true;
}

static size_t on_header(char *line, size_t size, size_t count, void *data)
{
	struct http_request *request = data;
	char value[32];

	size *= count;
	if (take_header(line, size, "X-Consul-Index:", value))
		request->index = strtoul(value, NULL, 10);
	if (take_header(line, size, "X-Consul-KnownLeader:", value))
		request->no_leader = !strncasecmp(value, "false", 5);
	return size;
}

/* libcurl is about to send.  If it does so again, the first connection was lost. */
static int on_connected(void *data, char *remote, char *local, int remote_port, int local_port)
{
	struct http_request *request = data;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	if (request->connected)
		return CURL_PREREQFUNC_ABORT;
	request->connected = true;
	return CURL_PREREQFUNC_OK;
}

static void start(struct http *http)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		abort();
	http->multi = checked(curl_multi_init());
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
			  (long)http->connections_max);
	curl_multi_setopt(http->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS);
}

void http_init(struct http *http, struct loop *loop)
{
	*http = (struct http){ .loop = loop };
	timer_init(&http->timer, loop, on_timeout);
	list_init(&http->requests);
	list_init(&http->sockets);
}

void http_release(struct http *http)
{
	list_each(node, &http->requests)
		http_forget(list_entry(node, struct http_request, link));
	if (http->multi) {
		curl_multi_cleanup(http->multi);
		http->multi = NULL;
		curl_global_cleanup();
	}
	list_each(node, &http->sockets)
		socket_free(list_entry(node, struct http_socket, link));
	timer_stop(&http->timer);
}

static void set_connection(CURL *easy, const struct http_request *request)
{
	double connecting = request->connect_timeout > 0 ? request->connect_timeout
							 : request->timeout;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(1e3 * request->timeout));
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(1e3 * connecting));
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, (long)NAMES_KEPT);
	curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, request->route);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)request->fresh);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, (long)request->fresh);
}

/* The static program has no built-in path. */
static const char *system_authorities(void)
{
	static const char *const files[] = {
		"/etc/ssl/certs/ca-certificates.crt",	/* Debian, Alpine, distroless */
		"/etc/pki/tls/certs/ca-bundle.crt",	/* Fedora */
		"/etc/ssl/ca-bundle.pem",		/* openSUSE */
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (!access(files[i], R_OK))
			return files[i];
	return NULL;
}

static void set_authorities(CURL *easy, const struct http_tls *tls)
{
	const char *file = tls ? tls->ca_file : NULL, *path = tls ? tls->ca_path : NULL;

	if (!file && !path) {
		file = getenv("SSL_CERT_FILE");
		path = getenv("SSL_CERT_DIR");
	}
	if (!file && !path)
		file = system_authorities();
	if (file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, file);
	if (path)
		curl_easy_setopt(easy, CURLOPT_CAPATH, path);
}

static void set_tls(CURL *easy, const struct http_tls *tls)
{
	set_authorities(easy, tls);
	if (!tls)
		return;
	curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->client_cert);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->client_key);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, (long)tls->verify);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->verify ? 2L : 0L);
}

static void set_callbacks(CURL *easy, struct http_request *request)
{
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->reason);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, request);
}

static void set_request(CURL *easy, const struct http_request *request)
{
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "pilotfish/" VERSION);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->list);
	curl_easy_setopt(easy, CURLOPT_USERPWD, request->auth);
	/* HTTP/2 shares one connection.  Over plain HTTP a request would wait for a blocking query
	 * to end. */
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, !strncasecmp(request->url, "https:", 6) &&
						 !request->fresh ? 1L : 0L);
	if (!strcmp(request->method, "CONNECT")) {
		curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
		return;
	}
	if (!strcmp(request->method, "HEAD"))
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	if (request->body)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static struct curl_slist *append(struct curl_slist *list, const char *text)
{
	return checked(curl_slist_append(list, text));
}

static void copy_lists(struct http_request *request)
{
	for (const char *const *header = request->headers; header && *header; header++)
		request->list = append(request->list, *header);
	if (request->connect_to) {
		AUTOFREE char *route = format_string("::%s", request->connect_to);

		request->route = append(NULL, route);
	}
}

void http_send(struct http *http, struct http_request *request)
{
	http_cancel(request);
	if (!http->multi)
		start(http);
	request->easy = checked(curl_easy_init());
	copy_lists(request);
	request->status = 0;
	request->error.text[0] = request->reason[0] = '\0';
	request->index = 0;
	request->no_leader = false;
	request->connected = request->turned_away = false;
	request->local_address[0] = '\0';
	http_forget_reply(request);	/* it may be large, and a blocking query lasts a minute */
	request->size = 0;
	request->charge = (struct charge){ .budget = request->budget };

	set_connection(request->easy, request);
	if (!strncasecmp(request->url, "https:", 6))
		set_tls(request->easy, request->tls);
	set_callbacks(request->easy, request);
	set_request(request->easy, request);
	http->busy++;
	keep_connections(http);
	if (curl_multi_add_handle(http->multi, request->easy))
		abort();
	request->http = http;
	list_append(&http->requests, &request->link);
}

void http_cancel(struct http_request *request)
{
	if (request->http)
		detach(request);
}

void http_forget_reply(struct http_request *request)
{
	buf_release(&request->reply);
	charge_set(&request->charge, 0);
}

struct buf http_take_reply(struct http_request *request)
{
	struct buf reply = request->reply;

	request->reply = (struct buf)BUF_INIT;
	charge_set(&request->charge, 0);
	return reply;
}

void http_forget(struct http_request *request)
{
	http_cancel(request);
	http_forget_reply(request);
}

bool http_is_busy(const struct http_request *request)
{
	return request->http;
}

const char *http_library(void)
{
	return curl_version();
}
