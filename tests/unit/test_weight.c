#include "consul/weight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/budget.h"

static size_t weight_of(const char *text)
{
	const struct buf buf = { .data = (char *)text, .used = strlen(text) };
	struct error error = ERROR_INIT;
	size_t weight = 0;

	assert_true(weight_of_text(&buf, SIZE_MAX, &weight, &error));
	return weight;
}

static size_t allocated;

static void *count_malloc(size_t size)
{
	size_t *block = malloc(size + 16);

	*block = size + 16;
	allocated += size + 16;
	return block + 2;
}

static void count_free(void *data)
{
	size_t *block = data;

	if (!data)
		return;
	allocated -= block[-2];
	free(block - 2);
}

static char *repeat(const char *first, const char *part, size_t count, const char *last)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	buf_add(&text, first);
	while (count--)
		buf_add(&text, part);
	buf_add(&text, last);
	return buf_take(&text);
}

static void test_the_weight_is_no_less_than_the_memory(void **state)
{
	static const struct { const char *first, *part, *last; } cases[] = {
		{ "[0", ",0", "]" }, { "[[]", ",[]", "]" }, { "[{}", ",{}", "]" },
		{ "[\"\"", ",\"\"", "]" }, { "[\"\"", ",\"0123456789\"", "]" },
		{ "[[0]", ",[0]", "]" }, { "[{\"a\":0}", ",{\"a\":0}", "]" },
		{ "[{}", ",{\"a\":\"b\",\"c\":[1,2],\"d\":{\"e\":null}}", "]" },
		{ "[true", ",[true,false]", "]" },
	};

	(void)state;
	json_set_alloc_funcs(count_malloc, count_free);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTOFREE char *text = repeat(cases[i].first, cases[i].part, 1000, cases[i].last);
		json_t *json;

		allocated = 0;
		json = json_loads(text, 0, NULL);
		assert_non_null(json);
		assert_in_range(allocated, 1, weight_of(text));
		assert_in_range(allocated, 1, weight_of_json(json) + 1000);
		json_decref(json);
	}
	json_set_alloc_funcs(malloc, free);
}

static void test_a_string_is_one_value(void **state)
{
	(void)state;
	assert_int_equal(weight_of("\"[[[{{,,:\\\"[\""), 80 + 13);
	assert_int_equal(weight_of("\"[[["), 80 + 4);		/* no end */
	assert_int_equal(weight_of("\"\\"), 80 + 2);
}

static void test_counting_stops_at_the_limit(void **state)
{
	AUTOFREE char *text = repeat("", "[],", 100000, "");
	const struct buf buf = { .data = text, .used = strlen(text) };
	struct error error = ERROR_INIT;
	size_t weight = 0;

	(void)state;
	assert_true(weight_of_text(&buf, 1000000, &weight, &error));
	assert_in_range(weight, 1000001, 1000200);
}

static void test_too_many_levels_are_an_error(void **state)
{
	AUTOFREE char *deep = repeat("", "[", 65, ""), *wide = repeat("", "[[[{}]]],", 65, "");
	const struct buf buf = { .data = deep, .used = strlen(deep) };
	struct error error = ERROR_INIT;
	size_t weight;

	(void)state;
	assert_false(weight_of_text(&buf, SIZE_MAX, &weight, &error));
	assert_string_equal(error.text, "JSON of more than 64 levels");
	assert_int_not_equal(weight_of(wide), 0);
}

static void test_a_budget_counts_its_charges(void **state)
{
	struct loop loop;
	struct budget budget;
	struct charge a = { .budget = &budget }, b = { .budget = &budget }, none = { 0 };

	(void)state;
	loop_init(&loop);
	budget_init(&budget, &loop, "x", 10 << 20);
	charge_set(&a, 4 << 20);
	charge_set(&b, 5 << 20);
	charge_set(&none, 5 << 20);
	assert_true(budget_has(&budget, 1 << 20));
	assert_false(budget_has(&budget, (1 << 20) + 1));
	charge_set(&b, 7 << 20);		/* counted, though beyond the limit */
	assert_false(budget_has(&budget, 0));
	assert_false(timer_is_set(&budget.trim));
	charge_set(&b, 0);
	assert_true(timer_is_set(&budget.trim));
	assert_true(budget_has(&budget, 6 << 20));
	charge_set(&a, 0);
	assert_int_equal(budget.used, 0);
	budget.limit = 0;
	assert_true(budget_has(&budget, SIZE_MAX));
	budget_release(&budget);
	loop_release(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_weight_is_no_less_than_the_memory),
		cmocka_unit_test(test_a_string_is_one_value),
		cmocka_unit_test(test_counting_stops_at_the_limit),
		cmocka_unit_test(test_too_many_levels_are_an_error),
		cmocka_unit_test(test_a_budget_counts_its_charges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
