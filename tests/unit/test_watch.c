#include "base/base64.h"
#include "consul/watch/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "canned.h"

/* ---- sets: pure ---- */

static json_t *read_set(enum watch_kind kind, const char *text)
{
	CLEANUP(json_decrefp) json_t *answer = json_loads(text, 0, NULL);
	struct error error = ERROR_INIT;
	json_t *set = answer_set_read(kind, answer, &error);

	assert_non_null(answer);
	assert_string_equal(error.text, "");
	return set;
}

static void assert_json(const json_t *actual, const char *expected)
{
	CLEANUP(json_decrefp) json_t *wanted = json_loads(expected, 0, NULL);
	AUTOFREE char *text = json_dumps(actual, JSON_COMPACT);

	assert_non_null(wanted);
	if (!json_equal(actual, wanted))
		fail_msg("%s\n   is not %s", text, expected);
}

#define INSTANCE(node, id, port, checks) \
	"{\"Node\":{\"Node\":\"" node "\",\"Address\":\"10.0.0.9\"}," \
	"\"Service\":{\"ID\":\"" id "\",\"Address\":\"\",\"Port\":" port ",\"Tags\":null," \
	"\"Meta\":null},\"Checks\":[" checks "]}"
#define CHECK(id, status) "{\"CheckID\":\"" id "\",\"Status\":\"" status "\"}"
#define KEY(key, value, index) \
	"{\"Key\":\"" key "\",\"Value\":" value ",\"ModifyIndex\":" index ",\"LockIndex\":0}"

static void test_instance_has_all_fields(void **state)
{
	CLEANUP(json_decrefp) json_t *set = read_set(WATCH_SERVICE,
		"[{\"Node\":{\"Node\":\"n\",\"Address\":\"10.0.0.9\"},"
		"\"Service\":{\"ID\":\"a\",\"Address\":\"10.0.0.1\",\"Port\":80,"
		"\"Tags\":[\"z\",\"b\"],"
		"\"Meta\":{\"k\":\"v\"},\"Weights\":{\"Passing\":1}},\"Checks\":[]}]");

	(void)state;
	assert_json(set, "[{\"id\":\"a\",\"node\":\"n\",\"address\":\"10.0.0.1\",\"port\":80,"
			 "\"tags\":[\"z\",\"b\"],\"meta\":{\"k\":\"v\"},\"status\":\"passing\"}]");
}

static void test_null_values(void **state)
{
	CLEANUP(json_decrefp) json_t *set = read_set(WATCH_SERVICE,
						     "[" INSTANCE("n", "a", "0", "") "]");

	(void)state;
	assert_json(set, "[{\"id\":\"a\",\"node\":\"n\",\"address\":\"10.0.0.9\",\"port\":0,"
			 "\"tags\":[],\"meta\":{},\"status\":\"passing\"}]");
}

static void test_status_is_the_worst_check(void **state)
{
	static const struct { const char *answer, *status; } cases[] = {
		{ "[" INSTANCE("n", "a", "1", CHECK("x", "passing")) "]", "passing" },
		{ "[" INSTANCE("n", "a", "1", CHECK("x", "warning") "," CHECK("y", "passing")) "]",
		  "warning" },
		{ "[" INSTANCE("n", "a", "1", CHECK("serfHealth", "critical") ","
			       CHECK("y", "warning")) "]", "critical" },
		{ "[" INSTANCE("n", "a", "1", CHECK("x", "never heard of")) "]", "critical" },
		{ "[" INSTANCE("n", "a", "1", CHECK("_service_maintenance:a", "critical")) "]",
		  "maintenance" },
		{ "[" INSTANCE("n", "a", "1", CHECK("_node_maintenance", "critical") ","
			       CHECK("y", "critical")) "]", "maintenance" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(json_decrefp) json_t *set = read_set(WATCH_SERVICE, cases[i].answer);
		json_t *status = json_object_get(json_array_get(set, 0), "status");

		assert_string_equal(json_string_value(status), cases[i].status);
	}
}

static void test_order_is_ignored(void **state)
{
	CLEANUP(json_decrefp) json_t *a = read_set(WATCH_SERVICE,
		"[" INSTANCE("n2", "a", "1", "") "," INSTANCE("n1", "b", "2", "") ","
		INSTANCE("n1", "a", "3", "") "]");
	CLEANUP(json_decrefp) json_t *b = read_set(WATCH_SERVICE,
		"[" INSTANCE("n1", "a", "3", "") "," INSTANCE("n2", "a", "1", "") ","
		INSTANCE("n1", "b", "2", "") "]");

	(void)state;
	assert_true(answer_set_equal(a, b));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(a, 0), "port")), 3);
}

static void test_values_are_decoded(void **state)
{
	CLEANUP(json_decrefp) json_t *set = read_set(WATCH_PREFIX,
		"[" KEY("d", "\"//4=\"", "4") "," KEY("b", "null", "2") ","
		KEY("a", "\"YQ==\"", "1") "," KEY("c", "\"YWLDpA==\"", "3") "]");

	(void)state;
	assert_json(set,
		"[{\"key\":\"a\",\"value\":\"a\",\"encoding\":\"utf-8\",\"modifyIndex\":1},"
		"{\"key\":\"b\",\"value\":\"\",\"encoding\":\"utf-8\",\"modifyIndex\":2},"
		"{\"key\":\"c\",\"value\":\"ab\\u00e4\",\"encoding\":\"utf-8\",\"modifyIndex\":3},"
		"{\"key\":\"d\",\"value\":\"//4=\",\"encoding\":\"base64\",\"modifyIndex\":4}]");
}

static void test_base64(void **state)
{
	static const struct { const char *text, *bytes; } good[] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
		{ "Zm9vYmFy", "foobar" }, { "+/+/", "\xfb\xff\xbf" },
	};
	static const char *const bad[] = { "Z", "Zg=", "Zg", "Z===", "Zm9v!!!!", "Zg==Zg==" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		CLEANUP(buf_release) struct buf bytes = BUF_INIT;

		assert_true(base64_decode(BASE64_PLAIN, good[i].text, strlen(good[i].text), &bytes,
					  NULL));
		assert_string_equal(bytes.data, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CLEANUP(buf_release) struct buf bytes = BUF_INIT;

		assert_false(base64_decode(BASE64_PLAIN, bad[i], strlen(bad[i]), &bytes, NULL));
	}
}

static void test_index_alone_is_no_change(void **state)
{
	CLEANUP(json_decrefp) json_t *a = read_set(WATCH_KEY, "[" KEY("a", "\"YQ==\"", "1") "]");
	CLEANUP(json_decrefp) json_t *b = read_set(WATCH_KEY, "[" KEY("a", "\"YQ==\"", "2") "]");
	CLEANUP(json_decrefp) json_t *c = read_set(WATCH_KEY, "[" KEY("a", "\"Yg==\"", "2") "]");

	(void)state;
	assert_true(answer_set_equal(a, b));
	assert_false(answer_set_equal(a, c));
}

static void test_nonsense_is_an_error(void **state)
{
	static const struct { enum watch_kind kind; const char *answer; } cases[] = {
		{ WATCH_SERVICE, "{}" }, { WATCH_SERVICE, "[1]" }, { WATCH_SERVICE, "[{}]" },
		{ WATCH_SERVICE, "[{\"Node\":{},\"Service\":[]}]" }, { WATCH_KEY, "[[]]" },
		{ WATCH_KEY, "[{\"Key\":\"a\",\"Value\":\"!\"}]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(json_decrefp) json_t *answer = json_loads(cases[i].answer, 0, NULL);
		struct error error = ERROR_INIT;

		assert_null(answer_set_read(cases[i].kind, answer, &error));
		assert_string_not_equal(error.text, "");
	}
}

static void test_document_lists_differences(void **state)
{
	CLEANUP(json_decrefp) json_t *old = read_set(WATCH_PREFIX,
		"[" KEY("a", "\"YQ==\"", "1") "," KEY("b", "\"YQ==\"", "1") ","
		KEY("d", "\"YQ==\"", "1") "]");
	CLEANUP(json_decrefp) json_t *now = read_set(WATCH_PREFIX,
		"[" KEY("b", "\"Yg==\"", "2") "," KEY("c", "\"Yg==\"", "2") ","
		KEY("d", "\"YQ==\"", "3") "]");
	struct source source = { .name = (char *)"watch.x" };
	struct event changed = { .source = &source, .code = EVENT_CHANGED };
	CLEANUP(json_decrefp)
	json_t *changes = answer_set_document(&changed, WATCH_PREFIX, old, now);
	CLEANUP(json_decrefp)
	json_t *first = answer_set_document(&changed, WATCH_PREFIX, NULL, now);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(changes, "source")), "watch.x");
	assert_true(json_equal(json_object_get(changes, "keys"), now));
	assert_json(json_object_get(changes, "added"),
		"[{\"key\":\"c\",\"value\":\"b\",\"encoding\":\"utf-8\",\"modifyIndex\":2}]");
	assert_json(json_object_get(changes, "removed"),
		"[{\"key\":\"a\",\"value\":\"a\",\"encoding\":\"utf-8\",\"modifyIndex\":1}]");
	assert_json(json_object_get(changes, "modified"),
		"[{\"key\":\"b\",\"value\":\"b\",\"encoding\":\"utf-8\",\"modifyIndex\":2}]");
	assert_true(json_equal(json_object_get(first, "added"), now));
	assert_json(json_object_get(first, "removed"), "[]");
}

/* ---- a watch and an agent ---- */

struct fixture {
	struct loop loop;
	struct canned server;
	struct consul_config consul;
	struct watch_config config;
	struct agent agent;
	struct watch watch;
	struct subscription tap;
	struct timer limit;
	struct strv events;
	bool late;
};

static void on_event(struct subscription *tap, const struct event *event)
{
	struct fixture *self = container_of(tap, struct fixture, tap);

	if (event->source == &self->watch.source)
		strv_push(&self->events, event_name(event->code));
}

static void on_limit(struct timer *timer)
{
	container_of(timer, struct fixture, limit)->late = true;
}

static int set_up(void **state)
{
	static const char *const silence[] = { NULL };
	struct fixture *self = NEW(struct fixture);

	loop_init(&self->loop);
	canned_start(&self->server, &self->loop, silence);
	self->consul.address = format_string("127.0.0.1:%d", self->server.port);
	self->config = (struct watch_config){
		.name = "x", .kind = WATCH_PREFIX, .prefix = "p/", .settle = 0.05,
	};
	timer_init(&self->limit, &self->loop, on_limit);
	subscribe(&self->tap, &self->loop.bus.any, EVENT_ANY, on_event);
	*state = self;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *self = *state;

	watch_release(&self->watch);
	agent_release(&self->agent);
	unsubscribe(&self->tap);
	timer_stop(&self->limit);
	canned_stop(&self->server);
	strv_release(&self->events);
	loop_release(&self->loop);
	free(self->consul.address);
	free(self);
	return 0;
}

static void start(struct fixture *self, const char *const *replies)
{
	struct error error = ERROR_INIT;

	self->server.replies = replies;
	assert_true(agent_init(&self->agent, &self->loop, &self->consul, &error));
	watch_init(&self->watch, &self->agent, &self->config);
	self->watch.feed.backoff = (struct backoff){ .min = 0.01, .max = 0.01 };
}

/* Runs until there were that many events in all. */
static void run(struct fixture *self, size_t events, size_t requests)
{
	timer_set(&self->limit, 10);
	while (!self->late && (self->events.count < events ||
			       self->server.asked.count < requests))
		ev_run(self->loop.ev, EVRUN_ONCE);
	assert_false(self->late);
}

static void assert_events(struct fixture *self, const char *expected)
{
	AUTOFREE char *events = strv_join(&self->events, " ");

	assert_string_equal(events, expected);
}

static void assert_keys(struct fixture *self, const char *expected)
{
	CLEANUP(buf_release) struct buf keys = BUF_INIT;
	json_t *entry;
	size_t i;

	json_array_foreach(self->watch.feed.state, i, entry)
		buf_add(&keys, json_string_value(json_object_get(entry, "key")));
	assert_string_equal(keys.data, expected);
}

#define ANSWER(index, body) \
	"HTTP/1.1 200 OK\r\nX-Consul-Index: " index "\r\nConnection: close\r\n\r\n" body
#define NO_LEADER(index, body) \
	"HTTP/1.1 200 OK\r\nX-Consul-Index: " index "\r\nX-Consul-KnownLeader: false\r\n" \
	"Connection: close\r\n\r\n" body
#define NO_KEY(index) \
	"HTTP/1.1 404 Not Found\r\nX-Consul-Index: " index "\r\nConnection: close\r\n\r\n"
#define A KEY("a", "\"YQ==\"", "1")
#define B KEY("b", "\"YQ==\"", "1")

static void test_first_answer_is_a_change(void **state)
{
	static const char *const replies[] = { ANSWER("7", "[" A "]"), NULL };
	struct fixture *self = *state;

	start(self, replies);
	run(self, 2, 2);
	assert_events(self, "changed healthy");
	assert_non_null(strstr(self->server.asked.items[0], "GET /v1/kv/p%2F?recurse&wait=60s&consistent "));
	assert_non_null(strstr(self->server.asked.items[1], "&index=7 "));
}

static void test_a_missing_key_is_the_empty_set(void **state)
{
	static const char *const replies[] = { NO_KEY("7"), ANSWER("8", "[" A "]"), NULL };
	struct fixture *self = *state;

	start(self, replies);
	run(self, 4, 3);
	assert_events(self, "changed unhealthy changed healthy");
	assert_non_null(strstr(self->server.asked.items[1], "&index=7 "));
}

static void test_an_empty_first_answer_may_be_no_change(void **state)
{
	static const char *const replies[] = { NO_KEY("7"), ANSWER("8", "[" A "]"), NULL };
	struct fixture *self = *state;

	self->config.first_empty = FIRST_EMPTY_UNHEALTHY;
	start(self, replies);
	run(self, 3, 3);
	assert_events(self, "unhealthy changed healthy");
	assert_int_equal(self->watch.changes, 1);
}

static void test_404_of_another_server_is_trouble(void **state)
{
	static const char *const replies[] = {
		ANSWER("7", "[" A "]"), "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n", NULL
	};
	struct fixture *self = *state;

	start(self, replies);
	run(self, 2, 3);
	assert_events(self, "changed healthy");
	assert_keys(self, "a");
}

static void test_unchanged_answer_is_no_event(void **state)
{
	static const char *const replies[] = {
		ANSWER("7", "[" A "," B "]"), ANSWER("8", "[" B "," A "]"), NULL
	};
	struct fixture *self = *state;

	start(self, replies);
	run(self, 2, 3);
	assert_events(self, "changed healthy");
	assert_non_null(strstr(self->server.asked.items[2], "&index=8 "));
}

static void test_trouble_keeps_the_set(void **state)
{
	static const char *const replies[] = {
		ANSWER("7", "[" A "]"), "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\nno leader",
		ANSWER("1", "[{"), ANSWER("1", "{}"), "", NULL
	};
	struct fixture *self = *state;

	start(self, replies);
	run(self, 2, 6);
	assert_events(self, "changed healthy");
	assert_keys(self, "a");
	for (size_t i = 2; i < 6; i++)
		assert_null(strstr(self->server.asked.items[i], "index="));
}

static void test_set_only_grows_after_trouble(void **state)
{
	static const char *const replies[] = {
		ANSWER("7", "[" A "]"), "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n",
		ANSWER("8", "[" B "]"), NULL
	};
	struct fixture *self = *state;

	start(self, replies);
	run(self, 3, 4);
	assert_keys(self, "ab");
	run(self, 4, 4);
	assert_keys(self, "b");
	assert_events(self, "changed healthy changed changed");
}

static void test_an_older_answer_does_not_count(void **state)
{
	static const char *const replies[] = {
		ANSWER("7", "[" A "]"), ANSWER("3", "[" B "]"), ANSWER("7", "[" A "]"), NULL
	};
	struct fixture *self = *state;

	start(self, replies);
	run(self, 2, 4);
	assert_null(strstr(self->server.asked.items[2], "index="));
	assert_non_null(strstr(self->server.asked.items[2], "&consistent "));
	assert_non_null(strstr(self->server.asked.items[3], "&index=7 "));
	assert_events(self, "changed healthy");
	assert_keys(self, "a");
}

static void test_two_older_consistent_answers_count(void **state)
{
	static const char *const replies[] = {
		ANSWER("7", "[" A "]"), ANSWER("3", "[" B "]"), ANSWER("4", "[" B "]"),
		ANSWER("4", "[" B "]"), NULL
	};
	struct fixture *self = *state;

	start(self, replies);
	run(self, 2, 4);
	assert_keys(self, "a");
	run(self, 3, 5);
	assert_keys(self, "ab");
	assert_non_null(strstr(self->server.asked.items[3], "&consistent "));
	assert_non_null(strstr(self->server.asked.items[4], "&index=4 "));
	run(self, 4, 5);
	assert_keys(self, "b");
	assert_events(self, "changed healthy changed changed");
}

static void test_an_answer_without_a_leader_is_trouble(void **state)
{
	static const char *const replies[] = {
		ANSWER("7", "[" A "]"), NO_LEADER("8", "[" B "]"), NO_LEADER("9", "[]"), NULL
	};
	struct fixture *self = *state;

	start(self, replies);
	run(self, 2, 4);
	assert_events(self, "changed healthy");
	assert_keys(self, "a");
}

#define RIGHT(allow) \
	CANNED_OK("[{\"Resource\":\"key\",\"Segment\":\"a\",\"Allow\":" allow "}]")

static void test_empty_set_needs_read_right(void **state)
{
	static const char *const replies[] = { ANSWER("7", "[" A "]"), NO_KEY("8"), NULL };
	struct fixture *self = *state;

	self->server.post_reply = RIGHT("false");
	start(self, replies);
	run(self, 2, 4);
	while (!self->watch.feed.rights.logged_failure && !self->late)
		ev_run(self->loop.ev, EVRUN_ONCE);
	assert_int_equal(self->watch.feed.rights.logged_failure, ANSWER_DENIED);
	assert_events(self, "changed healthy");
	assert_keys(self, "a");
}

static void test_second_empty_set_is_believed(void **state)
{
	static const char *const replies[] = {
		ANSWER("7", "[" A "]"), NO_KEY("8"), NO_KEY("8"), NO_KEY("8"), NULL
	};
	struct fixture *self = *state;

	self->server.post_reply = RIGHT("true");
	start(self, replies);
	run(self, 4, 5);
	assert_events(self, "changed healthy changed unhealthy");
}

static void test_empty_set_without_acl_is_believed(void **state)
{
	static const char *const replies[] = {
		ANSWER("7", "[" A "]"), NO_KEY("8"), ANSWER("9", "[" A "]"), NO_KEY("10"), NULL
	};
	struct fixture *self = *state;

	start(self, replies);
	self->agent.acl_off = true;
	run(self, 8, 5);
	assert_events(self, "changed healthy changed unhealthy "
			    "changed healthy changed unhealthy");
	assert_int_equal(self->server.asked.count, 5);	/* no request for rights */
}

static void test_absence_of_acl_is_learnt(void **state)
{
	static const char *const replies[] = { ANSWER("7", "[" A "]"), NO_KEY("8"), NULL };
	struct fixture *self = *state;

	self->server.post_reply = "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n";
	start(self, replies);
	run(self, 4, 4);
	assert_events(self, "changed healthy changed unhealthy");
	assert_true(self->agent.acl_off);
}

static void test_hook_gets_changes_since_its_last_run(void **state)
{
	static const char *const replies[] = {
		ANSWER("7", "[" A "]"), ANSWER("8", "[" A "," B "]"), NULL
	};
	struct fixture *self = *state;
	const struct source_ops *ops;
	CLEANUP(json_decrefp) json_t *first = NULL, *second = NULL, *seen = NULL, *now = NULL;

	start(self, replies);
	ops = self->watch.source.ops;
	run(self, 2, 1);
	first = ops->describe(&self->watch.source, EVENT_CHANGED, NULL, &seen);
	run(self, 3, 3);
	second = ops->describe(&self->watch.source, EVENT_HEALTHY, seen, &now);
	assert_int_equal(json_array_size(json_object_get(first, "added")), 1);
	assert_string_equal(json_string_value(json_object_get(first, "event")), "changed");
	assert_string_equal(json_string_value(json_object_get(second, "event")), "healthy");
	assert_int_equal(json_array_size(json_object_get(second, "keys")), 2);
	assert_json(json_object_get(second, "added"),
		    "[{\"key\":\"b\",\"value\":\"a\",\"encoding\":\"utf-8\",\"modifyIndex\":1}]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instance_has_all_fields),
		cmocka_unit_test(test_null_values),
		cmocka_unit_test(test_status_is_the_worst_check),
		cmocka_unit_test(test_order_is_ignored),
		cmocka_unit_test(test_values_are_decoded),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_index_alone_is_no_change),
		cmocka_unit_test(test_nonsense_is_an_error),
		cmocka_unit_test(test_document_lists_differences),
		TEST(test_first_answer_is_a_change),
		TEST(test_a_missing_key_is_the_empty_set),
		TEST(test_an_empty_first_answer_may_be_no_change),
		TEST(test_404_of_another_server_is_trouble),
		TEST(test_unchanged_answer_is_no_event),
		TEST(test_trouble_keeps_the_set),
		TEST(test_set_only_grows_after_trouble),
		TEST(test_an_older_answer_does_not_count),
		TEST(test_two_older_consistent_answers_count),
		TEST(test_an_answer_without_a_leader_is_trouble),
		TEST(test_empty_set_needs_read_right),
		TEST(test_second_empty_set_is_believed),
		TEST(test_empty_set_without_acl_is_believed),
		TEST(test_absence_of_acl_is_learnt),
		TEST(test_hook_gets_changes_since_its_last_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
