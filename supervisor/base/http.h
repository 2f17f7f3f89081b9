/* http.h - sends requests over one curl multi handle on the loop.  No other file uses libcurl.
 *
 * A request is embedded in its owner, starts zeroed and is reused.  http_send() starts it, on_reply
 * ends it; on_reply runs from the loop, never inside http_send().  http_cancel() ends it without a
 * reply.  Any on_reply may call both for any request, and may free its own request.
 *
 * - A request is sent once.  On a dead kept connection libcurl would resend by itself; here that is
 *   an error ("the connection was lost"), because a blocking query must not take its index to an
 *   agent that may have restarted without its data.
 * - A body larger than `limit` is an error; it is never cut.
 * - If the budget is exceeded, the largest body under way fails, and the others go on.  A body below
 *   64 KiB never fails for that.
 * - Redirects are not followed and proxies are not used: the configured address is meant.
 * - The number of kept connections is that of the requests under way, and a few more.
 * - NOSIGNAL and QUICK_EXIT are set, so a hanging resolver blocks neither the loop nor our exit.
 */
#ifndef HTTP_H
#define HTTP_H

#include <curl/curl.h>
#include <stdbool.h>

#include "budget.h"
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

struct http_tls {			/* borrowed; NULL: $SSL_CERT_FILE, else the system's */
	const char *ca_file, *ca_path, *client_cert, *client_key;
	bool verify;
};

struct http_request;
typedef void http_reply_fn(struct http_request *request);

struct http_request {
	/* set by the owner; borrowed until the reply, except headers, which are copied */
	const char *method;		/* "GET", "PUT"; "CONNECT": only open a connection */
	const char *url;
	const char *connect_to;		/* "host:port" to connect to; NULL: the URL's */
	const char *unix_socket;	/* NULL: TCP */
	const char *body;		/* NULL: none */
	const char *const *headers;	/* NULL-terminated; may be NULL */
	const char *auth;		/* "user:password"; may be NULL */
	const struct http_tls *tls;	/* NULL: https is verified with the system's certificates */
	double timeout;			/* seconds for the whole request, connecting included */
	double connect_timeout;		/* 0: the same as timeout */
	size_t limit;			/* of the answer's body, in bytes */
	struct budget *budget;		/* for the answer's body; NULL: none */
	bool fresh;			/* use a new connection and close it afterwards */
	http_reply_fn *on_reply;

	/* the answer: valid in on_reply and until the next http_send() */
	long status;			/* 0: no answer, and error has the reason */
	struct error error;
	struct buf reply;
	size_t size;			/* of the body, as received */
	unsigned long index;		/* X-Consul-Index; 0: none */
	bool no_leader;			/* X-Consul-KnownLeader: false */
	char local_address[64];		/* of our end of the connection; "" over a unix socket */
	bool connected;			/* a connection was established */
	bool turned_away;		/* ... for this request, and closed without an answer */

	/* private */
	struct charge charge;		/* for `reply` */
	struct http *http;		/* NULL: not under way; then these are NULL, too: */
	CURL *easy;
	struct curl_slist *list, *route;
	struct list link;
	char reason[CURL_ERROR_SIZE];	/* libcurl's words */
};

/* libcurl is initialised by the first request. */
void http_init(struct http *http, struct loop *loop);
void http_release(struct http *http);			/* cancels what is under way */

void http_send(struct http *http, struct http_request *request);	/* cancels it first */
void http_cancel(struct http_request *request);		/* idempotent */
void http_forget_reply(struct http_request *request);	/* frees the body */
struct buf http_take_reply(struct http_request *request);	/* the caller's; it is charged no more */
void http_forget(struct http_request *request);		/* cancels, and frees the reply */
bool http_is_busy(const struct http_request *request);

const char *http_library(void);		/* "libcurl/7.88.1 OpenSSL/3.0.15 ..." */

#endif
