#include "consul/election/election.h"

#include "sim_story.h"

#include <cmocka.h>

/* The purposes of elections, in order: which candidate leads and when, the orders to users, and
 * the end of a user that does not obey. */

static struct sim_candidate *nth(struct world *world, size_t n) { return &world->candidates[n]; }

static double past(const struct world *world, double since)
{
	return world->now - since;
}

static void assert_about(double value, double expected, double error)
{
	if (value < expected - error || value > expected + error)
		fail_msg("%g is not %g, give or take %g", value, expected, error);
}

static void ask_for(struct world *world, const char *action, const char *leader, const char *to,
		    long age)
{
	AUTOFREE char *value = format_string(
		"{\"action\":\"%s\",\"leader\":\"%s\",\"to\":\"%s\",\"at\":%ld,\"by\":\"me\"}",
		action, leader, to, WORLD_EPOCH + (long)world->now - age);

	sim_put(&world->consul, LOCK "/request", value);
}

static bool has_request(struct world *world)
{
	return sim_key_exists(sim_find_key(&world->consul, LOCK "/request"));
}

/* ---- leaders ---- */

/* Three start at one instant: one is promoted, all learn its id, and nothing else is published. */
static void test_at_one_instant(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 3);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	world_run(world, 300);
	assert_ptr_equal(leader_of(world), leader);
	assert_int_equal(promotions(world), 1);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(nth(world, i)->user.leader, 1);
		assert_string_equal(nth(world, i)->election.observed.leader, leader->id);
		assert_string_equal(nth(world, i)->election.observed.leader_address, "10.0.0.1:5432");
		assert_int_equal(nth(world, i)->user.elected, nth(world, i) == leader);
		assert_int_equal(nth(world, i)->user.deposed, 0);
		assert_int_equal(nth(world, i)->election.observed.leader_epoch,
				 leader->election.leading.epoch);
	}
	world_free(world);
}

static void test_priority(void **state)
{
	struct election_config config = world_config();

	(void)state;
	for (size_t first = 0; first < 3; first++) {
		struct world *world = new_world(&config, 0);

		for (size_t i = 0; i < 3; i++)
			nth(world, i)->config.priority = i == first ? 100 : 50;
		for (size_t i = 0; i < 3; i++)
			candidate_start(nth(world, i));
		assert_ptr_equal(await_leader(world, 5), nth(world, first));
		world_free(world);
	}
}

/* An observer has no session, but knows the leader. */
static void test_observer(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *observer = nth(world, 0);

	(void)state;
	observer->config.candidate = false;
	candidate_start(observer);
	world_run(world, 10);
	assert_int_equal(sim_live_sessions(&world->consul, 0), 0);
	candidate_start(nth(world, 1));
	await_leader(world, 5);
	assert_int_equal(observer->user.leader, 1);
	assert_string_equal(observer->election.observed.leader, "b");
	assert_int_equal(observer->election.state, ELECTION_IDLE);
	election_leave(&observer->election, REASON_SHUTDOWN, 1);
	assert_true(observer->user.stopped);
	world_free(world);
}

static void test_unable_candidate(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *first = await_leader(world, 5), *second;

	(void)state;
	election_set_able(&first->election, false, REASON_UNHEALTHY);
	assert_int_equal(first->election.state, ELECTION_DEMOTING);
	assert_int_equal(first->election.leading.reason, REASON_UNHEALTHY);
	second = await_leader(world, 5);
	assert_ptr_not_equal(second, first);
	election_set_able(&second->election, false, REASON_EXITED);
	world_run(world, 60);
	assert_null(leader_of(world));
	election_set_able(&first->election, true, REASON_NONE);
	assert_ptr_equal(await_leader(world, 1), first);
	world_free(world);
}

/* canLead refuses: it is retried, and meanwhile another candidate is asked. */
static void test_candidates_disagree(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);

	(void)state;
	nth(world, 0)->user.consents = nth(world, 1)->user.consents = false;
	candidate_start(nth(world, 0));
	candidate_start(nth(world, 1));
	world_run(world, 10.5);
	assert_int_equal(nth(world, 0)->user.orders[ORDER_CONSIDER], 11);
	assert_int_equal(world->locked, 0);
	nth(world, 1)->user.consents = true;
	assert_ptr_equal(await_leader(world, 2), nth(world, 1));
	world_free(world);
}

/* canLead hangs: others go on, and its late answer does not count for a later order. */
static void test_agreement_too_late(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);

	(void)state;
	nth(world, 0)->user.consider_time = 5;
	nth(world, 1)->config.priority = 0;
	candidate_start(nth(world, 0));
	candidate_start(nth(world, 1));
	assert_ptr_equal(await_leader(world, 4), nth(world, 1));
	world_run(world, 10);
	assert_int_equal(promotions(world), 1);
	world_free(world);
}

/* ---- handing over ---- */

/* A leaving leader releases the lock before its session ends, so no lock delay follows. */
static void test_leaving(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5), *other;
	double began = world->now;

	(void)state;
	election_leave(&leader->election, REASON_SHUTDOWN, 4);
	assert_true(world_await(world, has_none, 1));
	assert_true(world_await(world, has_leader, 1));
	assert_true(past(world, began) < 0.4);	/* to demote, to ask, to promote */
	other = leader_of(world);
	assert_ptr_not_equal(other, leader);
	world_run(world, 1);
	assert_true(leader->user.stopped);
	assert_int_equal(leader->user.deposed, 1);
	assert_int_equal(sim_live_sessions(&world->consul, leader->number), 0);
	assert_null(sim_find_check(&world->consul, leader->election.session.check_id));
	assert_true(other->election.leading.epoch > leader->user.epoch);
	assert_int_equal(other->election.leading.previous_epoch, leader->user.epoch);
	world_free(world);
}

/* Consul answers nothing: it ends all the same, soon. */
static void test_leaving_without_consul(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	world->silent_until = WORLD_NEVER;
	election_leave(&leader->election, REASON_SHUTDOWN, 4);
	world_run(world, 6);
	assert_true(leader->user.stopped);
	assert_int_equal(leader->user.orders[ORDER_FENCE], 0);
	world_free(world);
}

/* In every state: TERM. */
static void test_leaving_early(void **state)
{
	struct election_config config = world_config();

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct world *world = new_world(&config, 1);
		struct sim_candidate *candidate = nth(world, 0);

		world_run(world, 0.001 * i);
		election_leave(&candidate->election, REASON_SHUTDOWN, 4);
		world_run(world, 7);
		assert_true(candidate->user.stopped);
		assert_int_equal(sim_live_sessions(&world->consul, 0), 0);
		world_free(world);
	}
}

static void step_down(uint64_t chance)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *leader;

	world->random += chance;
	nth(world, 1)->config.priority = 0;
	for (size_t i = 0; i < 3; i++)
		candidate_start(nth(world, i));
	leader = await_leader(world, 5);
	assert_ptr_not_equal(leader, nth(world, 1));
	ask_for(world, "step-down", leader->id, "b", 0);
	assert_true(world_await(world, has_none, 1));
	assert_int_equal(leader->election.leading.reason, REASON_STEP_DOWN);
	assert_ptr_equal(await_leader(world, 2), nth(world, 1));
	assert_false(has_request(world));
	assert_null(strstr(value_of(world), "\"to\""));

	ask_for(world, "step-down", "b", "", 0);	/* for any: a former leader lets others go first */
	assert_true(world_await(world, has_none, 1));
	assert_ptr_not_equal(await_leader(world, 2), nth(world, 1));
	world_free(world);
}

/* The named one comes first, however lucky the others are. */
static void test_step_down(void **state)
{
	(void)state;
	for (uint64_t chance = 0; chance < 10; chance++)
		step_down(chance);
}

/* The successor is absent: after a pause another candidate leads. */
static void test_step_down_without_successor(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	ask_for(world, "step-down", leader->id, "nobody", 0);
	assert_true(world_await(world, has_none, 1));
	assert_ptr_not_equal(await_leader(world, 3), leader);
	world_free(world);
}

static void test_requests_not_served(void **state)
{
	static const struct { const char *action, *leader; long age; } rows[] = {
		{ "step-down", "a", 61 }, { "step-down", "a", -61 }, { "step-down", "b", 0 },
		{ "step-down", "", 0 }, { "dance", "a", 0 }, { "accept-epoch", "", 61 },
	};
	static const char *const values[] = { "", "not JSON", "[]", "{}", "{\"action\":7}" };
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ask_for(world, rows[i].action, rows[i].leader, "", rows[i].age);
		world_run(world, 1);
		assert_false(has_request(world));
	}
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		sim_put(&world->consul, LOCK "/request", values[i]);
		world_run(world, 1);
		assert_false(has_request(world));
	}
	assert_ptr_equal(leader_of(world), leader);
	assert_int_equal(leader->user.deposed, 0);
	world_free(world);
}

/* A request that could not be cleared is not served twice. */
static void test_request_once(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	ask_for(world, "step-down", "a", "", 0);
	assert_true(world_await(world, has_none, 1));
	ask_for(world, "step-down", "x", "", 0);	/* the clearing of the first one does not hit it */
	assert_ptr_equal(await_leader(world, 5), leader);
	world_run(world, 10);
	assert_int_equal(leader->user.orders[ORDER_DEMOTE], 1);
	assert_false(has_request(world));
	world_free(world);
}

/* ---- pause ---- */

static void test_pause(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5), *other;

	(void)state;
	sim_put(&world->consul, LOCK "/pause", "{\"at\":1,\"by\":\"me\"}");
	world_run(world, 1);
	election_set_able(&leader->election, false, REASON_UNHEALTHY);
	world_run(world, 60);
	assert_ptr_equal(leader_of(world), leader);	/* merely unhealthy */
	election_set_able(&leader->election, true, REASON_NONE);
	user_die(leader);
	world_run(world, 60);
	assert_null(leader_of(world));
	assert_int_equal(promotions(world), 1);
	sim_delete(&world->consul, LOCK "/pause", SIM_BY_OTHERS);
	leader = await_leader(world, 5);

	sim_put(&world->consul, LOCK "/pause", "");
	world_run(world, 1);
	election_set_able(&leader->election, false, REASON_UNHEALTHY);
	sim_delete(&world->consul, LOCK "/pause", SIM_BY_OTHERS);
	other = await_leader(world, 5);
	world_run(world, 5);
	assert_ptr_not_equal(leader_of(world), leader);	/* unhealthy still */
	(void)other;
	world_free(world);
}

/* Its lease ends, paused or not. */
static void test_pause_without_consul(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	sim_put(&world->consul, LOCK "/pause", "{}");
	world_run(world, 1);
	world->silent_until = world->now + 20;
	world_run(world, 20);
	assert_int_equal(leader->user.deposed, 1);
	world_free(world);
}

/* ---- users that do not do as they are told ---- */

/* G6.  And others come first then, for a while. */
static void test_promotion_fails(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *candidate = nth(world, 0);

	(void)state;
	candidate->user.promotes = false;
	candidate_start(candidate);
	world_run(world, 1);
	assert_int_equal(candidate->user.orders[ORDER_PROMOTE], 1);
	assert_int_equal(candidate->user.orders[ORDER_DEMOTE], 1);
	assert_int_equal(candidate->election.leading.reason, REASON_PROMOTION);
	assert_int_equal(sim_find_key(&world->consul, LOCK)->session, 0);
	assert_int_equal(candidate->user.leader, 0);
	world_run(world, 8);
	assert_int_equal(candidate->user.orders[ORDER_PROMOTE], 1);
	candidate->user.promotes = true;
	await_leader(world, 5);
	world_free(world);
}

static void test_promotion_hangs(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	struct sim_candidate *candidate = nth(world, 0);
	double began;

	(void)state;
	candidate->user.promote_time = candidate->user.demote_time = WORLD_NEVER;
	candidate->user.fence_time = 1;
	candidate_start(candidate);
	while (!candidate->user.bound)
		world_step(world, world->now + 5);
	began = world->now;
	while (candidate->user.bound)
		world_step(world, world->now + 5);
	assert_about(past(world, began), config.promote_timeout + 1 + config.demote_timeout + 1, 0.1);
	world_free(world);
}

static void test_demotion_hangs(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5);
	double began = world->now;

	(void)state;
	leader->user.demote_time = WORLD_NEVER;
	election_resign(&leader->election, REASON_RELOAD);
	world_run(world, config.promote_timeout - 0.1);
	assert_int_equal(leader->election.state, ELECTION_DEMOTING);
	world_run(world, 0.2);
	assert_int_equal(leader->user.orders[ORDER_FENCE], 1);
	assert_ptr_not_equal(await_leader(world, 5), leader);
	assert_true(past(world, began) < config.promote_timeout + 2);
	world_free(world);
}

/* Its workload ends by itself: the lock is free at once. */
static void test_workload_ends(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5);
	double began = world->now;

	(void)state;
	user_die(leader);
	assert_true(world_await(world, has_none, 1));
	assert_true(world_await(world, has_leader, 1));
	assert_true(past(world, began) < 0.3);
	assert_ptr_not_equal(leader_of(world), leader);
	world_free(world);
}

/* ---- time ---- */

/* Silence: until soft nothing, then it steps down, at hard it is killed, and then others may. */
static void test_consul_unreachable(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5);
	const struct lease *lease = &leader->election.leading.lease;
	double confirmed;

	(void)state;
	world_run(world, 3);
	leader->user.demote_time = WORLD_NEVER;
	leader->cut_until = WORLD_NEVER;
	confirmed = leader->election.session.confirmed;
	world_run(world, confirmed + lease_soft(lease) - world->now - 0.001);
	assert_int_equal(leader->election.state, ELECTION_LEADER);
	world_run(world, 0.002);
	assert_int_equal(leader->election.state, ELECTION_DEMOTING);
	assert_about(leader->election.leading.deadline - world->now, config.demote_timeout, 0.01);
	world_run(world, confirmed + lease_hard(lease) - world->now - 0.001);
	assert_true(leader->user.primary);
	world_run(world, 0.002);
	assert_false(leader->user.primary);
	assert_int_equal(leader->user.orders[ORDER_FENCE], 1);
	assert_ptr_not_equal(await_leader(world, 60), leader);
	assert_true(past(world, confirmed) > lease->protected);
	world_free(world);
}

/* Without time to step down the user is killed at once. */
static void test_no_time_to_demote(void **state)
{
	struct election_config config = world_config();
	struct world *world;
	struct sim_candidate *leader;

	(void)state;
	config.ttl = 3;
	config.lock_delay = 4;
	config.demote_timeout = 0;
	world = new_world(&config, 2);
	leader = await_leader(world, 5);
	leader->cut_until = WORLD_NEVER;
	assert_true(world_await(world, has_none, 4));
	assert_int_equal(leader->user.orders[ORDER_DEMOTE], 0);
	assert_int_equal(leader->user.orders[ORDER_FENCE], 1);
	assert_ptr_not_equal(await_leader(world, config.ttl + config.lock_delay + 1), leader);
	world_free(world);
}

/* The loop does not come round: the dead man kills in time. */
static void test_stuck(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5);
	double deadline = leader->deadman;

	(void)state;
	leader->stuck_until = WORLD_NEVER;
	world_run(world, deadline - world->now - 0.001);
	assert_true(leader->user.primary);
	world_run(world, 0.002);
	assert_false(leader->user.primary);
	assert_false(world_await(world, has_none, 0));	/* it does not know that yet */
	world_run(world, 30);
	assert_true(nth(world, !leader->number)->user.primary);
	leader->stuck_until = world->now;
	world_run(world, 5);
	assert_int_equal(leader->election.state, ELECTION_FOLLOWER);
	world_free(world);
}

/* Frozen with its workload for long: killed before anything else when it thaws. */
static void test_frozen(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5), *other = nth(world, !leader->number);

	(void)state;
	leader->frozen_until = world->now + 60;
	world_run(world, 59);
	assert_int_equal(other->election.state, ELECTION_LEADER);
	world_run(world, 10);
	assert_false(leader->user.primary);
	assert_int_equal(leader->election.state, ELECTION_FOLLOWER);
	assert_int_equal(leader->user.orders[ORDER_PROMOTE], 1);
	assert_ptr_equal(leader_of(world), other);
	world_free(world);
}

/* Killed, and started again by the same name: it does not take itself for the leader that it was,
 * and does not keep its former session alive. */
static void test_killed(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *candidate = await_leader(world, 5);
	double began;

	(void)state;
	candidate_end(candidate);
	candidate_start(candidate);
	began = world->now;
	await_leader(world, 30);
	assert_true(past(world, began) < config.lock_delay + 2);
	assert_int_equal(promotions(world), 2);
	assert_int_equal(candidate->user.leader, 2);
	assert_int_equal(sim_live_sessions(&world->consul, 0), 1);
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_one_instant),
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_observer),
		cmocka_unit_test(test_unable_candidate),
		cmocka_unit_test(test_candidates_disagree),
		cmocka_unit_test(test_agreement_too_late),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_leaving_without_consul),
		cmocka_unit_test(test_leaving_early),
		cmocka_unit_test(test_step_down),
		cmocka_unit_test(test_step_down_without_successor),
		cmocka_unit_test(test_requests_not_served),
		cmocka_unit_test(test_request_once),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_pause_without_consul),
		cmocka_unit_test(test_promotion_fails),
		cmocka_unit_test(test_promotion_hangs),
		cmocka_unit_test(test_demotion_hangs),
		cmocka_unit_test(test_workload_ends),
		cmocka_unit_test(test_consul_unreachable),
		cmocka_unit_test(test_no_time_to_demote),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
