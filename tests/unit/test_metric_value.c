#include "metric_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/answer_counts.h"
#include "base/histogram.h"

/* The labels of `text` in the order a, b; NULL: it is refused. */
static char *labels_of(const char *text, const char *name)
{
	CLEANUP(metric_key_release) struct metric_key key = { 0 };
	CLEANUP(strv_release) struct strv declared = { 0 };
	struct error error = ERROR_INIT;

	strv_push(&declared, "a");
	strv_push(&declared, "b");
	if (!metric_key_parse(text, &key, &error)) {
		assert_string_not_equal(error.text, "");
		return NULL;
	}
	assert_string_equal(key.name, name);
	return metric_labels(&key, &declared, 4, &error);
}

static void test_labels(void **state)
{
	static const struct { const char *text, *labels; } cases[] = {
		{ "m{a=\"1\",b=\"2\"}", "a=\"1\",b=\"2\"" },
		{ "m{b=\"2\",a=\"1\"}", "a=\"1\",b=\"2\"" },
		{ " m { b = \"2\" , a = \"\" , } ", "a=\"\",b=\"2\"" },
		{ "m{a=\"\\\"\\\\\\n\",b=\"},= \"}", "a=\"\\\"\\\\\\n\",b=\"},= \"" },
		{ "m{a=\"1234\",b=\"\xc3\xa4\xc3\xa4\"}", "a=\"1234\",b=\"\xc3\xa4\xc3\xa4\"" },
		{ "m{a=\"12345\",b=\"\"}", NULL },
		{ "m{a=\"1\"}", NULL }, { "m{}", NULL }, { "m", NULL },
		{ "m{a=\"1\",b=\"2\",c=\"3\"}", NULL }, { "m{a=\"1\",b=\"2\",a=\"1\"}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTOFREE char *labels = labels_of(cases[i].text, "m");

		if (cases[i].labels)
			assert_string_equal(labels, cases[i].labels);
		else
			assert_null(labels);
	}
}

static void test_no_keys(void **state)
{
	static const char *const texts[] = {
		"", " ", "{", "{a=\"1\"}", "m{", "m{a", "m{a=", "m{a=1}", "m{a=\"", "m{a=\"1\"", "m{a=\"\\", "m{a=\"\\x\"}",
		"m{a=\"1\"b=\"2\"}", "m{,}", "m{=\"1\"}", "m{a=\"1\"}x", "m}", "m=", "m\"", "m,", "m{a=\"1\",,}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct metric_key key;
		struct error error = ERROR_INIT;

		assert_false(metric_key_parse(texts[i], &key, &error));
		metric_key_release(&key);
	}
}

static void test_numbers(void **state)
{
	static const struct { const char *json; double number; } right[] = {
		{ "1", 1 }, { "-2.5", -2.5 }, { "\"3\"", 3 }, { "\"-1e3\"", -1000 }, { "\".5\"", .5 }, { "\"+1\"", 1 },
		{ "\" 1\"", 1 }, { "\"1 \\n\"", 1 },
	};
	static const char *const wrong[] = {
		"\"\"", "\" \"", "\"1 2\"", "\"- 1\"", "\"nan\"", "\"inf\"", "\"1e999\"", "\"0x1\"", "\"1,5\"", "\"e\"", "null", "true",
		"[1]", "{}",
	};
	struct error error = ERROR_INIT;
	double number = 0;

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		json_t *value = json_loads(right[i].json, JSON_DECODE_ANY, NULL);

		assert_true(metric_number(value, &number, &error));
		assert_true(number == right[i].number);
		json_decref(value);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		json_t *value = json_loads(wrong[i], JSON_DECODE_ANY, NULL);

		assert_non_null(value);
		assert_false(metric_number(value, &number, &error));
		json_decref(value);
	}
}

static void test_histogram(void **state)
{
	struct histogram histogram = { 0 };

	(void)state;
	histogram_add(&histogram, 0);
	histogram_add(&histogram, .001);
	histogram_add(&histogram, .0011);
	histogram_add(&histogram, 30);
	histogram_add(&histogram, 31);
	assert_int_equal(histogram.counts[0], 2);
	assert_int_equal(histogram.counts[1], 1);
	assert_int_equal(histogram.counts[HISTOGRAM_BOUNDS - 1], 1);
	assert_int_equal(histogram.counts[HISTOGRAM_BOUNDS], 1);
	assert_true(histogram.sum > 61 && histogram.sum < 61.01);
}

static void test_answer_counts_are_bounded(void **state)
{
	CLEANUP(answer_counts_release) struct answer_counts counts = { 0 };
	unsigned long sum = 0;

	(void)state;
	answer_counts_add(&counts, "agent/x", 5, 200);
	answer_counts_add(&counts, "agents", 6, 200);
	answer_counts_add(&counts, "agent", 5, 200);
	assert_int_equal(counts.used, 2);
	assert_string_equal(counts.rows[0].name, "agent");
	assert_int_equal(counts.rows[0].count, 2);
	answer_counts_add(&counts, "a name of more than thirty characters", 37, 200);
	for (long code = 0; code < 1000; code++)
		answer_counts_add(&counts, "many", 4, code);
	assert_int_equal(counts.used, ANSWER_COUNTS_MOST - 1);
	assert_string_equal(counts.rows[2].name, "other");
	for (size_t i = 0; i < counts.used; i++)
		sum += counts.rows[i].count;
	assert_int_equal(sum, 1004);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_no_keys),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_answer_counts_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
