#include "base/duration.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void is(const char *text, double wanted)
{
	double seconds = -1;

	if (!duration_parse(text, &seconds) || fabs(seconds - wanted) > 1e-12 + fabs(wanted) * 1e-12)
		fail_msg("\"%s\" is %.12g, not %.12g", text, seconds, wanted);
}

static void is_not(const char *text)
{
	double seconds = 42;

	if (duration_parse(text, &seconds))
		fail_msg("\"%s\" is %g", text, seconds);
	assert_true(seconds == 42);
}

static void test_seconds(void **state)
{
	(void)state;
	is("0", 0);
	is("5", 5);
	is("-5", -5);
	is("+5", 5);
}

static void test_units(void **state)
{
	(void)state;
	is("250ms", .25);
	is("3us", 3e-6);
	is("3µs", 3e-6);
	is("7ns", 7e-9);
	is("1m30s", 90);
	is("1.5h", 5400);
	is(".5s", .5);
	is("2.s", 2);
	is("-1h1m1s", -3661);
	is("277777h", 277777. * 3600);
	is("1000000000", 1e9);
}

static void test_refused(void **state)
{
	(void)state;
	is_not("");
	is_not("-");
	is_not("s");
	is_not(".s");
	is_not("1.5");
	is_not("1m30");
	is_not("5 s");
	is_not(" 5s");
	is_not("5s ");
	is_not("1d");
	is_not("1e3s");
	is_not("inf");
	is_not("nan");
	is_not("0x5s");
	is_not("--5s");
	is_not("5S");
	is_not("99999999999999999999999999999999999s");
	is_not("99999999999999999999h");
	is_not("1000000001");
	is_not("-277778h");
	is_not("277777h60000m");
}

static void prints(double seconds, const char *wanted)
{
	char text[32];

	duration_print(seconds, text);
	assert_string_equal(text, wanted);
}

static void test_print(void **state)
{
	(void)state;
	prints(.25, "250ms");
	prints(1, "1s");
	prints(1.5, "1.5s");
	prints(60, "1m");
	prints(90, "1m30s");
	prints(3600, "1h");
	prints(5400, "1h30m");
	prints(60.000001, "1m");
	prints(59.9999, "1m");
	prints(61.5, "1m1.5s");
	prints(1e300, "2562047h47m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
