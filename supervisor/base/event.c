#include "event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static const struct {
	const char *name;
	enum level_group group;
} codes[EVENT_COUNT] = {
#define X(code, name, group, public) [EVENT_##code] = { name, GROUP_##group },
	EVENT_CODES(X)
#undef X
};

const char *event_name(enum event_code code)
{
	return codes[code].name;
}

void bus_init(struct bus *bus)
{
	*bus = (struct bus){ 0 };
	list_init(&bus->sources);
	source_init(&bus->any, bus, "*", NULL);
}

void bus_release(struct bus *bus)
{
	source_release(&bus->any);
	assert(list_empty(&bus->sources));
	free(bus->queue);
}

struct source *bus_find(const struct bus *bus, const char *name)
{
	list_each(node, &bus->sources) {
		struct source *source = list_entry(node, struct source, link);

		if (!strcmp(source->name, name))
			return source;
	}
	return NULL;
}

void source_init(struct source *source, struct bus *bus, const char *name,
		 const struct source_ops *ops)
{
	*source = (struct source){ .name = copy_string(name), .bus = bus, .ops = ops };
	for (int group = 0; group < GROUP_COUNT; group++)
		source->levels[group] = EVENT_NONE;
	list_init(&source->subscriptions);
	list_init(&source->holds);
	list_append(&bus->sources, &source->link);
}

/* Drop the queued events of a source, or for a subscription, that goes. */
static void forget(struct bus *bus, const struct source *source,
		   const struct subscription *only)
{
	for (size_t i = 0; i < bus->used; i++) {
		struct event *event = &bus->queue[(bus->head + i) % bus->room];

		if (!event->source || (source ? event->source != source : event->only != only))
			continue;
		event->source->queued--;
		event->source = NULL;
	}
}

static void drop_hold(struct hold *hold)
{
	list_remove(&hold->link);
	hold->source = NULL;
}

void source_release(struct source *source)
{
	if (!source->bus)
		return;
	while (!list_empty(&source->subscriptions))
		unsubscribe(list_entry(source->subscriptions.next, struct subscription, link));
	while (!list_empty(&source->holds))
		drop_hold(list_entry(source->holds.next, struct hold, link));
	forget(source->bus, source, NULL);
	list_remove(&source->link);
	free(source->name);
	*source = (struct source){ 0 };
}

static void queue_grow(struct bus *bus)
{
	size_t room = bus->room ? 2 * bus->room : 16;
	struct event *queue = alloc(room * sizeof *queue);

	for (size_t i = 0; i < bus->used; i++)
		queue[i] = bus->queue[(bus->head + i) % bus->room];
	free(bus->queue);
	bus->queue = queue;
	bus->head = 0;
	bus->room = room;
}

static void enqueue(struct source *source, enum event_code code, struct subscription *only)
{
	struct bus *bus = source->bus;

	if (bus->used == bus->room)
		queue_grow(bus);
	bus->queue[(bus->head + bus->used++) % bus->room] = (struct event){
		.source = source,
		.code = code,
		.serial = only ? bus->published : ++bus->published,
		.only = only,
	};
	source->queued++;
}

void source_publish(struct source *source, enum event_code code)
{
	if (codes[code].group)
		source->levels[codes[code].group] = code;
	source->bus->counts[code]++;
	enqueue(source, code, NULL);
}

bool source_holds(const struct source *source, enum event_code code)
{
	return code != EVENT_ANY && codes[code].group &&
	       source->levels[codes[code].group] == code;
}

void source_forget(struct source *source, enum level_group group)
{
	source->levels[group] = EVENT_NONE;
}

void source_hold(struct source *source, struct hold *hold)
{
	if (hold->source)
		return;
	hold->source = source;
	list_append(&source->holds, &hold->link);
}

static void tell_if_delivered(struct source *source)
{
	if (list_empty(&source->holds) && !source->queued && source->ops && source->ops->on_delivered)
		source->ops->on_delivered(source);
}

void source_unhold(struct hold *hold)
{
	struct source *source = hold->source;

	if (!source)
		return;
	drop_hold(hold);
	tell_if_delivered(source);
}

void subscribe(struct subscription *sub, struct source *source,
	       enum event_code code, event_fn *fn)
{
	*sub = (struct subscription){
		.source = source,
		.code = code,
		.fn = fn,
		.since = source->bus->published,
	};
	list_append(&source->subscriptions, &sub->link);
}

void subscribe_level(struct subscription *sub, struct source *source,
		     enum event_code code, event_fn *fn)
{
	subscribe(sub, source, code, fn);
	if (source_holds(source, code))
		enqueue(source, code, sub);
}

void unsubscribe(struct subscription *sub)
{
	if (!sub->fn)
		return;
	forget(sub->source->bus, NULL, sub);
	if (sub->source->bus->cursor == &sub->link)
		sub->source->bus->cursor = sub->link.next;
	list_remove(&sub->link);
	sub->fn = NULL;
}

/* The cursor always points past the subscription being called, and unsubscribe() moves it on: a
 * callback may remove any subscription, its own included. */
static void deliver(struct bus *bus, struct source *source, const struct event *event)
{
	struct list *ring = &source->subscriptions;

	for (bus->cursor = ring->next; bus->cursor != ring; ) {
		struct subscription *sub = list_entry(bus->cursor, struct subscription, link);

		bus->cursor = bus->cursor->next;
		if (sub->code != event->code && sub->code != EVENT_ANY)
			continue;
		if (event->only ? event->only == sub : sub->since < event->serial)
			sub->fn(sub, event);
	}
	bus->cursor = NULL;
}

bool bus_drain(struct bus *bus)
{
	assert(!bus->cursor);		/* never from inside a callback */

	for (size_t n = bus->used; n; n--) {
		struct event event = bus->queue[bus->head];

		bus->head = (bus->head + 1) % bus->room;
		bus->used--;
		if (!event.source)
			continue;
		event.source->queued--;
		if (!event.only)
			deliver(bus, &bus->any, &event);
		deliver(bus, event.source, &event);
		tell_if_delivered(event.source);
	}
	return bus->used;
}
