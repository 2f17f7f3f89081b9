#include "query_pool.h"

#include <string.h>

#include "base/alloc.h"
#include "notifier.h"

enum {
	CONNECTIONS = 64,
	SLOTS = 8,
	SWEEP_SLOTS = 4,			/* of SLOTS */
	NOTIFIERS = 16,
	MANY = 64,			/* changes in one notification */
};
/* A share of the time, and seconds. */
#define SWEEPING_SHARE 0.2
#define SWEEPING_SAVED 2.0

/* ---- notifiers and their members ---- */

#define BIT(kind) (1U << (kind))

#define CHECKS (BIT(FINGERPRINT_CHECKS) | BIT(FINGERPRINT_CRITICAL) | BIT(FINGERPRINT_WARNING))
#define CATALOGUE (BIT(FINGERPRINT_SERVICES) | BIT(FINGERPRINT_NODES))

static const unsigned notifiers_of[] = {
	[TOPIC_SERVICE] = CHECKS | CATALOGUE,
	[TOPIC_CONNECT] = CHECKS | CATALOGUE,
	[TOPIC_NODE] = CATALOGUE,
	[TOPIC_KEYS] = BIT(FINGERPRINT_KEYS),
	[TOPIC_NAMES] = CATALOGUE,
	[TOPIC_AUTHORITY] = 0,
};

static bool concerns(const struct notifier *notifier, const struct pool_member *member)
{
	return notifiers_of[member->query->topic] & BIT(notifier->kind) &&
	       text_equal(notifier->dc, member->query->dc);
}

/* All its notifiers have had an answer, or are refused. */
static bool has_ready_notifiers(const struct pool_member *member)
{
	list_each(node, &member->pool->notifiers) {
		const struct notifier *notifier = list_entry(node, struct notifier, link);

		if (concerns(notifier, member) && !notifier->ready && !notifier->unavailable)
			return false;
	}
	return true;
}

static struct notifier *find_notifier(struct query_pool *pool, enum fingerprint_kind kind,
				      const char *dc)
{
	list_each(node, &pool->notifiers) {
		struct notifier *notifier = list_entry(node, struct notifier, link);

		if (notifier->kind == kind && text_equal(notifier->dc, dc))
			return notifier;
	}
	return NULL;
}

static void on_notify(struct notifier *notifier, enum notification notification,
		      const json_t *changes);

static void park(struct pool_member *member)
{
	struct query_pool *pool = member->pool;
	const char *dc = member->query->dc;

	if (member->parked)
		return;
	member->parked = true;
	for (enum fingerprint_kind kind = 0; kind < FINGERPRINT_KINDS; kind++) {
		struct notifier *notifier;

		if (!(notifiers_of[member->query->topic] & BIT(kind)))
			continue;
		notifier = find_notifier(pool, kind, dc);
		if (!notifier) {
			notifier =
			    notifier_new(pool->agent, kind, dc, pool->notifier_count >= NOTIFIERS);
			notifier->on_notify = on_notify;
			list_append(&pool->notifiers, &notifier->link);
			pool->notifier_count++;
		}
		notifier->users++;
	}
}

static void unpark(struct pool_member *member)
{
	if (!member->parked)
		return;
	member->parked = false;
	list_each(node, &member->pool->notifiers) {
		struct notifier *notifier = list_entry(node, struct notifier, link);

		if (!concerns(notifier, member) || --notifier->users)
			continue;
		member->pool->notifier_count--;
		notifier_free(notifier);
	}
}

/* ---- slots ---- */

static void want(struct query_pool *pool, struct slot *slot)
{
	if (slot->state == SLOT_NONE) {
		slot->state = SLOT_AWAITED;
		list_append(&pool->queue, &slot->link);
	} else if (slot->state != SLOT_AWAITED) {
		slot->again = true;
	}
}

static void grant_slot(struct query_pool *pool, struct slot *slot, bool sweep_slots)
{
	slot->state = sweep_slots ? SLOT_SWEEPING : SLOT_TAKEN;
	pool->taken++;
	pool->sweep_slots += sweep_slots;
	slot->on_slot(slot);
}

static bool take_connection(struct pool_member *member)
{
	struct query_pool *pool = member->pool;

	if (!member->has_connection && pool->connections < pool->connections_max) {
		member->has_connection = true;
		pool->connections++;
		unpark(member);
	}
	return member->has_connection;
}

static void on_member_slot(struct slot *slot)
{
	struct pool_member *member = container_of(slot, struct pool_member, slot);

	member->on_ask(member);
}

static void ask_member(struct pool_member *member, bool sweep_slots)
{
	list_remove(&member->sweep);
	list_remove(&member->slot.link);
	member->slot.state = SLOT_NONE;
	if (take_connection(member))
		member->on_ask(member);
	else
		grant_slot(member->pool, &member->slot, sweep_slots);
}

static void serve_queue(struct query_pool *pool)
{
	while (pool->taken < SLOTS && !list_empty(&pool->queue)) {
		struct slot *slot = list_entry(pool->queue.next, struct slot, link);
		struct pool_member *member = container_of(slot, struct pool_member, slot);

		list_remove(&slot->link);
		if (slot->on_slot != on_member_slot)
			grant_slot(pool, slot, false);
		else if (has_ready_notifiers(member))
			ask_member(member, false);
		else
			list_append(&pool->waiting, &slot->link);
	}
}

static void time_sweeps(struct query_pool *pool)
{
	double now = monotonic_now(), pause;

	if (pool->sweeping && list_empty(&pool->sweep) && !pool->sweep_slots) {
		pool->sweeping = false;
		pause = pace_spend(&pool->pace, now - pool->sweep_began);
		if (pause > 0)
			timer_set(&pool->pause, pause);
	}
	if (!pool->sweeping && !list_empty(&pool->next) && !timer_is_set(&pool->pause)) {
		list_move_all(&pool->next, &pool->sweep);
		pool->sweeping = true;
		pool->sweep_began = now;
	}
}

static void serve_sweep(struct query_pool *pool)
{
	while (pool->taken < SLOTS && pool->sweep_slots < SWEEP_SLOTS &&
	       !list_empty(&pool->sweep)) {
		struct pool_member *member =
			list_entry(pool->sweep.next, struct pool_member, sweep);

		if (member->slot.state == SLOT_NONE) {
			ask_member(member, true);
		} else {
			list_remove(&member->sweep);
			want(pool, &member->slot);
		}
	}
}

static void serve(struct query_pool *pool)
{
	serve_queue(pool);
	time_sweeps(pool);
	serve_sweep(pool);
	time_sweeps(pool);		/* all members of the sweep may have got connections */
}

static void on_pause_over(struct timer *timer)
{
	serve(container_of(timer, struct query_pool, pause));
}

void query_pool_want(struct query_pool *pool, struct slot *slot)
{
	want(pool, slot);
	serve(pool);
}

void query_pool_forget(struct query_pool *pool, struct slot *slot)
{
	pool->taken -= slot->state == SLOT_TAKEN || slot->state == SLOT_SWEEPING;
	pool->sweep_slots -= slot->state == SLOT_SWEEPING;
	if (slot->state == SLOT_AWAITED)
		list_remove(&slot->link);
	slot->state = SLOT_NONE;
	slot->again = false;
}

void query_pool_finish(struct query_pool *pool, struct slot *slot)
{
	bool again = slot->again;

	query_pool_forget(pool, slot);
	if (again)
		want(pool, slot);
	serve(pool);
}

/* ---- notifications ---- */

static bool is_on_changed_node(const struct pool_member *member, const json_t *changes)
{
	const char *const *identity = member->query->identity;
	json_t *entry;
	size_t i;

	if (!identity)
		return false;
	json_array_foreach(*member->state, i, entry) {
		const char *node = json_string_value(json_object_get(entry, identity[0]));

		if (node && fingerprint_has(changes, "node", node))
			return true;
	}
	return false;
}

static bool is_named(const struct pool_member *member, const json_t *changes)
{
	const char *subject = member->query->subject;

	switch (member->query->topic) {
	case TOPIC_SERVICE:
		return fingerprint_has(changes, "service", subject) ||
		       is_on_changed_node(member, changes);
	case TOPIC_CONNECT: return is_on_changed_node(member, changes);
	case TOPIC_NODE: return fingerprint_has(changes, "node", subject);
	case TOPIC_NAMES: return true;
	default: return false;
	}
}

/* The change is not attributed to a service or key, and may concern this member. */
static bool may_concern(const struct pool_member *member, enum fingerprint_kind kind,
			 const json_t *changes)
{
	if (BIT(kind) & CHECKS)
		return fingerprint_has_any(changes, "node") ||
		       (member->query->topic == TOPIC_CONNECT && json_object_size(changes));
	return kind != FINGERPRINT_NODES;
}

static void sweep_later(struct pool_member *member)
{
	if (member->sweep.next == &member->sweep)
		list_append(&member->pool->next, &member->sweep);
}

static void on_member_notified(struct pool_member *member, const struct notifier *notifier,
		 enum notification notification, const json_t *changes)
{
	bool named = notification == NOTIFY_CHANGED && is_named(member, changes);

	if (notification == NOTIFY_RECOVERED)
		member->on_distrust(member);
	if (named && json_object_size(changes) <= MANY)
		want(member->pool, &member->slot);
	else if (named || notification != NOTIFY_CHANGED ||
		 may_concern(member, notifier->kind, changes))
		sweep_later(member);
}

static void on_notify(struct notifier *notifier, enum notification notification,
		      const json_t *changes)
{
	struct query_pool *pool = notifier->request.agent->pool;

	list_move_all(&pool->waiting, &pool->queue);
	list_each(node, &pool->members) {
		struct pool_member *member = list_entry(node, struct pool_member, link);

		if (member->parked && concerns(notifier, member))
			on_member_notified(member, notifier, notification, changes);
	}
	serve(pool);
}

/* ---- members ---- */

void query_pool_join(struct pool_member *member, struct agent *agent)
{
	struct query_pool *pool = agent->pool;

	if (!pool) {
		pool = agent->pool = NEW(struct query_pool);
		pool->agent = agent;
		pool->connections_max = CONNECTIONS;
		list_init(&pool->members);
		list_init(&pool->notifiers);
		list_init(&pool->queue);
		list_init(&pool->waiting);
		list_init(&pool->sweep);
		list_init(&pool->next);
		pace_init(&pool->pace, SWEEPING_SHARE, SWEEPING_SAVED);
		timer_init(&pool->pause, agent->http.loop, on_pause_over);
	}
	member->pool = pool;
	member->slot.on_slot = on_member_slot;
	list_init(&member->slot.link);
	list_init(&member->sweep);
	list_append(&pool->members, &member->link);
}

void query_pool_leave(struct pool_member *member)
{
	struct query_pool *pool = member->pool;

	if (!pool)
		return;
	unpark(member);
	list_remove(&member->link);
	list_remove(&member->sweep);
	query_pool_forget(pool, &member->slot);
	pool->connections -= member->has_connection;
	member->pool = NULL;
	if (!list_empty(&pool->members)) {
		serve(pool);
		return;
	}
	timer_stop(&pool->pause);
	free(steal(&pool->agent->pool));
}

void query_pool_ask(struct pool_member *member)
{
	if (take_connection(member)) {
		member->on_ask(member);
		return;
	}
	park(member);
	query_pool_want(member->pool, &member->slot);
}

void query_pool_answered(struct pool_member *member)
{
	query_pool_finish(member->pool, &member->slot);
}
