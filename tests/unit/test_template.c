#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "template/template.h"

#include <cmocka.h>

static const struct template_options options = { .profile = TEMPLATE_CONSUL,
						 .missing_key = MISSING_ZERO };

static bool render(const char *text, const struct template_limits *limits,
		   struct template_output *output, struct error *error)
{
	struct template_input input = { .now = 0 };
	struct template *template = template_parse("f", text, strlen(text), &options, error);
	bool fine;

	if (limits)
		input.limits = *limits;
	fine = template && template_render(template, &input, output, error);
	template_free(template);
	return fine;
}

static void expect_error(const char *text, const char *start)
{
	CLEANUP(template_output_release) struct template_output output = { 0 };
	struct error error = ERROR_INIT;

	assert_false(render(text, NULL, &output, &error));
	error.text[strlen(start) < sizeof error.text ? strlen(start) : 0] = '\0';
	assert_string_equal(error.text, start);
}

static void expect_output(const char *text, const char *expected)
{
	CLEANUP(template_output_release) struct template_output output = { 0 };
	struct error error = ERROR_INIT;

	if (!render(text, NULL, &output, &error))
		fail_msg("%s", error.text);
	assert_string_equal(output.text.data, expected);
}

static void lexer_errors_have_line_and_column(void **state)
{
	(void)state;
	expect_error("{{", "f:1:3: unclosed action");
	expect_error("a\nb {{ 1", "f:2:7: unclosed action");
	expect_error("a\n{{/* x", "f:2:1: unclosed comment");
	expect_error("{{/* c */ x}}", "f:1:10: comment ends before closing delimiter");
	expect_error("\n\n  {{\"a\n\"}}", "f:3:5: unterminated quoted string");
	expect_error("{{`a\n\n", "f:1:3: unterminated raw quoted string");
	expect_error("{{'a}}", "f:1:3: unterminated character constant");
	expect_error("x{{a-b}}", "f:1:5: bad character U+002D '-'");
	expect_error("{{.a[0]}}", "f:1:5: bad character U+005B '['");
	expect_error("{{ 1a }}", "f:1:4: bad number syntax");
	expect_error("{{ 1 ) }}", "f:1:6: unexpected right paren");
	expect_error("{{ ( 1 }}", "f:1:8: unclosed left paren");
	expect_error("{{ 1 : 2 }}", "f:1:6: expected :=");
	expect_error("{{\n  \xC2\xA7 }}", "f:2:3: unrecognized character in action: U+00A7");
	expect_error("{{\1}}", "f:1:3: unrecognized character in action: U+0001");
}

static void parser_errors_have_line_and_column(void **state)
{
	(void)state;
	expect_error("{{}}", "f:1:3: missing value for command");
	expect_error("\n{{if}}{{end}}", "f:2:5: missing value for if");
	expect_error("{{range}}{{end}}", "f:1:8: missing value for range");
	expect_error("{{with}}{{end}}", "f:1:7: missing value for with");
	expect_error("a\n{{if 1}}\nb", "f:3:2: unexpected end of the template");
	expect_error("{{range .}}{{else if 1}}{{end}}", "f:1:19: unexpected \"if\"");
	expect_error("x{{template 1}}", "f:1:13: unexpected \"1\" in template clause");
	expect_error("{{define x}}{{end}}", "f:1:10: unexpected \"x\" in define clause");
	expect_error("{{block \"b\"}}{{end}}", "f:1:12: missing value for block clause");
	expect_error("{{define \"a\"}}1{{end}}{{define \"a\"}}2{{end}}", "f:1:25: multiple definition");
	expect_error("{{if 1}}{{define \"a\"}}{{end}}{{end}}", "f:1:11: unexpected \"define\"");
	expect_error("\n{{break}}", "f:2:3: {{break}} outside {{range}}");
	expect_error("{{end}}", "f:1:6: unexpected {{end}} or {{else}}");
	expect_error("\n {{nosuch 1}}", "f:2:4: function \"nosuch\" not defined");
	expect_error("{{peerings \"x\"}}", "f:1:3: function \"peerings\" is not supported");
	expect_error("{{$x}}", "f:1:3: undefined variable \"$x\"");
	expect_error("{{$a, $b := 1}}", "f:1:5: too many declarations in command");
	expect_error("{{1 | 2}}", "f:1:7: non executable command in pipeline stage 2");
	expect_error("{{\"\\q\"}}", "f:1:3: invalid escape");
	expect_error("{{1 = 2}}", "f:1:5: unexpected \"=\" in operand");
	expect_error("{{99999999999999999999}}", "f:1:3: integer overflow");
}

static void errors_of_execution_have_line_and_column(void **state)
{
	(void)state;
	expect_error("a\n {{ index (split \",\" \"x\") 3 }}", "f:2:5: index: index out of range: 3");
	expect_error("{{ len 5 }}", "f:1:4: len: len of type int");
	expect_error("{{ with parseJSON \"[1]\" }}\n{{ .a }}{{ end }}",
		     "f:2:4: can't evaluate field a in type []interface {}");
	expect_error("{{ toLower 5 }}", "f:1:12: expected string; found a number");
	expect_error("{{ range true }}{{ end }}", "f:1:10: range can't iterate over a bool");
	expect_error("{{ template \"x\" }}", "f:1:4: template \"x\" not defined");
}

static void line_and_caret_are_shown(void **state)
{
	(void)state;
	expect_error("one\n\ttwo {{ len 5 }} three\nfour",
		     "f:2:9: len: len of type int\n  \ttwo {{ len 5 }} three\n  \t       ^");
}

static void recursion_is_limited(void **state)
{
	(void)state;
	expect_error("{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}",
		     "f:1:17: templates call each other more than 1000 levels deep");
	expect_error("{{define \"a\"}}{{executeTemplate \"a\"}}{{end}}{{template \"a\"}}", "f:1:");
	expect_error("{{define \"a\"}}{{if 1}}{{if 1}}{{if 1}}{{if 1}}{{if 1}}{{if 1}}{{if 1}}"
		     "{{template \"a\"}}{{end}}{{end}}{{end}}{{end}}{{end}}{{end}}{{end}}{{end}}"
		     "{{template \"a\"}}", "f:1:");
}

static void repeat(struct buf *text, const char *part, int count)
{
	while (count--)
		buf_add(text, part);
}

static void nesting_is_limited(void **state)
{
	CLEANUP(buf_release) struct buf deep = BUF_INIT;
	CLEANUP(buf_release) struct buf parens = BUF_INIT;
	CLEANUP(template_output_release) struct template_output output = { 0 };
	struct error error = ERROR_INIT;

	(void)state;
	repeat(&deep, "{{if 1}}", 100000);
	assert_false(render(deep.data, NULL, &output, &error));
	assert_non_null(strstr(error.text, "levels deep"));
	buf_add(&parens, "{{");
	repeat(&parens, "(", 100000);
	error.text[0] = '\0';
	assert_false(render(parens.data, NULL, &output, &error));
	assert_non_null(strstr(error.text, "levels deep"));
}

static void output_steps_and_memory_are_limited(void **state)
{
	static const struct template_limits steps = { .steps = 1000 }, small = { .memory = 1 << 20 };
	CLEANUP(template_output_release) struct template_output output = { 0 };
	struct error error = ERROR_INIT;

	(void)state;
	expect_error("{{range loop 1000}}{{range loop 1000}}{{printf \"%01000d\" 1}}{{end}}{{end}}",
		     "f:1:");
	assert_false(render("{{range loop 10000}}x{{end}}", &steps, &output, &error));
	assert_non_null(strstr(error.text, "more than 1000 steps"));
	assert_int_equal(output.text.used, 0);
	error.text[0] = '\0';
	assert_false(render("{{$x := \"0123456789\"}}{{range loop 60}}{{$x = print $x $x}}{{end}}", &small,
			    &output, &error));
	assert_non_null(strstr(error.text, "memory"));
	expect_error("{{loop 1 9000000000}}", "f:1:3: loop: more than 1000000 rounds");
}

static void memory_is_freed_and_template_is_reusable(void **state)
{
	static const char text[] = "{{range $i := loop 3}}{{$i}}{{end}}{{scratch.Get \"a\"}}{{scratch.Set \"a\" 1}}";
	CLEANUP(template_output_release) struct template_output output = { 0 };
	struct template_input input = { .now = 0 };
	struct error error = ERROR_INIT;
	struct template *template = template_parse("f", text, strlen(text), &options, &error);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(template_render(template, &input, &output, &error));
		assert_string_equal(output.text.data, "012<no value>");
	}
	template_free(template);
}

static void secrets_are_noted_by_value(void **state)
{
	static const char text[] = "{{secret \"TEMPLATE_PW\" | quote}} {{secret \"TEMPLATE_PW\" | "
				   "split \"-\" | join \"+\"}} {{range secret \"TEMPLATE_PW\" | split \"-\"}}"
				   "{{.}};{{end}}{{len .HOME}}";
	static const struct template_options config = { .profile = TEMPLATE_CONFIG,
							.missing_key = MISSING_ZERO };
	CLEANUP(template_output_release) struct template_output output = { 0 };
	char *const env[] = { "HOME=/", "A=b=c", NULL };
	struct template_input input = { .env = env };
	struct error error = ERROR_INIT;
	struct template *template = template_parse("f", text, strlen(text), &config, &error);
	AUTOFREE char *secrets = NULL;

	(void)state;
	setenv("TEMPLATE_PW", "a\"b-cd", 1);
	assert_true(template_render(template, &input, &output, &error));
	secrets = strv_join(&output.secrets, " ");
	assert_string_equal(output.text.data, "\"a\\\"b-cd\" a\"b+cd a\"b;cd;1");
	assert_string_equal(secrets, "a\"b-cd a\\\"b-cd \"a\\\"b-cd\" a\"b+cd a\"b cd");
	template_free(template);
	unsetenv("TEMPLATE_PW");
}

/* But a constant holds U+FFFD in its place, as in Go. */
static void invalid_utf8_passes(void **state)
{
	(void)state;
	expect_output("{{\"a\xFF\"}}{{`\xFF`}}{{printf \"\xE2\x82%s\" `\xFF`}}",
		      "a\uFFFD\xFF\uFFFD\uFFFD\xFF");
	expect_output("{{regexMatch \"^.$\" `\xFF`}}{{regexReplaceAll \".\" \"x\" `a\xFF\xE2\x82z`}}", "truexxxxx");
	expect_output("a\xFF{{\"\\xff\"}}{{printf \"%q\" \"\\xff\"}}{{len \"\\xff\"}}", "a\xFF\xFF\"\\xff\"1");
}

/* A provider with one value for all dependencies. */
struct answers {
	struct template_provider data;
	json_t *value;		/* NULL: no value yet */
};

static bool look_up(struct template_provider *self, const struct dependency *dependency,
		    const char *name, json_t **value)
{
	(void)dependency;
	(void)name;
	*value = ((struct answers *)self)->value;
	return *value;
}

static bool render_with(const char *text, json_t *value, const char *const *denied,
			struct template_output *output, struct error *error)
{
	struct answers answers = { { look_up }, value };
	const struct template_input input = { .data = &answers.data, .denied = denied };
	struct template *template = template_parse("f", text, strlen(text), &options, error);
	bool fine = template && template_render(template, &input, output, error);

	template_free(template);
	json_decref(value);
	return fine;
}

static void only_the_key_of_a_leaf_is_secret(void **state)
{
	static const char text[] = "{{ with caLeaf \"web\" }}{{ .CertPEM }} {{ .PrivateKeyPEM | toLower }} "
				   "{{ .PrivateKeyPEM }} {{ toJSON . }}{{ end }} {{ with $l := caLeaf \"web\" }}{{ $l.Service }}{{ end }}";
	static const char json[] = "{\"SerialNumber\":\"\",\"CertPEM\":\"CERT\",\"PrivateKeyPEM\":\"KEY\","
				   "\"Service\":\"web\",\"ServiceURI\":\"\",\"ValidAfter\":\"\",\"ValidBefore\":\"\","
				   "\"CreateIndex\":0,\"ModifyIndex\":0}";
	CLEANUP(template_output_release) struct template_output output = { 0 };
	AUTOFREE char *expected = format_string("CERT key KEY %s web", json);
	struct error error = ERROR_INIT;

	(void)state;
	assert_true(render_with(text, json_loads(json, 0, NULL), NULL, &output, &error));
	assert_string_equal(output.text.data, expected);
	assert_int_equal(output.secrets.count, 3);
	assert_string_equal(output.secrets.items[0], "key");
	assert_string_equal(output.secrets.items[1], "KEY");
	assert_string_equal(output.secrets.items[2], json);
}

/* Both fail; only the first is told to wait. */
static void error_with_missing_data_means_wait(void **state)
{
	static const char text[] = "a\n{{ (index (service \"web\") 0).Address }}";
	CLEANUP(template_output_release) struct template_output output = { 0 };
	struct error error = ERROR_INIT;

	(void)state;
	assert_false(render_with(text, NULL, NULL, &output, &error));
	assert_int_equal(output.missing.count, 1);
	assert_string_equal(output.missing.items[0], "health.service(web|passing)");
	assert_string_equal(output.places.items[0], "f:2");
	error.text[0] = '\0';
	assert_false(render_with(text, json_array(), NULL, &output, &error));
	assert_int_equal(output.missing.count, 0);
	assert_int_equal(output.used.count, 1);
	assert_non_null(strstr(error.text, "f:2:5: index: index out of range: 0"));
	error.text[0] = '\0';
	assert_true(render_with(text, json_pack("[{s:s}]", "Address", "10.0.0.1"), NULL, &output, &error));
	assert_string_equal(output.text.data, "a\n10.0.0.1");
}

static void bytes_of_a_key_are_kept(void **state)
{
	static const char bytes[] = "\xFF\0\xC3(\xE2\x82";
	CLEANUP(template_output_release) struct template_output output = { 0 };
	struct error error = ERROR_INIT;
	size_t size = sizeof bytes - 1;

	(void)state;
	assert_true(render_with("{{ key \"a\" }}{{ key \"a\" | len }}",
				json_stringn_nocheck(bytes, size), NULL, &output, &error));
	assert_int_equal(output.text.used, size + 1);
	assert_memory_equal(output.text.data, bytes, size);
	assert_int_equal(output.text.data[size], '6');
	assert_true(render_with("{{ key \"a\" | replaceAll \"(\" \"[\" }}", json_stringn_nocheck(bytes, size),
				NULL, &output, &error));
	assert_memory_equal(output.text.data, "\xFF\0\xC3[\xE2\x82", size);
}

static void ten_thousand_instances(void **state)
{
	CLEANUP(template_output_release) struct template_output output = { 0 };
	struct error error = ERROR_INIT;
	json_t *list = json_array();

	(void)state;
	for (int i = 0; i < 10000; i++)
		json_array_append_new(list, json_pack("{s:s, s:i, s:[s, s]}", "Address", "10.0.0.1", "Port", i,
						      "Tags", i % 2 ? "odd" : "even", "all"));
	if (!render_with("{{ range service \"web\" }}{{ .Address }}:{{ .Port }}\n{{ end }}"
			 "{{ range $tag, $l := service \"web\" | byTag }}{{ $tag }} {{ len $l }},{{ end }}"
			 "{{ len (service \"web\" | byPort) }}", list, NULL, &output, &error))
		fail_msg("%s", error.text);
	assert_memory_equal(output.text.data, "10.0.0.1:0\n10.0.0.1:1\n", 22);
	assert_non_null(strstr(output.text.data, "10.0.0.1:9999\nall 10000,even 5000,odd 5000,10000"));
}

static void functions_are_denied_by_pattern(void **state)
{
	static const char *const denied[] = { "key*", "env", NULL };
	static const struct { const char *text; bool fine; } cases[] = {
		{ "{{ key \"a\" }}", false }, { "{{ if keyExists \"a\" }}{{ end }}", false },
		{ "{{ env \"A\" }}", false }, { "{{ envOrDefault \"A\" \"b\" }}", true },
		{ "{{ if false }}{{ key \"a\" }}{{ end }}", true },
	};
	CLEANUP(template_output_release) struct template_output output = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error error = ERROR_INIT;

		assert_int_equal(render_with(cases[i].text, json_string("x"), denied, &output, &error),
				 cases[i].fine);
		assert_int_equal(!cases[i].fine, !!strstr(error.text, " is disabled"));
		assert_int_equal(output.used.count, 0);
	}
}

static void unsupported_functions_are_named(void **state)
{
	(void)state;
	expect_error("\n{{ secret \"a/b\" }}", "f:2:4: function \"secret\" is not supported");
	expect_error("{{ sprig_env \"a\" }}", "f:1:4: function \"sprig_env\" is not supported");
	expect_error("{{ peerings }}", "f:1:4: function \"peerings\" is not supported");
	expect_error("{{ plugin \"date\" }}", "f:1:4: plugin: no program can be run here");
	expect_error("{{ spew_dump . }}", "f:1:4: function \"spew_dump\" is not supported");
	expect_error("{{ nomadServices }}", "f:1:4: function \"nomadServices\" is not supported");
}

static void errors_of_yaml_have_a_line_and_no_value(void **state)
{
	(void)state;
	expect_error("{{ parseYAML \"a: 1\\nb: [secret\" }}", "f:1:4: parseYAML: not YAML: did not find expected ',' or ']' in line 2\n");
	expect_error("{{ parseYAML \"a: 1\\n\\tb: x\" }}",
		     "f:1:4: parseYAML: not YAML: found a tab character that violates indentation in line 2\n");
	expect_error("{{ parseYAML \"a:\\n- *secret\" }}", "f:1:4: parseYAML: not YAML: unknown anchor in line 2\n");
	expect_error("{{ parseYAML \"a: !!int secret\" }}", "f:1:4: parseYAML: the value in line 1 is no int\n");
	expect_error("{{ parseYAML \"a: &a\\n- *a\" }}", "f:1:4: parseYAML: the alias in line 2 contains itself\n");
	expect_error("{{ parseYAML \"a: !!binary secret\" }}", "f:1:4: parseYAML: not Base64 in line 1\n");
	expect_error("{{ parseYAML \"[secret]: 1\" }}", "f:1:4: parseYAML: the key in line 1 is a map or a list\n");
	expect_error("{{ parseYAML \"<<: secret\" }}", "f:1:4: parseYAML: << in line 1 needs a map or a list of maps\n");
	expect_error("{{ parseYAML \"a: \\xff\" }}", "f:1:4: parseYAML: not YAML: invalid leading UTF-8 octet in line 1\n");
	expect_error("{{ toTOML (sprig_list 1) }}", "f:1:4: toTOML: only a map or a struct can be written as TOML\n");
	expect_error("{{ toYAML (loop 1) }}", "f:1:4: toYAML: a <-chan int64 cannot be written as YAML\n");
}

static void yaml_is_limited(void **state)
{
	static const struct template_limits small = { .memory = 1 << 20 };
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	CLEANUP(template_output_release) struct template_output output = { 0 };
	struct error error = ERROR_INIT;

	(void)state;
	buf_add(&text, "{{ parseYAML \"a: &a [x");
	repeat(&text, ", x", 2000);
	buf_add(&text, "]\\nb: [*a");
	repeat(&text, ", *a", 60);
	buf_add(&text, "]\" | len }}");
	assert_false(render(text.data, &small, &output, &error));
	assert_non_null(strstr(error.text, "needs more than 1 MiB of memory"));
	expect_output(text.data, "2");
	buf_clear(&text);
	error.text[0] = '\0';
	buf_add(&text, "{{ parseYAML \"- &a0 [x]\\n");
	for (int i = 1; i < 12; i++)
		buf_print(&text, "- &a%d [*a%d, *a%d, *a%d]\\n", i, i - 1, i - 1, i - 1);
	buf_add(&text, "\" }}");
	assert_false(render(text.data, NULL, &output, &error));
	assert_non_null(strstr(error.text, "f:1:4: parseYAML: too many aliases"));
	expect_error("{{ $s := \"[\" }}{{ range loop 14 }}{{ $s = print $s $s }}{{ end }}{{ parseYAML $s }}",
		     "f:1:69: a value is nested too deeply");
	expect_error("{{ $s := \"a: b \" }}{{ range loop 18 }}{{ $s = print $s $s }}{{ end }}{{ parseYAML $s }}",
		     "f:1:73: parseYAML: the YAML is larger than 1 MiB");
	expect_error("{{ $s := \"abcdefgh\" }}{{ range loop 18 }}{{ $s = print $s $s }}{{ end }}{{ toYAML $s }}",
		     "f:1:76: toYAML: a string is larger than 1 MiB");
	expect_error("{{ $d := sprig_list 1 }}{{ range loop 4000 }}{{ $d = sprig_list $d }}{{ end }}{{ toYAML $d }}",
		     "f:1:82: a value is nested too deeply");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lexer_errors_have_line_and_column),
		cmocka_unit_test(parser_errors_have_line_and_column),
		cmocka_unit_test(errors_of_execution_have_line_and_column),
		cmocka_unit_test(line_and_caret_are_shown),
		cmocka_unit_test(recursion_is_limited),
		cmocka_unit_test(nesting_is_limited),
		cmocka_unit_test(output_steps_and_memory_are_limited),
		cmocka_unit_test(memory_is_freed_and_template_is_reusable),
		cmocka_unit_test(secrets_are_noted_by_value),
		cmocka_unit_test(invalid_utf8_passes),
		cmocka_unit_test(only_the_key_of_a_leaf_is_secret),
		cmocka_unit_test(error_with_missing_data_means_wait),
		cmocka_unit_test(bytes_of_a_key_are_kept),
		cmocka_unit_test(ten_thousand_instances),
		cmocka_unit_test(functions_are_denied_by_pattern),
		cmocka_unit_test(unsupported_functions_are_named),
		cmocka_unit_test(errors_of_yaml_have_a_line_and_no_value),
		cmocka_unit_test(yaml_is_limited),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
