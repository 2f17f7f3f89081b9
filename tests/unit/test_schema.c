#include "config/schema.h"

#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

enum colour { RED, GREEN };

struct part {
	char *name;
	long size;
};

struct thing {
	char *name;
	long count;
	bool loud;
	double pause;
	int signal;
	enum colour colour;
	struct strv command, tags, map;
	struct part part;
	struct part *parts;
	size_t part_count;
	struct part **others;
	size_t other_count;
	long level, whole;
	bool finished;
};

static const struct choice colours[] = { { "red", RED }, { "green", GREEN }, { 0 } };

static const struct field part_fields[] = {
	{ "name", STRING(part, name), .flags = REQUIRED },
	{ "size", INT(part, size), .min = 1, .max = 9, .initial = "3", .env = "TEST_SIZE" },
	{ 0 }
};
static const struct record part_record = { .fields = part_fields, .size = sizeof(struct part) };

static const struct field level_fields[] = {
	{ "level", INT(thing, level), .alias = "height", .env = "TEST_LEVEL", .flags = ENV_FILLS },
	{ 0 }
};
static const struct record level_record = { .fields = level_fields };

static bool decode_even(const struct field *field, void *slot, const json_t *value,
			struct error *error)
{
	(void)field, (void)error;
	*(long *)slot = (long)json_integer_value(value);
	return json_integer_value(value) % 2 == 0;
}

static bool finish(void *object, const json_t *tree, struct error *error)
{
	struct thing *thing = object;

	(void)tree;
	thing->finished = true;
	return thing->count < 100 || (fail)(error, ".count: too much of a good thing");
}

static const struct field thing_fields[] = {
	{ "name", STRING(thing, name) },
	{ "count", INT(thing, count), .min = 1, .initial = "7" },
	{ "loud", BOOL(thing, loud) },
	{ "pause", SECONDS(thing, pause), .min = 1, .max = 60, .initial = "1500ms" },
	{ "signal", SIGNAL(thing, signal), .initial = "SIGTERM" },
	{ "colour", CHOICE(thing, colour, colours), .initial = "green" },
	{ "command", COMMAND(thing, command) },
	{ "tags", STRINGS(thing, tags) },
	{ "map", MAP(thing, map), .flags = SECRET },
	{ "part", TABLE(thing, part, part_record) },
	{ "parts", LIST(thing, parts, part_count, part_record) },
	{ "others", POINTERS(thing, others, other_count, part_record) },
	{ "even", CUSTOM(thing, whole, decode_even), .must_be = "an even number" },
	{ 0 }
};
static const struct record thing_record = { .fields = thing_fields, .finish = finish };

static const struct field plain_fields[] = {
	{ "group", GROUP(level_record) },
	{ "", EMBED_WHOLE(level_record) },
	{ 0 }
};
static const struct record plain_record = { .fields = plain_fields };

static struct thing thing;
static struct strv mistakes;

static void forget(void)
{
	free(thing.name);
	strv_release(&thing.command);
	strv_release(&thing.tags);
	strv_release(&thing.map);
	free(thing.part.name);
	for (size_t i = 0; i < thing.part_count; i++)
		free(thing.parts[i].name);
	free(thing.parts);
	for (size_t i = 0; i < thing.other_count; i++) {
		free(thing.others[i]->name);
		free(thing.others[i]);
	}
	free(thing.others);
	thing = (struct thing){ 0 };
	strv_release(&mistakes);
}

static bool decode_as(const struct record *record, const char *text)
{
	json_t *tree = json_loads(text, JSON_DECODE_ANY, NULL);
	bool decoded;

	assert_non_null(tree);
	forget();
	decoded = schema_decode(record, &thing, tree, &mistakes);
	json_decref(tree);
	return decoded;
}

static void fine(const char *text)
{
	if (!decode_as(&thing_record, text))
		fail_msg("%s: %s", text, mistakes.items[0]);
}

static void wrong(const char *text, const char *message)
{
	AUTOFREE char *found = NULL;

	assert_false(decode_as(&thing_record, text));
	found = strv_join(&mistakes, "\n");
	assert_string_equal(found, message);
}

static void test_values(void **state)
{
	(void)state;
	fine("{\"name\": \"it\", \"count\": 5, \"loud\": true, \"pause\": 2, \"signal\": \"HUP\","
	     " \"colour\": \"RED\", \"command\": \"a 'b c'\", \"tags\": [\"x\", 5, true],"
	     " \"map\": {\"A\": \"b\", \"C\": 5}, \"even\": 4}");
	assert_string_equal(thing.name, "it");
	assert_int_equal(thing.count, 5);
	assert_true(thing.loud);
	assert_true(thing.pause == 2);
	assert_int_equal(thing.signal, SIGHUP);
	assert_int_equal(thing.colour, RED);
	assert_int_equal(thing.command.count, 2);
	assert_string_equal(thing.command.items[1], "b c");
	assert_int_equal(thing.tags.count, 3);
	assert_string_equal(thing.tags.items[1], "5");
	assert_string_equal(thing.tags.items[2], "true");
	assert_string_equal(strv_get(&thing.map, "A"), "b");
	assert_string_equal(strv_get(&thing.map, "C"), "5");
	assert_int_equal(thing.whole, 4);
	assert_true(thing.finished);
}

static void test_alternative_forms(void **state)
{
	(void)state;
	fine("{\"count\": \"12\", \"loud\": \"1\", \"pause\": \"1m\", \"signal\": 9,"
	     " \"command\": [\"a b\", 5], \"tags\": \"one\", \"map\": [\"A=b=c\", \"D=\"]}");
	assert_int_equal(thing.count, 12);
	assert_true(thing.loud);
	assert_true(thing.pause == 60);
	assert_int_equal(thing.signal, SIGKILL);
	assert_string_equal(thing.command.items[0], "a b");
	assert_string_equal(thing.command.items[1], "5");
	assert_int_equal(thing.tags.count, 1);
	assert_string_equal(strv_get(&thing.map, "A"), "b=c");
	assert_string_equal(strv_get(&thing.map, "D"), "");
}

static void test_defaults(void **state)
{
	(void)state;
	fine("{}");
	assert_null(thing.name);
	assert_int_equal(thing.count, 7);
	assert_true(thing.pause == 1.5);
	assert_int_equal(thing.signal, SIGTERM);
	assert_int_equal(thing.colour, GREEN);
	assert_int_equal(thing.part.size, 3);
}

static void test_nested(void **state)
{
	(void)state;
	fine("{\"part\": {\"name\": \"p\"}, \"parts\": [{\"name\": \"a\", \"size\": 1}, {\"name\": \"b\"}],"
	     " \"others\": [{\"name\": \"c\"}, {\"name\": \"d\"}]}");
	assert_string_equal(thing.part.name, "p");
	assert_int_equal(thing.part_count, 2);
	assert_int_equal(thing.parts[0].size, 1);
	assert_int_equal(thing.parts[1].size, 3);
	assert_int_equal(thing.other_count, 2);
	assert_string_equal(thing.others[1]->name, "d");
}

static void test_types(void **state)
{
	(void)state;
	wrong("5", "must be a group { ... }, found 5");
	wrong("{\"name\": 5}", ".name: must be a non-empty string, found 5");
	wrong("{\"name\": \"\"}", ".name: must be a non-empty string, found \"\"");
	wrong("{\"count\": \"8O\"}", ".count: must be a whole number, 1 or more, found \"8O\"");
	wrong("{\"count\": 1.5}", ".count: must be a whole number, 1 or more, found 1.5");
	wrong("{\"count\": 0}", ".count: must be a whole number, 1 or more, found 0");
	wrong("{\"count\": \"99999999999999999999\"}",
	      ".count: must be a whole number, 1 or more, found \"99999999999999999999\"");
	wrong("{\"loud\": \"yes\"}", ".loud: must be true or false, found \"yes\"");
	wrong("{\"pause\": 61}", ".pause: must be a duration such as 5, \"250ms\" or \"1m30s\", "
	      "at least 1s, at most 1m, found 61");
	wrong("{\"signal\": \"SIGNOT\"}", ".signal: must be a signal such as \"SIGTERM\", found \"SIGNOT\"");
	wrong("{\"colour\": {}}", ".colour: must be one of \"red\", \"green\", found a group");
	wrong("{\"tags\": [[]]}", ".tags: must be a string or a list of strings, found a list");
	wrong("{\"tags\": [\"\"]}", ".tags: must not contain an empty string");
	fine("{\"command\": []}");
	wrong("{\"command\": [\"\"]}", ".command: must be a command such as \"prog arg\" or "
	      "[ \"prog\", \"arg\" ], found a list");
	wrong("{\"command\": \"'a\"}", ".command: a quote is not closed");
	wrong("{\"even\": 3}", ".even: must be an even number, found 3");
	wrong("{\"parts\": {}}", ".parts: must be a list of groups ( { ... }, { ... } ), found a group");
}

static void test_paths(void **state)
{
	(void)state;
	wrong("{\"part\": {\"name\": \"p\", \"size\": 10}}",
	      ".part.size: must be a whole number from 1 to 9, found 10");
	wrong("{\"parts\": [{\"name\": \"a\"}, {\"name\": \"b\", \"size\": 0}]}",
	      ".parts[b].size: must be a whole number from 1 to 9, found 0");
	wrong("{\"others\": [{\"name\": \"a\"}, {\"size\": 1}]}", ".others[1].name: missing");
	wrong("{\"others\": [{\"name\": \"a\"}, null]}", ".others[1]: must be a group { ... }, found null");
	wrong("{\"map\": {\"A\": []}}", ".map.A: must be a string, a number, true or false");
}

static void test_unknown_keys(void **state)
{
	(void)state;
	wrong("{\"Count\": 1}", ".Count: unknown key; did you mean 'count'?");
	wrong("{\"pasue\": 1}", ".pasue: unknown key; did you mean 'pause'?");
	wrong("{\"xyzzy\": 1}", ".xyzzy: unknown key");
	wrong("{\"part\": {\"nme\": \"p\"}}", ".part.nme: unknown key; did you mean 'name'?\n.part.name: missing");
}

/* finish(), which would refuse the count, does not see a group with mistakes. */
static void test_all_mistakes(void **state)
{
	(void)state;
	wrong("{\"count\": 200, \"loud\": 3, \"xyzzy\": 1, \"parts\": [{}, {\"name\": \"b\", \"size\": 10}]}",
	      ".xyzzy: unknown key\n.loud: must be true or false, found 3\n.parts[0].name: missing\n"
	      ".parts[b].size: must be a whole number from 1 to 9, found 10");
	assert_false(thing.finished);
}

static void test_secret(void **state)
{
	(void)state;
	wrong("{\"map\": \"s3cret\"}", ".map: must be a group { KEY = VALUE; } or a list of \"KEY=VALUE\"");
}

static void test_finish(void **state)
{
	(void)state;
	wrong("{\"count\": 100}", ".count: too much of a good thing");
}

static void test_embedded_and_alias(void **state)
{
	(void)state;
	assert_true(decode_as(&plain_record, "{\"height\": 5}"));
	assert_int_equal(thing.level, 5);
	assert_true(decode_as(&plain_record, "{\"group\": {\"level\": 6}, \"level\": 8}"));
	assert_int_equal(thing.level, 8);
	assert_false(decode_as(&plain_record, "{\"level\": 5, \"height\": 5}"));
	assert_string_equal(mistakes.items[0], ".height: already given as level");
	assert_false(decode_as(&plain_record, "{\"height\": true}"));
	assert_string_equal(mistakes.items[0], ".height: must be a whole number, 0 or more, found true");
}

static void test_environment(void **state)
{
	(void)state;
	setenv("TEST_SIZE", "8", 1);
	fine("{\"part\": {\"name\": \"p\", \"size\": 2}}");
	assert_int_equal(thing.part.size, 8);
	fine("{}");
	assert_int_equal(thing.part.size, 8);
	setenv("TEST_SIZE", "80", 1);
	wrong("{}", ".part: TEST_SIZE: must be a whole number from 1 to 9, found \"80\"");
	setenv("TEST_SIZE_FILE", "/nowhere", 1);
	wrong("{}", ".part: both TEST_SIZE and TEST_SIZE_FILE are set; unset one of them");
	unsetenv("TEST_SIZE");
	unsetenv("TEST_SIZE_FILE");
	setenv("TEST_LEVEL", "4", 1);
	assert_true(decode_as(&plain_record, "{}"));
	assert_int_equal(thing.level, 4);
	assert_true(decode_as(&plain_record, "{\"level\": 5}"));
	assert_int_equal(thing.level, 5);
	unsetenv("TEST_LEVEL");
}

static void test_suggestions(void **state)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	(void)state;
	strv_push(&names, "interval");
	strv_push(&names, "timeout");
	strv_push(&names, "ttl");
	assert_string_equal(suggest("tt", &names).text, "; did you mean 'ttl'?");
	assert_string_equal(suggest("timout", &names).text, "; did you mean 'timeout'?");
	assert_string_equal(suggest("INTERVALL", &names).text, "; did you mean 'interval'?");
	assert_string_equal(suggest("frequency", &names).text, "; did you mean 'interval'?");
	assert_string_equal(suggest("latitude", &names).text, "");
	assert_string_equal(suggest("", &names).text, "");
}

static int tear_down(void **state)
{
	(void)state;
	forget();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_alternative_forms),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_all_mistakes),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_finish),
		cmocka_unit_test(test_embedded_and_alias),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_suggestions),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
