#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

static void test_empty_reads_as_text(void **state)
{
	struct buf buf = BUF_INIT;
	AUTOFREE char *text = buf_take(&buf);

	(void)state;
	assert_string_equal(buf.data, "");
	assert_string_equal(text, "");
	buf_clear(&buf);
	buf_consume(&buf, 0);
	buf_append(&buf, NULL, 0);
	assert_string_equal(buf.data, "");
	buf_release(&buf);
	buf_release(&buf);
	assert_string_equal(buf.data, "");
}

static void test_text_grows(void **state)
{
	CLEANUP(buf_release) struct buf buf = BUF_INIT;

	(void)state;
	buf_add(&buf, "one");
	buf_add_char(&buf, ' ');
	buf_print(&buf, "%s %d", "two", 3);
	assert_string_equal(buf.data, "one two 3");
	assert_int_equal(buf.used, 9);
	for (int i = 0; i < 1000; i++)
		buf_print(&buf, "%c", 'a' + i % 26);
	assert_int_equal(buf.used, 1009);
	assert_string_equal(buf.data + 1005, "ijkl");
	buf_print(&buf, "%s", "");
	assert_int_equal(buf.used, 1009);
}

static void test_bytes_of_any_value(void **state)
{
	CLEANUP(buf_release) struct buf buf = BUF_INIT;

	(void)state;
	buf_append(&buf, "a\0b", 3);
	buf_append(&buf, "\0", 1);
	assert_int_equal(buf.used, 4);
	assert_memory_equal(buf.data, "a\0b\0", 5);
}

static void test_reserve_leaves_room_for_the_nul(void **state)
{
	(void)state;
	for (size_t size = 1; size < 300; size++) {
		CLEANUP(buf_release) struct buf buf = BUF_INIT;

		memset(buf_reserve(&buf, size), 'x', size);
		assert_true(buf.room > size);
		buf.used = size;
		buf_add(&buf, "end");
		assert_string_equal(buf.data + size, "end");
	}
}

static void test_reuse_after_take(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	for (int i = 0; i < 2; i++) {
		AUTOFREE char *text = NULL;

		buf_add(&buf, "text");
		text = buf_take(&buf);
		assert_string_equal(text, "text");
		assert_int_equal(buf.used, 0);
	}
}

static void test_consume(void **state)
{
	CLEANUP(buf_release) struct buf buf = BUF_INIT;

	(void)state;
	buf_add(&buf, "line\nrest");
	buf_consume(&buf, 5);
	assert_string_equal(buf.data, "rest");
	buf_consume(&buf, 4);
	assert_string_equal(buf.data, "");
	assert_int_equal(buf.used, 0);
	buf_add(&buf, "more");
	buf_clear(&buf);
	assert_string_equal(buf.data, "");
}

static void test_utf8_cut(void **state)
{
	static const struct {
		const char *text;
		size_t limit, wanted;
	} cases[] = {
		{ "", 0, 0 }, { "abc", 5, 3 }, { "abc", 3, 3 }, { "abc", 2, 2 }, { "abc", 0, 0 },
		{ "a\xC3\xA4", 3, 3 }, { "a\xC3\xA4", 2, 1 }, { "a\xC3\xA4", 1, 1 },
		{ "\xE2\x82\xAC!", 3, 3 }, { "\xE2\x82\xAC!", 2, 0 }, { "\xE2\x82\xAC!", 1, 0 },
		{ "\xF0\x9F\x90\x9F.", 4, 4 }, { "x\xF0\x9F\x90\x9F.", 4, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(utf8_cut(cases[i].text, strlen(cases[i].text), cases[i].limit),
				 cases[i].wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_reads_as_text),
		cmocka_unit_test(test_text_grows),
		cmocka_unit_test(test_bytes_of_any_value),
		cmocka_unit_test(test_reserve_leaves_room_for_the_nul),
		cmocka_unit_test(test_reuse_after_take),
		cmocka_unit_test(test_consume),
		cmocka_unit_test(test_utf8_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
