/* query_pool.h - lets any number of feeds share a few connections to one agent.
 *
 * Consul accepts 200 connections from one address and closes further ones without an answer.
 * A feed (feed.h) is therefore in one of two modes:
 *
 * - Connected: it has a connection and sends a blocking query on it.  CONNECTIONS feeds are
 *   connected, in the order in which they first asked.  When a feed releases its connection, the
 *   next feed that asks takes it.
 * - Parked: it has no connection.  The pool reads it by a plain request when a *notifier*
 *   (notifier.h) reports a change that may concern it.  A plain request needs one of SLOTS slots.
 *
 * A notifier is a blocking query about everything of one kind in one datacentre.  The pool creates
 * those that its parked feeds need:
 *
 *     a feed of          needs notifiers on
 *     instances          /v1/health/state/{any,critical,warning}, /v1/catalog/{services,nodes}
 *     a node             /v1/catalog/{services,nodes}
 *     keys               /v1/kv/?keys
 *     catalogues         /v1/catalog/{services,nodes}
 *     certificates       none: it is read every 15 seconds
 *
 * A notification names the services and nodes that changed, as far as Consul's answer tells:
 *
 * - The named feeds are read at once, if they are few.
 * - If they are many, or if the change names nothing, every feed that it may concern is read in a
 *   *sweep*.  A sweep uses SWEEP_SLOTS of the slots.  Sweeps take a fifth of the time; up to two
 *   seconds of sweeping may be saved for later.
 *
 * No change is lost: a feed is first read when its notifiers are ready, and a notifier keeps its
 * index between queries.  After a notifier had trouble, or its index went backwards, its feeds
 * distrust what they have (feed.h) and are read again.  If Consul refuses a notifier (403), the
 * notifier keeps retrying, and each try reads all its feeds.
 *
 * Which indexes move, measured with Consul 1.8.7 (x: the query returns; =: with the same body):
 *
 *                                            state/any     services   nodes   kv/?keys
 *     an instance comes or goes              if checked    x
 *     its tags                               if checked    x
 *     its port, address, meta, weights       if checked =  x =
 *     a check comes, goes, changes; maintenance     x
 *     only a check's output                  x
 *     a node comes; its address or meta                               x
 *     a node goes                            x             x          x
 *     a key, however deep                                                     x (= below the top)
 *     the same registration again
 *
 * The body of state/any has the service, node, status and ModifyIndex of each check, which tells
 * the services that changed.  The bodies of state/critical and state/warning are short, and return
 * at once when a check enters or leaves that state.
 *
 * The resulting latency, for 1,000 services of which most are parked:
 *
 *     connected: Consul's own, some ms
 *     a check fails or recovers: two requests, some ms
 *     an instance with checks comes or goes, tags, a node: Consul lists all checks (350 KB), 20 ms
 *     port, address, meta, an instance without checks, keys: half a sweep, 0.1 s; during a long
 *     run of such changes up to five sweeps, one to two seconds
 *
 * Connections in total: CONNECTIONS + SLOTS + NOTIFIERS, and those of registration and checks, for
 * which agent.c keeps some free.  Notifiers beyond NOTIFIERS (many datacentres) poll.
 */
#ifndef QUERY_POOL_H
#define QUERY_POOL_H

#include "consul/agent.h"
#include "pace.h"
#include "blocking_query.h"

struct slot;
typedef void slot_fn(struct slot *slot);

/* The right to send one plain request.  Zeroed: not wanted. */
struct slot {
	slot_fn *on_slot;		/* send it; call query_pool_finish() after its answer */
	struct list link;
	enum { SLOT_NONE, SLOT_AWAITED, SLOT_TAKEN, SLOT_SWEEPING } state;
	bool again;			/* wanted once more while it was taken */
};

struct pool_member;
typedef void pool_member_fn(struct pool_member *member);

struct pool_member {			/* embedded in each feed */
	const struct blocking_query *query;
	json_t *const *state;		/* the feed's */
	pool_member_fn *on_ask;		/* ask now; by a blocking query if has_connection */
	pool_member_fn *on_distrust;	/* Consul may have lost data */

	/* private */
	struct query_pool *pool;
	bool has_connection;
	bool parked;
	struct slot slot;
	struct list link, sweep;
};

struct query_pool {
	struct agent *agent;
	struct list members, notifiers;
	struct list waiting;		/* slots of members whose notifiers are not ready */
	struct list queue;		/* slots: first come, first served */
	struct list sweep, next;	/* members of this sweep and of the next one */
	size_t connections, connections_max, notifier_count;
	size_t taken, sweep_slots;	/* slots; `taken` counts those of the sweep as well */
	bool sweeping;
	double sweep_began;		/* monotonic */
	struct pace pace;		/* of sweeps: seconds */
	struct timer pause;		/* between sweeps */
};

/* agent->pool is created by the first member and freed by the last one. */
void query_pool_join(struct pool_member *member, struct agent *agent);
void query_pool_leave(struct pool_member *member);	/* idempotent */

/* on_ask follows, perhaps before this returns. */
void query_pool_ask(struct pool_member *member);
void query_pool_answered(struct pool_member *member);

/* For a plain request of a member's owner: on_slot follows, perhaps before this returns. */
void query_pool_want(struct query_pool *pool, struct slot *slot);
void query_pool_finish(struct query_pool *pool, struct slot *slot);	/* idempotent */
void query_pool_forget(struct query_pool *pool, struct slot *slot);	/* before leaving */

#endif
