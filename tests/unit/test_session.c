#include "consul/election/session.h"

#include "base/strv.h"
#include "sim_story.h"

#include <cmocka.h>

/* A session without an election, and the simulated Consul. */
static struct fixture {
	struct world *world;
	struct sim_candidate *candidate;	/* only its clock, loop and agent are used */
	struct session session;
	unsigned opened, confirmed, recovered, lost, closed;
	struct strv asked;		/* "METHOD PATH BODY" */
	enum fate (*fate)(struct message *message);
} self;

static void on_open(struct session *session)
{
	assert_true(session_is_open(session));
	self.opened++;
}

static void on_recovered(struct session *session)
{
	(void)session;
	self.recovered++;
}

static void on_confirmed(struct session *session)
{
	(void)session;
	self.confirmed++;
}

static void on_lost(struct session *session)
{
	assert_false(session_is_open(session));
	self.lost++;
}

static void on_closed(struct session *session)
{
	assert_false(session_is_open(session));
	self.closed++;
}

static enum fate record(struct message *message)
{
	AUTOFREE char *text = format_string("%s %s %s", message->method, message->path,
					    message->body);

	strv_push(&self.asked, text);
	return self.fate ? self.fate(message) : FATE_FINE;
}

static void begin(const struct election_config *config)
{
	static const struct session_ops ops = {
		.on_open = on_open, .on_confirmed = on_confirmed,
		.on_recovered = on_recovered, .on_lost = on_lost,
	};

	self = (struct fixture){ .world = world_new(config, 1) };
	self.candidate = &self.world->candidates[0];
	self.world->fate = record;
	candidate_init(self.candidate);
	session_init(&self.session, &self.candidate->agent, &self.candidate->config, &ops);
}

static int tear_down(void **state)
{
	(void)state;
	session_release(&self.session);
	world_free(self.world);
	strv_release(&self.asked);
	return 0;
}

static void open_it(const struct election_config *config)
{
	begin(config);
	session_open(&self.session);
	world_run(self.world, 0.1);
	assert_true(session_is_open(&self.session));
	assert_int_equal(self.opened, 1);
}

static size_t count(const char *what)
{
	size_t found = 0;

	for (size_t i = 0; i < self.asked.count; i++)
		found += strstr(self.asked.items[i], what) != NULL;
	return found;
}

static void assert_asked(size_t index, const char *beginning)
{
	assert_true(index < self.asked.count);
	if (strncmp(self.asked.items[index], beginning, strlen(beginning)))
		fail_msg("%s is not %s", self.asked.items[index], beginning);
}

static bool says(size_t index, const char *text)
{
	return strstr(self.asked.items[index], text);
}

/* ---- */

static void test_opening(void **state)
{
	struct election_config config = world_config();

	(void)state;
	open_it(&config);
	assert_int_equal(self.asked.count, 4);
	assert_asked(0, "PUT /v1/agent/service/register ");
	assert_true(says(0, "\"Name\":\"db-election\"") && says(0, "\"ID\":\"db-election-a\"") &&
		    says(0, "\"TTL\":\"10s\"") && says(0, "\"Status\":\"passing\""));
	assert_asked(1, "PUT /v1/agent/check/pass/alive%3Adb-election-a");
	assert_asked(2, "GET /v1/session/list");
	assert_asked(3, "PUT /v1/session/create ");
	assert_true(says(3, "\"TTL\":\"10s\"") && says(3, "\"LockDelay\":\"10s\"") &&
		    says(3, "\"Behavior\":\"release\"") && says(3, "\"NodeChecks\":[]") &&
		    says(3, "\"ServiceChecks\":[{\"ID\":\"alive:db-election-a\"}]"));
	session_open(&self.session);
	world_run(self.world, 0.1);
	assert_int_equal(self.asked.count, 4);
}

/* Consul refuses session TTLs below 10 s; the check may have a shorter TTL. */
static void test_short_ttl(void **state)
{
	struct election_config config = world_config();

	(void)state;
	config.ttl = 3;
	config.lock_delay = 4;
	open_it(&config);
	assert_true(says(0, "\"TTL\":\"3s\""));
	assert_true(says(3, "\"TTL\":\"10s\"") && says(3, "\"LockDelay\":\"4s\""));
	world_run(self.world, 60);
	assert_int_equal(self.lost, 0);
	assert_in_range(count("/check/pass/"), 59, 61);
}

static void test_bound_to_ttl(void **state)
{
	struct election_config config = world_config();

	(void)state;
	config.bind = BIND_SESSION;
	open_it(&config);
	assert_int_equal(self.asked.count, 2);
	assert_asked(0, "GET /v1/session/list");
	assert_asked(1, "PUT /v1/session/create ");
	assert_true(says(1, "\"ServiceChecks\":[]"));
	world_run(self.world, 100);
	assert_int_equal(count("/agent/"), 0);
	assert_int_equal(self.lost, 0);
}

/* Renewals are frequent while the session holds a lock. */
static void test_intervals(void **state)
{
	struct election_config config = world_config();

	(void)state;
	open_it(&config);
	world_run(self.world, 100);
	assert_in_range(count("/renew/"), 29, 31);
	session_hold(&self.session, true);
	world_run(self.world, 100);
	assert_in_range(count("/renew/"), 68, 72);
	assert_int_equal(self.confirmed, count("/renew/"));
	assert_in_range(count("/check/pass/"), 59, 62);
}

/* Taking and losing the lock ten times a second must not postpone renewals. */
static void test_changing_holder(void **state)
{
	struct election_config config = world_config();

	(void)state;
	open_it(&config);
	for (int i = 0; i < 600; i++) {
		session_hold(&self.session, i % 2);
		world_run(self.world, 0.1);
	}
	assert_int_equal(self.lost, 0);
	assert_true(count("/renew/") >= 60 / 3.4);
}

static enum fate answer_late(struct message *message)
{
	if (strstr(message->path, "/renew/"))
		message->delay = 1;
	return FATE_FINE;
}

/* The time of the request counts, not of its answer. */
static void test_confirmed(void **state)
{
	struct election_config config = world_config();
	double before;

	(void)state;
	open_it(&config);
	before = self.session.confirmed;
	self.fate = answer_late;
	while (!self.confirmed)
		world_step(self.world, self.world->now + 1);
	assert_true(self.session.confirmed > before);
	assert_true(fabs(self.world->now - self.session.confirmed - 1) < 0.01);

	before = self.session.confirmed;
	session_confirm(&self.session, before - 1);
	assert_true(self.session.confirmed == before);
	session_confirm(&self.session, before + 0.5);
	assert_true(self.session.confirmed == before + 0.5);
}

/* Other answers show that the session exists, but do not renew it. */
static void test_not_confirmed(void **state)
{
	struct election_config config = world_config();
	double before;

	(void)state;
	config.bind = BIND_SESSION;
	config.lock_delay = 0;
	open_it(&config);
	before = self.session.confirmed;
	session_confirm(&self.session, before + 0.05);
	assert_true(self.session.confirmed == before);
	world_run(self.world, 5);
	assert_true(self.session.confirmed > before);
}

static enum fate lose_renewals(struct message *message)
{
	return strstr(message->path, "/renew/") ? FATE_LOST : FATE_FINE;
}

/* We give up by our own clock, and retry soon. */
static void test_unanswered(void **state)
{
	struct election_config config = world_config();

	(void)state;
	open_it(&config);
	session_hold(&self.session, true);
	self.fate = lose_renewals;
	world_run(self.world, 15);	/* each request may take 1.25 s */
	assert_in_range(count("/renew/"), 5, 10);
	assert_int_equal(self.lost, 0);
	assert_true(self.session.renewal_failed);
	self.fate = NULL;
	world_run(self.world, 3);
	assert_int_equal(self.lost, 0);
	assert_true(session_is_sound(&self.session));
	assert_int_equal(self.recovered, 1);
}

static void test_lost(void **state)
{
	struct election_config config = world_config();

	(void)state;
	open_it(&config);
	sim_end_session(&self.world->consul, 1, SIM_BY_OTHERS);
	world_run(self.world, 10);
	assert_int_equal(self.lost, 1);
	assert_int_equal(self.world->timer_count, 0);
	session_open(&self.session);
	world_run(self.world, 1);
	assert_int_equal(self.opened, 2);
	assert_int_equal(count("/register"), 1);
}

static enum fate forget_for_a_moment(struct message *message)
{
	if (!strstr(message->path, "/renew/") || count("/renew/") > 2)
		return FATE_FINE;
	message->says.status = 404;
	message->says.text = "Session id not found";
	return FATE_SAYS;
}

/* The answer of a new leader of the servers that has not yet replayed its log. */
static void test_lost_to_one_server(void **state)
{
	struct election_config config = world_config();

	(void)state;
	open_it(&config);
	self.fate = forget_for_a_moment;
	world_run(self.world, 15);
	assert_true(count("/info/") >= 1);
	assert_int_equal(self.lost, 0);
	assert_true(session_is_sound(&self.session));
	assert_int_equal(self.recovered, 1);
}

static void test_check_forgotten(void **state)
{
	struct election_config config = world_config();

	(void)state;
	open_it(&config);
	sim_forget_check(&self.world->consul, &self.world->consul.checks[0], SIM_BY_OTHERS);
	world_run(self.world, 4);
	assert_int_equal(self.lost, 1);
	session_open(&self.session);
	world_run(self.world, 1);
	assert_int_equal(self.opened, 2);
	assert_int_equal(count("/register"), 2);
}

static enum fate refuse_creation(struct message *message)
{
	return strstr(message->path, "/session/create") ? FATE_ERROR : FATE_FINE;
}

/* The check becomes critical, then disappears: no session can be bound to it. */
static void test_creation_refused(void **state)
{
	struct election_config config = world_config();

	(void)state;
	begin(&config);
	self.fate = refuse_creation;
	session_open(&self.session);
	world_run(self.world, 30);
	assert_in_range(count("/session/create"), 6, 20);
	self.world->consul.checks[0].passing = false;
	self.fate = NULL;
	world_run(self.world, 10);
	assert_int_equal(self.opened, 1);

	session_drop(&self.session);
	self.fate = refuse_creation;
	session_open(&self.session);
	world_run(self.world, 30);
	sim_forget_check(&self.world->consul, &self.world->consul.checks[0], SIM_BY_OTHERS);
	self.fate = NULL;
	world_run(self.world, 10);
	assert_int_equal(self.opened, 2);
}

/* ---- sessions of a previous process ---- */

/* Destroys sessions of our name, and no others. */
static void test_session_of_previous_process(void **state)
{
	struct election_config config = world_config();

	(void)state;
	begin(&config);
	make_session(self.world, self.session.name);
	make_session(self.world, "another");
	make_session(self.world, self.session.name);
	make_session(self.world, "");
	session_open(&self.session);
	world_run(self.world, 0.1);
	assert_int_equal(self.opened, 1);
	assert_int_equal(count("/session/destroy/"), 2);
	assert_false(self.world->consul.sessions[1].alive || self.world->consul.sessions[3].alive);
	assert_true(self.world->consul.sessions[2].alive && self.world->consul.sessions[4].alive);
}

/* ---- closing ---- */

static void test_closing(void **state)
{
	struct election_config config = world_config();

	(void)state;
	open_it(&config);
	session_close(&self.session, 1, on_closed);
	world_run(self.world, 0.1);
	assert_int_equal(self.closed, 1);
	assert_asked(4, "PUT /v1/session/destroy/00000000-0000-0000-0000-000000000001");
	assert_asked(5, "PUT /v1/agent/service/deregister/db-election-a");
	world_run(self.world, 100);
	assert_int_equal(self.closed, 1);
	assert_int_equal(self.asked.count, 6);
	assert_int_equal(self.world->timer_count, 0);
}

static void test_closing_without_consul(void **state)
{
	struct election_config config = world_config();

	(void)state;
	open_it(&config);
	self.world->silent_until = WORLD_NEVER;
	session_close(&self.session, 1, on_closed);
	world_run(self.world, 0.9);
	assert_int_equal(self.closed, 0);
	world_run(self.world, 0.2);
	assert_int_equal(self.closed, 1);
	world_run(self.world, 100);
	assert_int_equal(self.closed, 1);
	assert_int_equal(self.world->timer_count, 0);
}

/* Closing at any moment of the opening leaves no session behind. */
static void test_closing_early(void **state)
{
	struct election_config config = world_config();

	(void)state;
	for (int i = 0; i < 20; i++) {
		begin(&config);
		session_open(&self.session);
		world_run(self.world, 0.0005 * i);
		session_close(&self.session, 1, on_closed);
		world_run(self.world, 2);
		assert_int_equal(self.closed, 1);
		assert_int_equal(sim_live_sessions(&self.world->consul, 0), 0);
		assert_null(sim_find_check(&self.world->consul, "alive:db-election-a"));
		if (i < 19)
			tear_down(NULL);
	}
}

static void test_closing_twice(void **state)
{
	struct election_config config = world_config();

	(void)state;
	begin(&config);
	session_close(&self.session, 1, on_closed);
	assert_int_equal(self.closed, 1);
	assert_int_equal(self.asked.count, 0);
	session_release(&self.session);
	session_release(&self.session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_opening, tear_down),
		cmocka_unit_test_teardown(test_short_ttl, tear_down),
		cmocka_unit_test_teardown(test_bound_to_ttl, tear_down),
		cmocka_unit_test_teardown(test_intervals, tear_down),
		cmocka_unit_test_teardown(test_changing_holder, tear_down),
		cmocka_unit_test_teardown(test_confirmed, tear_down),
		cmocka_unit_test_teardown(test_not_confirmed, tear_down),
		cmocka_unit_test_teardown(test_unanswered, tear_down),
		cmocka_unit_test_teardown(test_lost, tear_down),
		cmocka_unit_test_teardown(test_lost_to_one_server, tear_down),
		cmocka_unit_test_teardown(test_check_forgotten, tear_down),
		cmocka_unit_test_teardown(test_creation_refused, tear_down),
		cmocka_unit_test_teardown(test_session_of_previous_process, tear_down),
		cmocka_unit_test_teardown(test_closing, tear_down),
		cmocka_unit_test_teardown(test_closing_without_consul, tear_down),
		cmocka_unit_test_teardown(test_closing_early, tear_down),
		cmocka_unit_test_teardown(test_closing_twice, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
