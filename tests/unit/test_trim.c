#include "base/trim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *text, size_t size, size_t from, size_t wanted)
{
	const char *found = trim(text, &size, " \t");

	assert_ptr_equal(found, text + from);
	assert_int_equal(size, wanted);
}

static void test_ends(void **state)
{
	(void)state;
	expect("a", 1, 0, 1);
	expect("\t a b \t", 7, 2, 3);
	expect("\na ", 3, 0, 2);		/* not one of these blanks */
}

static void test_nothing(void **state)
{
	(void)state;
	expect("", 0, 0, 0);
	expect(" \t ", 3, 3, 0);
}

/* The bytes behind the part are not looked at. */
static void test_part(void **state)
{
	(void)state;
	expect(" a  b", 3, 1, 1);
	expect("  b", 2, 2, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
