/* http.h - requests over one curl multi handle on the loop.  No other file uses libcurl.
 *
 * A request is embedded in its owner, starts as zeroes and is reused: http_send() starts it,
 * on_reply ends it, from the loop and never from inside http_send().  http_cancel() ends it
 * without a word.  Both may be called from any on_reply, of this or of another request; and
 * on_reply may release the memory of its own.
 *
 * - A request is sent once.  When a kept connection turns out to be dead, libcurl would ask again
 *   on a new one by itself; here that is an error ("the connection was lost"), because a blocking
 *   query must not take its index to an agent that may have forgotten everything.
 * - A body larger than `limit` is an error, not a shorter body.
 * - Redirects are not followed and proxies not used: who asks for a Consul means that one.
 * - As many connections are kept as there are requests under way, and a few more.
 * - NOSIGNAL and QUICK_EXIT are set on every handle, so that a resolver that hangs blocks neither
 *   the loop nor our exit.
 */
#ifndef HTTP_H
#define HTTP_H

#include <curl/curl.h>
#include <stdbool.h>

#include "buf.h"
#include "error.h"
#include "list.h"
#include "loop.h"

struct http {
	struct loop *loop;
	size_t connections_max;		/* further requests wait; 0: any number */
	CURLM *multi;			/* NULL before the first request */
	size_t busy;			/* requests under way */
	struct timer timer;
	struct list requests;		/* under way */
	struct list sockets;
};

struct http_tls {			/* borrowed; NULL members: $SSL_CERT_FILE, else the system's */
	const char *ca_file, *ca_path, *client_cert, *client_key;
	bool verify;
};

struct http_request;
typedef void http_reply_fn(struct http_request *request);

struct http_request {
	/* the question: set by the owner; borrowed until the reply, but headers are copied */
	const char *method;		/* "GET", "PUT"; "CONNECT": only open the connection */
	const char *url;
	const char *connect_to;		/* "host:port" to connect to; NULL: the URL's */
	const char *unix_socket;	/* NULL: TCP */
	const char *body;		/* NULL: none */
	const char *const *headers;	/* NULL-terminated; may be NULL */
	const char *auth;		/* "user:password"; may be NULL */
	const struct http_tls *tls;	/* NULL: https is verified with the system's certificates */
	double timeout;			/* for the whole of it, connecting included */
	double connect_timeout;		/* 0: as timeout */
	size_t limit;			/* of the answer's body, in bytes */
	bool fresh;			/* a connection of its own, closed afterwards */
	http_reply_fn *on_reply;

	/* the answer: valid in on_reply and until the next http_send() */
	long status;			/* 0: there was none, and error says why */
	struct error error;
	struct buf reply;
	unsigned long index;		/* X-Consul-Index; 0: none */
	char local_address[64];		/* our end of the connection; "" over a unix socket */
	bool connected;			/* there was a connection, though perhaps no answer */

	/* private */
	struct http *http;		/* NULL: not under way; then so are: */
	CURL *easy;
	struct curl_slist *list, *route;
	struct list link;
	char reason[CURL_ERROR_SIZE];	/* libcurl's words */
};

/* libcurl itself starts with the first request. */
void http_init(struct http *http, struct loop *loop);
void http_release(struct http *http);			/* cancels what is under way */

void http_send(struct http *http, struct http_request *request);	/* replaces one under way */
void http_cancel(struct http_request *request);		/* idempotent */
void http_forget(struct http_request *request);		/* cancel, and release what it holds */
bool http_is_busy(const struct http_request *request);

#endif
