#include "consul/watch/fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/strv.h"

#define CHECK(node, id, service, status, index) \
	"{\"Node\":\"" node "\",\"CheckID\":\"" id "\",\"Status\":\"" status "\"," \
	"\"ServiceID\":\"" service "\",\"ServiceName\":\"" service "\"," \
	"\"ModifyIndex\":" index "}"

static json_t *read_hash(enum fingerprint_kind kind, const char *text)
{
	CLEANUP(json_decrefp) json_t *answer = json_loads(text, 0, NULL);
	struct error error = ERROR_INIT;
	json_t *fingerprint = fingerprint_read(kind, answer, &error);

	assert_non_null(answer);
	assert_string_equal(error.text, "");
	return fingerprint;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Compares the changes between two answers, as in "service a, node n". */
static void assert_changes(enum fingerprint_kind kind, const char *old, const char *new,
			   const char *expected)
{
	CLEANUP(json_decrefp) json_t *before = read_hash(kind, old), *now = read_hash(kind, new);
	CLEANUP(json_decrefp) json_t *changes = fingerprint_changes(before, now);
	CLEANUP(strv_release) struct strv names = { .items = NULL };
	AUTOFREE char *text = NULL;
	const char *name;
	json_t *hash;

	json_object_foreach(changes, name, hash)
		strv_push(&names, name);
	if (names.count)
		qsort(names.items, names.count, sizeof *names.items, by_text);
	text = strv_join(&names, ", ");
	assert_string_equal(text, expected);
}

#define A CHECK("n", "1", "a", "passing", "5")
#define B CHECK("n", "2", "b", "passing", "6")

static void test_check_names_its_service(void **state)
{
	static const struct { const char *old, *new, *changes; } cases[] = {
		{ "[" A "," B "]", "[" A "," B "]", "" },
		{ "[" A "," B "]", "[" B "," A "]", "" },
		{ "[" A "," B "]", "[" A "," CHECK("n", "2", "b", "critical", "7") "]", "service b" },
		{ "[" A "," B "]", "[" A "," CHECK("n", "2", "b", "passing", "7") "]", "service b" },
		{ "[" A "," B "]", "[" A "]", "service b" },
		{ "[" A "]", "[" A "," B "]", "service b" },
		{ "[" A "]", "[" A "," A "]", "service a" },
		{ "[" A "," B "]", "[]", "service a, service b" },
		{ "[" CHECK("n", "1", "a", "passing", "5") "]",
		  "[" CHECK("m", "1", "a", "passing", "5") "]", "service a" },
		{ "[" A "," CHECK("n", "serfHealth", "", "passing", "1") "]",
		  "[" A "," CHECK("n", "serfHealth", "", "critical", "9") "]", "node n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_changes(FINGERPRINT_CHECKS, cases[i].old, cases[i].new, cases[i].changes);
}

static void test_tags_change_a_service(void **state)
{
	static const char old[] = "{\"a\":[\"x\",\"y\"],\"b\":[]}";

	(void)state;
	assert_changes(FINGERPRINT_SERVICES, old, "{\"b\":[],\"a\":[\"y\",\"x\"]}", "");
	assert_changes(FINGERPRINT_SERVICES, old, "{\"a\":[\"x\"],\"b\":[]}", "service a");
	assert_changes(FINGERPRINT_SERVICES, old, "{\"a\":[\"x\",\"y\"],\"c\":[]}", "service b, service c");
}

static void test_nodes(void **state)
{
	static const char old[] = "[{\"Node\":\"n\",\"Address\":\"1\",\"ModifyIndex\":3}]";

	(void)state;
	assert_changes(FINGERPRINT_NODES, old, old, "");
	assert_changes(FINGERPRINT_NODES, old, "[]", "node n");
	assert_changes(FINGERPRINT_NODES, old, "[{\"Node\":\"n\",\"Address\":\"1\",\"ModifyIndex\":4}]",
		       "node n");
	assert_changes(FINGERPRINT_NODES, old, "[{\"Node\":\"n\",\"Address\":\"2\",\"ModifyIndex\":3}]",
		       "node n");
}

static void test_keys_have_no_fingerprint(void **state)
{
	struct error error = ERROR_INIT;
	CLEANUP(json_decrefp) json_t *none = fingerprint_read(FINGERPRINT_KEYS, NULL, &error);

	(void)state;
	assert_non_null(none);
	assert_changes(FINGERPRINT_KEYS, "[\"a\"]", "[\"a\",\"b\"]", "");
}

static void test_nonsense_is_an_error(void **state)
{
	static const struct { enum fingerprint_kind kind; const char *answer; } cases[] = {
		{ FINGERPRINT_CHECKS, "{}" }, { FINGERPRINT_CHECKS, "[[]]" }, { FINGERPRINT_CHECKS, "[null]" },
		{ FINGERPRINT_SERVICES, "[]" }, { FINGERPRINT_SERVICES, "{\"a\":1}" },
		{ FINGERPRINT_NODES, "{}" }, { FINGERPRINT_NODES, "[\"n\"]" }, { FINGERPRINT_KEYS, "{}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(json_decrefp) json_t *answer = json_loads(cases[i].answer, 0, NULL);
		struct error error = ERROR_INIT;

		assert_null(fingerprint_read(cases[i].kind, answer, &error));
		assert_string_not_equal(error.text, "");
	}
}

static void test_contains(void **state)
{
	CLEANUP(json_decrefp) json_t *fingerprint = read_hash(FINGERPRINT_CHECKS, "[" A "]");

	(void)state;
	assert_true(fingerprint_has(fingerprint, "service", "a"));
	assert_false(fingerprint_has(fingerprint, "service", "b"));
	assert_false(fingerprint_has(fingerprint, "node", "a"));
	assert_true(fingerprint_has_any(fingerprint, "service"));
	assert_false(fingerprint_has_any(fingerprint, "node"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_names_its_service),
		cmocka_unit_test(test_tags_change_a_service),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_keys_have_no_fingerprint),
		cmocka_unit_test(test_nonsense_is_an_error),
		cmocka_unit_test(test_contains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
