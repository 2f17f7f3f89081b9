#include "event_stream.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/printable.h"
#include "control/respond.h"

struct client {
	struct list link;
	struct event_stream *stream;
	struct exchange *exchange;
	unsigned long missed;		/* events */
};

static void on_gone(struct exchange *exchange)
{
	struct client *client = exchange->owner;
	struct event_stream *stream = client->stream;

	list_remove(&client->link);
	free(client);
	if (!--stream->count)
		unsubscribe(&stream->on_event);
}

/* False: the client does not keep up. */
static bool send_missed(struct client *client)
{
	AUTOFREE char *line = NULL;

	if (!client->missed)
		return true;
	line = format_string("{\"missed\":%lu}\n", client->missed);
	if (!exchange_push(client->exchange, line, strlen(line)))
		return false;
	client->missed = 0;
	return true;
}

static void on_event(struct subscription *sub, const struct event *event)
{
	struct event_stream *stream = container_of(sub, struct event_stream, on_event);
	CLEANUP(buf_release) struct buf line = BUF_INIT;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	buf_print(&line, "{\"time\":%lld.%03ld,\"serial\":%lu,\"source\":", (long long)now.tv_sec,
		  now.tv_nsec / 1000000, event->serial);
	printable_quote(&line, event->source->name, strlen(event->source->name));
	buf_print(&line, ",\"event\":\"%s\"}\n", event_name(event->code));
	list_each(node, &stream->clients) {
		struct client *client = list_entry(node, struct client, link);

		if (send_missed(client) && exchange_push(client->exchange, line.data, line.used))
			continue;
		client->missed++;
		stream->dropped++;
	}
}

void event_stream_init(struct event_stream *stream, struct bus *bus, size_t most)
{
	*stream = (struct event_stream){ .bus = bus, .most = most };
	list_init(&stream->clients);
}

void event_stream_add(struct event_stream *stream, struct exchange *exchange)
{
	struct client *client;

	if (stream->count == stream->most) {
		respond_text(exchange, 503, "there are too many streams of events already");
		return;
	}
	if (!stream->count++)
		subscribe(&stream->on_event, &stream->bus->any, EVENT_ANY, on_event);
	client = NEW(struct client);
	*client = (struct client){ .stream = stream, .exchange = exchange };
	list_append(&stream->clients, &client->link);
	exchange->owner = client;
	exchange->on_gone = on_gone;
	exchange_stream(exchange, "application/x-ndjson");
}

void event_stream_end(struct event_stream *stream)
{
	list_each(node, &stream->clients)
		exchange_end(list_entry(node, struct client, link)->exchange);
}
