#include "consul/election/election.h"

#include "sim_strike.h"

#include <cmocka.h>

/* Answers, notifications and deadlines that overtake each other. */

/* ---- requests for the lock, and for its release ---- */

/* The lock was taken, the answer is lost: the question finds out, and the epoch is the lock's. */
static void test_unanswered_acquire(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *leader;

	(void)state;
	strike(world, "\"lock\"", (struct trouble){ .fate = FATE_UNANSWERED }, 1);
	candidate_start(&world->candidates[0]);
	leader = await_leader(world, 5);
	assert_int_equal(leader->election.leading.epoch, world->locks[0].epoch);
	assert_int_equal(promotions(world), 1);
	world_free(world);
}

/* The request arrives after we have given it up: late, but ours. */
static void test_late_acquire(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);

	(void)state;
	/* Later attempts arrive even later. */
	strike(world, "\"lock\"", (struct trouble){ .late = 5 }, -1);
	candidate_start(&world->candidates[0]);
	world_run(world, 4.9);
	assert_int_equal(promotions(world), 0);
	await_leader(world, 3);		/* when the try that is under way is given up */
	assert_int_equal(promotions(world), 1);
	assert_int_equal(world->locked, 1);
	world_free(world);
}

/* It arrives after all was over: given back, as its user is not able to lead. */
static void test_unwanted_acquire(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *candidate = &world->candidates[0];

	(void)state;
	strike(world, "\"lock\"", (struct trouble){ .late = 5 }, 1);
	candidate_start(candidate);
	world_run(world, 1);
	election_set_able(&candidate->election, false, REASON_UNHEALTHY);
	world_run(world, 6);
	assert_int_equal(world->locked, 1);
	assert_int_equal(sim_find_key(&world->consul, LOCK)->session, 0);
	assert_int_equal(promotions(world), 0);
	world_free(world);
}

/* A release that comes true late must not be one of the next lock. */
static void test_late_release(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	strike(world, "unlock", (struct trouble){ .late = 8 }, 1);
	election_resign(&leader->election, REASON_RELOAD);
	await_leader(world, 8);
	assert_int_equal(promotions(world), 2);
	world_run(world, 20);		/* I8 is checked all the while */
	assert_ptr_equal(leader_of(world), leader);
	assert_int_equal(promotions(world), 2);
	world_free(world);
}

/* "Held" comes after the news that it is free again: there is no more news. */
static void test_overtaken_answer(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *candidate = &world->candidates[0];

	(void)state;
	strike(world, "\"lock\"", (struct trouble)SAYS(409,
		"{\"Errors\":[{\"What\":\"failed to lock key, lock is already held\"}]}"), 1);
	candidate_start(candidate);
	await_leader(world, 5);
	world_free(world);
}

/* The lock was won, but lost again, before the answer comes: the news was quicker. */
static void test_overtaken_acquire(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *candidate = &world->candidates[0];

	(void)state;
	strike(world, "\"lock\"", (struct trouble){ .delay = 1 }, 1);
	candidate_start(candidate);
	while (!world->locked)
		world_step(world, world->now + 1);
	world->void_epoch = world->consul.index;
	sim_delete(&world->consul, LOCK, SIM_BY_OTHERS);
	hold_lock(world, "{\"id\":\"c\"}");
	world_run(world, 5);
	assert_int_equal(promotions(world), 0);
	assert_int_equal(candidate->election.state, ELECTION_FOLLOWER);
	world_free(world);
}

/* The right to write is lost: the lock stays ours, and is not taken for a new one. */
static void test_release_denied(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	strike(world, "unlock", (struct trouble)SAYS(409,
		"{\"Errors\":[{\"What\":\"Permission denied\"}]}"), 3);
	election_resign(&leader->election, REASON_RELOAD);
	await_leader(world, 10);
	assert_false(leader->election.leading.epoch_refused);
	assert_int_equal(promotions(world), 2);
	world_free(world);
}

/* A lock delay of unknown end is waited for by knocking, and by nothing else. */
static void test_retries_acquire(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *late = &world->candidates[1];
	double began;

	(void)state;
	await_leader(world, 5);
	sim_end_session(&world->consul, 1, SIM_BY_OTHERS);
	candidate_end(&world->candidates[0]);
	began = world->now;
	strike(world, "/v1/kv/", (struct trouble){ 0 }, 0);
	candidate_start(late);
	await_leader(world, config.lock_delay + 1.5);
	assert_true(world->now - began > config.lock_delay);
	assert_in_range(late->user.orders[ORDER_CONSIDER], 8, 30);
	assert_in_range(hit.seen, 1, 5);
	world_free(world);
}

/* A lock delay whose begin was seen is awaited without requests. */
static void test_waiting_for_lock_delay(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5), *other;

	(void)state;
	other = &world->candidates[!leader->number];
	candidate_end(leader);
	assert_ptr_equal(await_leader(world, config.ttl + config.lock_delay + 1), other);
	assert_in_range(other->user.orders[ORDER_CONSIDER], 1, 4);
	world_free(world);
}

/* ---- news ---- */

/* News of before the lock was won come after it: they say nothing about it. */
static void test_stale_view(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *candidate = &world->candidates[0];

	(void)state;
	strike(world, "index=", (struct trouble){ .delay = 0.05 }, -1);
	sim_put(&world->consul, LOCK "/request", "{}");
	candidate_start(candidate);
	while (candidate->election.state != ELECTION_ASKING)
		world_step(world, world->now + 1);
	sim_put(&world->consul, LOCK "/request", "[]");
	await_leader(world, 5);
	assert_int_equal(candidate->user.orders[ORDER_DEMOTE], 0);
	assert_int_equal(candidate->user.orders[ORDER_FENCE], 0);
	world_free(world);
}

/* The query for news hangs, the promotion takes long, and meanwhile another has the lock: that is
 * seen when the value is written. */
static void test_silent_view(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *candidate = &world->candidates[0];

	(void)state;
	strike(world, "index=", (struct trouble){ .fate = FATE_LOST }, -1);
	candidate->user.promote_time = 1;
	candidate_start(candidate);
	while (!candidate->user.bound)
		world_step(world, world->now + 1);
	world->void_epoch = world->consul.index;
	sim_delete(&world->consul, LOCK, SIM_BY_OTHERS);
	hold_lock(world, "{\"id\":\"c\",\"epoch\":20}");
	world_run(world, 1.1);
	assert_int_equal(candidate->user.orders[ORDER_FENCE], 1);
	assert_false(candidate->user.bound);
	world_free(world);
}

/* A query that hung through a cut of the network may hang on: asked anew when all is well. */
static void test_hanging_query(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5), *follower = &world->candidates[1];
	char path[64];

	(void)state;
	strike(world, "index=", (struct trouble){ .fate = FATE_LOST }, 1);
	candidate_start(follower);
	world_run(world, 1);
	assert_int_equal(hit.times, 0);
	election_set_able(&leader->election, false, REASON_UNHEALTHY);
	world_run(world, 20);
	assert_null(leader_of(world));
	snprintf(path, sizeof path, "/renew/%s", follower->election.session.id);
	strike(world, path, (struct trouble){ .fate = FATE_REFUSED }, 1);
	assert_ptr_equal(await_leader(world, 5), follower);
	world_free(world);
}

/* After an error an agent may have forgotten everything: an old index would wait for nothing. */
static void test_index_after_error(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *follower = &world->candidates[1];

	(void)state;
	await_leader(world, 5);
	strike(world, "index=", (struct trouble){ .fate = FATE_REFUSED }, 1);
	candidate_start(follower);
	while (hit.times)
		world_step(world, world->now + 1);
	strike(world, "/v1/kv/", (struct trouble){ 0 }, 0);
	world_run(world, 1);
	assert_int_equal(hit.seen, 2);	/* the current keys, then a blocking query */
	world_free(world);
}

/* An index that went backwards is forgotten, too. */
static void test_index_backwards(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *observer = &world->candidates[0];
	struct sim_key *key;

	(void)state;
	for (int i = 0; i < 100; i++)
		sim_put(&world->consul, LOCK, i % 2 ? "{\"id\":\"x\"}" : "{\"id\":\"y\"}");
	observer->config.candidate = false;
	candidate_start(observer);
	world_run(world, 1);
	key = sim_find_key(&world->consul, LOCK);
	key->modified = world->consul.index = 20;
	world_run(world, 70);
	sim_put(&world->consul, LOCK, "{\"id\":\"z\"}");
	world_run(world, 1);
	assert_string_equal(observer->election.lock.view.id, "z");
	world_free(world);
}

/* ---- the leader's value ---- */

/* Overwritten before it is known to be written. */
static void test_overwritten_at_once(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);

	(void)state;
	strike(world, "check-session", (struct trouble){ .delay = 0.5 }, 1);
	candidate_start(&world->candidates[0]);
	while (!strstr(value_of(world), "epoch"))
		world_step(world, world->now + 1);
	sim_put(&world->consul, LOCK, "{\"id\":\"x\"}");
	world_run(world, 1);
	assert_non_null(strstr(value_of(world), "epoch"));
	assert_int_equal(hit.seen, 2);
	world_free(world);
}

/* Written, but not in view yet: that is not overwritten. */
static void test_not_in_view(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);

	(void)state;
	strike(world, "check-session", (struct trouble){ 0 }, 0);
	candidate_start(&world->candidates[0]);
	while (!world->candidates[0].user.bound)
		world_step(world, world->now + 1);
	world_run(world, 0.05);
	list_each(node, &world->messages)
		list_entry(node, struct message, link)->delay = 0.4;	/* of the news */
	await_leader(world, 5);
	world_run(world, 2);
	assert_int_equal(hit.seen, 1);
	world_free(world);
}

/* ---- the end of the lease ---- */

/* The loop hangs until the lease is over, and then hears first that all went well. */
static void test_promoted_too_late(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *candidate = &world->candidates[0];

	(void)state;
	candidate->user.promote_time = WORLD_NEVER;
	candidate_start(candidate);
	while (!candidate->user.bound)
		world_step(world, world->now + 1);
	candidate->stuck_until = WORLD_NEVER;
	world_run(world, 20);
	candidate->user.order = ORDER_NONE;
	election_promoted(&candidate->election, true);
	assert_int_equal(candidate->election.state, ELECTION_FENCING);
	assert_false(candidate->user.shown);
	world_free(world);
}

/* Or that it was demoted: that is the answer, and killing would come after it. */
static void test_demoted_too_late(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	leader->user.demote_time = WORLD_NEVER;
	election_resign(&leader->election, REASON_RELOAD);
	leader->stuck_until = WORLD_NEVER;
	world_run(world, 20);
	leader->user.order = ORDER_NONE;
	leader->user.bound = false;
	election_demoted(&leader->election);
	assert_int_equal(leader->user.orders[ORDER_FENCE], 0);
	assert_int_equal(leader->election.state, ELECTION_RELEASING);
	world_free(world);
}

/* That the lock was taken is a proof of the session: as good as a renewal, if there is a lock delay. */
static void test_lock_is_proof(void **state)
{
	struct election_config config = world_config();

	(void)state;
	for (int delayed = 0; delayed < 2; delayed++) {
		struct world *world;
		struct sim_candidate *candidate;

		config.bind = BIND_SESSION;
		config.ttl = 20;
		config.lock_delay = delayed ? 20 : 0;
		world = new_world(&config, 0);
		candidate = &world->candidates[0];
		candidate->user.consider_time = WORLD_NEVER;
		candidate_start(candidate);
		world_run(world, 1);
		candidate->election.session.confirmed -= lease_soft(&candidate->election.leading.lease);
		election_consent(&candidate->election, true);	/* the loop hung until now */
		world_run(world, 1);
		assert_int_equal(world->locked, 1);
		assert_int_equal(promotions(world), delayed);
		world_free(world);
	}
}

/* Without time to step down the user is killed: if the lock is lost ... */
static void test_lost_without_time(void **state)
{
	struct election_config config = world_config();
	struct world *world;
	struct sim_candidate *leader;

	(void)state;
	config.demote_timeout = 0;
	world = new_world(&config, 1);
	leader = await_leader(world, 5);
	sim_end_session(&world->consul, leader->user.session, SIM_BY_OTHERS);
	world_run(world, 0.01);
	assert_int_equal(leader->election.state, ELECTION_FENCING);
	assert_int_equal(leader->user.orders[ORDER_DEMOTE], 0);
	world_free(world);
}

/* ... nor if there is no lock delay that keeps others away; also when it is stepping down already. */
static void test_lost_without_lock_delay(void **state)
{
	struct election_config config = world_config();

	(void)state;
	config.bind = BIND_SESSION;
	config.ttl = 20;
	config.lock_delay = 0;
	for (int demoting = 0; demoting < 2; demoting++) {
		struct world *world = new_world(&config, 1);
		struct sim_candidate *leader = await_leader(world, 5);

		leader->user.demote_time = WORLD_NEVER;
		if (demoting)
			election_resign(&leader->election, REASON_RELOAD);
		world->void_epoch = world->consul.index;
		sim_end_session(&world->consul, leader->user.session, SIM_BY_OTHERS);
		world_run(world, demoting ? lease_hard(&leader->election.leading.lease) / 2 : 0.01);
		assert_int_equal(leader->user.orders[ORDER_FENCE], 1);
		assert_int_equal(leader->user.orders[ORDER_DEMOTE], demoting);
		world_free(world);
	}
}

/* ---- leftovers of earlier terms ---- */

static void test_successor_forgotten(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5);
	AUTOFREE char *request = format_string(
		"{\"action\":\"step-down\",\"leader\":\"a\",\"to\":\"b\",\"at\":%ld}",
		WORLD_EPOCH + (long)world->now);

	(void)state;
	sim_put(&world->consul, LOCK "/request", request);
	assert_true(world_await(world, has_none, 1));
	world_run(world, 1);
	assert_non_null(strstr(value_of(world), "\"to\":\"b\""));
	await_leader(world, 5);
	election_resign(&leader->election, REASON_RELOAD);
	world_run(world, 1);
	assert_non_null(strstr(value_of(world), "released"));
	assert_null(strstr(value_of(world), "\"to\""));
	world_free(world);
}

/* A request that cannot be cleared is served once all the same. */
static void test_request_stays(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5);
	AUTOFREE char *request = format_string(
		"{\"action\":\"step-down\",\"leader\":\"a\",\"at\":%ld}",
		WORLD_EPOCH + (long)world->now);

	(void)state;
	strike(world, "delete-cas", (struct trouble){ .fate = FATE_LOST }, -1);
	sim_put(&world->consul, LOCK "/request", request);
	world_run(world, 40);
	assert_int_equal(leader->user.orders[ORDER_DEMOTE], 1);
	assert_int_equal(leader->election.state, ELECTION_LEADER);
	world_free(world);
}

/* A former leader does not ask more often than other candidates. */
static void test_pause_after_leading(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5);
	char path[64];

	(void)state;
	election_resign(&leader->election, REASON_RELOAD);
	world_run(world, 5);
	assert_ptr_not_equal(leader_of(world), leader);
	snprintf(path, sizeof path, "/renew/%s", leader->election.session.id);
	strike(world, path, (struct trouble){ 0 }, 0);
	world_run(world, 100);
	assert_in_range(hit.seen, 29, 31);
	world_free(world);
}

/* I9: a thousand elections, and nothing more is there than after one. */
static void test_thousand(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 3);
	unsigned long epoch = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct sim_candidate *leader = await_leader(world, 5);

		assert_true(leader->election.leading.epoch > epoch);
		epoch = leader->election.leading.epoch;
		election_resign(&leader->election, REASON_RELOAD);
		assert_true(world_await(world, has_none, 1));
	}
	world_run(world, 5);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sim_live_sessions(&world->consul, i), 1);
	assert_true(world->timer_count <= 3 * 8);
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unanswered_acquire),
		cmocka_unit_test(test_late_acquire),
		cmocka_unit_test(test_unwanted_acquire),
		cmocka_unit_test(test_late_release),
		cmocka_unit_test(test_overtaken_answer),
		cmocka_unit_test(test_overtaken_acquire),
		cmocka_unit_test(test_release_denied),
		cmocka_unit_test(test_retries_acquire),
		cmocka_unit_test(test_waiting_for_lock_delay),
		cmocka_unit_test(test_stale_view),
		cmocka_unit_test(test_silent_view),
		cmocka_unit_test(test_hanging_query),
		cmocka_unit_test(test_index_after_error),
		cmocka_unit_test(test_index_backwards),
		cmocka_unit_test(test_overwritten_at_once),
		cmocka_unit_test(test_not_in_view),
		cmocka_unit_test(test_promoted_too_late),
		cmocka_unit_test(test_demoted_too_late),
		cmocka_unit_test(test_lock_is_proof),
		cmocka_unit_test(test_lost_without_time),
		cmocka_unit_test(test_lost_without_lock_delay),
		cmocka_unit_test(test_successor_forgotten),
		cmocka_unit_test(test_request_stays),
		cmocka_unit_test(test_pause_after_leading),
		cmocka_unit_test(test_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
