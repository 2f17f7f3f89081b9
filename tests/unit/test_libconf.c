#include "config/libconf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "config/include.h"
#include "config/libconf_scan.h"
#include "config/mistakes.h"

static json_t *parse(const char *text, size_t size, struct strv *mistakes)
{
	const struct buf bytes = { .data = (char *)text, .used = size };
	CLEANUP(included_text_release) struct included_text included;
	CLEANUP(places_release) struct places places;
	struct error error = ERROR_INIT;

	places_init(&places);
	if (included_text_init(&included, "x.conf", &bytes, NULL, &error))
		return libconf_parse(&included, &places, mistakes);
	mistakes_add(mistakes, &error);
	return NULL;
}

static void reads(const char *text, const char *wanted)
{
	CLEANUP(strv_release) struct strv mistakes = { 0 };
	json_t *tree = parse(text, strlen(text), &mistakes);
	AUTOFREE char *json = tree ? json_dumps(tree, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

	json_decref(tree);
	if (!json)
		fail_msg("%s: %s", text, mistakes.items[0]);
	assert_string_equal(json, wanted);
}

static void fails(const char *text, size_t size, const char *wanted)
{
	CLEANUP(strv_release) struct strv mistakes = { 0 };
	AUTOFREE char *found = NULL;

	assert_null(parse(text, size, &mistakes));
	found = strv_join(&mistakes, "\n");
	assert_string_equal(found, wanted);
}

static void test_types(void **state)
{
	(void)state;
	reads("", "{}");
	reads("a = 5; b: -5, c = 0xff d = 5000000000L;", "{\"a\":5,\"b\":-5,\"c\":255,\"d\":5000000000}");
	reads("a = 1.5; b = 1e3; c = TRUE; d = false;", "{\"a\":1.5,\"b\":1000.0,\"c\":true,\"d\":false}");
	reads("a = \"x\\ty\\\"\\\\\"; b = \"\";", "{\"a\":\"x\\ty\\\"\\\\\",\"b\":\"\"}");
	reads("a = { b = ( 1, \"c\", { d = [ ]; }, ( ) ); };",
	      "{\"a\":{\"b\":[1,\"c\",{\"d\":[]},[]]}}");
	reads("a = 0; b = 0.5; c = 2147483647; d = -2147483648;",
	      "{\"a\":0,\"b\":0.5,\"c\":2147483647,\"d\":-2147483648}");
	reads("a = \"\xc3\xa4\"; b = \"5s\"; c = \"022\";", "{\"a\":\"\xc3\xa4\",\"b\":\"5s\",\"c\":\"022\"}");
}

static void test_comments(void **state)
{
	(void)state;
	reads("a = 1; // \"no\" 022", "{\"a\":1}");
	reads("a = 1; # 'no'", "{\"a\":1}");
	reads("/* 022\n\"*/ a = 1;", "{\"a\":1}");
	reads("a = \"// no\"; b = \"/* no\"; c = \"# @include\";",
	      "{\"a\":\"// no\",\"b\":\"/* no\",\"c\":\"# @include\"}");
}

/* tests/cases/config has most messages; these cases are about unusual places. */
static void test_places(void **state)
{
	static const char long_line[] = "a = 022; b = \"......................................."
		"..................................................................................\"";

	(void)state;
	fails("a = (", 5, "x.conf:1:5: this bracket is never closed: a = (");
	fails("\n\n}\n", 4, "x.conf:3:1: a key is expected here: }");
	fails("a = \"\n\n\n\" 5", 11, "x.conf:4:3: a key is expected here: \" 5");
	fails("\t a = 007 \r\n", 12, "x.conf:1:7: a number with a leading zero; write file modes in quotes: a = 007");
	fails(long_line, strlen(long_line), "x.conf:1:5: a number with a leading zero; write file modes in "
	      "quotes: a = 022; b = \"......................................................................"
	      "................");
	fails("a = 1;\0", 7, "x.conf:1: a NUL byte; is this a text file?");
	fails("auth = \"a\" \"b\";", 15, "x.conf:1:12: two strings side by side; a comma or a "
	      "semicolon is missing");
}

/* Other formats leave their habits. */
static void test_habits(void **state)
{
	static const struct { const char *text, *message; } cases[] = {
		{ "a = {\n\"b\": 1 }", "2:1: a key stands without quotes here; is this JSON?: \"b\": 1 }" },
		{ "a = 'x';", "1:5: text needs \" around it, not ': a = 'x';" },
		{ "a = [ { b = 1; } ];", "1:7: [ ] takes numbers, strings and booleans alone; "
		  "write ( ) around groups and lists: a = [ { b = 1; } ];" },
		{ "a = (\n{ b = 1; }\n{ b = 2; } );", "3:1: a comma is missing between two groups: { b = 2; } );" },
		{ "a = ( 1 2 );", "1:9: a comma or a ) is expected here: a = ( 1 2 );" },
		{ "a = [ 1 2 ];", "1:9: a comma or a ] is expected here: a = [ 1 2 ];" },
		{ "a = ;", "1:3: a value is missing here: a = ;" },
		{ "a = ( , 1 );", "1:7: a value is expected here: a = ( , 1 );" },
		{ "a { b = 1; }", "1:1: an = is missing after this key: a { b = 1; }" },
		{ "- a: 5", "1:1: a key is expected here: - a: 5" },
		{ "[a]\nb = 5", "1:1: a key is expected here: [a]" },
		{ "a = { b = 1;", "1:5: this { is never closed: a = { b = 1;" },
		{ "a = yes;", "1:5: text needs quotes: a = yes;" },
		{ "a = 5s; b = 077;\nc = x;", "1:5: a duration with a unit needs quotes: a = 5s; b = 077;\n"
		  "x.conf:1:13: a number with a leading zero; write file modes in quotes: a = 5s; b = 077;\n"
		  "x.conf:2:5: text needs quotes: c = x;" },
		{ "a = 1;\na = 2;", "2: this key is given twice: a = 2;" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTOFREE char *message = format_string("x.conf:%s", cases[i].message);

		fails(cases[i].text, strlen(cases[i].text), message);
	}
	reads("\xEF\xBB\xBF" "a = 1;", "{\"a\":1}");
}

static void test_too_much(void **state)
{
	size_t size = TEXT_LIMIT + 1;
	AUTOFREE char *text = alloc(size + 1);

	(void)state;
	memset(text, '\n', size);
	fails(text, size, "x.conf: larger than 4 MiB");
	reads(text + 1, "{}");
}

static void token_is(struct scanner *scanner, enum token_kind kind, const char *text, unsigned line)
{
	struct token token = scanner_next(scanner);
	AUTOFREE char *copy = copy_bytes(token.start, token.length);

	assert_int_equal(token.kind, kind);
	assert_string_equal(copy, text);
	assert_int_equal(token.line, line);
}

static void test_scan(void **state)
{
	static const char text[] = "a-b = /* c\n*/ -0x5L, // d\n\"e\\\"\nf\"*g @include # h\n\xc3\xa4 \"i";
	struct scanner scanner;

	(void)state;
	scanner_init(&scanner, text, strlen(text));
	token_is(&scanner, TOKEN_WORD, "a-b", 1);
	token_is(&scanner, TOKEN_PUNCTUATION, "=", 1);
	token_is(&scanner, TOKEN_WORD, "-0x5L", 2);
	token_is(&scanner, TOKEN_PUNCTUATION, ",", 2);
	token_is(&scanner, TOKEN_STRING, "\"e\\\"\nf\"", 3);
	token_is(&scanner, TOKEN_WORD, "*g", 4);
	token_is(&scanner, TOKEN_WORD, "@include", 4);
	token_is(&scanner, TOKEN_WORD, "\xc3\xa4", 5);
	token_is(&scanner, TOKEN_OPEN_STRING, "\"i", 5);
	token_is(&scanner, TOKEN_END, "", 5);
	scanner_init(&scanner, "/*/", 3);
	token_is(&scanner, TOKEN_OPEN_COMMENT, "/*/", 1);
	scanner_init(&scanner, "/**/\"\\", 6);
	token_is(&scanner, TOKEN_OPEN_STRING, "\"\\", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_habits),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
