#include "base/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_doubles_up_to_its_maximum(void **state)
{
	static const double wholes[] = { 0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30 };
	struct backoff backoff = { .min = 0.25, .max = 30 };

	(void)state;
	for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
		double delay = backoff_next(&backoff);

		assert_true(delay >= wholes[i] / 2);
		assert_true(delay <= wholes[i]);
	}
}

static void test_a_success_resets_the_delay(void **state)
{
	struct backoff backoff = { .min = 0.25, .max = 30 };

	(void)state;
	for (int i = 0; i < 5; i++)
		backoff_next(&backoff);
	backoff_reset(&backoff);
	assert_true(backoff_next(&backoff) <= 0.25);
}

static void test_never_overflows(void **state)
{
	struct backoff backoff = { .min = 1, .max = 4 };

	(void)state;
	for (int i = 0; i < 5000; i++)
		assert_true(backoff_next(&backoff) <= 4);
	assert_true(backoff_next(&backoff) >= 2);
}

static void test_a_minimum_above_the_maximum_is_cut(void **state)
{
	struct backoff backoff = { .min = 9, .max = 3 };

	(void)state;
	assert_true(backoff_next(&backoff) <= 3);
}

static void test_delays_vary(void **state)
{
	struct backoff backoff = { .min = 30, .max = 30 };
	double first = backoff_next(&backoff);
	bool differs = false;

	(void)state;
	for (int i = 0; i < 20; i++)
		differs = differs || backoff_next(&backoff) != first;
	assert_true(differs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles_up_to_its_maximum),
		cmocka_unit_test(test_a_success_resets_the_delay),
		cmocka_unit_test(test_never_overflows),
		cmocka_unit_test(test_a_minimum_above_the_maximum_is_cut),
		cmocka_unit_test(test_delays_vary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
