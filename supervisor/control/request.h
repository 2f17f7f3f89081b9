/* request.h - an HTTP/1.1 request (RFC 9112), parsed from the bytes that have arrived.
 *
 * It knows what a small responder needs: no trailers, no chunked bodies, no absolute targets.  A request
 * beyond the limits or the grammar is refused with the status that RFC 9110 gives for it.
 * Pure: nothing here reads or writes.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum { REQUEST_HEAD_MOST = 8192, REQUEST_BODY_MOST = 65536, REQUEST_TEXT = 1024 };

struct request {
	char method[8];
	char path[REQUEST_TEXT];	/* percent-encoded; every escape in it is valid */
	char query[REQUEST_TEXT];	/* what follows the '?'; likewise */
	char accept[REQUEST_TEXT];
	size_t head, body;		/* bytes */
	bool keep_alive;
};

/* 0: more bytes are needed.  200: the whole request is there.  Else the status that refuses it; the
 * connection cannot be used any further. */
int request_parse(const char *data, size_t size, struct request *request);

/* The segment of the path with this number (0: the first), or the value of this name in the query,
 * decoded.  False: there is none, or it needs more than `size` bytes. */
bool request_segment(const struct request *request, size_t number, char *text, size_t size);
bool request_query(const struct request *request, const char *name, char *text, size_t size);

#endif
