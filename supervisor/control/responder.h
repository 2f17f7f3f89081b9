/* responder.h - answers HTTP/1.1 requests on one listening socket, on the loop.
 *
 * An *exchange* is one connection and the request that it is at.  on_request() is called for each
 * whole request; its owner answers at once or later by exchange_answer(), or opens a stream.
 * Requests on one connection are answered in their order, one at a time.
 *
 * No client costs another one anything:
 * - a request has 5 s to arrive, in at most 8 KiB of head and 64 KiB of body (request.h);
 * - an answer or a stream has 30 s for each part that the client takes;
 * - of more than RESPONDER_MOST connections the oldest one without a request is closed; if each has
 *   one, the new connection is;
 * - a stream holds at most STREAM_MOST unsent bytes; a part beyond that is refused.
 */
#ifndef RESPONDER_H
#define RESPONDER_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/list.h"
#include "base/loop.h"
#include "base/answer_counts.h"
#include "request.h"

enum { RESPONDER_MOST = 256, STREAM_MOST = 262144 };

struct exchange;

struct responder {
	struct loop *loop;
	struct io io;			/* of the listening socket */
	int fd;
	struct timer rest;		/* until descriptors may be free again */
	struct list exchanges;		/* the oldest first */
	size_t count;
	struct answer_counts *answers;		/* by the route and the status; borrowed, or NULL */
	void (*on_request)(struct responder *responder, struct exchange *exchange);
};

struct exchange {
	struct request request;
	const char *route;		/* set by the owner: for responder->answers; NULL: "other" */
	const char *body;		/* of the request: request.body bytes */
	uid_t uid;			/* of the client, on a unix socket; else (uid_t)-1 */
	pid_t pid;			/* likewise; 0: unknown */
	void (*on_gone)(struct exchange *exchange);	/* set while the owner is to answer, or streams */
	void *owner;
	const char *headers;		/* more lines for the head of the answer, each with its CRLF; "" */

	/* private */
	struct list link;
	struct responder *responder;
	int fd;
	struct io io;
	struct timer limit;
	struct deferred later;		/* goes on outside of its owner's calls */
	struct buf in, out;
	enum exchange_state {
		EXCHANGE_READING,	/* a request */
		EXCHANGE_ASKED,		/* its owner is to answer */
		EXCHANGE_WRITING,	/* the answer */
		EXCHANGE_STREAMING,
		EXCHANGE_LINGERING,	/* all is sent; until the client closes, lest it loses the answer */
		EXCHANGE_ENDED,
	} state;
};

/* Takes the listening socket `fd`, which must not block. */
void responder_init(struct responder *responder, struct loop *loop, int fd,
		    void (*on_request)(struct responder *responder, struct exchange *exchange));
void responder_release(struct responder *responder);	/* closes all connections, calling on_gone() */

/* `type` is the media type; the body is copied. */
void exchange_answer(struct exchange *exchange, int status, const char *type, const char *body, size_t size);

/* Begins an answer without an end; each part is sent whole or not at all.  False: it was not, because
 * the client does not keep up. */
void exchange_stream(struct exchange *exchange, const char *type);
bool exchange_push(struct exchange *exchange, const char *part, size_t size);
void exchange_end(struct exchange *exchange);	/* closes the connection; on_gone() comes later */

#endif
