#include "consul/election/lock.h"

#include "sim_story.h"

#include <cmocka.h>

/* Any value of the keys results in a valid view. */

static json_t *entry(const char *key, const char *value, const char *session)
{
	AUTOFREE char *encoded = sim_encode_base64(value);
	json_t *out = json_pack("{s:s s:s s:i}", "Key", key, "Value", encoded, "ModifyIndex", 7);

	if (session)
		json_object_set_new(out, "Session", json_string(session));
	return out;
}

static struct lock_view view_of(const char *key, const char *value, const char *session)
{
	json_t *answer = json_pack("[o]", entry(key, value, session));
	struct lock_view view;

	lock_read(answer, LOCK, &view);
	json_decref(answer);
	assert_true(view.known);
	return view;
}

static void test_nothing(void **state)
{
	struct lock_view view;

	(void)state;
	lock_read(NULL, LOCK, &view);
	assert_true(view.known);
	assert_false(view.exists || view.foreign || view.released || view.paused);
	assert_int_equal(view.request.modified, 0);
}

static void test_lock(void **state)
{
	struct lock_view view = view_of(LOCK, "{\"id\":\"a\",\"address\":\"h:1\",\"epoch\":5,"
						"\"since\":9}", "s");

	(void)state;
	assert_true(view.exists && !view.foreign && !view.released);
	assert_string_equal(view.session, "s");
	assert_string_equal(view.id, "a");
	assert_string_equal(view.address, "h:1");
	assert_int_equal(view.epoch, 5);
	assert_int_equal(view.since, 9);
	assert_int_equal(view.modified, 7);

	view = view_of(LOCK, "{\"id\":\"a\",\"released\":true,\"epoch\":5,\"to\":\"b\"}", NULL);
	assert_true(view.exists && view.released);
	assert_string_equal(view.to, "b");
	assert_string_equal(view.session, "");
}

/* A value that is no JSON object, or a member of the wrong type, counts as absent. */
static void test_nonsense(void **state)
{
	static const char *const values[] = {
		"x", "7", "\"id\"", "null", "[1]", "{", "{\"id\":7}", "{\"id\":{}}", "{\"id\":null}",
		"{\"id\":\"\"}", "{\"epoch\":5}", "\xff\xfe", "{\"id\":\"\xff\"}", "\x01",
	};

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct lock_view view = view_of(LOCK, values[i], "s");

		assert_true(view.exists && view.foreign);
		assert_string_equal(view.id, "");
		assert_string_equal(view.session, "s");
	}
	assert_false(view_of(LOCK, "", NULL).foreign);
}

static void test_numbers(void **state)
{
	static const char *const epochs[] = {
		"-1", "1.5", "\"5\"", "true", "null", "1e3", "[]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
		AUTOFREE char *value = format_string("{\"id\":\"a\",\"epoch\":%s}", epochs[i]);

		assert_int_equal(view_of(LOCK, value, "s").epoch, 0);
	}
}

/* The key's ModifyIndex is 7: an epoch is lower. */
static void test_impossible_epoch(void **state)
{
	static const char *const epochs[] = { "7", "8", "9223372036854775807" };

	(void)state;
	assert_int_equal(view_of(LOCK, "{\"id\":\"a\",\"epoch\":6}", "s").epoch, 6);
	for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
		AUTOFREE char *value = format_string("{\"id\":\"a\",\"epoch\":%s}", epochs[i]);
		struct lock_view view = view_of(LOCK, value, "s");

		assert_int_equal(view.epoch, 0);
		assert_string_equal(view.id, "");
		assert_true(view.foreign);
	}
}

/* The texts go to hooks, which may be scripts that do not quote. */
static void test_unsafe_texts(void **state)
{
	static const char *const values[] = {
		"{\"id\":\"$(touch x)\"}", "{\"id\":\"a b\"}", "{\"id\":\"-rf\"}", "{\"id\":\".\"}",
		"{\"id\":\"a;b\"}", "{\"id\":\"a/../b\"}", "{\"id\":\"a\\u001b[31m\"}",
		"{\"id\":\"\\u00e9\"}", "{\"id\":\"a\\u0000b\"}", "{\"id\":\"\"}",
		"{\"id\":\"a\",\"address\":\"$(touch x) 6.6.6.6:1\"}",
		"{\"id\":\"a\",\"address\":\"-o\"}", "{\"id\":\"a\",\"address\":\"h:1\\n\"}",
		"{\"id\":\"a\",\"address\":\"*\"}",
		"{\"id\":\"a\",\"released\":true,\"to\":\"`x`\"}",
	};
	char longer[200];
	AUTOFREE char *value = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct lock_view view = view_of(LOCK, values[i], "s");

		assert_string_equal(view.id, "");
		assert_string_equal(view.address, "");
		assert_string_equal(view.to, "");
		assert_true(view.foreign && !view.released);
	}
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	value = format_string("{\"id\":\"%s\"}", longer);
	assert_string_equal(view_of(LOCK, value, "s").id, "");
	assert_string_equal(view_of(LOCK, "{\"id\":\"a\",\"address\":\"[fe80::1%eth0]:1\"}",
				    "s").address, "[fe80::1%eth0]:1");
	assert_string_equal(view_of(LOCK "/request", "{\"action\":\"step-down\",\"to\":\"$x\"}",
				    NULL).request.action, "");
}

static void test_impossible_times(void **state)
{
	static const char *const times[] = { "1e308", "-1", "253402300800", "\"x\"", "null" };

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		AUTOFREE char *at = format_string("{\"action\":\"x\",\"at\":%s}", times[i]);
		AUTOFREE char *since = format_string("{\"id\":\"a\",\"since\":%s}", times[i]);

		assert_true(view_of(LOCK "/request", at, NULL).request.at == 0);
		assert_true(view_of(LOCK "/pause", at, NULL).paused_at == 0);
		assert_int_equal(view_of(LOCK, since, NULL).since, 0);
	}
}

static void test_request(void **state)
{
	struct lock_view view = view_of(LOCK "/request", "{\"action\":\"step-down\",\"leader\":\"a\","
							   "\"to\":\"b\",\"at\":12.5,\"by\":\"me\"}",
					  NULL);

	(void)state;
	assert_false(view.exists);
	assert_int_equal(view.request.modified, 7);
	assert_string_equal(view.request.action, "step-down");
	assert_string_equal(view.request.leader, "a");
	assert_string_equal(view.request.to, "b");
	assert_string_equal(view.request.by, "me");
	assert_true(view.request.at == 12.5);

	view = view_of(LOCK "/request",
		       "{\"action\":\"a very long action that is none of those we know\"}", NULL);
	assert_int_equal(strlen(view.request.action), sizeof view.request.action - 1);
	assert_int_equal(view_of(LOCK "/request", "nonsense", NULL).request.modified, 7);
}

/* The answer of a recursive read has all keys with the prefix. */
static void test_neighbours(void **state)
{
	static const char *const keys[] = {
		LOCK "2", LOCK "/", LOCK "/request2", LOCK "/pause/x", "other", "",
	};

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct lock_view view = view_of(keys[i], "{\"id\":\"a\"}", "s");

		assert_false(view.exists || view.paused || view.request.modified);
		assert_string_equal(view.session, "");
	}
}

static void test_pause(void **state)
{
	struct lock_view view = view_of(LOCK "/pause", "{\"at\":3,\"by\":\"me\"}", NULL);

	(void)state;
	assert_true(view.paused);
	assert_string_equal(view.paused_by, "me");
	assert_true(view_of(LOCK "/pause", "", NULL).paused);
}

/* Bodies that Consul never sends. */
static void test_strange_answers(void **state)
{
	static const char *const texts[] = {
		"[]", "{}", "[7]", "[null]", "[{}]", "[{\"Key\":7}]", "[[]]", "\"x\"",
		"[{\"Key\":\"" LOCK "/pausee\"}]", "[{\"Key\":\"service\",\"Value\":\"!!\"}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_t *answer = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		struct lock_view view;

		lock_read(answer, LOCK, &view);
		assert_true(view.known && !view.exists && !view.paused);
		json_decref(answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_impossible_epoch),
		cmocka_unit_test(test_unsafe_texts),
		cmocka_unit_test(test_impossible_times),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_strange_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
