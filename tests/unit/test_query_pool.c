#include "consul/watch/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "canned.h"

enum { FEEDS_MAX = 40 };

#define ANSWER(index, body) \
	"HTTP/1.1 200 OK\r\nX-Consul-Index: " index "\r\nConnection: close\r\n\r\n" body
#define DENIED "HTTP/1.1 403 No\r\nConnection: close\r\n\r\nPermission denied"
#define CHECK(service, status) \
	"{\"Node\":\"n\",\"CheckID\":\"" service "\",\"Status\":\"" status "\"," \
	"\"ServiceID\":\"" service "\",\"ServiceName\":\"" service "\",\"ModifyIndex\":5}"

struct subject {
	struct blocking_query query;
	struct feed feed;
	char name[24], path[64];
};

struct fixture {
	struct loop loop;
	struct canned server;
	struct consul_config consul;
	struct agent agent;
	struct subject subjects[FEEDS_MAX];
	size_t count, news;
	const char *keys, *notifier;	/* the answer; NULL: none yet */
	struct timer limit;
	bool late;
};

static const char *const identity[] = { "Node", "ID", NULL }, *const by_key[] = { "Key", NULL };

/* A blocking query with an index waits until canned_answer(). */
static const char *choose(struct canned *server, const char *request)
{
	struct fixture *self = container_of(server, struct fixture, server);

	if (strstr(request, "index="))
		return NULL;
	if (strstr(request, "GET /v1/kv/?keys"))
		return self->notifier;
	if (strstr(request, "GET /v1/kv/") || strstr(request, "GET /v1/health/service/"))
		return self->keys;
	if (strstr(request, "GET /v1/health/state/any"))
		return ANSWER("5", "[" CHECK("s0", "passing") "," CHECK("s1", "passing") "]");
	if (strstr(request, "GET /v1/health/state/"))
		return ANSWER("5", "[]");
	if (strstr(request, "GET /v1/catalog/services"))
		return ANSWER("5", "{\"s0\":[],\"s1\":[]}");
	if (strstr(request, "GET /v1/catalog/nodes"))
		return ANSWER("5", "[{\"Node\":\"n\",\"ModifyIndex\":1}]");
	return "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n";
}

static json_t *read_answer(const void *context, const json_t *answer, struct error *error)
{
	(void)context;
	(void)error;
	return answer ? json_deep_copy(answer) : json_array();
}

static void on_news(struct feed *feed)
{
	struct agent *agent = feed->agent;

	container_of(agent, struct fixture, agent)->news++;
}

static void on_limit(struct timer *timer)
{
	container_of(timer, struct fixture, limit)->late = true;
}

static int set_up(void **state)
{
	struct fixture *self = NEW(struct fixture);
	struct error error = ERROR_INIT;

	loop_init(&self->loop);
	canned_start(&self->server, &self->loop, NULL);
	self->server.choose = choose;
	self->keys = ANSWER("7", "[{\"Key\":\"a\"}]");
	self->notifier = ANSWER("7", "[\"a\"]");
	self->consul.address = format_string("127.0.0.1:%d", self->server.port);
	assert_true(agent_init(&self->agent, &self->loop, &self->consul, &error));
	timer_init(&self->limit, &self->loop, on_limit);
	*state = self;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *self = *state;

	for (size_t i = 0; i < self->count; i++)
		feed_release(&self->subjects[i].feed);
	assert_null(self->agent.pool);
	agent_release(&self->agent);
	timer_stop(&self->limit);
	canned_stop(&self->server);
	loop_release(&self->loop);
	free(self->consul.address);
	free(self);
	return 0;
}

/* `count` feeds, of which `connections` may block. */
static void start(struct fixture *self, enum topic topic, size_t count, size_t connections)
{
	bool keys = topic == TOPIC_KEYS;

	self->count = count;
	for (size_t i = 0; i < count; i++) {
		struct subject *subject = &self->subjects[i];

		snprintf(subject->name, sizeof subject->name, "s%zu", i);
		snprintf(subject->path, sizeof subject->path, "%s%s",
			 keys ? "/v1/kv/" : "/v1/health/service/", subject->name);
		subject->query = (struct blocking_query){
			.path = subject->path, .topic = topic, .subject = subject->name,
			.identity = keys ? by_key : identity, .read = read_answer,
		};
		subject->feed.on_news = on_news;
		feed_init(&subject->feed, &self->agent, &subject->query, 0.05);
		subject->feed.backoff = (struct backoff){ .min = 0.01, .max = 0.01 };
		self->agent.pool->connections_max = connections;
	}
}

static size_t count_asked(const struct fixture *self, const char *what)
{
	size_t count = 0;

	for (size_t i = 0; i < self->server.asked.count; i++)
		count += strstr(self->server.asked.items[i], what) != NULL;
	return count;
}

/* Runs until `what` was requested `count` times in all. */
static void run(struct fixture *self, const char *what, size_t count)
{
	timer_set(&self->limit, 10);
	while (!self->late && count_asked(self, what) < count)
		ev_run(self->loop.ev, EVRUN_ONCE);
	assert_false(self->late);
}

static void run_news(struct fixture *self, size_t news)
{
	timer_set(&self->limit, 10);
	while (!self->late && self->news < news)
		ev_run(self->loop.ev, EVRUN_ONCE);
	assert_false(self->late);
}

static void test_number_of_blocking_queries_is_limited(void **state)
{
	struct fixture *self = *state;

	start(self, TOPIC_KEYS, 3, 2);
	run_news(self, 3);
	run(self, "index=7", 3);		/* two feeds, and the notifier */
	assert_int_equal(count_asked(self, "GET /v1/kv/s0?wait=60s&index=7 "), 1);
	assert_int_equal(count_asked(self, "GET /v1/kv/s1?wait=60s&index=7 "), 1);
	assert_int_equal(count_asked(self, "GET /v1/kv/s2"), 1);
	assert_int_equal(count_asked(self, "GET /v1/kv/?keys"), 2);
}

static void test_free_connection_goes_to_next_query(void **state)
{
	struct fixture *self = *state;

	start(self, TOPIC_KEYS, 2, 1);
	run_news(self, 2);
	run(self, "GET /v1/kv/?keys&separator=/&wait=60s&index=7 ", 1);
	feed_release(&self->subjects[0].feed);
	assert_int_equal(canned_answer(&self->server, "/v1/kv/?keys",
				       ANSWER("8", "[\"a\",\"b\"]")), 1);
	run(self, "GET /v1/kv/s1?wait=60s&index=7 ", 1);
	assert_int_equal(self->agent.pool->notifier_count, 0);
}

static void test_notifier_starts_before_first_read(void **state)
{
	struct fixture *self = *state;

	self->notifier = NULL;
	start(self, TOPIC_KEYS, 1, 0);
	run(self, "GET /v1/kv/?keys", 1);
	for (int i = 0; i < 5; i++)
		ev_run(self->loop.ev, EVRUN_NOWAIT);
	assert_int_equal(self->server.asked.count, 1);
	assert_int_equal(canned_answer(&self->server, "/v1/kv/?keys", ANSWER("7", "[]")), 1);
	run_news(self, 1);
}

static void test_notification_causes_a_read(void **state)
{
	struct fixture *self = *state;

	start(self, TOPIC_KEYS, 1, 0);
	run_news(self, 1);
	run(self, "index=7", 1);
	self->keys = ANSWER("8", "[{\"Key\":\"b\"}]");
	canned_answer(&self->server, "/v1/kv/?keys", ANSWER("8", "[\"b\"]"));
	run_news(self, 2);
	run(self, "index=8", 1);
	assert_int_equal(count_asked(self, "GET /v1/kv/s0"), 2);
}

static void test_notification_during_a_read_causes_another_read(void **state)
{
	struct fixture *self = *state;

	self->keys = ANSWER("7", "[{\"ID\":\"a\"}]");
	start(self, TOPIC_SERVICE, 1, 0);
	run_news(self, 1);
	run(self, "GET /v1/health/state/critical?wait=60s&index=5 ", 1);
	run(self, "GET /v1/health/state/any?wait=60s&index=5 ", 1);
	self->keys = NULL;
	canned_answer(&self->server, "/v1/health/state/critical",
		      ANSWER("8", "[" CHECK("s0", "critical") "]"));
	run(self, "GET /v1/health/service/s0", 2);
	canned_answer(&self->server, "/v1/health/state/any",
		      ANSWER("8", "[" CHECK("s0", "critical") "]"));
	run(self, "GET /v1/health/state/any?wait=60s&index=8 ", 1);
	canned_answer(&self->server, "GET /v1/health/service/s0",
		      ANSWER("8", "[{\"ID\":\"b\"}]"));
	run_news(self, 2);
	assert_int_equal(json_array_size(self->subjects[0].feed.state), 1);
	run(self, "GET /v1/health/service/s0", 3);
	canned_answer(&self->server, "GET /v1/health/service/s0",
		      ANSWER("9", "[{\"ID\":\"c\"}]"));
	run_news(self, 3);
	assert_int_equal(json_array_size(self->subjects[0].feed.state), 1);
}

static void test_unchanged_notifier_causes_no_read(void **state)
{
	struct fixture *self = *state;

	start(self, TOPIC_KEYS, 1, 0);
	run_news(self, 1);
	run(self, "index=7", 1);
	canned_answer(&self->server, "/v1/kv/?keys", ANSWER("7", "[\"a\"]"));
	run(self, "index=7", 2);
	assert_int_equal(count_asked(self, "GET /v1/kv/s0"), 1);
}

static void test_only_changed_services_are_read(void **state)
{
	struct fixture *self = *state;

	start(self, TOPIC_SERVICE, 2, 0);
	run_news(self, 2);
	run(self, "GET /v1/health/state/any?wait=60s&index=5 ", 1);
	self->keys = ANSWER("8", "[]");
	canned_answer(&self->server, "/v1/health/state/any",
		ANSWER("8", "[" CHECK("s0", "passing") "," CHECK("s1", "critical") "]"));
	run(self, "GET /v1/health/service/s1", 2);
	run(self, "GET /v1/health/state/any?wait=60s&index=8 ", 1);
	assert_int_equal(count_asked(self, "GET /v1/health/service/s0"), 1);
}

static void test_critical_is_noticed_without_all_checks(void **state)
{
	struct fixture *self = *state;

	start(self, TOPIC_SERVICE, 2, 0);
	run_news(self, 2);
	run(self, "GET /v1/health/state/critical?wait=60s&index=5 ", 1);
	self->keys = ANSWER("8", "[]");
	canned_answer(&self->server, "/v1/health/state/critical",
		      ANSWER("8", "[" CHECK("s1", "critical") "]"));
	run(self, "GET /v1/health/service/s1", 2);
	run(self, "GET /v1/health/state/critical?wait=60s&index=8 ", 1);
	assert_int_equal(count_asked(self, "GET /v1/health/service/s0"), 1);
}

static void test_unnamed_change_causes_all_reads(void **state)
{
	struct fixture *self = *state;

	start(self, TOPIC_SERVICE, 2, 0);
	run_news(self, 2);
	run(self, "GET /v1/catalog/services?wait=60s&index=5 ", 1);
	canned_answer(&self->server, "/v1/catalog/services",
		      ANSWER("8", "{\"s0\":[],\"s1\":[]}"));
	run(self, "GET /v1/health/service/s0", 2);
	run(self, "GET /v1/health/service/s1", 2);
}

static void test_denied_notifier(void **state)
{
	struct fixture *self = *state;

	self->notifier = DENIED;
	start(self, TOPIC_KEYS, 1, 0);
	run_news(self, 1);
	run(self, "GET /v1/kv/s0", 2);		/* the notifier retries, and so does the feed */
	assert_true(count_asked(self, "GET /v1/kv/?keys") >= 2);
	assert_int_equal(self->news, 1);
}

static void test_backward_index_is_distrusted(void **state)
{
	struct fixture *self = *state;

	start(self, TOPIC_KEYS, 1, 0);
	run_news(self, 1);
	run(self, "index=7", 1);
	self->keys = ANSWER("9", "[{\"Key\":\"b\"}]");
	canned_answer(&self->server, "/v1/kv/?keys", ANSWER("3", "[\"b\"]"));
	run_news(self, 2);
	assert_int_equal(json_array_size(self->subjects[0].feed.state), 2);
	run_news(self, 3);
	assert_int_equal(json_array_size(self->subjects[0].feed.state), 1);
}

static void test_at_most_eight_reads_at_once(void **state)
{
	struct fixture *self = *state;

	self->keys = NULL;
	start(self, TOPIC_KEYS, 40, 0);
	run(self, "GET /v1/kv/s", 8);
	run(self, "index=7", 1);
	for (int i = 0; i < 5; i++)
		ev_run(self->loop.ev, EVRUN_NOWAIT);
	assert_int_equal(count_asked(self, "GET /v1/kv/s"), 8);
	self->keys = ANSWER("7", "[{\"Key\":\"a\"}]");
	assert_int_equal(canned_answer(&self->server, "GET /v1/kv/s", self->keys), 8);
	run_news(self, 40);
	assert_int_equal(count_asked(self, "GET /v1/kv/s"), 40);
}

static void test_queries_without_index_are_polled(void **state)
{
	struct fixture *self = *state;

	self->keys = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[{\"Key\":\"dc1\"}]";
	start(self, TOPIC_NAMES, 1, 1);
	run_news(self, 1);
	assert_true(timer_is_set(&self->subjects[0].feed.retry));
	assert_false(agent_is_busy(&self->subjects[0].feed.request));
}

static void test_catalogue_is_never_empty(void **state)
{
	struct fixture *self = *state;

	start(self, TOPIC_NAMES, 1, 1);
	run_news(self, 1);
	run(self, "index=7", 1);
	self->keys = ANSWER("8", "[]");
	canned_answer(&self->server, "index=7", self->keys);
	run(self, "GET /v1/health/service/s0?wait=60s&consistent ", 3);
	assert_int_equal(self->news, 1);
	assert_int_equal(json_array_size(self->subjects[0].feed.state), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_number_of_blocking_queries_is_limited),
		TEST(test_free_connection_goes_to_next_query),
		TEST(test_notifier_starts_before_first_read),
		TEST(test_notification_causes_a_read),
		TEST(test_notification_during_a_read_causes_another_read),
		TEST(test_unchanged_notifier_causes_no_read),
		TEST(test_only_changed_services_are_read),
		TEST(test_critical_is_noticed_without_all_checks),
		TEST(test_unnamed_change_causes_all_reads),
		TEST(test_denied_notifier),
		TEST(test_backward_index_is_distrusted),
		TEST(test_at_most_eight_reads_at_once),
		TEST(test_queries_without_index_are_polled),
		TEST(test_catalogue_is_never_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
