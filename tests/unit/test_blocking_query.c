#include "consul/watch/blocking_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"

static const char *const by_node_id[] = { "node", "id", NULL }, *const by_key[] = { "key", NULL };
static const struct blocking_query
	service = { .topic = TOPIC_SERVICE, .subject = "db", .identity = by_node_id },
	keys = { .topic = TOPIC_KEYS, .subject = "p/", .prefix = true, .identity = by_key };

/* "n1/a n2/b=2" */
static json_t *make_set(const char *text)
{
	json_t *set = json_array();
	AUTOFREE char *copy = copy_string(text);
	char *park = copy, *word;

	while ((word = strsep(&park, " "))) {
		char node[8] = "", id[8] = "", value[8] = "";

		if (sscanf(word, "%7[^/]/%7[^=]=%7s", node, id, value) >= 2)
			json_array_append_new(set, json_pack("{ss ss ss}", "node", node, "id", id,
							     "value", value));
	}
	return set;
}

static char *print_set(const json_t *set)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	json_t *entry;
	size_t i;

	json_array_foreach(set, i, entry) {
		const char *node, *id, *value;

		assert_int_equal(json_unpack(entry, "{ss ss ss}", "node", &node, "id", &id,
					     "value", &value), 0);
		buf_print(&text, "%s%s/%s%s%s", i ? " " : "", node, id, *value ? "=" : "", value);
	}
	return buf_take(&text);
}

static void test_a_union_prefers_the_new(void **state)
{
	static const struct { const char *old, *now, *both; } cases[] = {
		{ "n/a n/b", "n/b=2 n/c", "n/a n/b=2 n/c" },
		{ "", "n/b n/c", "n/b n/c" },
		{ "n/b n/c", "", "n/b n/c" },
		{ "n/a m/a", "n/a", "m/a n/a" },
		{ "m/a n/b", "n/b n/c", "m/a n/b n/c" },
		/* sorted by distance, not by name */
		{ "z/a y/a x/a", "x/a z/a", "x/a y/a z/a" },
		{ "c/a b/a a/a", "c/a a/a d/a", "b/a c/a a/a d/a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(json_decrefp) json_t *old = make_set(cases[i].old);
		CLEANUP(json_decrefp) json_t *now = make_set(cases[i].now);
		CLEANUP(json_decrefp) json_t *both = blocking_query_keep(&service, old, now);
		AUTOFREE char *text = print_set(both);

		assert_string_equal(text, cases[i].both);
	}
}

static void assert_rights(const struct blocking_query *query, const char *set, const char *expected)
{
	CLEANUP(json_decrefp) json_t *entries = json_loads(set, 0, NULL);
	CLEANUP(json_decrefp) json_t *rights = blocking_query_rights(query, entries);
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	json_t *right;
	size_t i;

	json_array_foreach(rights, i, right) {
		const char *resource, *access, *segment;

		assert_int_equal(json_unpack(right, "{ss ss ss}", "Resource", &resource, "Access",
					     &access, "Segment", &segment), 0);
		assert_string_equal(access, "read");
		buf_print(&text, "%s%s %s", i ? ", " : "", resource, segment);
	}
	assert_string_equal(text.data, expected);
}

static void test_rights_to_read_a_set(void **state)
{
	(void)state;
	assert_rights(&service, "[]", "service db");
	assert_rights(&service, "[{\"node\":\"n\",\"id\":\"a\"},{\"node\":\"n\",\"id\":\"b\"},"
				"{\"node\":\"o\",\"id\":\"a\"}]", "service db, node n, node o");
	assert_rights(&keys, "[{\"key\":\"p/a\"},{\"key\":\"p/b\"}]", "key p/, key p/a, key p/b");
}

static void test_rights_are_asked_in_batches(void **state)
{
	CLEANUP(json_decrefp) json_t *set = json_array(), *rights = NULL;

	(void)state;
	for (int i = 0; i < 100; i++) {
		AUTOFREE char *key = format_string("p/%d", i);

		json_array_append_new(set, json_pack("{ss}", "key", key));
	}
	rights = blocking_query_rights(&keys, set);
	assert_int_equal(json_array_size(rights), 60);
}

static bool never(const json_t *a, const json_t *b)
{
	(void)a;
	(void)b;
	return false;
}

static void test_owner_compares_answers(void **state)
{
	const struct blocking_query picky = { .equal = never };
	CLEANUP(json_decrefp) json_t *a = make_set("n/a"), *b = make_set("n/a");

	(void)state;
	assert_true(blocking_query_equal(&service, a, b));
	assert_false(blocking_query_equal(&picky, a, b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_union_prefers_the_new),
		cmocka_unit_test(test_rights_to_read_a_set),
		cmocka_unit_test(test_rights_are_asked_in_batches),
		cmocka_unit_test(test_owner_compares_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
