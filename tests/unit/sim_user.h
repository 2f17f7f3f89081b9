/* sim_user.h - for unit tests: candidates with users, which obey orders or do not, and the
 * invariants after every step of the world (sim_world.h).
 *
 *   I1 no two users are primary at one instant      I5 no two orders overlap, none comes twice
 *   I3 epochs are unique and grow                   I6 no user is primary beyond its hard deadline
 *   I8 no lock is released before its user says that it is demoted
 *   I9 a released candidate leaves no timers and no requests
 *   G1 by its epoch this candidate took the lock, and no other has taken it since
 *
 * I1 does not count a user whose lock ended by a deletion of the key, while it has that epoch: no
 * lock can protect from that.  A frozen user stays primary without doing anything. */
#ifndef SIM_USER_H
#define SIM_USER_H

#include "sim_world.h"

#define USER_NOTICES 0.005		/* that its workload has ended, after so many seconds */
#define USER_RESTARTS 0.5		/* its workload, after so many */
#define WORLD_SLACK 1e-6

static inline struct sim_candidate *candidate_of(struct election *election)
{
	return container_of(election, struct sim_candidate, election);
}

/* ---- orders ---- */

static inline void user_take(struct sim_candidate *candidate, enum order order, double time)
{
	static const char *const names[] = { "", "consider", "promote", "demote", "fence" };
	struct user *user = &candidate->user;

	user->orders[order]++;
	user->order = order;
	user->answer_at = candidate_now(candidate) + time;
	world_note(candidate->world, "%s is told: %s %lu", candidate->id, names[order],
		   candidate->election.leading.epoch);
}

static inline void on_consider(struct election *election)
{
	struct sim_candidate *candidate = candidate_of(election);
	struct user *user = &candidate->user;

	if (user->bound || user->order > ORDER_CONSIDER)
		world_fail(candidate->world, "%s: consider() while bound=%d order=%d",
			   candidate->id, user->bound, user->order);
	user_take(candidate, ORDER_CONSIDER, user->consider_time);
}

/* Did we take the lock with this epoch, or with a lower one without another taker since? */
static inline void check_epoch(struct sim_candidate *candidate, unsigned long epoch)
{
	struct world *world = candidate->world;
	struct user *user = &candidate->user;
	unsigned long best = 0;

	for (size_t i = 0; i < WORLD_LOCKS && i < world->locked; i++) {
		if (world->locks[i].epoch > epoch || world->locks[i].epoch < best)
			continue;
		best = world->locks[i].epoch;
		user->session = world->locks[i].session;
	}
	if (!best || world->consul.sessions[user->session].owner != candidate->number)
		world_fail(world, "G1: %s has not taken the lock with epoch %lu", candidate->id, epoch);
	if (epoch <= world->promoted_epoch && epoch > world->void_epoch)
		world_fail(world, "I3: %s is promoted with epoch %lu after %lu", candidate->id, epoch,
			   world->promoted_epoch);
	world->promoted_epoch = epoch > world->promoted_epoch ? epoch : world->promoted_epoch;
}

static inline void on_promote(struct election *election)
{
	struct sim_candidate *candidate = candidate_of(election);
	struct user *user = &candidate->user;

	if (user->bound || user->order > ORDER_CONSIDER)
		world_fail(candidate->world, "I5: %s: promote() while bound=%d order=%d",
			   candidate->id, user->bound, user->order);
	if (!candidate->world->forgiving)
		check_epoch(candidate, election->leading.epoch);
	user->epoch = election->leading.epoch;
	user->bound = user->primary = true;
	user_take(candidate, ORDER_PROMOTE, user->promote_time);
}

static inline void on_demote(struct election *election)
{
	struct sim_candidate *candidate = candidate_of(election);
	struct user *user = &candidate->user;

	if (!user->bound || user->order == ORDER_DEMOTE || user->order == ORDER_FENCE)
		world_fail(candidate->world, "I5: %s: demote() while bound=%d order=%d", candidate->id,
			   user->bound, user->order);
	if (user->shown)
		world_fail(candidate->world, "G4: %s: demote() while its role is shown",
			   candidate->id);
	user_take(candidate, ORDER_DEMOTE, user->primary ? user->demote_time : 0);
}

static inline void on_fence(struct election *election)
{
	struct sim_candidate *candidate = candidate_of(election);
	struct user *user = &candidate->user;

	if (!user->bound || user->order == ORDER_FENCE)
		world_fail(candidate->world, "I5: %s: fence() while bound=%d order=%d", candidate->id,
			   user->bound, user->order);
	user_take(candidate, ORDER_FENCE, user->primary ? user->fence_time : 0);
}

static inline void on_show(struct election *election, bool leads)
{
	struct sim_candidate *candidate = candidate_of(election);

	if (leads && (!candidate->user.bound || candidate->user.order != ORDER_NONE))
		world_fail(candidate->world, "G4: %s: its role is shown before it is promoted",
			   candidate->id);
	candidate->user.shown = leads;
	world_note(candidate->world, "%s shows %d", candidate->id, leads);
}

static inline void on_stopped(struct election *election)
{
	struct sim_candidate *candidate = candidate_of(election);

	if (candidate->user.stopped || candidate->user.bound)
		world_fail(candidate->world, "%s: stopped twice, or while it leads", candidate->id);
	candidate->user.stopped = true;
	world_note(candidate->world, "%s is stopped", candidate->id);
}

static inline void on_election_event(struct subscription *self, const struct event *event)
{
	struct sim_candidate *candidate = container_of(self, struct sim_candidate, events);
	struct user *user = &candidate->user;

	user->elected += event->code == EVENT_ELECTED;
	user->deposed += event->code == EVENT_DEPOSED;
	user->leader += event->code == EVENT_LEADER;
	if (user->deposed > user->elected || user->elected > user->deposed + 1)
		world_fail(candidate->world, "%s: elected %u times, deposed %u times", candidate->id,
			   user->elected, user->deposed);
	world_note(candidate->world, "%s says %s", candidate->id, event_name(event->code));
}

/* ---- answers ---- */

static inline void user_answer(struct sim_candidate *candidate)
{
	struct user *user = &candidate->user;
	enum order order = user->order;

	candidate->world->current = candidate;
	user->order = ORDER_NONE;
	user->answer_at = WORLD_NEVER;
	world_note(candidate->world, "%s has done order %d", candidate->id, order);
	if (order == ORDER_CONSIDER)
		election_consent(&candidate->election, user->consents);
	if (order == ORDER_PROMOTE)
		election_promoted(&candidate->election, user->promotes && user->primary);
	if (order == ORDER_DEMOTE || order == ORDER_FENCE) {
		user->bound = user->primary = false;
		election_demoted(&candidate->election);
	}
}

/* Its workload is killed, or ends by itself: the user sees that soon. */
static inline void user_die(struct sim_candidate *candidate)
{
	candidate->user.primary = false;
	candidate->user.noticed = candidate_now(candidate) + USER_NOTICES;
	world_note(candidate->world, "%s: its workload ends", candidate->id);
}

static inline void user_notice(struct sim_candidate *candidate)
{
	struct user *user = &candidate->user;

	candidate->world->current = candidate;
	user->noticed = WORLD_NEVER;
	user->restarts = candidate_now(candidate) + USER_RESTARTS;
	if (user->order == ORDER_DEMOTE || user->order == ORDER_FENCE)
		user->answer_at = candidate_now(candidate);
	election_set_able(&candidate->election, false, REASON_EXITED);
}

static inline void user_restart(struct sim_candidate *candidate)
{
	candidate->world->current = candidate;
	candidate->user.restarts = WORLD_NEVER;
	election_set_able(&candidate->election, true, REASON_NONE);
}

/* ---- candidates ---- */

static const struct election_ops user_ops = {
	.consider = on_consider, .promote = on_promote, .demote = on_demote, .fence = on_fence,
	.show = on_show, .on_stopped = on_stopped,
};

static inline void candidate_init(struct sim_candidate *candidate)
{
	struct error error = ERROR_INIT;

	candidate->world->current = candidate;
	bus_init(&candidate->loop.bus);
	candidate->deadman = WORLD_NEVER;
	candidate->user.order = ORDER_NONE;
	candidate->user.answer_at = candidate->user.noticed = candidate->user.restarts = WORLD_NEVER;
	candidate->user.stopped = candidate->user.shown = false;
	candidate->user.elected = candidate->user.deposed = 0;
	assert_true(agent_init(&candidate->agent, &candidate->loop, &candidate->consul_config,
			       &error));
	assert_true(election_init(&candidate->election, &candidate->agent,
				  &candidate->config, &user_ops, &error));
	subscribe(&candidate->events, &candidate->election.source, EVENT_ANY, on_election_event);
	candidate->running = true;
	candidate->life++;
	election_set_address(&candidate->election, "10.0.0.1:5432");
	election_set_able(&candidate->election, true, REASON_NONE);
}

static inline void candidate_start(struct sim_candidate *candidate)
{
	candidate_init(candidate);
	world_note(candidate->world, "%s starts", candidate->id);
	election_start(&candidate->election);
}

/* Dies at once; its requests that are under way may still arrive. */
static inline void candidate_end(struct sim_candidate *candidate)
{
	struct world *world = candidate->world;

	world->current = candidate;
	unsubscribe(&candidate->events);
	election_release(&candidate->election);
	agent_release(&candidate->agent);
	bus_release(&candidate->loop.bus);
	candidate->running = candidate->user.bound = candidate->user.primary = false;
	candidate->user.order = ORDER_NONE;
	candidate->deadman = WORLD_NEVER;
	world_note(world, "%s ends", candidate->id);
	for (size_t i = 0; i < world->timer_count; i++)
		if (world->timers[i]->loop == &candidate->loop)
			world_fail(world, "I9: %s leaves a timer", candidate->id);
	list_each(node, &world->messages) {
		struct message *message = list_entry(node, struct message, link);

		if (message->from == candidate && message->request)
			world_fail(world, "I9: %s leaves %s %s", candidate->id, message->method,
				   message->path);
	}
}

/* ---- invariants ---- */

static inline void on_lock(struct sim_consul *consul, const struct sim_key *key)
{
	struct world *world = container_of(consul, struct world, consul);
	size_t slot = world->locked++ % WORLD_LOCKS;

	world->locks[slot].epoch = key->modified;
	world->locks[slot].session = key->session;
	world_note(world, "the lock is taken by %s, epoch %lu",
		   world->candidates[consul->sessions[key->session].owner].id, key->modified);
}

static inline void on_unlock(struct sim_consul *consul, unsigned session, enum sim_cause cause)
{
	struct world *world = container_of(consul, struct world, consul);
	struct sim_candidate *candidate = &world->candidates[consul->sessions[session].owner];

	world_note(world, "the lock of %s is freed, cause %d", candidate->id, cause);
	if (cause == SIM_BY_HOLDER && candidate->user.bound && candidate->user.session == session)
		world_fail(world, "I8: %s releases its lock before it is demoted", candidate->id);
}

static inline void check_deadline(const struct sim_candidate *candidate)
{
	const struct world *world = candidate->world;
	const struct lease *lease = &candidate->election.leading.lease;
	double proof = world->consul.sessions[candidate->user.session].proof;
	double over = candidate_now(candidate) - proof - lease_hard(lease) - lease->kill;

	if (over > WORLD_SLACK)
		world_fail(world, "I6: %s is primary %g s beyond its deadline", candidate->id, over);
	if (candidate->deadman > proof + lease_hard(lease) + WORLD_SLACK)
		world_fail(world, "I6: %s: the dead man is set %g s too late", candidate->id,
			   candidate->deadman - proof - lease_hard(lease));
}

static inline void world_check(const struct world *world)
{
	const struct sim_candidate *primary = NULL;

	for (size_t i = 0; i < WORLD_CANDIDATES; i++) {
		const struct sim_candidate *candidate = &world->candidates[i];

		if (!candidate->user.bound && candidate->deadman != WORLD_NEVER)
			world_fail(world, "%s: the dead man waits for who does not lead",
				   candidate->id);
		if (!candidate->user.primary || candidate->frozen_until >= world->now)
			continue;
		check_deadline(candidate);
		if (candidate->user.epoch <= world->void_epoch)
			continue;
		if (primary)
			world_fail(world, "I1: %s and %s are primary", primary->id, candidate->id);
		primary = candidate;
	}
	if (world->consul.strange)
		world_fail(world, "Consul would not understand: %s", world->consul.strange);
}

#endif
