#include "consul/election/election.h"

#include <unistd.h>

#include "sim_strike.h"

#include <cmocka.h>

/* The troubles of Consul, one at a time. */

/* ---- answers that mean trouble ---- */

static const struct trouble troubles[] = {
	SAYS(500, "No cluster leader"),
	SAYS(500, "rpc error making call: EOF"),
	SAYS(500, "rpc error making call: leadership lost while committing log"),
	SAYS(500, "No known Consul servers"),
	SAYS(500, "No path to datacenter"),
	SAYS(500, ""),
	SAYS(403, "ACL not found"),
	SAYS(403, "Permission denied"),
	SAYS(401, ""),
	SAYS(429, "Your IP is issuing too many concurrent connections"),
	SAYS(503, ""),
	SAYS(301, ""),
	{ .fate = FATE_REFUSED },
	{ .fate = FATE_LOST },
	{ .fate = FATE_UNANSWERED },
};

enum { TROUBLES = sizeof troubles / sizeof *troubles };

/* A leader with such answers to its renewals goes on leading, until its lease ends. */
static void test_renewals(void **state)
{
	struct election_config config = world_config();

	(void)state;
	for (size_t i = 0; i < TROUBLES; i++) {
		struct world *world = new_world(&config, 2);
		struct sim_candidate *leader = await_leader(world, 5);
		double soft = lease_soft(&leader->election.leading.lease), began;

		strike(world, "/renew/", troubles[i], -1);
		began = leader->election.session.confirmed;
		world_run(world, soft - (world->now - began) - 0.01);
		if (leader_of(world) != leader || !hit.seen)
			world_fail(world, "deposed by trouble %zu, or there was none", i);
		world_run(world, 0.02);
		assert_int_equal(leader->election.state, ELECTION_DEMOTING);
		assert_int_equal(leader->election.leading.reason, REASON_UNREACHABLE);
		world->fate = NULL;
		await_leader(world, 60);
		world_free(world);
	}
}

/* A lock that was read as nonsense was not read: its leader leads on. */
static void test_nonsense_in_view(void **state)
{
	static const struct trouble nonsense[] = {
		SAYS(200, "{}"), SAYS(200, "null"), SAYS(200, "7"), SAYS(200, "[[{"), SAYS(200, ""),
	};
	struct election_config config = world_config();

	(void)state;
	for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
		struct world *world = new_world(&config, 2);
		struct sim_candidate *leader = await_leader(world, 5);

		strike(world, "recurse", nonsense[i], 5);
		lock_refresh(&leader->election.lock);
		world_run(world, 30);
		assert_int_equal(hit.times, 0);
		assert_ptr_equal(leader_of(world), leader);
		assert_int_equal(promotions(world), 1);
		world_free(world);
	}
}

/* An unusable answer makes no candidate lead, and none gives up. */
static void test_acquiring(void **state)
{
	static const struct trouble others[] = {
		SAYS(200, "{\"Results\":[{\"KV\":{\"LockIn"),
		SAYS(200, "{}"), SAYS(200, ""),
		SAYS(409, "{\"Results\":null,\"Errors\":[{\"OpIndex\":0,\"What\":\"odd\"}]}"),
		SAYS(409, ""),
		SAYS(409, "{\"Errors\":[{\"What\":\"Permission denied\"}]}"),
		SAYS(409, "{\"Errors\":[{\"What\":\"invalid session \\\"x\\\"\"}]}"),
		SAYS(500, "rpc error making call: invalid session \"x\""),
	};
	struct election_config config = world_config();

	(void)state;
	for (size_t i = 0; i < TROUBLES + sizeof others / sizeof *others; i++) {
		const struct trouble *trouble = i < TROUBLES ? &troubles[i] : &others[i - TROUBLES];
		struct world *world = new_world(&config, 0);

		strike(world, "\"lock\"", *trouble, 3);
		candidate_start(&world->candidates[0]);
		await_leader(world, 20);
		assert_int_equal(promotions(world), 1);
		assert_int_equal(hit.seen, trouble->fate == FATE_UNANSWERED ? 1 : 4);
		world_free(world);
	}
}

/* Each request on the way to a session, and the query of the lock, is retried until it succeeds. */
static void test_opening(void **state)
{
	static const char *const requests[] = {
		"/service/register", "/check/pass/", "/session/list", "/session/create", "/v1/kv/",
	};
	struct election_config config = world_config();

	(void)state;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		for (size_t j = 0; j < TROUBLES; j++) {
			struct world *world = new_world(&config, 0);
			bool hangs = troubles[j].fate == FATE_LOST ||
				     troubles[j].fate == FATE_UNANSWERED;

			strike(world, requests[i], troubles[j], hangs ? 1 : 3);
			candidate_start(&world->candidates[0]);
			await_leader(world, 90);
			assert_int_equal(hit.times, 0);
			world_free(world);
		}
}

/* A write of the value that fails is retried, also if it was denied. */
static void test_writing(void **state)
{
	struct election_config config = world_config();

	(void)state;
	for (size_t i = 0; i < TROUBLES; i++) {
		struct world *world = new_world(&config, 0);

		strike(world, "check-session", troubles[i], 2);
		candidate_start(&world->candidates[0]);
		await_leader(world, 20);
		world_run(world, 10);
		assert_int_equal(hit.times, 0);
		assert_non_null(strstr(value_of(world), "\"epoch\""));
		assert_int_equal(promotions(world), 1);
		world_free(world);
	}
}

/* ---- other writers of the key ---- */

static void test_value_overwritten(void **state)
{
	static const char *const values[] = {
		"{\"id\":\"b\",\"address\":\"x\",\"epoch\":3}", "not JSON", "", "7", "{\"id\":[]}",
		"{\"id\":\"b\",\"address\":\"x\",\"epoch\":9223372036854775807}",
		"{\"id\":\"b\",\"address\":\"$(x)\",\"epoch\":3}",
	};
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5);
	AUTOFREE char *value = copy_string(value_of(world));

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		sim_put(&world->consul, LOCK, values[i]);
		world_run(world, 1);
		assert_string_equal(value_of(world), value);
	}
	assert_ptr_equal(leader_of(world), leader);
	assert_int_equal(promotions(world), 1);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(world->candidates[i].user.leader, 1);	/* no hook saw them */
	world_free(world);
}

/* Nothing protects then: the leader is killed as soon as it sees that. */
static void test_key_deleted(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	world->void_epoch = world->consul.index;
	sim_delete(&world->consul, LOCK, SIM_BY_OTHERS);
	world_run(world, 0.005);
	assert_int_equal(leader->election.state, ELECTION_FENCING);
	assert_int_equal(leader->election.leading.reason, REASON_LOST);
	assert_ptr_not_equal(await_leader(world, 5), leader);
	world_free(world);
}

/* The lock delay protects: there is time to step down. */
static void test_session_destroyed(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5);
	double began = world->now;

	(void)state;
	sim_end_session(&world->consul, leader->user.session, SIM_BY_OTHERS);
	world_run(world, 0.005);
	assert_int_equal(leader->election.state, ELECTION_DEMOTING);
	assert_int_equal(leader->election.leading.reason, REASON_LOST);
	await_leader(world, 15);
	assert_int_equal(leader->user.orders[ORDER_FENCE], 0);
	assert_true(world->now - began > config.lock_delay);
	assert_true(world->now - began < config.lock_delay + 2);
	world_free(world);
}

/* A foreign value is not overwritten; when it is gone, a candidate leads. */
static void test_foreign_key(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);

	(void)state;
	sim_put(&world->consul, LOCK, "precious");
	candidate_start(&world->candidates[0]);
	world_run(world, 30);
	assert_string_equal(value_of(world), "precious");
	sim_delete(&world->consul, LOCK, SIM_BY_OTHERS);
	await_leader(world, 5);
	world_free(world);
}

/* As by another program that uses the same key. */
static void test_foreign_session(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 0);
	unsigned long modified;
	struct sim_key *key;

	(void)state;
	hold_lock(world, "theirs");
	key = sim_find_key(&world->consul, LOCK);
	modified = key->modified;
	candidate_start(&world->candidates[0]);
	world_run(world, 30);
	assert_int_equal(promotions(world), 0);
	assert_int_equal(world->candidates[0].user.leader, 0);
	assert_true(key->modified == modified && key->session);
	world_free(world);
}

/* ---- trouble within Consul ---- */

/* A new leader of Consul within the lease: no leader is deposed. */
static void test_consul_without_leader(void **state)
{
	struct election_config config = world_config();
	struct world *world;
	struct sim_candidate *leader;

	(void)state;
	config.lock_delay = config.ttl = 30;
	world = new_world(&config, 3);
	leader = await_leader(world, 5);
	sim_set_leaderless(&world->consul, true);
	world_run(world, 13);		/* with Consul's default timing */
	sim_set_leaderless(&world->consul, false);
	world_run(world, 60);
	assert_ptr_equal(leader_of(world), leader);
	assert_int_equal(leader->user.deposed, 0);
	world_free(world);
}

/* The data are lost and indexes start again: no candidate leads with a lower epoch, until told. */
static void test_data_lost(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	AUTOFREE char *request = NULL;
	struct sim_candidate *leader;

	(void)state;
	for (int i = 0; i < 50; i++)
		sim_put(&world->consul, "other", i % 2 ? "a" : "b");
	leader = await_leader(world, 5);
	world->void_epoch = leader->election.leading.epoch;
	sim_lose_data(&world->consul);
	assert_true(world_await(world, has_none, 10));
	world_run(world, 60);
	assert_int_equal(promotions(world), 1);
	assert_true(leader->election.leading.epoch_refused);
	request = format_string("{\"action\":\"accept-epoch\",\"by\":\"me\",\"at\":%ld}",
				WORLD_EPOCH + (long)world->now);
	sim_put(&world->consul, LOCK "/request", request);
	leader = await_leader(world, 20);
	assert_int_equal(promotions(world), 2);
	assert_true(leader->election.leading.epoch < world->void_epoch);
	world_free(world);
}

/* Inputs that arrive during a step are all kept, however many they are: the last is the one that counts. */
static void test_many_inputs(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct election *election = &world->candidates[0].election;

	(void)state;
	await_leader(world, 5);
	election->stepping = true;
	for (int i = 0; i < 99; i++)
		election_step(election, ELECTION_CONSENT);	/* a leader ignores it */
	election_step(election, ELECTION_LEAVE);
	election->stepping = false;
	assert_int_equal(election->state, ELECTION_LEADER);
	election_step(election, ELECTION_CONSENT);
	assert_int_equal(election->input_count, 0);
	assert_int_not_equal(election->state, ELECTION_LEADER);
	world_free(world);
}

/* The file outlives the process. */
static void test_epoch_file(void **state)
{
	char path[] = "/tmp/epoch-XXXXXX";
	struct election_config config = world_config();
	unsigned long epoch, highest = 0;
	struct world *world;
	FILE *file;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	config.epoch_file = path;
	world = new_world(&config, 1);
	epoch = await_leader(world, 5)->election.leading.epoch;
	world_free(world);
	file = fopen(path, "r");
	assert_int_equal(fscanf(file, "%lu", &highest), 1);
	fclose(file);
	assert_int_equal(highest, epoch);

	world = new_world(&config, 1);	/* another Consul, whose indexes are the same */
	world_run(world, 30);
	assert_int_equal(promotions(world), 0);
	assert_true(world->candidates[0].election.leading.epoch_refused);
	world_free(world);
	unlink(path);
}

static bool is_saving(const struct world *world)
{
	return world->candidates[0].election.state == ELECTION_SAVING;
}

/* The disk hangs for longer than a lease: the session is renewed meanwhile, and promotion follows. */
static void test_epoch_file_slow(void **state)
{
	char path[] = "/tmp/epoch-XXXXXX";
	struct election_config config = world_config();
	struct world *world;
	struct sim_candidate *candidate;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	config.epoch_file = path;
	config.lock_delay = 4;
	config.ttl = 3;
	config.demote_timeout = 0;
	world = new_world(&config, 1);
	candidate = &world->candidates[0];
	world->fork_time = 9;
	assert_true(world_await(world, is_saving, 5));
	world_run(world, 8.5);
	assert_true(is_saving(world));
	assert_int_equal(candidate->user.orders[ORDER_PROMOTE], 0);
	assert_true(world->now - candidate->election.session.confirmed < 2);
	assert_ptr_equal(await_leader(world, 2), candidate);
	assert_int_equal(candidate->user.elected, 1);
	world_free(world);
	unlink(path);
}

/* The disk hangs for ever: the lock is released after promoteTimeout, and hooks see nothing. */
static void test_epoch_file_hangs(void **state)
{
	struct election_config config = world_config();
	struct world *world;
	struct sim_candidate *candidate;

	(void)state;
	config.epoch_file = (char *)"/nonexistent/epoch";
	world = new_world(&config, 2);
	candidate = &world->candidates[0];
	world->fork_time = WORLD_NEVER;
	world_run(world, config.promote_timeout + 2);
	assert_int_equal(promotions(world), 0);
	assert_int_equal(candidate->user.deposed, 0);
	assert_false(is_saving(world) && world->candidates[1].election.state == ELECTION_SAVING);
	world_free(world);
}

/* The lock is lost while the disk hangs: the late end of the writer promotes no candidate. */
static void test_epoch_file_slow_and_lock_lost(void **state)
{
	struct election_config config = world_config();
	struct world *world;
	struct sim_candidate *candidate;

	(void)state;
	config.epoch_file = (char *)"/nonexistent/epoch";
	world = new_world(&config, 1);
	candidate = &world->candidates[0];
	world->fork_time = 9;
	assert_true(world_await(world, is_saving, 5));
	candidate->cut_until = world->now + 100;
	world_run(world, 20);
	assert_int_equal(candidate->user.orders[ORDER_PROMOTE], 0);
	assert_int_not_equal(candidate->election.state, ELECTION_SAVING);
	world_free(world);
}

/* A full or read-only disk does not keep a candidate from leading. */
static void test_epoch_file_fails(void **state)
{
	struct election_config config = world_config();
	struct world *world;

	(void)state;
	config.epoch_file = (char *)"/nonexistent/epoch";
	world = new_world(&config, 1);
	await_leader(world, 5);
	world_free(world);
}

/* The agent has lost services and checks, the servers know nothing of that yet. */
static void test_agent_forgets(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 1);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	sim_forget_check(&world->consul, &world->consul.checks[0], SIM_BY_OTHERS);
	assert_true(world_await(world, has_none, 5));
	assert_ptr_equal(await_leader(world, 30), leader);
	assert_int_equal(leader->user.orders[ORDER_FENCE], 0);
	world_free(world);
}

/* The policy has changed: Consul hides keys that the token may not read. */
static void test_rights_lost(void **state)
{
	struct election_config config = world_config();
	struct world *world = new_world(&config, 2);
	struct sim_candidate *leader = await_leader(world, 5);

	(void)state;
	leader->denied_until = world->now + 60;
	assert_true(world_await(world, has_none, 10));
	assert_ptr_not_equal(await_leader(world, 60), leader);
	world_run(world, 60);
	assert_false(leader->election.leading.epoch_refused);
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_renewals),
		cmocka_unit_test(test_nonsense_in_view),
		cmocka_unit_test(test_acquiring),
		cmocka_unit_test(test_opening),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_value_overwritten),
		cmocka_unit_test(test_key_deleted),
		cmocka_unit_test(test_session_destroyed),
		cmocka_unit_test(test_foreign_key),
		cmocka_unit_test(test_foreign_session),
		cmocka_unit_test(test_consul_without_leader),
		cmocka_unit_test(test_data_lost),
		cmocka_unit_test(test_many_inputs),
		cmocka_unit_test(test_epoch_file),
		cmocka_unit_test(test_epoch_file_slow),
		cmocka_unit_test(test_epoch_file_hangs),
		cmocka_unit_test(test_epoch_file_slow_and_lock_lost),
		cmocka_unit_test(test_epoch_file_fails),
		cmocka_unit_test(test_agent_forgets),
		cmocka_unit_test(test_rights_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
