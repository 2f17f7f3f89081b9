#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "environment.h"

/* With the job "app", a port and Consul. */
static struct config *load(const char *text)
{
	AUTOFREE char *whole = format_string(
		"consul = \"127.0.0.1:1\"; jobs = ( { name = \"app\"; exec = \"app\"; port = 80;"
		"tags = [ \"a\" ]; meta = { k = \"v\"; }; interfaces = \"static:192.0.2.1\";"
		"health = { exec = \"true\"; interval = 5; ttl = 20; };"
		"services = ( { name = \"admin\"; port = 81; } ); },"
		"{ name = \"cron\"; exec = \"cron\"; runs = \"election.cron\"; } );"
		"elections = ( { name = \"cron\"; }, %s );", text);
	CLEANUP(load_error_release) struct load_error error = { 0 };
	struct config *config = load_text(whole, "x.conf", &error);

	if (!config)
		fail_msg("%s", error.mistakes.items[0]);
	return config;
}

static void config_release(struct config **config)
{
	config_free(*config);
}

#define LOAD(text) CLEANUP(config_release) struct config *config = load(text)

static void test_defaults(void **state)
{
	LOAD("{ name = \"db\"; job = \"app\"; }");
	const struct election_config *election = config->elections[1];
	char host[256] = "";

	(void)state;
	gethostname(host, sizeof host - 1);
	assert_int_equal(config->election_count, 2);
	assert_string_equal(election->name, "db");
	assert_string_equal(election->key, "service/db/leader");
	assert_string_equal(election->id, host);
	assert_string_equal(election->job, "app");
	assert_int_equal(election->bind, BIND_ALIVE);
	assert_true(election->ttl == 10 && election->lock_delay == 10);
	assert_true(election->promote_timeout == 30 && election->demote_timeout == 2);
	assert_int_equal(election->priority, 100);
	assert_true(election->candidate);
	assert_null(election->tag);
	assert_null(election->service);
	assert_null(election->epoch_file);
	assert_int_equal(election->can_lead.exec.argv.count, 0);
	assert_non_null(election->tree);
	assert_null(config->elections[0]->job);
}

static void test_all_keys(void **state)
{
	LOAD("{ name = \"db\"; job = \"app\"; key = \"a/b\"; id = \"me\"; bind = \"session\"; ttl = 11;"
	     "lockDelay = 12; promoteTimeout = 13; demoteTimeout = \"1500ms\"; priority = 7;"
	     "candidate = true; tag = \"primary\"; service = \"app-primary\"; canLead = \"ask me\";"
	     "epochFile = \"/var/lib/epoch\"; }");
	const struct election_config *election = config->elections[1];

	(void)state;
	assert_string_equal(election->key, "a/b");
	assert_string_equal(election->id, "me");
	assert_int_equal(election->bind, BIND_SESSION);
	assert_true(election->ttl == 11 && election->lock_delay == 12);
	assert_true(election->promote_timeout == 13 && election->demote_timeout == 1.5);
	assert_int_equal(election->priority, 7);
	assert_string_equal(election->tag, "primary");
	assert_string_equal(election->service, "app-primary");
	assert_int_equal(election->can_lead.exec.argv.count, 2);
	assert_true(election->can_lead.timeout == 5);
	assert_string_equal(election->epoch_file, "/var/lib/epoch");
}

static void has_times(const char *text, double ttl, double lock_delay, double demote_timeout)
{
	AUTOFREE char *election = format_string("{ name = \"db\"; job = \"app\"; %s }", text);

	LOAD(election);
	assert_true(config->elections[1]->ttl == ttl);
	assert_true(config->elections[1]->lock_delay == lock_delay);
	assert_true(config->elections[1]->demote_timeout == demote_timeout);
}

static void test_profiles(void **state)
{
	(void)state;
	has_times("profile = \"standard\";", 10, 10, 2);
	has_times("profile = \"fast\";", 3, 4, 0);
	has_times("profile = \"safe\";", 30, 30, 2);
	has_times("lockDelay = 20; profile = \"fast\";", 3, 20, 0);
	has_times("demoteTimeout = 5; profile = \"safe\"; ttl = 40;", 40, 30, 5);
	has_times("profile = \"safe\"; demoteTimeout = 0;", 30, 30, 0);
}

static void test_can_lead(void **state)
{
	LOAD("{ name = \"db\"; job = \"app\"; canLead = { exec = [ \"ask\" ]; timeout = 2; cwd = \"/\"; }; }");

	(void)state;
	assert_true(config->elections[1]->can_lead.timeout == 2);
	assert_string_equal(config->elections[1]->can_lead.exec.cwd, "/");
}

static void test_observer(void **state)
{
	LOAD("{ name = \"db\"; candidate = false; onLeader = \"look\"; }");

	(void)state;
	assert_false(config->elections[1]->candidate);
	assert_null(config->elections[1]->job);
	assert_string_equal(config->jobs[2]->name, "db.onLeader");
	assert_int_equal(config->jobs[2]->when.code, EVENT_LEADER);
	assert_true(config->jobs[2]->timeout == 30);
	assert_int_equal(config->jobs[2]->restarts, ON_FAILURE);
}

static void test_hooks(void **state)
{
	LOAD("{ name = \"db\"; job = \"app\"; promoteTimeout = \"7s\"; onElected = \"up\";"
	     "onDeposed = { exec = \"down\"; timeout = 3; user = \"65534\"; }; }");
	const struct job_config *up = config->jobs[2], *down = config->jobs[3];

	(void)state;
	assert_string_equal(up->name, "db.onElected");
	assert_string_equal(up->when.source, "election.db");
	assert_int_equal(up->when.code, EVENT_ELECTED);
	assert_true(up->when.each);
	assert_true(up->timeout == 7);
	assert_int_equal(up->restarts, 0);
	assert_false(up->essential);
	assert_null(up->runs);
	assert_string_equal(down->name, "db.onDeposed");
	assert_int_equal(down->when.code, EVENT_DEPOSED);
	assert_true(down->timeout == 3);
	assert_true(down->exec.identity.set);
	assert_true(config->jobs[0]->essential);
}

static void test_runs(void **state)
{
	LOAD("{ name = \"db\"; job = \"app\"; }");
	const struct job_config *cron = config->jobs[1];

	(void)state;
	assert_string_equal(cron->runs, "election.cron");
	assert_string_equal(cron->when.source, "election.cron");
	assert_int_equal(cron->when.code, EVENT_ELECTED);
	assert_true(cron->when.each);
	assert_int_equal(cron->restarts, UNLIMITED);
	assert_false(cron->essential);
	assert_null(config->jobs[0]->runs);
}

/* Any job may wait for the `leader` event, also the job that could lead. */
static void test_leader_event_makes_no_cycle(void **state)
{
	CLEANUP(load_error_release) struct load_error error = { 0 };
	struct config *config = load_text(
		"consul = \"127.0.0.1:1\"; elections = ( { name = \"db\"; job = \"app\"; onElected = \"a\";"
		"onDeposed = \"b\"; onLeader = \"c\"; } ); jobs = ( { name = \"app\"; exec = \"app\";"
		"needs = [ \"db.onLeader exitSuccess\" ]; preStop = \"d\"; },"
		"{ name = \"sub\"; exec = \"sub\"; needs = [ \"election.db elected\" ]; },"
		"{ name = \"old\"; exec = \"old\"; needs = [ \"election.db deposed\", \"app running\" ]; },"
		"{ name = \"new\"; exec = \"new\"; when = { source = \"election.db\"; once = \"leader\"; }; } );",
		"x.conf", &error);

	(void)state;
	assert_int_equal(error.mistakes.count, 0);
	config_free(config);
}

static void test_tag_and_service(void **state)
{
	LOAD("{ name = \"db\"; job = \"app\"; tag = \"primary\"; service = \"app-primary\"; }");
	const struct job_config *job = config->jobs[0];
	const struct service_config *added = &job->services[2];

	(void)state;
	assert_int_equal(job->service_count, 3);
	assert_string_equal(job->services[0].name, "app");
	assert_string_equal(job->services[0].leader_tag, "primary");
	assert_false(job->services[0].leader_only);
	assert_string_equal(job->services[1].name, "admin");
	assert_string_equal(job->services[1].leader_tag, "primary");
	assert_false(job->services[1].leader_only);
	assert_string_equal(added->name, "app-primary");
	assert_true(added->leader_only);
	assert_null(added->leader_tag);
	assert_int_equal(added->port, 80);
	assert_true(added->ttl == 20);
	assert_string_equal(added->tags.items[0], "a");
	assert_string_equal(added->meta.items[0], "k=v");
	assert_string_equal(added->interfaces.items[0], "static:192.0.2.1");
	assert_ptr_not_equal(added->tags.items[0], job->services[0].tags.items[0]);
}

static void test_no_tag(void **state)
{
	LOAD("{ name = \"db\"; job = \"app\"; }");

	(void)state;
	assert_int_equal(config->jobs[0]->service_count, 2);
	assert_null(config->jobs[0]->services[0].leader_tag);
}

#define TEST(name) cmocka_unit_test_setup(name, clear_environment)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_all_keys),
		TEST(test_profiles),
		TEST(test_can_lead),
		TEST(test_observer),
		TEST(test_hooks),
		TEST(test_runs),
		TEST(test_leader_event_makes_no_cycle),
		TEST(test_tag_and_service),
		TEST(test_no_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
