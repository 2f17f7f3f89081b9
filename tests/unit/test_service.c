#include "consul/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "canned.h"

/* A job whose events the test publishes, its service, and a canned agent. */
struct fixture {
	struct loop loop;
	struct canned server;
	struct consul_config consul;
	struct service_config config;
	struct verdict verdict;
	struct agent agent;
	struct source job, global;
	struct service service;
	struct timer limit;
	char *id;
	int heard;
	bool late;
};

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define UNKNOWN "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n" \
	"CheckID \"service:x\" does not have associated TTL"
#define FREE CANNED_OK("{}")

static void on_delivered(struct source *job)
{
	struct fixture *self = container_of(job, struct fixture, job);

	self->heard++;
	loop_stop(&self->loop);		/* no other event may wake the loop */
}

static void on_limit(struct timer *timer)
{
	container_of(timer, struct fixture, limit)->late = true;
}

static int set_up(void **state)
{
	static const char *const silence[] = { NULL };
	static const struct source_ops ops = { .on_delivered = on_delivered };
	struct fixture *self = NEW(struct fixture);
	char host[256] = "";

	loop_init(&self->loop);
	canned_start(&self->server, &self->loop, silence);
	self->consul.address = format_string("127.0.0.1:%d", self->server.port);
	self->config = (struct service_config){
		.name = "web", .port = 80, .ttl = 30, .initial_status = STATUS_WARNING,
		.weight_passing = 10, .weight_warning = 1, .deregister_after = 60,
	};
	strv_push(&self->config.interfaces, "static:127.0.0.1");
	strv_push(&self->config.tags, "v2");
	strv_push(&self->config.meta, "note=a=b");
	self->verdict.output = (struct buf)BUF_INIT;
	source_init(&self->job, &self->loop.bus, "app", &ops);
	source_init(&self->global, &self->loop.bus, "global", NULL);
	timer_init(&self->limit, &self->loop, on_limit);
	gethostname(host, sizeof host - 1);
	self->id = format_string("web-%s", host);
	*state = self;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *self = *state;

	service_release(&self->service);
	agent_release(&self->agent);
	timer_stop(&self->limit);
	source_release(&self->job);
	source_release(&self->global);
	canned_stop(&self->server);
	buf_release(&self->verdict.output);
	strv_release(&self->config.interfaces);
	strv_release(&self->config.tags);
	strv_release(&self->config.meta);
	loop_release(&self->loop);
	free(self->consul.address);
	free(self->id);
	free(self);
	return 0;
}

static void start(struct fixture *self, const char *const *replies, bool has_check)
{
	struct error error = ERROR_INIT;

	self->server.replies = replies;
	assert_true(agent_init(&self->agent, &self->loop, &self->consul, &error));
	service_init(&self->service, &self->agent, &self->config, &self->job,
		     has_check ? &self->verdict : NULL);
	self->service.backoff = (struct backoff){ .min = 0.01, .max = 0.01 };
}

static void run_until(struct fixture *self, size_t requests, int heard)
{
	timer_set(&self->limit, 10);
	while (!self->late && (self->server.asked.count < requests || self->heard < heard))
		ev_run(self->loop.ev, EVRUN_ONCE);
	assert_false(self->late);
}

/* Runs until that many requests were made in all, and the last was answered. */
static void run(struct fixture *self, size_t requests)
{
	run_until(self, requests, 0);
	while (!self->late && agent_is_busy(&self->service.request))
		ev_run(self->loop.ev, EVRUN_ONCE);
	assert_int_equal(self->server.asked.count, requests);
}

static void say(struct fixture *self, enum event_code code)
{
	self->heard = 0;
	source_publish(&self->job, code);
}

static void conclude(struct fixture *self, enum health_status status, const char *output)
{
	static const enum event_code events[] = {
		[STATUS_CRITICAL] = EVENT_UNHEALTHY,
		[STATUS_WARNING] = EVENT_WARNING,
		[STATUS_PASSING] = EVENT_HEALTHY,
	};

	self->verdict.known = true;
	self->verdict.status = status;
	self->verdict.duration = 0.012;
	buf_clear(&self->verdict.output);
	buf_add(&self->verdict.output, output);
	say(self, events[status]);
}

/* Asserts that the n-th request is this one.  "@" stands for our ID. */
static void assert_asked(struct fixture *self, size_t n, const char *line)
{
	const char *at = strchr(line, '@');
	AUTOFREE char *expected = at
		? format_string("%.*s%s%s ", (int)(at - line), line, self->id, at + 1)
		: format_string("%s ", line);

	if (strncmp(self->server.asked.items[n], expected, strlen(expected)))
		fail_msg("request %zu is not '%s' but %s", n, expected,
			 self->server.asked.items[n]);
}

static json_t *body(struct fixture *self, size_t n)
{
	json_t *json = json_loads(strstr(self->server.asked.items[n], "\r\n\r\n") + 4, 0, NULL);

	assert_non_null(json);
	return json;
}

static const char *member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void assert_told(struct fixture *self, size_t n, const char *status, const char *output)
{
	CLEANUP(json_decrefp) json_t *told = body(self, n);

	assert_asked(self, n, "PUT /v1/agent/check/update/service%3A@");
	assert_string_equal(member(told, "Status"), status);
	if (output)
		assert_string_equal(member(told, "Output"), output);
}

static void test_one_request_registers_service_and_check(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, NULL };
	struct fixture *self = *state;
	CLEANUP(json_decrefp) json_t *entry = NULL;
	const json_t *check, *meta;

	start(self, replies, true);
	assert_true(service_is_settled(&self->service));
	say(self, EVENT_RUNNING);
	run(self, 3);
	assert_false(service_is_settled(&self->service));
	assert_asked(self, 0, "GET /v1/agent/services");
	assert_asked(self, 1, "PUT /v1/agent/service/register");
	entry = body(self, 1);
	check = json_object_get(entry, "Check");
	meta = json_object_get(entry, "Meta");
	assert_string_equal(member(entry, "ID"), self->id);
	assert_string_equal(member(entry, "Name"), "web");
	assert_string_equal(member(entry, "Address"), "127.0.0.1");
	assert_int_equal(json_integer_value(json_object_get(entry, "Port")), 80);
	assert_string_equal(member(meta, "note"), "a=b");
	assert_string_equal(member(meta, "managed_by"), "pilotfish");
	assert_string_equal(member(check, "TTL"), "30s");
	assert_string_equal(member(check, "Status"), "warning");
	assert_string_equal(member(check, "DeregisterCriticalServiceAfter"), "1m");
	assert_told(self, 2, "warning", NULL);
}

static void test_verdicts_are_sent_with_output(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, OK, NULL };
	struct fixture *self = *state;
	CLEANUP(buf_release) struct buf large = BUF_INIT;
	CLEANUP(json_decrefp) json_t *told = NULL;

	for (int i = 0; i < 3000; i++)
		buf_add(&large, "\xc3\xa4");
	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run(self, 3);
	conclude(self, STATUS_CRITICAL, "broken");
	run(self, 4);
	assert_told(self, 3, "critical", "broken\n(took 12ms)");
	conclude(self, STATUS_PASSING, large.data);
	run(self, 5);
	assert_told(self, 4, "passing", NULL);
	told = body(self, 4);
	assert_in_range(strlen(member(told, "Output")), 4090, 4096);
	assert_non_null(strstr(member(told, "Output"), "\xc3\xa4\n(took 12ms)"));
}

static void test_passes_while_running_without_check(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, OK, NULL };
	struct fixture *self = *state;

	start(self, replies, false);
	say(self, EVENT_RUNNING);
	run(self, 3);
	assert_told(self, 2, "passing", NULL);
	say(self, EVENT_EXIT_FAILED);
	run(self, 4);
	assert_told(self, 3, "critical", NULL);
	say(self, EVENT_RUNNING);
	run(self, 5);
	assert_told(self, 4, "passing", NULL);
}

static void test_unknown_check_causes_registration(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, UNKNOWN, OK, OK, NULL };
	struct fixture *self = *state;

	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run(self, 3);
	conclude(self, STATUS_PASSING, "");
	run(self, 6);
	assert_asked(self, 4, "PUT /v1/agent/service/register");
	assert_told(self, 5, "passing", "(took 12ms)");
}

static void test_trouble_is_retried(void **state)
{
	static const char *const replies[] = {
		"", "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\nNo leader",
		"HTTP/1.1 403 No\r\nConnection: close\r\n\r\nPermission denied", FREE, OK, OK, NULL
	};
	struct fixture *self = *state;

	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run(self, 6);
	for (size_t i = 0; i < 4; i++)
		assert_asked(self, i, "GET /v1/agent/services");
	assert_int_equal(self->service.request.logged_failure, ANSWER_OK);
}

static void test_id_in_use_elsewhere_is_not_taken(void **state)
{
	struct fixture *self = *state;
	AUTOFREE char *listing = format_string(CANNED_OK(
		"{\"%s\":{\"ID\":\"%s\",\"Service\":\"web\",\"Address\":\"10.9.9.9\"}}"),
		self->id, self->id);
	AUTOFREE char *checks = format_string(CANNED_OK(
		"{\"c\":{\"CheckID\":\"c\",\"ServiceID\":\"%s\",\"Status\":\"passing\"}}"),
		self->id);
	const char *const replies[] = { listing, checks, listing, OK, OK, NULL };
	CLEANUP(json_decrefp) json_t *entry = NULL;
	AUTOFREE char *other = format_string("%s-127.0.0.1", self->id);

	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run(self, 5);
	assert_asked(self, 1, "GET /v1/agent/checks");
	entry = body(self, 3);
	assert_string_equal(member(entry, "ID"), other);
}

static void test_critical_id_elsewhere_is_taken_over(void **state)
{
	struct fixture *self = *state;
	AUTOFREE char *listing = format_string(CANNED_OK(
		"{\"%s\":{\"ID\":\"%s\",\"Service\":\"web\",\"Address\":\"10.9.9.9\"}}"),
		self->id, self->id);
	AUTOFREE char *checks = format_string(CANNED_OK(
		"{\"c\":{\"CheckID\":\"c\",\"ServiceID\":\"%s\",\"Status\":\"critical\"},"
		"\"_service_maintenance:%s\":{\"ServiceID\":\"%s\",\"Status\":\"critical\"}}"),
		self->id, self->id, self->id);
	const char *const replies[] = { listing, checks, OK, OK, OK, NULL };
	CLEANUP(json_decrefp) json_t *entry = NULL;

	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run(self, 5);
	entry = body(self, 2);
	assert_string_equal(member(entry, "ID"), self->id);
	assert_asked(self, 3, "PUT /v1/agent/service/maintenance/@?enable=false");
}

/* The agent keeps the status of the killed process, so the first verdict changes the output alone. */
static void test_first_words_after_a_restart_are_explained(void **state)
{
	struct fixture *self = *state;
	AUTOFREE char *listing = format_string(CANNED_OK(
		"{\"%s\":{\"ID\":\"%s\",\"Service\":\"web\",\"Address\":\"127.0.0.1\",\"Port\":80}}"),
		self->id, self->id);
	AUTOFREE char *checks = format_string(CANNED_OK(
		"{\"service:%s\":{\"ServiceID\":\"%s\",\"Status\":\"passing\"}}"),
		self->id, self->id);
	const char *const replies[] = { listing, checks, OK, OK, OK, OK, NULL };

	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run_until(self, 3, 0);		/* the registration has no answer yet */
	self->verdict.reason++;
	conclude(self, STATUS_PASSING, "replica");
	run(self, 6);
	assert_told(self, 3, "passing", "replica\n(took 12ms)");
	assert_asked(self, 4, "PUT /v1/agent/service/register");
}

static void test_leftovers_at_our_address_are_removed(void **state)
{
	static const char *const replies[] = {
		CANNED_OK("{"
			  "\"web-old\":{\"Service\":\"web\",\"Address\":\"127.0.0.1\",\"Port\":80},"
			  "\"web-2\":{\"Service\":\"web\",\"Address\":\"127.0.0.1\",\"Port\":81},"
			  "\"web-3\":{\"Service\":\"web\",\"Address\":\"10.0.0.3\",\"Port\":80},"
			  "\"api\":{\"Service\":\"api\",\"Address\":\"127.0.0.1\",\"Port\":80}}"),
		OK, OK, OK, NULL
	};
	struct fixture *self = *state;

	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run(self, 4);
	assert_asked(self, 3, "PUT /v1/agent/service/deregister/web-old");
}

static void test_maintenance_starts_and_ends(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, OK, NULL };
	struct fixture *self = *state;
	CLEANUP(json_decrefp) json_t *entry = NULL;

	source_publish(&self->global, EVENT_ENTER_MAINTENANCE);
	start(self, replies, false);
	say(self, EVENT_RUNNING);
	run(self, 4);
	entry = body(self, 1);
	assert_string_equal(member(json_object_get(entry, "Check"), "Status"), "critical");
	assert_asked(self, 2, "PUT /v1/agent/service/maintenance/@?enable=true&reason=pilotfish");
	assert_told(self, 3, "passing", NULL);
	source_publish(&self->global, EVENT_EXIT_MAINTENANCE);
	run(self, 5);
	assert_asked(self, 4, "PUT /v1/agent/service/maintenance/@?enable=false");
}

static void test_draining_waits_for_deregistration(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, NULL };
	struct fixture *self = *state;

	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run(self, 3);
	say(self, EVENT_DRAINING);
	run_until(self, 4, 1);
	assert_asked(self, 3, "PUT /v1/agent/service/deregister/@");
	assert_true(service_is_settled(&self->service));
	say(self, EVENT_STOPPED);
	run_until(self, 4, 1);
	assert_int_equal(self->server.asked.count, 4);
}

static void test_draining_without_consul_ends(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, NULL };
	struct fixture *self = *state;

	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run(self, 3);
	say(self, EVENT_DRAINING);
	run_until(self, 4, 1);		/* no answer: the time limit passes */
	assert_false(service_is_settled(&self->service));
}

static void test_draining_cancels_pending_request(void **state)
{
	static const char *const replies[] = { FREE, NULL };
	static const char *const later[] = { OK, NULL };
	struct fixture *self = *state;

	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run_until(self, 2, 0);		/* the registration has no answer */
	self->server.replies = later;
	self->server.served = 0;
	say(self, EVENT_DRAINING);
	run_until(self, 3, 1);
	assert_asked(self, 2, "PUT /v1/agent/service/deregister/@");
	assert_true(service_is_settled(&self->service));
}

static void rotate_token(struct fixture *self, const char *token)
{
	char *path = strdupa("/tmp/test_service.XXXXXX");
	int fd = mkstemp(path);

	assert_int_equal(write(fd, token, strlen(token)), strlen(token));
	close(fd);
	assert_int_equal(rename(path, self->consul.token_file), 0);
}

/* An agent that deregisters a service uses the token of its registration. */
static void test_pending_renewal_precedes_deregistration(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, NULL };
	static const char *const later[] = { OK, OK, CANNED_OK("[]"), NULL };
	struct fixture *self = *state;

	self->consul.token_file = format_string("/tmp/test_service.%d", getpid());
	rotate_token(self, "first");
	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run(self, 3);
	rotate_token(self, "second");
	conclude(self, STATUS_PASSING, "");
	run_until(self, 4, 0);		/* the renewal has no answer */
	assert_asked(self, 3, "PUT /v1/agent/service/register");
	self->server.replies = later;
	self->server.served = 0;
	say(self, EVENT_DRAINING);
	run_until(self, 6, 1);
	assert_asked(self, 4, "PUT /v1/agent/service/register");
	assert_non_null(strstr(self->server.asked.items[4], "X-Consul-Token: second"));
	assert_asked(self, 5, "PUT /v1/agent/service/deregister/@");
	unlink(self->consul.token_file);
	free(self->consul.token_file);
}

static void test_service_that_never_ran_is_settled(void **state)
{
	static const char *const replies[] = { NULL };
	struct fixture *self = *state;

	start(self, replies, true);
	say(self, EVENT_DRAINING);
	run_until(self, 0, 1);
	assert_true(service_is_settled(&self->service));
	assert_int_equal(self->server.asked.count, 0);
}

static void test_registers_again_with_its_job(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, OK, OK, NULL };
	struct fixture *self = *state;

	start(self, replies, false);
	say(self, EVENT_RUNNING);
	run(self, 3);
	say(self, EVENT_DRAINING);
	run(self, 4);
	say(self, EVENT_RUNNING);
	run(self, 6);
	assert_asked(self, 4, "PUT /v1/agent/service/register");
	assert_told(self, 5, "passing", NULL);
}

static void test_running_job_is_registered(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, NULL };
	struct fixture *self = *state;

	say(self, EVENT_RUNNING);
	start(self, replies, false);
	run(self, 3);
	assert_told(self, 2, "passing", NULL);
}

/* ---- maintenance of the service alone, role ---- */

static void test_maintenance_of_service_and_node_combine(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, OK, OK, NULL };
	struct fixture *self = *state;

	start(self, replies, false);
	say(self, EVENT_RUNNING);
	run(self, 3);
	service_set_maintenance(&self->service, true);
	service_set_maintenance(&self->service, true);
	run(self, 4);
	assert_asked(self, 3, "PUT /v1/agent/service/maintenance/@?enable=true&reason=pilotfish");
	source_publish(&self->global, EVENT_ENTER_MAINTENANCE);
	say(self, EVENT_EXIT_FAILED);		/* causes a request, which marks the time */
	run(self, 5);
	assert_told(self, 4, "critical", NULL);
	service_set_maintenance(&self->service, false);
	assert_false(agent_is_busy(&self->service.request));
	source_publish(&self->global, EVENT_EXIT_MAINTENANCE);
	run(self, 6);
	assert_asked(self, 5, "PUT /v1/agent/service/maintenance/@?enable=false");
	service_set_maintenance(&self->service, false);
	assert_false(agent_is_busy(&self->service.request));
}

static void test_node_maintenance_ends_alone(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, OK, NULL };
	struct fixture *self = *state;

	source_publish(&self->global, EVENT_ENTER_MAINTENANCE);
	start(self, replies, false);
	service_set_maintenance(&self->service, true);
	say(self, EVENT_RUNNING);
	run(self, 4);
	assert_asked(self, 2, "PUT /v1/agent/service/maintenance/@?enable=true&reason=pilotfish");
	source_publish(&self->global, EVENT_EXIT_MAINTENANCE);
	say(self, EVENT_EXIT_FAILED);
	run(self, 5);
	assert_told(self, 4, "critical", NULL);
}

/* The n-th request registers the service with these tags and its check with this status. */
static void assert_registers(struct fixture *self, size_t n, const char *tags, const char *status)
{
	CLEANUP(json_decrefp) json_t *entry = NULL;
	AUTOFREE char *found = NULL;

	assert_asked(self, n, "PUT /v1/agent/service/register");
	entry = body(self, n);
	found = json_dumps(json_object_get(entry, "Tags"), JSON_COMPACT);
	assert_string_equal(found, tags);
	assert_string_equal(member(json_object_get(entry, "Check"), "Status"), status);
}

static void test_leader_has_an_extra_tag(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, OK, OK, OK, OK, NULL };
	struct fixture *self = *state;

	self->config.leader_tag = (char *)"primary";
	start(self, replies, true);
	say(self, EVENT_RUNNING);
	run(self, 3);
	assert_registers(self, 1, "[\"v2\"]", "warning");
	conclude(self, STATUS_PASSING, "");
	run(self, 4);
	service_set_role(&self->service, true);
	service_set_role(&self->service, true);
	run(self, 6);
	assert_registers(self, 4, "[\"v2\",\"primary\"]", "passing");
	assert_told(self, 5, "passing", NULL);
	service_set_role(&self->service, false);
	run(self, 8);
	assert_registers(self, 6, "[\"v2\"]", "passing");
	assert_told(self, 7, "passing", NULL);
}

static void test_role_is_sent_despite_trouble(void **state)
{
	static const char *const replies[] = {
		FREE, OK, OK, "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\nNo leader",
		"HTTP/1.1 403 No\r\nConnection: close\r\n\r\nPermission denied", OK, OK, NULL
	};
	struct fixture *self = *state;

	self->config.leader_tag = (char *)"primary";
	start(self, replies, false);
	say(self, EVENT_RUNNING);
	run(self, 3);
	service_set_role(&self->service, true);
	run(self, 7);
	for (size_t i = 3; i < 6; i++)
		assert_registers(self, i, "[\"v2\",\"primary\"]", "passing");
	assert_told(self, 6, "passing", NULL);
}

static void test_changed_role_is_sent_again(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, OK, OK, NULL };
	struct fixture *self = *state;

	self->config.leader_tag = (char *)"primary";
	start(self, replies, false);
	service_set_role(&self->service, true);
	say(self, EVENT_RUNNING);
	run_until(self, 2, 0);			/* the registration is under way */
	service_set_role(&self->service, false);
	run(self, 4);
	assert_registers(self, 1, "[\"v2\",\"primary\"]", "passing");
	assert_registers(self, 2, "[\"v2\"]", "passing");
	assert_told(self, 3, "passing", NULL);
}

static void test_role_without_tag_is_not_sent(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, NULL };
	struct fixture *self = *state;

	start(self, replies, false);
	say(self, EVENT_RUNNING);
	run(self, 3);
	service_set_role(&self->service, true);
	assert_false(agent_is_busy(&self->service.request));
}

static void test_leader_service_exists_while_leading(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, OK, OK, NULL };
	struct fixture *self = *state;

	self->config.leader_only = true;
	start(self, replies, true);
	say(self, EVENT_RUNNING);
	conclude(self, STATUS_PASSING, "");
	run_until(self, 0, 1);
	assert_int_equal(self->server.asked.count, 0);
	assert_false(agent_is_busy(&self->service.request));
	service_set_role(&self->service, true);
	run(self, 3);
	assert_registers(self, 1, "[\"v2\"]", "passing");
	assert_told(self, 2, "passing", NULL);
	service_set_role(&self->service, false);
	assert_null(self->service.hold.source);
	run(self, 4);
	assert_asked(self, 3, "PUT /v1/agent/service/deregister/@");
	assert_true(service_is_settled(&self->service));
	service_set_role(&self->service, true);
	run(self, 6);
	assert_registers(self, 4, "[\"v2\"]", "passing");
}

static void test_leader_service_needs_its_job(void **state)
{
	static const char *const replies[] = { FREE, OK, OK, OK, NULL };
	struct fixture *self = *state;

	self->config.leader_only = true;
	start(self, replies, false);
	service_set_role(&self->service, true);
	assert_false(agent_is_busy(&self->service.request));
	say(self, EVENT_RUNNING);
	run(self, 3);
	say(self, EVENT_DRAINING);
	run_until(self, 4, 1);
	assert_asked(self, 3, "PUT /v1/agent/service/deregister/@");
	service_set_role(&self->service, false);
	service_set_role(&self->service, true);
	assert_false(agent_is_busy(&self->service.request));
	assert_true(service_is_settled(&self->service));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_request_registers_service_and_check),
		TEST(test_verdicts_are_sent_with_output),
		TEST(test_passes_while_running_without_check),
		TEST(test_unknown_check_causes_registration),
		TEST(test_trouble_is_retried),
		TEST(test_id_in_use_elsewhere_is_not_taken),
		TEST(test_critical_id_elsewhere_is_taken_over),
		TEST(test_first_words_after_a_restart_are_explained),
		TEST(test_leftovers_at_our_address_are_removed),
		TEST(test_maintenance_starts_and_ends),
		TEST(test_draining_waits_for_deregistration),
		TEST(test_draining_without_consul_ends),
		TEST(test_draining_cancels_pending_request),
		TEST(test_pending_renewal_precedes_deregistration),
		TEST(test_service_that_never_ran_is_settled),
		TEST(test_registers_again_with_its_job),
		TEST(test_running_job_is_registered),
		TEST(test_maintenance_of_service_and_node_combine),
		TEST(test_node_maintenance_ends_alone),
		TEST(test_leader_has_an_extra_tag),
		TEST(test_role_is_sent_despite_trouble),
		TEST(test_changed_role_is_sent_again),
		TEST(test_role_without_tag_is_not_sent),
		TEST(test_leader_service_exists_while_leading),
		TEST(test_leader_service_needs_its_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
