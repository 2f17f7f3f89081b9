/* event.h - the event bus: sources publish events, subscriptions receive them.
 *
 * A *source* is anything that publishes events: a job, a watch, an election, a signal, the
 * supervisor itself.  An *event* is a source and a code, such as "db healthy".  A *subscription*
 * is a source, a code and a callback.
 *
 * source_publish() runs no callback.  It appends to the bus's queue; bus_drain(), run once per turn
 * of the loop, delivers in order.  So every subscriber sees the same order, no callback runs inside
 * another, and a callback may publish, subscribe or unsubscribe as it likes.
 *
 * A subscription receives the events that are published after it was made.  Most codes are also
 * *levels*: a level holds until its source publishes another code of the same group, as `unhealthy`
 * ends `healthy`.  source_holds() asks for a level.  If the level of a new subscription holds
 * already, subscribe_level() queues an event for that subscription alone: no subscriber waits for
 * a transition that has happened.
 *
 * A *hold* gives a subscriber time to act on an event.  When all events of a source have been
 * delivered and no hold is left, the bus calls the source's on_delivered: a job leaves traffic in
 * this way before it stops.
 *
 * A callback never releases the source of the event that it is called for: it defers that (loop.h).
 *
 * Nothing here knows about libev, processes or Consul.
 */
#ifndef EVENT_H
#define EVENT_H

#include "list.h"

/* Of the codes of one group, the last one published holds.  NONE: a moment, never a level. */
#define LEVEL_GROUPS(X) X(NONE) X(RUN) X(EXIT) X(HEALTH) X(ROLE) X(DATA) X(DUTY)

enum level_group {
#define X(name) GROUP_##name,
	LEVEL_GROUPS(X)
#undef X
	GROUP_COUNT
};

/* code, name in configuration, logs and metrics, group, may `when` name it? */
#define EVENT_CODES(X) \
	X(STARTUP,           "startup",          RUN,    true)  \
	X(SHUTDOWN,          "shutdown",         RUN,    true)  \
	X(RUNNING,           "running",          RUN,    true)  \
	X(DRAINING,          "draining",         RUN,    true)  \
	X(STOPPING,          "stopping",         RUN,    true)  \
	X(STOPPED,           "stopped",          RUN,    true)  \
	X(EXIT_SUCCESS,      "exitSuccess",      EXIT,   true)  \
	X(EXIT_FAILED,       "exitFailed",       EXIT,   true)  \
	X(HEALTHY,           "healthy",          HEALTH, true)  \
	X(WARNING,           "warning",          HEALTH, true)  \
	X(UNHEALTHY,         "unhealthy",        HEALTH, true)  \
	X(CHANGED,           "changed",          NONE,   true)  \
	X(SETTLED,           "settled",          NONE,   true)  \
	X(RENDERED,          "rendered",         DATA,   true)  \
	X(ELECTED,           "elected",          ROLE,   true)  \
	X(DEPOSED,           "deposed",          ROLE,   true)  \
	X(LEADER,            "leader",           NONE,   true)  \
	X(TIMER_EXPIRED,     "timerExpired",     NONE,   true)  \
	X(ENTER_MAINTENANCE, "enterMaintenance", DUTY,   true)  \
	X(EXIT_MAINTENANCE,  "exitMaintenance",  DUTY,   true)  \
	X(SIGNALLED,         "signalled",        NONE,   true)  \
	X(RELOADED,          "reloaded",         NONE,   true)

enum event_code {
#define X(code, name, group, public) EVENT_##code,
	EVENT_CODES(X)
#undef X
	EVENT_COUNT,
	EVENT_ANY = EVENT_COUNT,
	EVENT_NONE = -1,
};

struct source;
struct strv;
struct json_t;			/* jansson's; a pointer is all that is needed here */

struct source_ops {
	/* All events have been delivered, and no hold is left. */
	void (*on_delivered)(struct source *source);

	/* The variables of this event in a hook's environment, besides those of every hook. */
	void (*add_env)(struct source *source, enum event_code code, struct strv *env);

	/* The JSON document that a hook gets on its stdin for this event, relative to `since`,
	 * a state that an earlier call left in *now (NULL: none yet).  Both results are new
	 * references. */
	struct json_t *(*describe)(struct source *source, enum event_code code,
				   const struct json_t *since, struct json_t **now);
};

struct source {
	char *name;			/* owned */
	struct bus *bus;
	const struct source_ops *ops;	/* may be NULL, and so may each of its members */
	enum event_code levels[GROUP_COUNT];	/* that hold; EVENT_NONE: none of the group */
	struct list holds;
	int queued;			/* events not yet delivered */
	struct list subscriptions;
	struct list link;		/* in bus->sources */
};

struct bus {
	struct source any;		/* its subscribers receive every event: metrics, the event log */
	struct list sources;
	struct list *cursor;		/* the delivery in progress, if any */
	struct event *queue;
	size_t head, used, room;
	unsigned long published;
	unsigned long counts[EVENT_COUNT];	/* of each code */
};

struct subscription;

struct event {
	struct source *source;
	enum event_code code;
	unsigned long serial;		/* grows by one with each event that all receive */
	struct subscription *only;	/* that receives it: a level that held already; NULL: all */
};

typedef void event_fn(struct subscription *self, const struct event *event);

struct subscription {
	struct source *source;
	enum event_code code;
	event_fn *fn;			/* NULL: not subscribed */
	unsigned long since;
	struct list link;
};

void bus_init(struct bus *bus);
void bus_release(struct bus *bus);
struct source *bus_find(const struct bus *bus, const char *name);

/* Deliver the events that are queued now; events published meanwhile wait for the next call.  True:
 * some are waiting. */
bool bus_drain(struct bus *bus);

void source_init(struct source *source, struct bus *bus, const char *name,
		 const struct source_ops *ops);
void source_release(struct source *source);	/* ignores a zeroed one */
void source_publish(struct source *source, enum event_code code);
bool source_holds(const struct source *source, enum event_code code);
void source_forget(struct source *source, enum level_group group);	/* no level of it holds */

/* Embedded in the subscriber; zeroed: holds nothing.  Both calls are idempotent. */
struct hold {
	struct source *source;		/* NULL: none, or the source is released */
	struct list link;
};

void source_hold(struct source *source, struct hold *hold);
void source_unhold(struct hold *hold);

void subscribe(struct subscription *sub, struct source *source,
	       enum event_code code, event_fn *fn);
void subscribe_level(struct subscription *sub, struct source *source,
		     enum event_code code, event_fn *fn);
void unsubscribe(struct subscription *sub);	/* idempotent */

const char *event_name(enum event_code code);

#endif
