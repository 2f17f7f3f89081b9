#include "control/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOST "Host: x\r\n"

static int parse(const char *text, struct request *request)
{
	return request_parse(text, strlen(text), request);
}

static void test_status_of_each_request(void **state)
{
	static const struct { int status; const char *text; } rows[] = {
		{ 200, "GET / HTTP/1.1\r\n" HOST "\r\n" },
		{ 200, "GET / HTTP/1.0\r\n\r\n" },
		{ 200, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab" },
		{ 0,   "" }, { 0, "G" }, { 0, "GET / HTTP/1.1\r\n" HOST }, { 0, "GET / HTTP/1.1\r\n" HOST "\r" },
		{ 0,   "POST /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\na" },
		{ 400, "GET / HTTP/1.1\r\n\r\n" },			/* no host */
		{ 400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n" },
		{ 400, "\r\n\r\n" }, { 400, "GET\r\n\r\n" }, { 400, "GET /\r\n\r\n" }, { 400, "GET  HTTP/1.1\r\n\r\n" },
		{ 400, "get / HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET http://x/ HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /%zz HTTP/1.1\r\n" HOST "\r\n" }, { 400, "GET /%0 HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /%00 HTTP/1.1\r\n" HOST "\r\n" }, { 400, "GET /?a=% HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST " folded: x\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost : x\r\n\r\n" }, { 400, "GET / HTTP/1.1\r\n: x\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "A: b\001\r\n\r\n" }, { 400, "GET / HTTP/1.1\r\n" HOST "A: b\nC: d\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1x\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n" },
		{ 413, "POST / HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n" },
		{ 413, "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999999\r\n\r\n" },
		{ 417, "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n" },
		{ 501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" },
		{ 501, "PROPPATCH / HTTP/1.1\r\n" HOST "\r\n" },
		{ 505, "GET / HTTP/2.0\r\n" HOST "\r\n" }, { 505, "GET / HTTP/1.11\r\n" HOST "\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct request request;
		int status = parse(rows[i].text, &request);

		if (status != rows[i].status)
			fail_msg("%d instead of %d: %s", status, rows[i].status, rows[i].text);
	}
}

static void test_limits(void **state)
{
	static char text[REQUEST_HEAD_MOST + 1];
	struct request request;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	memcpy(text, "GET /", 5);
	assert_int_equal(parse(text, &request), 431);
	memcpy(text + 5 + REQUEST_TEXT, " HTTP/1.1\r\n" HOST "\r\n", strlen(" HTTP/1.1\r\n" HOST "\r\n") + 1);
	assert_int_equal(parse(text, &request), 414);
}

static void test_parts(void **state)
{
	static const char text[] = "POST /v4/jobs/a%2Fb/signal?job=x%20y&z HTTP/1.1\r\n" HOST
		"Accept: text/plain\r\ncontent-length:\t 3 \r\nconnection: Close\r\n\r\nHUPnext";
	struct request request;
	char part[8];

	(void)state;
	assert_int_equal(parse(text, &request), 200);
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.accept, "text/plain");
	assert_int_equal(request.body, 3);
	assert_string_equal(text + request.head, "HUPnext");
	assert_false(request.keep_alive);
	assert_true(request_segment(&request, 2, part, sizeof part));
	assert_string_equal(part, "a/b");
	assert_false(request_segment(&request, 4, part, sizeof part));
	assert_false(request_segment(&request, 2, part, 3));
	assert_true(request_query(&request, "job", part, sizeof part));
	assert_string_equal(part, "x y");
	assert_true(request_query(&request, "z", part, sizeof part));
	assert_string_equal(part, "");
	assert_false(request_query(&request, "jo", part, sizeof part));
	assert_true(!parse("GET / HTTP/1.0\r\n", &request));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_of_each_request),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
