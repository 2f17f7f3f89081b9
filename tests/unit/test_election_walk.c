#include "consul/election/election.h"

#include "sim_story.h"

#include <cmocka.h>

/* Random walks: three candidates, and all that can go wrong.  After every step of the world the
 * invariants are checked (sim_user.h), and when nothing goes wrong any more there is a leader soon.
 *
 * SEED=n walks another way, STEPS=n further: steps in which faults happen.  A failure tells its
 * seed and the last that happened. */

enum { STEPS = 100000, ROUND = 150, ROUNDS = 5 };

static struct sim_candidate *any_candidate(struct world *world)
{
	return &world->candidates[world_random(world) % WORLD_CANDIDATES];
}

/* Mostly short, sometimes as long as `most`. */
static double some_time(struct world *world, double most)
{
	double chance = world_chance(world);

	return most * chance * chance * chance;
}

static struct sim_candidate *holder(const struct world *world)
{
	for (size_t i = 0; i < WORLD_CANDIDATES; i++)
		if (world->candidates[i].user.bound)
			return (struct sim_candidate *)&world->candidates[i];
	return NULL;
}

/* ---- faults ---- */

static void fault_cut(struct world *world)
{
	any_candidate(world)->cut_until = world->now + some_time(world, 40);
}

static void fault_silence(struct world *world)
{
	world->silent_until = world->now + some_time(world, 30);
}

static void fault_leaderless(struct world *world)
{
	sim_set_leaderless(&world->consul, !world->consul.leaderless);
}

static void fault_frozen(struct world *world)
{
	any_candidate(world)->frozen_until = world->now + some_time(world, 40);
}

static void fault_stuck(struct world *world)
{
	any_candidate(world)->stuck_until = world->now + some_time(world, 40);
}

static void fault_token(struct world *world)
{
	any_candidate(world)->unknown_until = world->now + some_time(world, 40);
}

static void fault_rights(struct world *world)
{
	any_candidate(world)->denied_until = world->now + some_time(world, 40);
}

/* Without a lock delay nothing protects the former holder. */
static void fault_session(struct world *world)
{
	unsigned number = world->consul.session_count - 1 - (unsigned)(world_random(world) % 8);

	if (number >= world->consul.session_count || !world->consul.sessions[number].alive)
		return;
	if (world->consul.sessions[number].lock_delay <= 0)
		world->void_epoch = world->consul.index;
	sim_end_session(&world->consul, number, SIM_BY_OTHERS);
}

static void fault_check(struct world *world)
{
	struct sim_check *check = &world->consul.checks[world_random(world) % WORLD_CANDIDATES];

	if (check->id)
		sim_forget_check(&world->consul, check, SIM_BY_OTHERS);
}

static void fault_value(struct world *world)
{
	static const char *const values[] = {
		"{\"id\":\"b\",\"epoch\":3}", "{\"id\":\"x\",\"released\":true,\"to\":\"c\"}",
		"{\"id\":7}", "not JSON", "", "[]",
	};
	size_t which = world_random(world) % (sizeof values / sizeof *values);
	const struct sim_key *key = sim_find_key(&world->consul, LOCK);

	/* A foreign value stays until the key is deleted. */
	if (key && key->session)
		sim_put(&world->consul, LOCK, values[which]);
}

/* The present holder loses the lock without the protection of the lock delay. */
static void fault_deletion(struct world *world)
{
	world->void_epoch = world->consul.index;
	sim_delete(&world->consul, LOCK, SIM_BY_OTHERS);
}

static void fault_pause(struct world *world)
{
	if (world_happens(world, 0.5))
		sim_put(&world->consul, LOCK "/pause", "{\"by\":\"me\"}");
	else
		sim_delete(&world->consul, LOCK "/pause", SIM_BY_OTHERS);
}

static void fault_step_down(struct world *world)
{
	long age = world_happens(world, 0.2) ? 100 : 0;
	AUTOFREE char *value = format_string(
		"{\"action\":\"step-down\",\"leader\":\"%s\",\"to\":\"%s\",\"at\":%ld,\"by\":\"x\"}",
		any_candidate(world)->id, any_candidate(world)->id,
		WORLD_EPOCH + (long)world->now - age);

	sim_put(&world->consul, LOCK "/request", value);
}

static void fault_exit(struct world *world)
{
	struct sim_candidate *candidate = any_candidate(world);

	if (candidate->running && candidate->user.restarts == WORLD_NEVER &&
	    candidate->frozen_until < world->now)
		user_die(candidate);
}

static bool is_awake(const struct sim_candidate *candidate)
{
	return candidate->running && candidate->stuck_until < candidate->world->now &&
	       candidate->frozen_until < candidate->world->now;
}

static void fault_health(struct world *world)
{
	struct sim_candidate *candidate = any_candidate(world);

	world->current = candidate;
	if (is_awake(candidate) && candidate->user.noticed == WORLD_NEVER &&
	    candidate->user.restarts == WORLD_NEVER) {
		election_set_able(&candidate->election, false, REASON_UNHEALTHY);
		candidate->user.restarts = candidate_now(candidate) + some_time(world, 20);
	}
}

static void fault_resign(struct world *world)
{
	struct sim_candidate *candidate = any_candidate(world);

	world->current = candidate;
	if (is_awake(candidate))
		election_resign(&candidate->election, REASON_RELOAD);
}

/* Killed, with all that it runs; or started again. */
static void fault_crash(struct world *world)
{
	struct sim_candidate *candidate = any_candidate(world);

	if (candidate->running)
		candidate_end(candidate);
	else
		candidate_start(candidate);
}

static void fault_leave(struct world *world)
{
	struct sim_candidate *candidate = any_candidate(world);

	world->current = candidate;
	if (is_awake(candidate))
		election_leave(&candidate->election, REASON_SHUTDOWN, 4);
}

static void fault_user(struct world *world)
{
	struct user *user = &any_candidate(world)->user;

	user->consider_time = world_happens(world, 0.1) ? 5 : some_time(world, 2);
	user->promote_time = world_happens(world, 0.1) ? WORLD_NEVER : some_time(world, 10);
	user->demote_time = world_happens(world, 0.2) ? WORLD_NEVER : some_time(world, 5);
	user->fence_time = some_time(world, 0.8);
	user->consents = world_happens(world, 0.8);
	user->promotes = world_happens(world, 0.8);
}

static void (*const faults[])(struct world *) = {
	fault_cut, fault_silence, fault_leaderless, fault_frozen, fault_stuck, fault_token,
	fault_rights, fault_session, fault_check, fault_value, fault_deletion, fault_pause,
	fault_step_down, fault_exit, fault_health, fault_resign, fault_crash, fault_leave,
	fault_user, fault_user, fault_cut,
};

/* Of single requests: lost, late by as much as a server may hold them, or answered late. */
static enum fate troubled(struct message *message)
{
	struct world *world = message->from->world;
	double chance = world_chance(world);

	message->arrives = world->now + 0.0002 + some_time(world, 0.02);
	message->delay = 0.0002 + some_time(world, 0.02);
	if (world_happens(world, 0.03))
		message->arrives += some_time(world, 40);
	if (world_happens(world, 0.03))
		message->delay += some_time(world, 40);
	return chance < 0.02 ? FATE_LOST : chance < 0.04 ? FATE_UNANSWERED :
	       chance < 0.05 ? FATE_REFUSED : chance < 0.07 ? FATE_ERROR : FATE_FINE;
}

/* ---- and when all is well again ---- */

/* The operator's part: deletes a value that no election has written. */
static void clean(struct world *world)
{
	const struct sim_key *key = sim_find_key(&world->consul, LOCK);

	if (sim_key_exists(key) && !key->session && !strstr(key->value, "\"id\":\""))
		sim_delete(&world->consul, key->key, SIM_BY_OTHERS);
	sim_delete(&world->consul, LOCK "/pause", SIM_BY_OTHERS);
	sim_delete(&world->consul, LOCK "/request", SIM_BY_OTHERS);
}

static void heal(struct world *world)
{
	world->fate = NULL;
	world->silent_until = 0;
	sim_set_leaderless(&world->consul, false);
	for (size_t i = 0; i < WORLD_CANDIDATES; i++) {
		struct sim_candidate *candidate = &world->candidates[i];

		candidate->cut_until = candidate->unknown_until = candidate->denied_until = 0;
		candidate->stuck_until = fmin(candidate->stuck_until, world->now);
		candidate->frozen_until = fmin(candidate->frozen_until, world->now);
		candidate->user.consents = candidate->user.promotes = true;
		candidate->user.consider_time = candidate->user.promote_time = 0.1;
		candidate->user.demote_time = candidate->user.fence_time = 0.1;
	}
}

/* One candidate leads by its own state, by the lock, and by the lock's value. */
static bool is_led(const struct world *world)
{
	const struct sim_candidate *leader = holder(world);
	const struct sim_key *key = sim_find_key((struct sim_consul *)&world->consul, LOCK);
	AUTOFREE char *epoch = leader ? format_string("\"epoch\":%lu", leader->election.leading.epoch) : NULL;

	return leader && key && leader->election.state == ELECTION_LEADER && leader->user.primary &&
	       key->value && key->session == leader->user.session && strstr(key->value, epoch) &&
	       leader->user.shown;
}

static void revive(struct world *world)
{
	for (size_t i = 0; i < WORLD_CANDIDATES; i++) {
		struct sim_candidate *candidate = &world->candidates[i];

		if (candidate->running && candidate->election.leading.leaving)
			candidate_end(candidate);
		if (!candidate->running)
			candidate_start(candidate);
	}
}

/* I4.  A session that is not destroyed lives for twice its TTL after the last late request has
 * arrived; and the user that hangs longest in an order to promote needs its own time. */
static void check_recovery(struct world *world)
{
	const struct election_config *config = &world->candidates[0].config;
	double bound = 40 + 2 * fmax(config->ttl, 10) + config->lock_delay +
		       config->promote_timeout + config->demote_timeout + 20;

	heal(world);
	revive(world);
	world_note(world, "all is well");
	world->step = clean;
	if (!world_await(world, is_led, bound))
		world_fail(world, "I4: no leader %g s after the last fault", bound);
	world_run(world, 75);		/* until nothing late can come, and no query hangs any more */
	if (!world_await(world, is_led, bound))
		world_fail(world, "I4: no leader for long");
}

/* Each of them could, if the others cannot. */
static void check_everybody(struct world *world)
{
	for (size_t i = 0; i < WORLD_CANDIDATES; i++) {
		for (size_t j = 0; j < WORLD_CANDIDATES; j++) {
			struct sim_candidate *candidate = &world->candidates[(i + j) % WORLD_CANDIDATES];

			world->current = candidate;
			election_set_able(&candidate->election, !j, REASON_UNHEALTHY);
		}
		world_note(world, "only %s can lead", world->candidates[i].id);
		if (!world_await(world, is_led, 60) || holder(world) != &world->candidates[i])
			world_fail(world, "I4: %s does not lead", world->candidates[i].id);
	}
	for (size_t i = 0; i < WORLD_CANDIDATES; i++) {
		world->current = &world->candidates[i];
		election_set_able(&world->candidates[i].election, true, REASON_NONE);
	}
}

static bool is_deposed(const struct world *world)
{
	return !is_led(world);
}

/* I7: no leader is deposed because Consul was silent for less than the lease allows. */
static void check_patience(struct world *world)
{
	struct sim_candidate *leader = holder(world);
	const struct lease *lease = &leader->election.leading.lease;
	double most = lease_soft(lease) - lease->renew - 2 * lease->attempt;
	unsigned long epoch = leader->election.leading.epoch;

	world->silent_until = world->now + world_chance(world) * fmax(most, 0);
	world_note(world, "silence");
	if (world_await(world, is_deposed, 3 * lease->protected) || leader->user.epoch != epoch)
		world_fail(world, "I7: deposed by a short silence");
}

/* I9: a candidate that has left for good leaves nothing in Consul. */
static void check_leaving(struct world *world)
{
	struct sim_candidate *candidate = any_candidate(world);

	world->current = candidate;
	election_leave(&candidate->election, REASON_SHUTDOWN, 4);
	world_run(world, 5);
	assert_true(candidate->user.stopped);
	if (sim_live_sessions(&world->consul, candidate->number))
		world_fail(world, "I9: %s leaves a session", candidate->id);
	candidate_end(candidate);
	candidate_start(candidate);
}

/* ---- walks ---- */

static const struct election_config profiles[] = {
	{ .bind = BIND_ALIVE, .ttl = 10, .lock_delay = 10, .demote_timeout = 2 },
	{ .bind = BIND_ALIVE, .ttl = 3, .lock_delay = 4, .demote_timeout = 0 },
	{ .bind = BIND_SESSION, .ttl = 15, .lock_delay = 15, .demote_timeout = 2 },
	{ .bind = BIND_SESSION, .ttl = 20, .lock_delay = 0, .demote_timeout = 2 },
};

static struct world *new_walk(uint64_t seed)
{
	const struct election_config *profile = &profiles[seed % 4];
	struct election_config config = world_config();
	struct world *world;

	config.bind = profile->bind;
	config.ttl = profile->ttl;
	config.lock_delay = profile->lock_delay;
	config.demote_timeout = profile->demote_timeout;
	config.promote_timeout = 5;
	world = world_new(&config, seed);
	for (size_t i = 0; i < WORLD_CANDIDATES; i++) {
		struct sim_candidate *candidate = &world->candidates[i];

		candidate->clock_offset = 1e5 * world_chance(world);
		candidate->clock_rate = 0.96 + 0.08 * world_chance(world);
		candidate->config.priority = (long)(world_random(world) % 101);
		candidate_start(candidate);
	}
	return world;
}

static void go_astray(struct world *world)
{
	unsigned long until = world->steps + ROUND;

	world->fate = troubled;
	world->step = NULL;
	while (world->steps < until) {
		if (world_happens(world, 0.1))
			faults[world_random(world) % (sizeof faults / sizeof *faults)](world);
		world_step(world, world->now + 5);
	}
}

static void walk(uint64_t seed)
{
	struct world *world = new_walk(seed);

	for (int round = 0; round < ROUNDS; round++) {
		go_astray(world);
		check_recovery(world);
	}
	check_everybody(world);
	check_patience(world);
	check_leaving(world);
	world_free(world);
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void test_walks(void **state)
{
	unsigned long first = setting("SEED", 1), walks = setting("STEPS", STEPS) / (ROUND * ROUNDS);

	(void)state;
	for (unsigned long i = 0; i <= walks; i++)
		walk(first + i);
	print_message("%lu steps with faults, SEED=%lu to %lu\n", (walks + 1) * ROUND * ROUNDS, first,
		      first + walks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
