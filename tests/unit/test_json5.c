#include "config/json5.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config/libconf.h"
#include "config/load.h"
#include "config/mistakes.h"
#include "config/syntax.h"

static json_t *parse(const char *text, struct places *places, struct strv *mistakes)
{
	const struct buf bytes = { .data = (char *)text, .used = strlen(text) };
	CLEANUP(included_text_release) struct included_text included;
	struct error error = ERROR_INIT;

	places_init(places);
	if (included_text_init(&included, "x.json5", &bytes, NULL, &error))
		return json5_parse(&included, places, mistakes, mistakes);
	mistakes_add(mistakes, &error);
	return NULL;
}

static void reads(const char *text, const char *wanted)
{
	CLEANUP(strv_release) struct strv mistakes = { 0 };
	CLEANUP(places_release) struct places places;
	json_t *tree = parse(text, &places, &mistakes);
	AUTOFREE char *json = tree ? json_dumps(tree, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

	json_decref(tree);
	if (!json)
		fail_msg("%s: %s", text, mistakes.items[0]);
	assert_string_equal(json, wanted);
	assert_int_equal(mistakes.count, 0);
}

static void fails(const char *text, const char *wanted)
{
	CLEANUP(strv_release) struct strv mistakes = { 0 };
	CLEANUP(places_release) struct places places;

	if (parse(text, &places, &mistakes))
		fail_msg("%s: no mistake, not \"%s\"", text, wanted);
	assert_int_equal(mistakes.count, 1);
	assert_string_equal(mistakes.items[0], wanted);
}

static void test_values(void **state)
{
	(void)state;
	reads("{}", "{}");
	reads("{a:true,b:false,c:null,d:[],e:{}}", "{\"a\":true,\"b\":false,\"c\":null,\"d\":[],\"e\":{}}");
	reads("{ \"a\": [1, [2, {b: 3}]] }", "{\"a\":[1,[2,{\"b\":3}]]}");
	reads("{a:[1,2,],b:{c:1,},}", "{\"a\":[1,2],\"b\":{\"c\":1}}");
}

static void test_keys(void **state)
{
	(void)state;
	reads("{ a_$1: 1, 'b c': 2, \"d\\\"\": 3, '': 4 }", "{\"a_$1\":1,\"b c\":2,\"d\\\"\":3,\"\":4}");
	reads("{ \xc3\xa4: 1, \\u0061b: 2, true: 3 }", "{\"\xc3\xa4\":1,\"ab\":2,\"true\":3}");
	fails("{ 1a: 1 }", "x.json5:1:3: a key is expected here, a name or a text in quotes: { 1a: 1 }");
	fails("{ a-b: 1 }", "x.json5:1:4: a : is expected here, as the file begins with { and is JSON5: { a-b: 1 }");
	fails("{ a = 1 }", "x.json5:1:5: a : is expected here, as the file begins with { and is JSON5: { a = 1 }");
	fails("{ [1]: 1 }", "x.json5:1:3: a key is expected here, a name or a text in quotes: { [1]: 1 }");
}

static void test_repeated_keys(void **state)
{
	CLEANUP(strv_release) struct strv mistakes = { 0 };
	CLEANUP(places_release) struct places places;
	json_t *tree = parse("{ a: 1, a: 2 }", &places, &mistakes);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(tree, "a")), 2);
	assert_int_equal(mistakes.count, 1);
	assert_string_equal(mistakes.items[0], "x.json5:1:9: this key is given twice: { a: 1, a: 2 }");
	json_decref(tree);
}

static void test_numbers(void **state)
{
	(void)state;
	reads("{a:0,b:-1,c:+2,d:0x1F,e:-0xa,f:9007199254740991}",
	      "{\"a\":0,\"b\":-1,\"c\":2,\"d\":31,\"e\":-10,\"f\":9007199254740991}");
	reads("{a:.5,b:5.,c:1.5,d:1e3,e:25E-2,f:-.25e+1}", "{\"a\":0.5,\"b\":5,\"c\":1.5,\"d\":1000,\"e\":0.25,\"f\":-2.5}");
	fails("{a:9007199254740993}", "x.json5:1:4: a number beyond 2^53 is not kept exactly; is it text, in quotes?: {a:9007199254740993}");
	fails("{a:1e999}", "x.json5:1:4: a number beyond 2^53 is not kept exactly; is it text, in quotes?: {a:1e999}");
	fails("{a:Infinity}", "x.json5:1:4: this number is not finite: {a:Infinity}");
	fails("{a:-NaN}", "x.json5:1:4: this number is not finite: {a:-NaN}");
	fails("{a:0644}", "x.json5:1:4: a number with a leading zero; write file modes in quotes: {a:0644}");
	fails("{a:5s}", "x.json5:1:4: a duration with a unit needs quotes: {a:5s}");
	for (const char *const *word = (const char *const[]){ ".", "+", "-", "0x", "0xg", "1e", "1e+", "1.2.3", "--1",
							       "1_000", "e5", "nul", "True", NULL }; *word; word++) {
		AUTOFREE char *text = format_string("{a:%s}", *word);
		AUTOFREE char *message = format_string("x.json5:1:4: text needs quotes: %s", text);

		fails(text, message);
	}
}

static void test_strings(void **state)
{
	(void)state;
	reads("{a:'say \"x\"',b:\"it's\"}", "{\"a\":\"say \\\"x\\\"\",\"b\":\"it's\"}");
	reads("{a:'\\b\\f\\n\\r\\t\\v\\'\\\"\\\\\\/\\q'}", "{\"a\":\"\\b\\f\\n\\r\\t\\u000B'\\\"\\\\/q\"}");
	reads("{a:'\\x41\\u00e4\\u20AC\\ud83d\\ude00'}", "{\"a\":\"A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}");
	reads("{a:'one \\\n two \\\r\n three'}", "{\"a\":\"one  two  three\"}");
	reads("{a:'tab\there // no comment /* nor this',b:'@include \"x\"'}",
	      "{\"a\":\"tab\\there // no comment /* nor this\",\"b\":\"@include \\\"x\\\"\"}");
	reads("{a:'\xe2\x80\xa8'}", "{\"a\":\"\xe2\x80\xa8\"}");
	fails("{a:'x\ny'}", "x.json5:1:4: this string is not closed on its line; write \\n for a new line, "
	      "or end the line by a backslash: {a:'x");
	fails("{\n\ta: 'x", "x.json5:2:5: this string is not closed on its line; write \\n for a new line, "
	      "or end the line by a backslash: a: 'x");
	fails("{a:'\\1'}", "x.json5:1:5: an escape with a digit; write \\xHH or \\uHHHH: {a:'\\1'}");
	for (const char *const *escape = (const char *const[]){ "\\x4", "\\u12", "\\u00g0", "\\ud83d", "\\ude00",
				"\\ud83d\\u0041", "\\u0000", "\\x00", NULL }; *escape; escape++) {
		AUTOFREE char *text = format_string("{a:'%s'}", *escape);
		AUTOFREE char *message = format_string("x.json5:1:5: this escape is no character; \\xHH and \\uHHHH have "
						       "hexadecimal digits, and NUL is none: %s", text);

		fails(text, message);
	}
}

static void test_blanks_and_comments(void **state)
{
	(void)state;
	reads("\xef\xbb\xbf// one\n/* two\n * // */ { /**/ a /***/ : // three\r\n1 /* ' */ , } // end", "{\"a\":1}");
	reads("\t\v\f\xc2\xa0\xe2\x80\xa8{\xe2\x80\xaf" "a\xe3\x80\x80:1}", "{\"a\":1}");
	reads("/* a * b / c */{a:1}", "{\"a\":1}");
	reads("{a:1} // no newline", "{\"a\":1}");
	fails("{a:1 /* x }", "x.json5:1:6: this comment is never closed: {a:1 /* x }");
	fails("{a:1 # x\n}", "x.json5:1:6: a comma or a } is expected here: {a:1 # x");
}

static void test_commas(void **state)
{
	(void)state;
	fails("{a:1 b:2}", "x.json5:1:6: a comma or a } is expected here: {a:1 b:2}");
	fails("{a:[1 2]}", "x.json5:1:7: a comma or a ] is expected here: {a:[1 2]}");
	fails("{a:1,,b:2}", "x.json5:1:6: a comma with nothing before it: {a:1,,b:2}");
	fails("{,}", "x.json5:1:2: a comma with nothing before it: {,}");
	fails("{a:[,]}", "x.json5:1:5: a comma with nothing before it: {a:[,]}");
	fails("{a:[1,,]}", "x.json5:1:7: a comma with nothing before it: {a:[1,,]}");
	fails("{a:}", "x.json5:1:4: a value is expected here: {a:}");
	fails("{a:(1)}", "x.json5:1:4: a value is expected here: {a:(1)}");
	fails("{a:[1,\n2", "x.json5:1:4: this [ is never closed: {a:[1,");
	fails("{\na:1,", "x.json5:1:1: this { is never closed: {");
	fails("{a:1]", "x.json5:1:5: a comma or a } is expected here: {a:1]");
}

static void test_whole_file(void **state)
{
	(void)state;
	fails("[1]", "x.json5:1:1: the whole file is one object, in { }: [1]");
	fails("// x\n 'text'", "x.json5:2:2: the whole file is one object, in { }: 'text'");
	fails("{a:1} {b:2}", "x.json5:1:7: nothing but comments may follow the last }: {a:1} {b:2}");
	fails("{a:'\xff'}", "x.json5:1: not valid UTF-8");
}

static void test_nesting(void **state)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	(void)state;
	buf_add(&text, "{a:");
	for (int i = 0; i < 10000; i++)
		buf_add(&text, "[");
	buf_add(&text, "\n");
	{
		CLEANUP(strv_release) struct strv mistakes = { 0 };
		CLEANUP(places_release) struct places places;

		assert_null(parse(text.data, &places, &mistakes));
		assert_non_null(strstr(mistakes.items[0], "x.json5:1:53: nested too deeply"));
	}
}

/* Of a value that a message names. */
static void test_places(void **state)
{
	static const struct { const char *path; unsigned line, column; } cases[] = {
		{ "consul: x", 2, 2 }, { "jobs: x", 3, 2 }, { "jobs[0]: x", 4, 3 }, { "jobs[app].port: x", 5, 5 },
		{ "jobs[1].exec: x", 6, 18 }, { "jobs[b].name: x", 6, 5 }, { "jobs[app].missing: x", 4, 3 },
	};
	CLEANUP(strv_release) struct strv mistakes = { 0 };
	CLEANUP(places_release) struct places places;
	json_t *tree = parse("// first\n{consul: 'x',\n jobs: [\n  { name: 'app', // one\n    port: 1 },\n"
			     "  { 'name': 'b', exec: [] }\n ]}", &places, &mistakes);

	(void)state;
	assert_non_null(tree);
	json_decref(tree);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct place place = places_find(&places, cases[i].path);

		if (place.line != cases[i].line || place.column != cases[i].column)
			fail_msg("%s: %u:%u", cases[i].path, place.line, place.column);
	}
}

static void test_syntax(void **state)
{
	static const char *const json5[] = { "{", " \t\n{}", "// x\n/* { */ [", "'x'", "\"x\"", "# x\n{" };
	static const char *const libconfig[] = { "", "a = 1;", "# {\na = 1;", "/* { */ a", "// {\n@include \"{\"", "/* {", "# {" };

	(void)state;
	for (size_t i = 0; i < sizeof json5 / sizeof *json5; i++)
		assert_true(syntax_is_json5(json5[i], strlen(json5[i])));
	for (size_t i = 0; i < sizeof libconfig / sizeof *libconfig; i++)
		assert_false(syntax_is_json5(libconfig[i], strlen(libconfig[i])));
}

static json_t *parse_libconfig(const char *text, size_t size)
{
	const struct buf bytes = { .data = (char *)text, .used = size };
	CLEANUP(strv_release) struct strv mistakes = { 0 };
	CLEANUP(included_text_release) struct included_text included;
	CLEANUP(places_release) struct places places;
	struct error error = ERROR_INIT;

	places_init(&places);
	if (!included_text_init(&included, "x.conf", &bytes, NULL, &error))
		return NULL;
	return libconf_parse(&included, &places, &mistakes);
}

/* How many texts these were: 0 for one that is no configuration. */
static size_t reads_as_json5(const char *text, size_t size)
{
	CLEANUP(strv_release) struct strv mistakes = { 0 };
	CLEANUP(places_release) struct places places = { 0 };
	CLEANUP(json_decrefp) json_t *tree = parse_libconfig(text, size), *again = NULL;
	AUTOFREE char *json = json_object_size(tree) ? json_dumps(tree, JSON_INDENT(4)) : NULL;

	if (!json)
		return 0;
	again = parse(json, &places, &mistakes);
	assert_true(json_equal(tree, again));
	return 1;
}

/* A manual's literal displays, of which some are configurations; \e is a backslash. */
static size_t displays_read_as_json5(const char *path)
{
	CLEANUP(buf_release) struct buf manual = BUF_INIT;
	struct error error = ERROR_INIT;
	const char *text;
	size_t count = 0;

	assert_true(file_read(path, 1 << 20, &manual, &error));
	for (char *at = manual.data; (at = strstr(at, "\\e"));)
		memmove(at + 1, at + 2, strlen(at + 2) + 1);
	for (text = manual.data; (text = strstr(text, "\n.Bd -literal"));) {
		const char *end = strstr(text, "\n.Ed");

		assert_non_null(end);
		text = strchr(text + 1, '\n') + 1;
		count += reads_as_json5(text, (size_t)(end + 1 - text));
	}
	return count;
}

static size_t file_reads_as_json5(const char *path)
{
	CLEANUP(load_error_release) struct load_error error = { 0 };
	AUTOFREE char *text = load_rendered(path, &error);

	assert_non_null(text);
	return reads_as_json5(text, strlen(text));
}

static size_t count_all(const char *pattern, size_t (*count_in)(const char *path))
{
	size_t count = 0;
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		count += count_in(found.gl_pathv[i]);
	globfree(&found);
	return count;
}

static void test_examples(void **state)
{
	size_t displays, files;

	(void)state;
	setenv("PORT", "80", 1);
	displays = count_all("man/*", displays_read_as_json5);
	files = count_all("examples/*/*/pilotfish.conf", file_reads_as_json5) +
		count_all("examples/simple/pilotfish.conf", file_reads_as_json5);
	assert_in_range(displays, 6, 1000);
	assert_in_range(files, 11, 1000);
}

static void test_other_languages(void **state)
{
	static const struct { const char *text, *language; } cases[] = {
		{ "a:\n  - b\n", "YAML" }, { "---\na: 1", "YAML" }, { "- a", "YAML" }, { "[a]\nb = 1", "TOML" },
		{ "x = 1\n\n[[jobs]]", "TOML" }, { "", NULL }, { "a = 1 -", NULL }, { "a = [1]", NULL }, { "[1]", NULL },
		{ "{\n  a: 1 - 2\n}", NULL }, { "[a, b]", NULL }, { "[", NULL }, { "{ a: -1,\n-1 }", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *language = syntax_resembles(cases[i].text);

		if (!language != !cases[i].language || (language && strcmp(language, cases[i].language)))
			fail_msg("%s: %s", cases[i].text, language ? language : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_keys), cmocka_unit_test(test_repeated_keys),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_blanks_and_comments),
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_whole_file),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_other_languages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
