#include "import/configuration_print.h"

#include "imports.h"

#include "config/libconf.h"

static json_t *parse(const struct buf *text, struct strv *mistakes)
{
	CLEANUP(included_text_release) struct included_text included;
	CLEANUP(places_release) struct places places;
	struct error error = ERROR_INIT;

	places_init(&places);
	assert_true(included_text_init(&included, "x.conf", text, NULL, &error));
	return libconf_parse(&included, &places, mistakes);
}

/* The text reads as the same tree, and is no template. */
static void keeps(const json_t *tree)
{
	CLEANUP(strv_release) struct strv mistakes = { 0 }, notes = { 0 };
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	CLEANUP(json_decrefp) json_t *again = NULL;

	strv_push(&notes, ": {{{ head\n}} \"");
	strv_push(&notes, "jobs[0]: \\ /* {{ @include \"x\"");
	configuration_print(&text, tree, &notes);
	assert_null(strstr(text.data, "{{"));
	again = parse(&text, &mistakes);
	if (!again)
		fail_msg("%s\n%s", mistakes.items[0], text.data);
	if (!json_equal(tree, again))
		fail_msg("not the same: %s", text.data);
}

static void test_values(void **state)
{
	static const char *const cases[] = {
		"{}", "{'a':1,'b':-1,'c':2147483647,'d':-2147483648,'e':2147483648,'f':-9223372036854775808}",
		"{'a':1.5,'b':1e300,'c':-0.1,'d':3.0,'e':1e-7}", "{'a':true,'b':false,'c-d_*':[]}",
		"{'a':[1,2],'b':[1,5000000000],'c':[1,'x'],'d':[true,false],'e':[[1],[]],'f':[{},{'a':{}}]}",
		"{'jobs':[{'name':'x','exec':['a','b']},{'name':'y','when':{'source':'z'}}]}",
		"{'a':['a long string that needs a line of its own', 'a long string that needs a line of its own']}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(json_decrefp) json_t *tree = tree_of(cases[i]);

		keeps(tree);
	}
}

/* Each pair of bytes that could mean something, in a short and in a long string. */
static void test_hostile_strings(void **state)
{
	static const char bytes[] = "\x01\a\b\t\n\v\f\r\x1b\"\\'{}@#/*;=(,)[]$%x0n\x7f";

	(void)state;
	for (const char *a = bytes; *a; a++) {
		CLEANUP(json_decrefp) json_t *tree = json_object();
		json_t *list = json_array();

		json_object_set_new(tree, "jobs", list);
		for (const char *b = bytes; *b; b++) {
			AUTOFREE char *text = format_string("%c%c", *a, *b);
			AUTOFREE char *longer = format_string("%-70s%s%s", text, text, text);

			json_array_append_new(list, json_string(text));
			json_array_append_new(list, json_string(longer));
		}
		keeps(tree);
	}
}

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static json_t *random_value(uint32_t *seed, int depth)
{
	static const char *const words[] = { "", "{{", "}}", "a\nb", "\"", "\\", "\xc3\xa4", "@include \"x\"", "// x" };
	uint32_t kind = random_next(seed) % (depth ? 6 : 4), count = random_next(seed) % 4;
	json_t *value;

	if (kind == 0)
		return json_string(words[random_next(seed) % (sizeof words / sizeof *words)]);
	if (kind == 1)
		return json_integer((json_int_t)random_next(seed) << random_next(seed) % 40);
	if (kind == 2)
		return json_real((double)random_next(seed) / 7);
	if (kind == 3)
		return json_boolean(random_next(seed) % 2);
	value = kind == 4 ? json_array() : json_object();
	for (uint32_t i = 0; i < count; i++) {
		AUTOFREE char *key = format_string("k%u", i);

		json_array_append_new(value, kind == 4 ? random_value(seed, depth - 1) : NULL);
		json_object_set_new(value, key, kind == 5 ? random_value(seed, depth - 1) : NULL);
	}
	return value;
}

static void test_random_trees(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 500; i++) {
		CLEANUP(json_decrefp) json_t *tree = json_object();

		json_object_set_new(tree, "jobs", random_value(&seed, 5));
		json_object_set_new(tree, "b", random_value(&seed, 5));
		keeps(tree);
	}
}

static void prints(const char *json, const char *note, const char *wanted)
{
	CLEANUP(json_decrefp) json_t *tree = tree_of(json);
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	CLEANUP(strv_release) struct strv notes = { 0 };

	strv_push(&notes, note);
	configuration_print(&text, tree, &notes);
	assert_string_equal(text.data, wanted);
}

static void test_notes(void **state)
{
	static const char jobs[] = "{'jobs':[{'name':'a','when':{'source':'b'}},{'name':'a.b'}],'list':[1]}";

	(void)state;
	prints("{'a':1}", ": head", "# head\n\na = 1;\n");
	prints("{'a':1}", "b.c: none", "# none\n\na = 1;\n");
	prints("{'ab':1,'a':2}", "a: x", "ab = 1;\n# x\na = 2;\n");
	prints("{'a':1}", "a: one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
	       "# one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen\n"
	       "# sixteen\na = 1;\n");
	prints(jobs, "jobs[a].when.source: here",
	       "jobs = (\n  {\n    name = \"a\";\n    when = {\n      # here\n      source = \"b\";\n    };\n  },\n"
	       "  {\n    name = \"a.b\";\n  }\n);\nlist = [ 1 ];\n");
	prints(jobs, "jobs[a.b].env: here",
	       "jobs = (\n  {\n    name = \"a\";\n    when = {\n      source = \"b\";\n    };\n  },\n"
	       "  # here\n  {\n    name = \"a.b\";\n  }\n);\nlist = [ 1 ];\n");
}

static void test_actions(void **state)
{
	(void)state;
	prints("{'a':{'{{':'quote .X'},'b':['c',{'{{':'quote .Y'}]}", "a: {{x}}",
	       "# { {x}}\na = {{ quote .X }};\nb = [ \"c\", {{ quote .Y }} ];\n");
}

static void test_left_out(void **state)
{
	(void)state;
	prints("{'_a':1,'b':null}", "b: x",
	       "# left out, as libconfig's syntax cannot have it: \"_a\" = 1\n"
	       "# x\n# left out, as libconfig's syntax cannot have it: \"b\" = null\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_hostile_strings),
		cmocka_unit_test(test_random_trees),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
