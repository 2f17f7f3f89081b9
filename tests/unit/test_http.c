#include "base/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "canned.h"

/* A client, a server, and how many replies the test waits for. */
struct fixture {
	struct loop loop;
	struct http http;
	struct canned server;
	struct timer limit;
	char url[64];
	int awaited;
	bool late;
};

static struct fixture *fixture;		/* a reply knows only its request */

static void on_limit(struct timer *timer)
{
	struct fixture *self = container_of(timer, struct fixture, limit);

	self->late = true;
	loop_stop(&self->loop);
}

static int set_up(void **state)
{
	static const char *const silence[] = { NULL };

	fixture = NEW(struct fixture);
	loop_init(&fixture->loop);
	http_init(&fixture->http, &fixture->loop);
	canned_start(&fixture->server, &fixture->loop, silence);
	timer_init(&fixture->limit, &fixture->loop, on_limit);
	snprintf(fixture->url, sizeof fixture->url, "http://127.0.0.1:%d/v1/x",
		 fixture->server.port);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *self = *state;

	timer_stop(&self->limit);
	canned_stop(&self->server);
	http_release(&self->http);
	loop_release(&self->loop);
	free(self);
	return 0;
}

static void on_reply(struct http_request *request)
{
	(void)request;
	if (!--fixture->awaited)
		loop_stop(&fixture->loop);
}

static struct http_request make_request(void)
{
	return (struct http_request){
		.method = "GET",
		.url = fixture->url,
		.timeout = 10,
		.limit = 1000,
		.on_reply = on_reply,
	};
}

/* Runs until that many replies have come. */
static void run(int replies)
{
	fixture->awaited = replies;
	timer_set(&fixture->limit, 10);
	loop_run(&fixture->loop);
	assert_false(fixture->late);
}

static void ask(struct http_request *request, const char *const *replies)
{
	fixture->server.replies = replies;
	http_send(&fixture->http, request);
	assert_true(http_is_busy(request));
	run(1);
	assert_false(http_is_busy(request));
}

static void test_answer_is_parsed(void **state)
{
	static const char *const replies[] = {
		"HTTP/1.1 200 OK\r\nx-consul-INDEX:  1234\r\nConnection: close\r\n\r\n[1]", NULL
	};
	struct http_request request = make_request();

	(void)state;
	ask(&request, replies);
	assert_int_equal(request.status, 200);
	assert_int_equal(request.index, 1234);
	assert_string_equal(request.reply.data, "[1]");
	assert_string_equal(request.error.text, "");
	assert_string_equal(request.local_address, "127.0.0.1");
	assert_true(request.connected);
	http_forget(&request);
}

static void test_request_is_sent_verbatim(void **state)
{
	static const char *const replies[] = { CANNED_OK(""), NULL };
	static const char *const headers[] = { "X-Consul-Token: secret", NULL };
	struct http_request request = make_request();
	const char *asked;

	(void)state;
	request.method = "PUT";
	request.body = "{\"a\":1}";
	request.headers = headers;
	request.auth = "me:pass";
	ask(&request, replies);
	asked = fixture->server.asked.items[0];
	assert_non_null(strstr(asked, "PUT /v1/x HTTP/1.1\r\n"));
	assert_non_null(strstr(asked, "\r\nX-Consul-Token: secret\r\n"));
	assert_non_null(strstr(asked, "\r\nUser-Agent: pilotfish/"));
	assert_non_null(strstr(asked, "\r\nAuthorization: Basic bWU6cGFzcw==\r\n"));
	assert_string_equal(strstr(asked, "\r\n\r\n"), "\r\n\r\n{\"a\":1}");
	http_forget(&request);
}

static void test_errors_have_text_and_no_status(void **state)
{
	static const char *const truncated[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,", NULL
	};
	static const char *const large[] = { CANNED_OK("0123456789abc"), NULL };
	static const char *const nonsense[] = { "SSH-2.0-OpenSSH\r\n\r\n", NULL };
	const struct { const char *const *replies; const char *words; } cases[] = {
		{ truncated, "97" },			/* libcurl's text varies */
		{ large, "an answer of more than 12 bytes" },
		{ nonsense, "HTTP" },
	};
	struct http_request request = make_request();

	(void)state;
	request.limit = 12;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fixture->server.served = 0;
		ask(&request, cases[i].replies);
		assert_int_equal(request.status, 0);
		assert_non_null(strstr(request.error.text, cases[i].words));
		assert_true(request.connected);
	}
	http_forget(&request);
}

static void test_connection_refused(void **state)
{
	struct http_request request = make_request();

	(void)state;
	io_stop(&fixture->server.listener);
	shutdown(fixture->server.listener.ev.fd, SHUT_RDWR);
	ask(&request, fixture->server.replies);
	assert_int_equal(request.status, 0);
	assert_string_equal(request.error.text, "Connection refused");
	assert_false(request.connected);
	http_forget(&request);
}

static void test_missing_answer_times_out(void **state)
{
	struct http_request request = make_request();

	(void)state;
	request.timeout = 0.05;
	ask(&request, fixture->server.replies);
	assert_string_equal(request.error.text, "no answer within 50ms");
	assert_true(request.connected);
	http_forget(&request);
}

static void test_connection_is_reused(void **state)
{
	static const char *const replies[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3", NULL
	};
	struct http_request request = make_request();

	(void)state;
	fixture->server.keep_alive = true;
	ask(&request, replies);
	ask(&request, replies);
	assert_int_equal(fixture->server.accepted, 1);
	request.fresh = true;
	ask(&request, replies);
	assert_int_equal(fixture->server.accepted, 2);
	assert_string_equal(request.reply.data, "3");
	http_forget(&request);
}

/* libcurl would repeat the request on a new connection, with the index of a past server. */
static void test_lost_request_is_not_repeated(void **state)
{
	static const char *const replies[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", "", CANNED_OK("again"), NULL
	};
	struct http_request request = make_request();

	(void)state;
	fixture->server.keep_alive = true;
	ask(&request, replies);
	fixture->server.keep_alive = false;
	ask(&request, replies);
	assert_int_equal(request.status, 0);
	assert_string_equal(request.error.text, "the connection was lost");
	assert_int_equal(fixture->server.asked.count, 2);
	http_forget(&request);
}

static void test_connect_opens_and_closes(void **state)
{
	struct http_request request = make_request();

	(void)state;
	request.method = "CONNECT";
	ask(&request, fixture->server.replies);
	assert_string_equal(request.error.text, "");
	assert_true(request.connected);
	http_forget(&request);
	while (!fixture->server.accepted || !list_empty(&fixture->server.connections))
		ev_run(fixture->loop.ev, EVRUN_ONCE);
	assert_int_equal(fixture->server.asked.count, 0);
}

static char *make_reply(size_t size)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	buf_add(&text, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	while (size--)
		buf_add_char(&text, 'x');
	return buf_take(&text);
}

static void test_a_body_that_exceeds_the_budget(void **state)
{
	AUTOFREE char *large = make_reply(100000), *small = make_reply(60000);
	const char *const replies[] = { large, large, small, large, NULL };
	struct http_request first = make_request(), second = make_request();
	struct budget budget;

	(void)state;
	budget_init(&budget, &fixture->loop, "x.memory", 150000);
	first.limit = second.limit = 1000000;
	first.budget = second.budget = &budget;
	ask(&first, replies);
	assert_int_equal(first.reply.used, 100000);
	assert_int_equal(budget.used, 100000);
	ask(&second, replies);
	assert_int_equal(second.status, 0);
	assert_string_equal(second.error.text, "an answer that exceeds x.memory = 0M");
	assert_int_equal(second.reply.used, 0);
	assert_int_equal(budget.used, 100000);
	ask(&second, replies);			/* small enough to be allowed in any case */
	assert_int_equal(second.reply.used, 60000);
	http_forget_reply(&first);
	ask(&second, replies);
	assert_int_equal(second.reply.used, 100000);
	http_forget(&first);
	http_forget(&second);
	assert_int_equal(budget.used, 0);
	budget_release(&budget);
}

static void test_redirects_are_not_followed(void **state)
{
	static const char *const replies[] = {
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n",
		NULL
	};
	struct http_request request = make_request();

	(void)state;
	ask(&request, replies);
	assert_int_equal(request.status, 302);
	http_forget(&request);
}

static void test_other_protocols_are_refused(void **state)
{
	struct http_request request = make_request();

	(void)state;
	request.url = "file:///etc/passwd";
	ask(&request, fixture->server.replies);
	assert_int_equal(request.status, 0);
	assert_non_null(strstr(request.error.text, "Protocol"));
	http_forget(&request);
}

/* ---- sending and cancelling from replies ---- */

static struct http_request *first, *second;

static void on_cancelling_reply(struct http_request *request)
{
	http_cancel(request);
	http_cancel(request == first ? second : first);
	on_reply(request);
}

static void test_reply_may_cancel_a_request(void **state)
{
	static const char *const replies[] = { CANNED_OK("1"), CANNED_OK("2"), NULL };
	struct http_request a = make_request(), b = make_request();

	(void)state;
	first = &a;
	second = &b;
	a.on_reply = b.on_reply = on_cancelling_reply;
	fixture->server.replies = replies;
	http_send(&fixture->http, &a);
	http_send(&fixture->http, &b);
	run(1);
	assert_false(http_is_busy(&a));
	assert_false(http_is_busy(&b));
	assert_int_equal((a.status == 200) + (b.status == 200), 1);
	http_forget(&a);
	http_forget(&b);
}

static void on_repeating_reply(struct http_request *request)
{
	if (fixture->awaited > 1)
		http_send(&fixture->http, request);
	on_reply(request);
}

static void test_reply_may_send_a_request(void **state)
{
	static const char *const replies[] = {
		CANNED_OK("1"), CANNED_OK("2"), CANNED_OK("3"), NULL
	};
	struct http_request request = make_request();

	(void)state;
	request.on_reply = on_repeating_reply;
	fixture->server.replies = replies;
	http_send(&fixture->http, &request);
	run(3);
	assert_string_equal(request.reply.data, "3");
	http_forget(&request);
}

static void on_last_reply(struct http_request *request)
{
	http_forget(request);
	free(request);
	loop_stop(&fixture->loop);
}

static void test_reply_may_free_its_request(void **state)
{
	static const char *const replies[] = { CANNED_OK("1"), NULL };
	struct http_request *request = NEW(struct http_request);

	(void)state;
	*request = make_request();
	request->on_reply = on_last_reply;
	fixture->server.replies = replies;
	http_send(&fixture->http, request);
	run(1);
}

static void test_cancelling_is_idempotent(void **state)
{
	struct http_request request = make_request();

	(void)state;
	http_cancel(&request);
	http_send(&fixture->http, &request);
	http_send(&fixture->http, &request);
	http_cancel(&request);
	http_cancel(&request);
	assert_false(http_is_busy(&request));
	http_forget(&request);
	http_forget(&request);
}

static void test_release_ends_pending_requests(void **state)
{
	struct http_request request = make_request();

	(void)state;
	http_send(&fixture->http, &request);
	while (!fixture->server.asked.count)
		ev_run(fixture->loop.ev, EVRUN_ONCE);
	http_release(&fixture->http);
	assert_false(http_is_busy(&request));
	http_forget(&request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answer_is_parsed),
		TEST(test_request_is_sent_verbatim),
		TEST(test_errors_have_text_and_no_status),
		TEST(test_connection_refused),
		TEST(test_missing_answer_times_out),
		TEST(test_connection_is_reused),
		TEST(test_lost_request_is_not_repeated),
		TEST(test_connect_opens_and_closes),
		TEST(test_a_body_that_exceeds_the_budget),
		TEST(test_redirects_are_not_followed),
		TEST(test_other_protocols_are_refused),
		TEST(test_reply_may_cancel_a_request),
		TEST(test_reply_may_send_a_request),
		TEST(test_reply_may_free_its_request),
		TEST(test_cancelling_is_idempotent),
		TEST(test_release_ends_pending_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
