#include "base/strv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"

/* The words of a line, joined by bars. */
static void splits(const char *line, size_t count, const char *wanted)
{
	CLEANUP(strv_release) struct strv words = { 0 };
	AUTOFREE char *joined = NULL;
	struct error error = ERROR_INIT;

	assert_true(strv_split(&words, line, &error));
	assert_int_equal(words.count, count);
	joined = strv_join(&words, "|");
	assert_string_equal(joined, wanted);
	assert_null(words.count ? words.items[words.count] : NULL);
}

static void test_split(void **state)
{
	(void)state;
	splits("", 0, "");
	splits(" \t\n ", 0, "");
	splits("a", 1, "a");
	splits("  a   b\tc\n", 3, "a|b|c");
	splits("a 'b c' \"d e\"", 3, "a|b c|d e");
	splits("a'b'\"c\"d", 1, "abcd");
	splits("'' \"\"", 2, "|");
	splits("a\\ b \\'c\\'", 2, "a b|'c'");
	splits("'a\\b'", 1, "a\\b");
	splits("\"a\\\"b\\\\c\\d\"", 1, "a\"b\\c\\d");
	splits("$HOME * ~ `x` | > #", 7, "$HOME|*|~|`x`|||>|#");
	splits("a\\", 1, "a\\");
}

static void test_split_open_quote(void **state)
{
	static const char *const lines[] = { "'", "\"", "a 'b", "a \"b\\\"" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		CLEANUP(strv_release) struct strv words = { 0 };
		struct error error = ERROR_INIT;

		assert_false(strv_split(&words, lines[i], &error));
		assert_string_equal(error.text, "a quote is not closed");
	}
}

static void test_environment(void **state)
{
	CLEANUP(strv_release) struct strv env = { 0 };

	(void)state;
	assert_null(strv_get(&env, "A"));
	strv_set(&env, "A", "1");
	strv_set(&env, "AB", "2=3");
	assert_string_equal(strv_get(&env, "A"), "1");
	assert_string_equal(strv_get(&env, "AB"), "2=3");
	strv_set(&env, "A", "");
	assert_int_equal(env.count, 2);
	assert_string_equal(strv_get(&env, "A"), "");
	strv_unset(&env, "A");
	strv_unset(&env, "B");
	assert_int_equal(env.count, 1);
	assert_null(strv_get(&env, "A"));
	assert_string_equal(env.items[0], "AB=2=3");
	assert_null(env.items[1]);
}

static void test_copy(void **state)
{
	CLEANUP(strv_release) struct strv from = { 0 }, to = { 0 };

	(void)state;
	strv_copy(&to, from.items);
	assert_int_equal(to.count, 0);
	strv_push(&from, "a");
	strv_push_taken(&from, copy_string("b"));
	strv_copy(&to, from.items);
	strv_copy(&to, from.items);
	assert_int_equal(to.count, 4);
	assert_string_equal(to.items[3], "b");
	assert_ptr_not_equal(to.items[1], from.items[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_open_quote),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
