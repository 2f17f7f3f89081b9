/* event.h - who said what, and who wants to hear it.
 *
 * A *source* is anything with something to say: a job, a watch, an election, a signal,
 * the supervisor itself.  An *event* is a source and a code, such as "db healthy".  A
 * *subscription* is a source, a code and a callback.
 *
 * Publishing calls nobody.  It appends to the bus's queue; bus_drain(), run once per turn
 * of the loop, delivers in order.  So every subscriber sees the same order, no callback
 * runs inside another, and a callback may publish, subscribe or unsubscribe as it likes.
 *
 * A subscription hears what is published after it was made.  Most codes are also *levels*:
 * they hold until the same source says another code of the same group, as `unhealthy` ends
 * `healthy`.  source_holds() asks; subscribe_level() is told at once (by the queue, like
 * everything) of a level that holds already, so that nobody waits for what has happened.
 *
 * A subscriber that needs time to act on an event holds its source by a `struct hold`.  When all
 * that a source said is delivered and nobody holds it, its owner's on_heard is called: that is
 * how a job leaves traffic before it stops.
 *
 * A source is never released by a callback of its own events: whoever ends it does so later.
 *
 * Nothing here knows about libev, processes or Consul.
 */
#ifndef EVENT_H
#define EVENT_H

#include "list.h"

/* Of the codes of one group, the last one said holds.  NONE: a moment, never a level. */
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
	/* All was delivered and nobody holds it. */
	void (*on_heard)(struct source *source);

	/* Variables that a hook gets for this event, besides those that every hook has. */
	void (*add_env)(struct source *source, enum event_code code, struct strv *env);

	/* The JSON document that a hook gets on its stdin for this event, relative to `since`,
	 * a state that an earlier call left in *now (NULL: none yet).  Both results are new
	 * references. */
	struct json_t *(*describe)(struct source *source, enum event_code code,
				   const struct json_t *since, struct json_t **now);
};

struct source {
	char *name;			/* its own copy */
	struct bus *bus;
	const struct source_ops *ops;	/* may be NULL, and so may each of its members */
	enum event_code levels[GROUP_COUNT];	/* what holds; EVENT_NONE */
	struct list holds;
	int queued;			/* events not yet delivered */
	struct list subscriptions;
	struct list link;		/* in bus->sources */
};

struct bus {
	struct source any;		/* hears every event: metrics, the event log */
	struct list sources;
	struct list *cursor;		/* the delivery in progress, if any */
	struct event *queue;
	size_t head, used, room;
	unsigned long published;
};

struct subscription;

struct event {
	struct source *source;
	enum event_code code;
	unsigned long serial;
	struct subscription *only;	/* a level told to a newcomer; else NULL: for all */
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

/* Deliver what is queued now; events published meanwhile wait for the next call.  True
 * when some are waiting. */
bool bus_drain(struct bus *bus);

void source_init(struct source *source, struct bus *bus, const char *name,
		 const struct source_ops *ops);
void source_release(struct source *source);	/* NULL bus: never initialised, nothing to do */
void source_publish(struct source *source, enum event_code code);
bool source_holds(const struct source *source, enum event_code code);
void source_forget(struct source *source, enum level_group group);	/* no level holds */

/* The holder's part of holding; zeroed: holds nothing.  Both calls are idempotent. */
struct hold {
	struct source *source;		/* NULL: none, or it is gone */
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
