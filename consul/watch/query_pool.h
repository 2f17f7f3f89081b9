/* query_pool.h - how any number of feeds share a few connections to one agent.
 *
 * Consul takes 200 connections from an address, and closes further ones without a word.  So:
 *
 * - LANES feeds, those that asked first, have a blocking query each.  A lane that becomes free goes
 *   to the feed that asks next.
 * - The others *rest*.  They are read by plain requests, PULLS at a time, when an *alarm* (alarm.h)
 *   tells that their answer may be another.  There is one alarm of each kind and datacentre that
 *   resting feeds need:
 *       instances      /v1/health/state/{any,critical,warning}, /v1/catalog/{services,nodes}
 *       a node         /v1/catalog/{services,nodes}
 *       keys           /v1/kv/?keys
 *       catalogues     /v1/catalog/{services,nodes}
 * - Where the alarm knows whose answer may be another, these are read at once; if they are many,
 *   or it does not know, all that may be meant are read by a *sweep*, GENTLE at a time.  Sweeps
 *   take a fifth of the time at most, of which two seconds may be saved.
 *
 * No change is lost: a feed is read first only when its alarms are set, and an alarm keeps its
 * index.  When an alarm was in trouble or its index went backwards, all that rely on it are in
 * doubt (feed.h: they only grow) and read again.  One that is refused (403) is tried again and
 * again, and each time all that rely on it are read.
 *
 * What these indexes do, found with Consul 1.8.7 (x: the query returns; =: with the same body):
 *                                            state/any     services   nodes   kv/?keys
 *     an instance comes or goes              if checked    x
 *     its tags                               if checked    x
 *     its port, address, meta, weights       if checked =  x =
 *     a check comes, goes, changes; maintenance     x
 *     only a check's output                  x
 *     a node comes; its address or meta                               x
 *     a node goes                            x             x          x
 *     a key, however deep                                                     x (= below the top)
 *     the same once more
 * The body of state/any has for each check its service, node, status and ModifyIndex, which tells
 * whose it is.  Those of the critical and the warning ones are short, and return at once when a
 * check begins or ceases to be so.  What latency follows, for 1,000 services, most without a lane:
 *     with a lane, as long as Consul takes: some ms
 *     a check fails or recovers, two requests: some ms
 *     an instance with checks comes or goes, other tags, a node's change: as long as Consul takes
 *     to tell all checks (350 KB), some 20 ms
 *     port, address, meta, an instance without checks, keys: half a sweep, 0.1 s; while such
 *     changes follow each other for long, up to five sweeps, a second or two
 *
 * Connections: LANES + PULLS + ALARMS, and what registration and checks need, for which http.h
 * keeps some.  Alarms beyond ALARMS, of many datacentres, are polled.
 */
#ifndef QUERY_POOL_H
#define QUERY_POOL_H

#include "consul/agent.h"
#include "pace.h"
#include "blocking_query.h"

struct slot;
typedef void slot_fn(struct slot *slot);

/* A plain request waiting for its turn.  Zeroed: does not. */
struct slot {
	slot_fn *on_slot;		/* send it; calls crowd_finish() when it has its answer */
	struct list link;
	enum { SLOT_NONE, SLOT_AWAITED, SLOT_TAKEN, SLOT_SWEEPING } state;
	bool again;			/* wanted anew while it was taken */
};

struct pool_member;
typedef void pool_member_fn(struct pool_member *member);

struct pool_member {			/* embedded in each feed */
	const struct blocking_query *query;
	json_t *const *state;		/* the feed's */
	pool_member_fn *on_ask;	/* ask now; by a blocking query if it has a connection */
	pool_member_fn *on_distrust;		/* Consul may have lost something */

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
	struct list waiting;		/* turns that wait for alarms */
	struct list queue;		/* turns: first come, first served */
	struct list sweep, next;	/* members to be read gently, now and in the next sweep */
	size_t connections, connections_max, notifier_count;
	size_t taken, sweep_slots;		/* turns; gentle ones are among the taken */
	bool sweeping;
	double sweep_began;		/* monotonic */
	struct pace pace;		/* of sweeps: seconds */
	struct timer pause;		/* between sweeps */
};

/* The crowd itself, agent->crowd, lives from the first that joins until the last leaves. */
void query_pool_join(struct pool_member *member, struct agent *agent);
void query_pool_leave(struct pool_member *member);	/* idempotent */

/* To ask: on_ask follows, sooner or later, perhaps at once. */
void query_pool_ask(struct pool_member *member);
void query_pool_answered(struct pool_member *member);

/* For another request of a member's owner: on_turn follows, perhaps at once. */
void query_pool_want(struct query_pool *pool, struct slot *slot);
void query_pool_finish(struct query_pool *pool, struct slot *slot);	/* idempotent */
void query_pool_forget(struct query_pool *pool, struct slot *slot);	/* before its member leaves */

#endif
