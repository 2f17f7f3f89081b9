/* event_stream.h - clients that get each event of the bus as a line of JSON, from now on.
 *
 * A client that does not keep up gets {"missed":N} in the place of the events that it has missed.
 * Without clients nothing is subscribed, so events cost nothing.
 */
#ifndef EVENT_STREAM_H
#define EVENT_STREAM_H

#include "base/event.h"
#include "control/responder.h"

struct event_stream {
	struct bus *bus;
	size_t most, count;		/* clients */
	unsigned long dropped;		/* events that a client has missed */
	struct list clients;
	struct subscription on_event;
};

void event_stream_init(struct event_stream *stream, struct bus *bus, size_t most);

/* Answers by a stream, or by 503 if there are `most` clients already.  A client leaves with its
 * connection. */
void event_stream_add(struct event_stream *stream, struct exchange *exchange);
void event_stream_end(struct event_stream *stream);	/* closes all connections */

#endif
