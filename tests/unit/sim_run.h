/* sim_run.h - for unit tests: makes a world (sim_world.h, sim_user.h) and lets its time go on. */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "sim_user.h"

/* ---- the next event ---- */

struct next {
	double at;
	int rank;			/* of those at one instant the lower is first */
	void (*fn)(struct world *world, void *what);
	void *what;
};

/* A delayed event is not overdue, but comes now. */
static inline void next_offer(struct next *next, const struct next *other)
{
	double at = fmax(other->at, the_world->now);

	if (at > next->at || (at == next->at && other->rank >= next->rank))
		return;
	*next = *other;
	next->at = at;
}

/* When the loop of a candidate can handle an event that is due at `time` by its clock. */
static inline double candidate_sees(const struct sim_candidate *candidate, double time)
{
	double held = fmax(candidate->stuck_until, candidate->frozen_until);

	return fmax(candidate_when(candidate, time), held);
}

static inline void next_is_expiry(struct world *world, void *what)
{
	(void)world;
	(void)what;			/* world_step() lets Consul reach every instant */
}

static inline void next_is_timer(struct world *world, void *what)
{
	struct timer *timer = what;

	__wrap_timer_stop(timer);
	world->current = timer_owner(timer);
	timer->fn(timer);
}

static inline void next_is_answer(struct world *world, void *what)
{
	(void)world;
	user_answer(what);
}

static inline void next_is_notice(struct world *world, void *what)
{
	(void)world;
	user_notice(what);
}

static inline void next_is_restart(struct world *world, void *what)
{
	(void)world;
	user_restart(what);
}

static inline void next_is_deadman(struct world *world, void *what)
{
	struct sim_candidate *candidate = what;

	world_note(world, "%s: the dead man kills", candidate->id);
	candidate->deadman = WORLD_NEVER;
	if (candidate->user.primary)
		user_die(candidate);
}

static inline void next_is_arrival(struct world *world, void *what)
{
	struct message *message = what;

	(void)world;
	if (message->fate == FATE_REFUSED)
		message_end(message, 0, "connection refused");
	else
		message_serve(message);
	if (!message->request && message->replied == WORLD_NEVER)
		message_free(message);
}

static inline void next_is_reply(struct world *world, void *what)
{
	struct message *message = what;
	AUTOFREE char *text = copy_string(message->answer.body.data);

	(void)world;
	message_end(message, message->answer.status, text);
	message_free(message);
}

static inline void next_is_given_up(struct world *world, void *what)
{
	struct message *message = what;

	(void)world;
	message_end(message, 0, "timed out");
	if (message->answer.status || message->fate == FATE_LOST)
		message_free(message);
}

static inline double message_arrives(const struct world *world, const struct message *message)
{
	double held = fmax(world->silent_until, message->from->cut_until);

	if (message->answer.status || message->fate == FATE_LOST)
		return WORLD_NEVER;
	if (message->fate == FATE_REFUSED)
		return candidate_sees(message->from, message->sent);
	if (!message->seen)
		return fmax(message->arrives, held);
	return message->seen < world->consul.index ? world->now
						   : fmax(message->waits_until, held);
}

static inline void next_of_message(struct world *world, struct message *message,
				   struct next *next)
{
	const struct sim_candidate *from = message->from;
	double held = fmax(fmax(world->silent_until, from->cut_until),
			   fmax(from->stuck_until, from->frozen_until));
	int rank = 1 + (int)(world_random(world) % 16);

	next_offer(next, &(struct next){ message_arrives(world, message), rank, next_is_arrival,
					 message });
	next_offer(next, &(struct next){ fmax(message->replied, held), rank, next_is_reply,
					 message });
	if (message->request)
		next_offer(next, &(struct next){ candidate_sees(from, message->given_up), rank,
						 next_is_given_up, message });
}

static inline void next_of_candidate(struct sim_candidate *candidate, struct next *next)
{
	struct user *user = &candidate->user;
	int rank = 1 + (int)(world_random(candidate->world) % 16);

	if (!candidate->running)
		return;
	next_offer(next, &(struct next){ candidate_sees(candidate, user->answer_at), rank,
					 next_is_answer, candidate });
	next_offer(next, &(struct next){ candidate_sees(candidate, user->noticed), rank,
					 next_is_notice, candidate });
	next_offer(next, &(struct next){ candidate_sees(candidate, user->restarts), rank,
					 next_is_restart, candidate });
	/* A signal comes before the next instruction of a thawed process. */
	next_offer(next, &(struct next){ fmax(candidate_when(candidate, candidate->deadman),
					      candidate->frozen_until), 0, next_is_deadman,
					 candidate });
}

static inline struct next world_next(struct world *world)
{
	struct next next = { .at = sim_next_expiry(&world->consul), .rank = 1,
			     .fn = next_is_expiry };

	list_each(node, &world->messages)
		next_of_message(world, list_entry(node, struct message, link), &next);
	for (size_t i = 0; i < world->timer_count; i++) {
		struct timer *timer = world->timers[i];

		next_offer(&next, &(struct next){
			candidate_sees(timer_owner(timer), timer->ev.at),
			1 + (int)(world_random(world) % 16), next_is_timer, timer });
	}
	for (size_t i = 0; i < WORLD_CANDIDATES; i++)
		next_of_candidate(&world->candidates[i], &next);
	return next;
}

/* ---- time goes on ---- */

static inline void world_settle(struct world *world)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < WORLD_CANDIDATES; i++)
			if (world->candidates[i].running)
				more = bus_drain(&world->candidates[i].loop.bus) || more;
	}
}

/* To the next instant, but not beyond `end`.  False: nothing happens until then. */
static inline bool world_step(struct world *world, double end)
{
	struct next next = world_next(world);

	if (next.at > end) {
		world->now = end;
		sim_expire(&world->consul, end);
		return false;
	}
	world->now = next.at;
	sim_expire(&world->consul, world->now);
	next.fn(world, next.what);
	world_settle(world);
	world->steps++;
	world_check(world);
	if (world->step)
		world->step(world);
	return true;
}

static inline void world_run(struct world *world, double seconds)
{
	double end = world->now + seconds;

	world_settle(world);
	while (world_step(world, end))
		;
}

typedef bool world_wish_fn(const struct world *world);

/* False: `wish` was not granted within so many seconds. */
static inline bool world_await(struct world *world, world_wish_fn *wish, double seconds)
{
	double end = world->now + seconds;

	world_settle(world);
	while (!wish(world))
		if (!world_step(world, end))
			return wish(world);
	return true;
}

/* ---- a world ---- */

static inline void user_init(struct user *user)
{
	*user = (struct user){
		.consider_time = 0.01, .promote_time = 0.1, .demote_time = 0.1, .fence_time = 0.05,
		.consents = true, .promotes = true,
		.answer_at = WORLD_NEVER, .noticed = WORLD_NEVER, .restarts = WORLD_NEVER,
	};
}

static inline struct world *world_new(const struct election_config *config, uint64_t seed)
{
	struct world *world = NEW(struct world);

	the_world = world;
	world->now = 1000;
	world->fork_time = 0.001;
	world->seed = seed;
	world->random = seed * 2654435769u + 88172645463325252u;
	world->current = &world->candidates[0];
	list_init(&world->messages);
	sim_consul_init(&world->consul);
	world->consul.now = world->now;
	world->consul.on_lock = on_lock;
	world->consul.on_unlock = on_unlock;
	for (int i = 0; i < WORLD_CANDIDATES; i++) {
		struct sim_candidate *candidate = &world->candidates[i];

		candidate->world = world;
		candidate->number = i;
		candidate->id = format_string("%c", 'a' + i);
		candidate->consul_config.address = copy_string("http://127.0.0.1:8500");
		candidate->config = *config;
		candidate->config.id = candidate->id;
		candidate->clock_rate = 1;
		candidate->deadman = WORLD_NEVER;
		user_init(&candidate->user);
	}
	return world;
}

static inline void world_free(struct world *world)
{
	for (size_t i = 0; i < WORLD_CANDIDATES; i++) {
		struct sim_candidate *candidate = &world->candidates[i];

		if (candidate->running)
			candidate_end(candidate);
		free(candidate->consul_config.address);
		free(candidate->id);
	}
	list_each(node, &world->messages)
		message_free(list_entry(node, struct message, link));
	sim_consul_release(&world->consul);
	free(world);
}

/* Where most tests begin: an election as it is by default. */
static inline struct election_config world_config(void)
{
	return (struct election_config){
		.name = (char *)"db", .key = (char *)"service/db/leader", .bind = BIND_ALIVE,
		.ttl = 10, .lock_delay = 10, .promote_timeout = 30, .demote_timeout = 2,
		.priority = 100, .candidate = true,
	};
}

#endif
