#include "base/printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

static void adds(enum printable kind, const char *text, const char *wanted)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	printable_add(&out, text, strlen(text), kind);
	assert_string_equal(out.data, wanted);
}

static void is_unsafe(const char *text, const char *wanted)
{
	adds(PRINTABLE_PLAIN, text, wanted);
	adds(PRINTABLE_COLOURS, text, wanted);
	assert_false(printable_is_safe(text, strlen(text)));
}

static void is_safe(const char *text)
{
	adds(PRINTABLE_PLAIN, text, text);
	assert_true(printable_is_safe(text, strlen(text)));
}

static void test_safe(void **state)
{
	(void)state;
	is_safe("");
	is_safe("a\tb \\ \"");
	is_safe("gr\xC3\xBC\xC3\x9F" "e \xE2\x82\xAC \xF0\x9F\x90\x9F");
	is_safe("\xC2\xA0");				/* U+00A0 is the first one behind C1 */
	is_safe("\xEE\x80\x80 \xEF\xBF\xBF \xF4\x8F\xBF\xBF");
}

static void test_controls(void **state)
{
	(void)state;
	is_unsafe("a\nb\rc", "a\\nb\\rc");
	is_unsafe("\x01\x7f", "\\x01\\x7f");
	is_unsafe("\x1b]52;c;AAAA\x07", "\\x1b]52;c;AAAA\\x07");
	is_unsafe("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H");
	is_unsafe("\x1b", "\\x1b");
	is_unsafe("\xC2\x85 \xC2\x9B" "31m", "\\u0085 \\u009b31m");
	is_unsafe("\xE2\x80\xA8\xE2\x80\xA9", "\\u2028\\u2029");
	is_unsafe("\xE2\x80\xAE" "abc\xE2\x81\xA6\xE2\x80\x8F\xD8\x9C", "\\u202eabc\\u2066\\u200f\\u061c");
}

static void test_colours(void **state)
{
	(void)state;
	adds(PRINTABLE_COLOURS, "\x1b[1;31mred\x1b[m\x1b[0m", "\x1b[1;31mred\x1b[m\x1b[0m");
	adds(PRINTABLE_COLOURS, "\x1b[38:2::1:2:3mx", "\x1b[38:2::1:2:3mx");
	adds(PRINTABLE_PLAIN, "\x1b[31mred", "\\x1b[31mred");
	adds(PRINTABLE_COLOURS, "\x1b[31", "\\x1b[31");
	adds(PRINTABLE_COLOURS, "\x1b[?25m", "\\x1b[?25m");
	adds(PRINTABLE_COLOURS, "\x1b[3\x1b[1m", "\\x1b[3\x1b[1m");
}

static void test_invalid_bytes(void **state)
{
	(void)state;
	is_unsafe("\x9b" "31m", "\\x9b31m");
	is_unsafe("\xC3(", "\\xc3(");
	is_unsafe("\xE2\x82", "\\xe2\\x82");
	is_unsafe("\xED\xA0\x80", "\\xed\\xa0\\x80");
	is_unsafe("\xC0\x9B", "\\xc0\\x9b");
	is_unsafe("\xE0\x82\x9B", "\\xe0\\x82\\x9b");
	is_unsafe("\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

static void test_quote(void **state)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	(void)state;
	printable_quote(&out, "a\"\\\n\x1b\xC2\x85\xE2\x80\xA8\xff\0\tz", 14);
	assert_string_equal(out.data,
			    "\"a\\\"\\\\\\u000a\\u001b\\u0085\\u2028\xEF\xBF\xBD\\u0000\\u0009z\"");
}

static void test_repair(void **state)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	(void)state;
	printable_repair(&out, "a\xff\0\n\xC3\xA4\xC3", 7);
	assert_string_equal(out.data, "a\xEF\xBF\xBD\xEF\xBF\xBD\n\xC3\xA4\xEF\xBF\xBD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_invalid_bytes),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_repair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
