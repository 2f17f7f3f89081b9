#include "query_pool.h"

#include <string.h>

#include "base/alloc.h"
#include "notifier.h"

enum {
	LANES = 64,
	PULLS = 8,
	GENTLE = 4,			/* of them */
	ALARMS = 16,
	MANY = 64,			/* changes at once */
};
/* Of the time, and in seconds that may be saved. */
#define SWEEPING_SHARE 0.2
#define SWEEPING_SAVED 2.0

/* ---- alarms and whom they concern ---- */

#define BIT(kind) (1U << (kind))

#define CHECKS (BIT(TALLY_CHECKS) | BIT(TALLY_CRITICAL) | BIT(TALLY_WARNING))
#define CATALOGUE (BIT(TALLY_SERVICES) | BIT(TALLY_NODES))

static const unsigned alarms_of[] = {
	[TOPIC_SERVICE] = CHECKS | CATALOGUE,
	[TOPIC_CONNECT] = CHECKS | CATALOGUE,
	[TOPIC_NODE] = CATALOGUE,
	[TOPIC_KEYS] = BIT(TALLY_KEYS),
	[TOPIC_NAMES] = CATALOGUE,
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool concerns(const struct alarm *alarm, const struct crowd_member *member)
{
	return alarms_of[member->question->topic] & BIT(alarm->kind) &&
	       same_text(alarm->dc, member->question->dc);
}

/* All its alarms are there, and will ring or do not know. */
static bool is_guarded(const struct crowd_member *member)
{
	list_each(node, &member->crowd->alarms) {
		const struct alarm *alarm = list_entry(node, struct alarm, link);

		if (concerns(alarm, member) && !alarm->set && !alarm->blind)
			return false;
	}
	return true;
}

static struct alarm *find_alarm(struct crowd *crowd, enum tally_kind kind, const char *dc)
{
	list_each(node, &crowd->alarms) {
		struct alarm *alarm = list_entry(node, struct alarm, link);

		if (alarm->kind == kind && same_text(alarm->dc, dc))
			return alarm;
	}
	return NULL;
}

static void on_ring(struct alarm *alarm, enum ring ring, const json_t *changes);

static void rest(struct crowd_member *member)
{
	struct crowd *crowd = member->crowd;
	const char *dc = member->question->dc;

	if (member->rests)
		return;
	member->rests = true;
	for (enum tally_kind kind = 0; kind < TALLY_KINDS; kind++) {
		struct alarm *alarm;

		if (!(alarms_of[member->question->topic] & BIT(kind)))
			continue;
		alarm = find_alarm(crowd, kind, dc);
		if (!alarm) {
			alarm = alarm_new(crowd->agent, kind, dc, crowd->alarms_count >= ALARMS);
			alarm->on_ring = on_ring;
			list_append(&crowd->alarms, &alarm->link);
			crowd->alarms_count++;
		}
		alarm->users++;
	}
}

static void stop_resting(struct crowd_member *member)
{
	if (!member->rests)
		return;
	member->rests = false;
	list_each(node, &member->crowd->alarms) {
		struct alarm *alarm = list_entry(node, struct alarm, link);

		if (!concerns(alarm, member) || --alarm->users)
			continue;
		member->crowd->alarms_count--;
		alarm_free(alarm);
	}
}

/* ---- turns ---- */

static void want(struct crowd *crowd, struct turn *turn)
{
	if (turn->state == TURN_NONE) {
		turn->state = TURN_AWAITED;
		list_append(&crowd->queue, &turn->link);
	} else if (turn->state != TURN_AWAITED) {
		turn->again = true;
	}
}

static void start_turn(struct crowd *crowd, struct turn *turn, bool gentle)
{
	turn->state = gentle ? TURN_GENTLE : TURN_TAKEN;
	crowd->taken++;
	crowd->gentle += gentle;
	turn->on_turn(turn);
}

static bool take_lane(struct crowd_member *member)
{
	struct crowd *crowd = member->crowd;

	if (!member->lane && crowd->lanes < crowd->lanes_max) {
		member->lane = true;
		crowd->lanes++;
		stop_resting(member);
	}
	return member->lane;
}

static void on_member_turn(struct turn *turn)
{
	struct crowd_member *member = container_of(turn, struct crowd_member, turn);

	member->on_call(member);
}

static void call(struct crowd_member *member, bool gentle)
{
	list_remove(&member->sweep);
	list_remove(&member->turn.link);
	member->turn.state = TURN_NONE;
	if (take_lane(member))
		member->on_call(member);
	else
		start_turn(member->crowd, &member->turn, gentle);
}

static void serve_queue(struct crowd *crowd)
{
	while (crowd->taken < PULLS && !list_empty(&crowd->queue)) {
		struct turn *turn = list_entry(crowd->queue.next, struct turn, link);
		struct crowd_member *member = container_of(turn, struct crowd_member, turn);

		list_remove(&turn->link);
		if (turn->on_turn != on_member_turn)
			start_turn(crowd, turn, false);
		else if (is_guarded(member))
			call(member, false);
		else
			list_append(&crowd->parked, &turn->link);
	}
}

static void time_sweeps(struct crowd *crowd)
{
	double now = monotonic_now(), pause;

	if (crowd->sweeping && list_empty(&crowd->sweep) && !crowd->gentle) {
		crowd->sweeping = false;
		pause = pace_spend(&crowd->pace, now - crowd->sweep_began);
		if (pause > 0)
			timer_set(&crowd->pause, pause);
	}
	if (!crowd->sweeping && !list_empty(&crowd->next) && !timer_is_set(&crowd->pause)) {
		list_move_all(&crowd->next, &crowd->sweep);
		crowd->sweeping = true;
		crowd->sweep_began = now;
	}
}

static void serve_sweep(struct crowd *crowd)
{
	while (crowd->taken < PULLS && crowd->gentle < GENTLE && !list_empty(&crowd->sweep)) {
		struct crowd_member *member =
			list_entry(crowd->sweep.next, struct crowd_member, sweep);

		if (member->turn.state == TURN_NONE) {
			call(member, true);
		} else {
			list_remove(&member->sweep);
			want(crowd, &member->turn);
		}
	}
}

static void serve(struct crowd *crowd)
{
	serve_queue(crowd);
	time_sweeps(crowd);
	serve_sweep(crowd);
	time_sweeps(crowd);		/* all of it may have found lanes */
}

static void on_pause_over(struct timer *timer)
{
	serve(container_of(timer, struct crowd, pause));
}

void crowd_want(struct crowd *crowd, struct turn *turn)
{
	want(crowd, turn);
	serve(crowd);
}

void crowd_forget(struct crowd *crowd, struct turn *turn)
{
	crowd->taken -= turn->state == TURN_TAKEN || turn->state == TURN_GENTLE;
	crowd->gentle -= turn->state == TURN_GENTLE;
	if (turn->state == TURN_AWAITED)
		list_remove(&turn->link);
	turn->state = TURN_NONE;
	turn->again = false;
}

void crowd_finish(struct crowd *crowd, struct turn *turn)
{
	bool again = turn->again;

	crowd_forget(crowd, turn);
	if (again)
		want(crowd, turn);
	serve(crowd);
}

/* ---- what alarms make of it ---- */

/* Is an instance in its state on a node that is named? */
static bool is_on_changed_node(const struct crowd_member *member, const json_t *changes)
{
	const char *const *identity = member->question->identity;
	json_t *entry;
	size_t i;

	if (!identity)
		return false;
	json_array_foreach(*member->state, i, entry) {
		const char *node = json_string_value(json_object_get(entry, identity[0]));

		if (node && tally_has(changes, "node", node))
			return true;
	}
	return false;
}

static bool is_named(const struct crowd_member *member, const json_t *changes)
{
	const char *subject = member->question->subject;

	switch (member->question->topic) {
	case TOPIC_SERVICE:
		return tally_has(changes, "service", subject) ||
		       is_on_changed_node(member, changes);
	case TOPIC_CONNECT: return is_on_changed_node(member, changes);
	case TOPIC_NODE: return tally_has(changes, "node", subject);
	case TOPIC_NAMES: return true;
	default: return false;
	}
}

/* A change whose owner is not named, and that may be this one's. */
static bool may_be_meant(const struct crowd_member *member, enum tally_kind kind,
			 const json_t *changes)
{
	if (BIT(kind) & CHECKS)
		return tally_has_any(changes, "node") ||
		       (member->question->topic == TOPIC_CONNECT && json_object_size(changes));
	return kind != TALLY_NODES;
}

static void sweep_later(struct crowd_member *member)
{
	if (member->sweep.next == &member->sweep)
		list_append(&member->crowd->next, &member->sweep);
}

static void hear(struct crowd_member *member, const struct alarm *alarm, enum ring ring,
		 const json_t *changes)
{
	bool named = ring == RING_CHANGED && is_named(member, changes);

	if (ring == RING_BACK)
		member->on_doubt(member);
	if (named && json_object_size(changes) <= MANY)
		want(member->crowd, &member->turn);
	else if (named || ring != RING_CHANGED || may_be_meant(member, alarm->kind, changes))
		sweep_later(member);
}

static void on_ring(struct alarm *alarm, enum ring ring, const json_t *changes)
{
	struct crowd *crowd = alarm->query.agent->crowd;

	list_move_all(&crowd->parked, &crowd->queue);
	list_each(node, &crowd->members) {
		struct crowd_member *member = list_entry(node, struct crowd_member, link);

		if (member->rests && concerns(alarm, member))
			hear(member, alarm, ring, changes);
	}
	serve(crowd);
}

/* ---- members ---- */

void crowd_join(struct crowd_member *member, struct agent *agent)
{
	struct crowd *crowd = agent->crowd;

	if (!crowd) {
		crowd = agent->crowd = NEW(struct crowd);
		crowd->agent = agent;
		crowd->lanes_max = LANES;
		list_init(&crowd->members);
		list_init(&crowd->alarms);
		list_init(&crowd->queue);
		list_init(&crowd->parked);
		list_init(&crowd->sweep);
		list_init(&crowd->next);
		pace_init(&crowd->pace, SWEEPING_SHARE, SWEEPING_SAVED);
		timer_init(&crowd->pause, agent->http.loop, on_pause_over);
	}
	member->crowd = crowd;
	member->turn.on_turn = on_member_turn;
	list_init(&member->turn.link);
	list_init(&member->sweep);
	list_append(&crowd->members, &member->link);
}

void crowd_leave(struct crowd_member *member)
{
	struct crowd *crowd = member->crowd;

	if (!crowd)
		return;
	stop_resting(member);
	list_remove(&member->link);
	list_remove(&member->sweep);
	crowd_forget(crowd, &member->turn);
	crowd->lanes -= member->lane;
	member->crowd = NULL;
	if (!list_empty(&crowd->members)) {
		serve(crowd);
		return;
	}
	timer_stop(&crowd->pause);
	free(steal(&crowd->agent->crowd));
}

void crowd_ask(struct crowd_member *member)
{
	if (take_lane(member)) {
		member->on_call(member);
		return;
	}
	rest(member);
	crowd_want(member->crowd, &member->turn);
}

void crowd_answered(struct crowd_member *member)
{
	crowd_finish(member->crowd, &member->turn);
}
