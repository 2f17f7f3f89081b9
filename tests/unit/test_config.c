#include "config/load.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "environment.h"

static struct config *load(const char *text)
{
	struct load_error error = { 0 };
	struct config *config = load_text(text, "x.conf", &error);

	if (!config)
		fail_msg("%s", error.mistakes.items[0]);
	return config;
}

/* `message` has no line and column: tests/cases/config is about those. */
static void is_wrong(const char *text, const char *message)
{
	CLEANUP(load_error_release) struct load_error error = { 0 };
	AUTOFREE char *found = NULL;

	assert_null(load_text(text, "x.conf", &error));
	found = load_error_text(&error);
	assert_int_equal(error.code, EX_DATAERR);
	assert_memory_equal(found, "x.conf", strlen("x.conf"));
	assert_string_equal(found + strcspn(found, " "), message + strcspn(message, " "));
}

static void config_release(struct config **config)
{
	config_free(*config);
}

#define LOAD(text) CLEANUP(config_release) struct config *config = load(text)

/* All defaults, and those that depend on other keys. */

static void test_job_defaults(void **state)
{
	LOAD("jobs = ( { name = \"app\"; exec = \"run me\"; } );");
	const struct job_config *job = config->jobs[0];

	(void)state;
	assert_int_equal(config->job_count, 1);
	assert_int_equal(job->exec.argv.count, 2);
	assert_int_equal(job->exec.umask, -1);
	assert_int_equal(job->exec.oom_score, NO_OOM_SCORE);
	assert_false(job->exec.identity.set);
	assert_null(job->when.source);
	assert_int_equal(job->when.code, EVENT_NONE);
	assert_int_equal(job->restarts, 0);
	assert_true(job->backoff.min == .1 && job->backoff.max == 30 && job->backoff.reset == 10);
	assert_true(job->timeout == 0 && job->stop_timeout == 0 && job->drain == 0);
	assert_int_equal(job->stop_signal, SIGTERM);
	assert_true(job->essential);
	assert_false(job->health.set);
	assert_int_equal(job->service_count, 0);
	assert_non_null(job->tree);
	assert_true(config->stop_timeout == 8);
	assert_false(config->consul.enabled);
	assert_int_equal(config->logging.level, LEVEL_INFO);
	assert_int_equal(config->logging.format, FORMAT_TEXT);
	assert_string_equal(config->logging.output, "stdout");
}

static void test_interval_job(void **state)
{
	LOAD("jobs = ( { name = \"a\"; exec = \"a\"; when = { interval = \"5m\"; }; },"
	     "{ name = \"b\"; exec = \"b\"; when = { interval = 5; }; timeout = 0; restarts = 3; } );");

	(void)state;
	assert_int_equal(config->jobs[0]->restarts, UNLIMITED);
	assert_true(config->jobs[0]->timeout == 300);
	assert_int_equal(config->jobs[0]->when.code, EVENT_NONE);
	assert_false(config->jobs[0]->essential);
	assert_int_equal(config->jobs[1]->restarts, 3);
	assert_true(config->jobs[1]->timeout == 0);
}

static void test_interval_job_with_delay(void **state)
{
	LOAD("jobs = ( { name = \"a\"; exec = \"a\"; when = { interval = 5; delay = \"2s\"; }; } );");

	(void)state;
	assert_true(config->jobs[0]->when.delay == 2);
}

static void test_a_job_may_have_no_program(void **state)
{
	LOAD("jobs = ( { name = \"gate\"; exec = [ ]; }, { name = \"a\"; exec = \"a\"; } );");

	(void)state;
	assert_int_equal(config->jobs[0]->exec.argv.count, 0);
	assert_int_equal(config->jobs[0]->service_count, 0);
}

static void test_a_check_may_outlast_its_interval(void **state)
{
	LOAD("consul = \"x\"; jobs = ("
	     "{ name = \"a\"; exec = \"a\"; port = 1;"
	     "  health = { exec = \"c\"; interval = \"1s\"; timeout = \"8s\"; }; },"
	     "{ name = \"b\"; exec = \"b\"; port = 2;"
	     "  health = { exec = \"c\"; interval = \"5s\"; timeout = \"1m\"; ttl = 20; }; },"
	     "{ name = \"c\"; exec = \"c\"; health = { exec = \"c\"; interval = 9; timeout = \"1h\"; }; } );");

	(void)state;
	assert_true(config->jobs[0]->health.timeout == 8);
	assert_int_equal(config->jobs[0]->health.events, EVENTS_OF_CHANGES);
	assert_int_equal(config->warnings.count, 1);
	assert_non_null(strstr(config->warnings.items[0],
			       "jobs[b].health.timeout: 1m is longer than the ttl, 20s: while a check "
			       "hangs, Consul gets the result of the check before"));
}

static void test_compat(void **state)
{
	LOAD("compat = { signals = \"containerpilot3\"; variables = true; unknownSources = true; };"
	     "jobs = ( { name = \"app\"; exec = \"a\"; },"
	     "{ name = \"lost\"; exec = \"a\"; when = { source = \"watch.nope\"; each = \"changed\"; }; },"
	     "{ name = \"never\"; exec = \"a\"; when = { source = \"app\"; once = \"healthy\"; }; },"
	     "{ name = \"ends\"; exec = \"a\"; when = { source = \"app\"; once = \"exitSuccess\"; }; } );");
	static const char *const warnings[] = {
		"jobs[lost].when.source: there is no source \"watch.nope\"; the job waits without end",
		"jobs[never].when: \"app\" never publishes \"healthy\", because it has no health check and no "
		"readiness; the job waits without end",
	};

	(void)state;
	assert_int_equal(config->compat.signals, SIGNALS_CONTAINERPILOT3);
	assert_int_equal(config->compat.exit_status, EXIT_STATUS_OF_JOB);
	assert_int_equal(config->warnings.count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_non_null(strstr(config->warnings.items[i], warnings[i]));
	assert_true(config->jobs[1]->when.unknown && config->jobs[2]->when.unknown);
	assert_false(config->jobs[0]->when.unknown || config->jobs[3]->when.unknown);
}

static void test_needs_stay_strict(void **state)
{
	(void)state;
	is_wrong("compat = { unknownSources = true; };"
		 "jobs = ( { name = \"app\"; exec = \"a\"; needs = [ \"nope running\" ]; } );",
		 "x.conf jobs[app].needs: there is no source \"nope\"");
}

static void test_when(void **state)
{
	LOAD("jobs = ( { name = \"a\"; exec = \"a\"; when = { source = \"SIGUSR1\"; }; },"
	     "{ name = \"b\"; exec = \"b\"; when = { once = \"shutdown\"; timeout = 3; }; },"
	     "{ name = \"c\"; exec = \"c\"; needs = ( \"b stopped\", \"a running\" );"
	     "  when = { source = \"b\"; each = \"exitFailed\"; }; restarts = \"onFailure\"; } );");
	struct job_config *const *jobs = config->jobs;

	(void)state;
	assert_string_equal(jobs[0]->when.source, "SIGUSR1");
	assert_int_equal(jobs[0]->when.code, EVENT_SIGNALLED);
	assert_true(jobs[0]->when.each);
	assert_string_equal(jobs[1]->when.source, "global");
	assert_int_equal(jobs[1]->when.code, EVENT_SHUTDOWN);
	assert_false(jobs[1]->when.each);
	assert_true(jobs[1]->when.timeout == 3);
	assert_true(jobs[2]->when.each);
	assert_int_equal(jobs[2]->restarts, ON_FAILURE);
	assert_int_equal(jobs[2]->need_count, 2);
	assert_string_equal(jobs[2]->needs[1].source, "a");
	assert_int_equal(jobs[2]->needs[1].code, EVENT_RUNNING);
}

/* The essential jobs, by the letters of their names. */
static void essentials(const char *jobs, const char *wanted)
{
	AUTOFREE char *text = format_string("jobs = ( %s );", jobs);
	char found[8] = "";

	LOAD(text);
	for (size_t i = 0; i < config->job_count; i++)
		if (config->jobs[i]->essential)
			strncat(found, config->jobs[i]->name, 1);
	assert_string_equal(found, wanted);
}

#define A "{ name = \"a\"; exec = \"a\"; }"
#define A_HOOKED "{ name = \"a\"; exec = \"a\"; preStart = \"p\"; preStop = \"q\"; }"
#define B "{ name = \"b\"; exec = \"b\"; }"
#define B_TIMED "{ name = \"b\"; exec = \"b\"; when = { interval = 1; }; }"
#define B_HOOKED "{ name = \"b\"; exec = \"b\"; when = { interval = 1; }; preStart = \"p\"; }"
#define B_ESSENTIAL "{ name = \"b\"; exec = \"b\"; essential = true; }"
#define A_NOT "{ name = \"a\"; exec = \"a\"; essential = false; }"

static void test_essential(void **state)
{
	(void)state;
	essentials(A, "a");
	essentials(A_HOOKED, "a");
	essentials(A ", " B, "");
	essentials(A_HOOKED ", " B, "");
	essentials(A ", " B_TIMED, "a");
	essentials(A_HOOKED ", " B_HOOKED, "a");
	essentials(A ", " B_ESSENTIAL, "b");
	essentials(A_NOT, "");
	essentials(B_TIMED, "");
}

static void test_health(void **state)
{
	LOAD("jobs = ( { name = \"a\"; exec = \"a\"; health = { exec = \"c d\"; interval = 2; }; },"
	     "{ name = \"b\"; exec = \"b\"; health = { http = \"http://h/\"; interval = 10; timeout = 1;"
	     "  ttl = \"15s\"; status = 204; body = \"ok\"; unixSocket = \"/s\"; startPeriod = \"1m\"; }; },"
	     "{ name = \"c\"; exec = \"c\"; health = { }; } );");
	const struct health_config *a = &config->jobs[0]->health, *b = &config->jobs[1]->health;

	(void)state;
	assert_true(a->set && a->interval == 2 && a->timeout == 2 && a->ttl == 10);
	assert_int_equal(a->exec.argv.count, 2);
	assert_int_equal(a->exec.umask, -1);
	assert_true(a->failures == 1 && a->successes == 1 && !a->warning);
	assert_true(a->status_min == 200 && a->status_max == 399);
	assert_true(b->timeout == 1 && b->ttl == 15 && b->start_period == 60);
	assert_true(b->status_min == 204 && b->status_max == 204);
	assert_string_equal(b->socket, "/s");
	assert_string_equal(b->body, "ok");
	assert_true(config->jobs[2]->health.set && config->jobs[2]->health.ttl == 10);
}

static void test_services(void **state)
{
	LOAD("consul = \"c\"; jobs = ( { name = \"a\"; exec = \"a\"; port = 80; tags = \"t\";"
	     "  health = { exec = \"c\"; interval = 5; }; initialStatus = \"passing\";"
	     "  services = ( { name = \"b\"; port = 81; meta = { k = \"v\"; }; weights = { passing = 5; };"
	     "                 consul = { deregisterCriticalServiceAfter = \"2m\"; }; } ); } );");
	const struct service_config *service = config->jobs[0]->services;

	(void)state;
	assert_int_equal(config->jobs[0]->service_count, 2);
	assert_string_equal(service[0].name, "a");
	assert_int_equal(service[0].port, 80);
	assert_string_equal(service[0].tags.items[0], "t");
	assert_int_equal(service[0].initial_status, STATUS_PASSING);
	assert_int_equal(service[0].weight_passing, 1);
	assert_true(service[0].ttl == 15);
	assert_string_equal(service[1].name, "b");
	assert_int_equal(service[1].initial_status, STATUS_CRITICAL);
	assert_string_equal(service[1].meta.items[0], "k=v");
	assert_int_equal(service[1].weight_passing, 5);
	assert_true(service[1].deregister_after == 120);
	assert_true(service[1].ttl == 15);
}

static void test_how_to_run(void **state)
{
	LOAD("jobs = ( { name = \"a\"; exec = \"a\"; user = 12; group = \"34\"; umask = \"027\"; nice = 5;"
	     "  oomScoreAdj = -5; noNewPrivs = true; cwd = \"/\"; logging = { raw = true; };"
	     "  rlimits = { nofile = \"10:20\"; core = 0; stack = \"unlimited\"; };"
	     "  stopSignal = \"QUIT\"; stopGroup = true; } );");
	const struct exec_config *exec = &config->jobs[0]->exec;

	(void)state;
	assert_true(exec->identity.set);
	assert_int_equal(exec->identity.uid, 12);
	assert_int_equal(exec->identity.gid, 34);
	assert_int_equal(exec->umask, 027);
	assert_int_equal(exec->nice, 5);
	assert_int_equal(exec->oom_score, -5);
	assert_true(exec->no_new_privs && exec->raw);
	assert_string_equal(exec->cwd, "/");
	assert_int_equal(exec->limit_count, 3);
	assert_int_equal(exec->limits[0].resource, RLIMIT_NOFILE);
	assert_int_equal(exec->limits[0].value.rlim_cur, 10);
	assert_int_equal(exec->limits[0].value.rlim_max, 20);
	assert_int_equal(exec->limits[1].value.rlim_max, 0);
	assert_true(exec->limits[2].value.rlim_cur == RLIM_INFINITY);
	assert_int_equal(config->jobs[0]->stop_signal, SIGQUIT);
	assert_true(config->jobs[0]->stop_group);
}

static void test_rights(void **state)
{
	LOAD("jobs = ( { name = \"a\"; exec = \"a\"; }, { name = \"b\"; exec = \"b\"; user = \"12\"; },"
	     "{ name = \"c\"; exec = \"c\"; user = \"root\"; passToken = true; },"
	     "{ name = \"d\"; exec = \"d\"; user = 12; noNewPrivs = false; capabilities = [ \"chown\", \"CAP_KILL\" ]; },"
	     "{ name = \"e\"; exec = \"e\"; restrict = [ \"no-mount\" ]; },"
	     "{ name = \"f\"; exec = \"f\"; paths = { read = \"/\"; optional = true; }; capabilities = [ ]; } );");
	const struct exec_config *exec[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		exec[i] = &config->jobs[i]->exec;
	assert_false(exec[0]->no_new_privs || exec[0]->confinement.drops);
	assert_true(exec[0]->pass_token);
	assert_true(exec[1]->no_new_privs && exec[1]->confinement.drops);
	assert_false(exec[1]->pass_token);
	assert_int_equal(exec[1]->identity.gid, 12);
	assert_true(exec[2]->pass_token);
	assert_false(exec[2]->no_new_privs || exec[2]->confinement.drops);
	assert_false(exec[3]->no_new_privs);
	assert_true(exec[3]->confinement.drops && exec[3]->confinement.capabilities == 0x21);
	assert_true(exec[4]->no_new_privs && !exec[4]->confinement.drops);
	assert_int_equal(exec[4]->confinement.restrictions, 1 << RESTRICT_NO_MOUNT);
	assert_true(exec[5]->no_new_privs && exec[5]->confinement.drops);
	assert_true(exec[5]->confinement.capabilities == 0 && exec[5]->confinement.paths_optional);
	assert_string_equal(exec[5]->confinement.read.items[0], "/");
}

static void test_watches(void **state)
{
	LOAD("consul = { settle = 3; }; watches = ( { name = \"a\"; tag = [ \"x\", \"y\" ]; passing = false; },"
	     " { name = \"b\"; key = \"k\"; settle = 0; }, { name = \"c\"; prefix = \"p\"; },"
	     " { name = \"d\"; service = \"s\"; interval = 5; dc = \"dc2\"; } );");

	(void)state;
	assert_int_equal(config->watches[0]->kind, WATCH_SERVICE);
	assert_string_equal(config->watches[0]->service, "a");
	assert_int_equal(config->watches[0]->tags.count, 2);
	assert_false(config->watches[0]->passing);
	assert_true(config->watches[0]->settle == 3);
	assert_int_equal(config->watches[1]->kind, WATCH_KEY);
	assert_true(config->watches[1]->settle == 0);
	assert_int_equal(config->watches[2]->kind, WATCH_PREFIX);
	assert_true(config->watches[2]->passing);
	assert_string_equal(config->watches[3]->service, "s");
	assert_string_equal(config->watches[3]->dc, "dc2");
}

static void address_is(const char *consul, const char *wanted)
{
	AUTOFREE char *text = format_string("consul = %s;", consul);

	LOAD(text);
	assert_true(config->consul.enabled);
	assert_string_equal(config->consul.address, wanted);
}

static void test_template_defaults(void **state)
{
	LOAD("templates = ( { name = \"t\"; contents = \"text\"; destination = \"/t\"; } );");
	const struct template_config *template = config->templates[0];

	(void)state;
	assert_int_equal(config->template_count, 1);
	assert_string_equal(template->text.data, "text");
	assert_non_null(template->template);
	assert_string_equal(template->left, "{{");
	assert_string_equal(template->right, "}}");
	assert_false(template->error_on_missing_key || template->new_is_change || template->print);
	assert_int_equal(template->target.perms, -1);
	assert_false(template->target.identity.set || template->target.backup);
	assert_true(template->target.create_dirs);
	assert_int_equal(template->check.exec.argv.count, 0);
	assert_true(template->wait.min == 0 && template->wait.max == 0);
	assert_int_equal(template->on_empty, ON_EMPTY_RENDER);
	assert_int_equal(template->min_instances, 0);
	assert_int_equal(config->job_count, 0);
}

static void test_templates(void **state)
{
	LOAD("templates = ( { name = \"t\"; contents = \"[[ 1 ]]\"; leftDelimiter = \"[[\"; rightDelimiter = \"]]\";"
	     "  destination = \"/t\"; perms = \"0640\"; user = \"7\"; group = \"8\"; backup = true;"
	     "  createDestDirs = false; wait = { min = \"250ms\"; }; onEmpty = \"keep\"; minInstances = 2;"
	     "  check = \"try %f\"; exec = \"told\"; },"
	     " { name = \"u\"; contents = \"x\"; destination = \"/u\"; wait = { min = 1; max = 2; };"
	     "  check = { exec = [ \"try\" ]; timeout = 2; }; } );");
	const struct template_config *template = config->templates[0];

	(void)state;
	assert_int_equal(template->target.perms, 0640);
	assert_true(template->target.identity.set && template->target.backup);
	assert_false(template->target.create_dirs);
	assert_true(template->wait.min == .25 && template->wait.max == 1);
	assert_int_equal(template->on_empty, ON_EMPTY_KEEP);
	assert_int_equal(template->min_instances, 2);
	assert_string_equal(template->check.exec.argv.items[1], "%f");
	assert_true(template->check.timeout == 30);
	assert_true(config->templates[1]->wait.max == 2);
	assert_true(config->templates[1]->check.timeout == 2);
	/* The command becomes a job. */
	assert_int_equal(config->job_count, 1);
	assert_string_equal(config->jobs[0]->name, "t.exec");
	assert_string_equal(config->jobs[0]->when.source, "template.t");
	assert_int_equal(config->jobs[0]->when.code, EVENT_SETTLED);
	assert_true(config->jobs[0]->when.each);
	assert_int_equal(config->jobs[0]->restarts, ON_FAILURE);
	assert_true(config->jobs[0]->timeout == 30);
}

static void test_consul_address(void **state)
{
	(void)state;
	address_is("\"consul\"", "http://consul:8500");
	address_is("\"consul:1\"", "http://consul:1");
	address_is("\"10.0.0.1\"", "http://10.0.0.1:8500");
	address_is("\"[::1]\"", "http://[::1]:8500");
	address_is("\"[::1]:1\"", "http://[::1]:1");
	address_is("\"::1\"", "http://::1");	/* agent.c adds brackets and the port */
	address_is("\"https://consul:8501/\"", "https://consul:8501");
	address_is("\"unix:///run/consul.sock\"", "unix:///run/consul.sock");
	address_is("\"\"", "http://127.0.0.1:8500");
	address_is("\" consul:1\\r\\n\"", "http://consul:1");
	address_is("{ }", "http://127.0.0.1:8500");
	address_is("{ address = \"c\"; scheme = \"https\"; }", "https://c:8501");
	address_is("{ address = \"http://c\"; scheme = \"https\"; }", "http://c");
}

/* Paths of requests are appended to the address, so what would end it is refused. */
static void test_wrong_consul_addresses(void **state)
{
	static const char *const cases[] = {
		"http://consul/path?x=", "http://consul/#x", "http://consul/a b", "http://consul\\r\\nX: 1",
		"http://consul/\\nx", "http://consul/\\x7f", "https://me@consul",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTOFREE char *text = format_string("consul = \"%s\";", cases[i]);
		CLEANUP(load_error_release) struct load_error error = { 0 };

		assert_null(load_text(text, "x.conf", &error));
		assert_non_null(strstr(error.mistakes.items[0], "consul.address: must "));
	}
}

static void test_consul_environment(void **state)
{
	(void)state;
	setenv("CONSUL_HTTP_ADDR", "agent:8500", 1);
	address_is("{ }", "http://agent:8500");
	address_is("\"file:1\"", "http://file:1");
	setenv("CONSUL_HTTP_SSL", "true", 1);
	address_is("{ }", "https://agent:8500");
	address_is("{ scheme = \"http\"; }", "http://agent:8500");
}

static void test_consul_by_environment_alone(void **state)
{
	(void)state;
	setenv("CONSUL_HTTP_ADDR", "agent", 1);
	{
		LOAD("");
		assert_true(config->consul.enabled);
		assert_string_equal(config->consul.address, "http://agent:8500");
		assert_true(config->consul.tls.verify);
		assert_true(config->consul.settle == 10);
	}
	{
		LOAD("consul = false;");
		assert_false(config->consul.enabled);
	}
}

static void test_environment_wins(void **state)
{
	(void)state;
	setenv("CONSUL_HTTP_TOKEN", "t", 1);
	setenv("CONSUL_HTTP_SSL_VERIFY", "0", 1);
	setenv("CONSUL_CACERT", "/dev/null", 1);
	setenv("PILOTFISH_LOG_LEVEL", "debug", 1);
	LOAD("consul = { tokenFile = \"/f\"; tls = { cafile = \"/file.pem\"; verify = true; }; };"
	     "logging = { level = \"error\"; };");
	assert_string_equal(config->consul.token, "t");
	assert_null(config->consul.token_file);
	assert_string_equal(config->consul.tls.ca_file, "/dev/null");
	assert_false(config->consul.tls.verify);
	assert_int_equal(config->logging.level, LEVEL_DEBUG);
}

static void test_token_file_of_environment(void **state)
{
	(void)state;
	setenv("CONSUL_HTTP_TOKEN_FILE", "/not/read/yet", 1);
	{
		LOAD("consul = { token = \"t\"; };");
		assert_null(config->consul.token);
		assert_string_equal(config->consul.token_file, "/not/read/yet");
	}
	setenv("CONSUL_HTTP_TOKEN", "t", 1);
	is_wrong("consul = { };", "x.conf: consul: both CONSUL_HTTP_TOKEN and CONSUL_HTTP_TOKEN_FILE "
		 "are set; unset one of them");
}

static void test_bad_environment(void **state)
{
	(void)state;
	setenv("CONSUL_HTTP_SSL_VERIFY", "maybe", 1);
	is_wrong("consul = { };", "x.conf: consul.tls: CONSUL_HTTP_SSL_VERIFY: must be true or false, "
		 "found \"maybe\"");
	setenv("PILOTFISH_LOG_FORMAT", "xml", 1);
	is_wrong("", "x.conf: logging: PILOTFISH_LOG_FORMAT: must be one of \"text\", \"logfmt\", "
		 "\"json\", \"default\", found \"xml\"");
}

static void test_unreadable(void **state)
{
	struct load_error error = { 0 };

	(void)state;
	assert_null(load_config("/nowhere/x.conf", NULL, &error));
	assert_int_equal(error.code, EX_NOINPUT);
	assert_string_equal(error.mistakes.items[0], "cannot read /nowhere/x.conf: No such file or directory");
	load_error_release(&error);
	assert_null(load_tree("/", &error));
	assert_int_equal(error.code, EX_NOINPUT);
	assert_string_equal(error.mistakes.items[0], "cannot read /: Is a directory");
	load_error_release(&error);
}

static void test_manual(void **state)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT, mdoc = BUF_INIT;

	(void)state;
	config_print_manual(&text, false);
	config_print_manual(&mdoc, true);
	assert_non_null(strstr(text.data, "jobs\n"));
	assert_non_null(strstr(text.data, "  initialStatus\n"));
	assert_non_null(strstr(mdoc.data, ".It Cm deregisterCriticalServiceAfter\n"));
	for (const char *line = text.data; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
}

#define TEST(name) cmocka_unit_test_setup(name, clear_environment)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_job_defaults),
		TEST(test_interval_job),
		TEST(test_interval_job_with_delay),
		TEST(test_a_job_may_have_no_program),
		TEST(test_a_check_may_outlast_its_interval),
		TEST(test_compat),
		TEST(test_needs_stay_strict),
		TEST(test_when),
		TEST(test_essential),
		TEST(test_health),
		TEST(test_services),
		TEST(test_how_to_run),
		TEST(test_rights),
		TEST(test_watches),
		TEST(test_template_defaults),
		TEST(test_templates),
		TEST(test_consul_address),
		TEST(test_wrong_consul_addresses),
		TEST(test_consul_environment),
		TEST(test_consul_by_environment_alone),
		TEST(test_environment_wins),
		TEST(test_token_file_of_environment),
		TEST(test_bad_environment),
		TEST(test_unreadable),
		TEST(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
