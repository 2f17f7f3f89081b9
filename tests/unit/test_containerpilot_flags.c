#include "command/containerpilot_flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/strv.h"

/* "config=X reload env={...} command=A,B" of what is given. */
static void describe(const struct containerpilot_flags *flags, struct buf *out)
{
	const struct { const char *name, *text; } texts[] = {
		{ "config", flags->config }, { "out", flags->out }, { "maintenance", flags->maintenance },
	};
	const struct { const char *name; bool on; } switches[] = {
		{ "template", flags->render }, { "version", flags->version }, { "reload", flags->reload },
		{ "ping", flags->ping }, { "help", flags->help },
	};
	AUTOFREE char *variables = flags->variables ? json_dumps(flags->variables, JSON_COMPACT) : NULL;
	AUTOFREE char *metrics = flags->metrics ? json_dumps(flags->metrics, JSON_COMPACT) : NULL;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].text)
			buf_print(out, "%s=%s;", texts[i].name, texts[i].text);
	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
		if (switches[i].on)
			buf_print(out, "%s;", switches[i].name);
	if (variables)
		buf_print(out, "%s;", variables);
	if (metrics)
		buf_print(out, "metrics %s;", metrics);
	for (char **word = flags->command; word && *word; word++)
		buf_print(out, "(%s)", *word);
}

static const struct row {
	const char *words[7];
	const char *wanted;		/* or the beginning of the message, behind "! " */
} rows[] = {
	{ { NULL }, "" },
	{ { "-config", "/x" }, "config=/x;" },
	{ { "--config", "/x" }, "config=/x;" },
	{ { "-config=/x=y" }, "config=/x=y;" },
	{ { "-config", "-reload" }, "config=-reload;" },
	{ { "-config", "" }, "" },
	{ { "-config=" }, "" },
	{ { "-config", "a", "-config", "b" }, "config=b;" },
	{ { "-config" }, "! -config: its value is missing" },
	{ { "-reload", "--ping", "-version", "-template" }, "template;version;reload;ping;" },
	{ { "-reload=true", "-ping=F", "-version=0", "-template=1" }, "template;reload;" },
	{ { "-ping", "-ping=false" }, "" },
	{ { "-ping", "false" }, "ping;(false)" },
	{ { "-ping=yes" }, "! -ping: true or false is expected, found \"yes\"" },
	{ { "-ping=" }, "! -ping: true or false is expected, found \"\"" },
	{ { "-maintenance", "enable" }, "maintenance=enable;" },
	{ { "-maintenance" }, "! -maintenance: its value is missing" },
	{ { "-out", "-", "-template" }, "out=-;template;" },
	{ { "-putenv", "a=b=c", "--putenv=d=" }, "{\"a\":\"b=c\",\"d\":\"\"};" },
	{ { "-putenv", "a=1", "-putenv", "a=2" }, "{\"a\":\"2\"};" },
	{ { "-putenv", "a" }, "! -putenv: NAME=VALUE in UTF-8 is expected, found \"a\"" },
	{ { "-putenv=a" }, "! -putenv: NAME=VALUE in UTF-8 is expected, found \"a\"" },
	{ { "-putenv", "a=\xff" }, "! -putenv: NAME=VALUE in UTF-8 is expected" },
	{ { "-putmetric", "m=1", "-putenv", "a=1" }, "{\"a\":\"1\"};metrics {\"m\":\"1\"};" },
	{ { "-h" }, "help;" },
	{ { "-help" }, "help;" },
	{ { "node", "-reload", "--", "x" }, "(node)(-reload)(--)(x)" },
	{ { "-config", "c", "node", "-ping" }, "config=c;(node)(-ping)" },
	{ { "-ping", "--", "-reload" }, "ping;(-reload)" },
	{ { "--", "--" }, "(--)" },
	{ { "--" }, "" },
	{ { "-", "-ping" }, "(-)(-ping)" },
	{ { "", "-ping" }, "()(-ping)" },
	{ { "-x" }, "! -x: there is no such option" },
	{ { "---ping" }, "! ---ping: there is no such option" },
	{ { "-=x" }, "! -=x: there is no such option" },
	{ { "--=x" }, "! --=x: there is no such option" },
	{ { "-pin" }, "! -pin: there is no such option" },
	{ { "-Reload" }, "! -Reload: there is no such option" },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(strv_release) struct strv words = { 0 };
		CLEANUP(containerpilot_flags_release) struct containerpilot_flags flags;
		CLEANUP(buf_release) struct buf got = BUF_INIT;
		struct error error = ERROR_INIT;
		char *none = NULL;

		strv_copy(&words, (char *const *)rows[i].words);
		if (containerpilot_flags_parse(&flags, words.items ? words.items : &none, &error))
			describe(&flags, &got);
		else
			buf_print(&got, "! %s", error.text);
		if (strncmp(got.data, rows[i].wanted, strlen(rows[i].wanted)) ||
		    (rows[i].wanted[0] != '!' && strcmp(got.data, rows[i].wanted)))
			fail_msg("row %zu: \"%s\", not \"%s\"", i, got.data, rows[i].wanted);
	}
}

static void test_recognition(void **state)
{
	static const char *const ours[] = {
		"--config", "-c", "-V", "--version", "-h", "-help", "-configure", "-t", "-", "", "--", "version",
	};
	static const char *const theirs[] = {
		"-config", "-config=x", "-version", "-reload", "-maintenance", "-putenv=a=b", "-putmetric", "-ping",
		"-template", "-out",
	};

	(void)state;
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (containerpilot_flags_have(ours[i]))
			fail_msg("%s is taken", ours[i]);
	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
		if (!containerpilot_flags_have(theirs[i]))
			fail_msg("%s is not taken", theirs[i]);
}

static void test_usage(void **state)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	(void)state;
	containerpilot_flags_print_usage(&text);
	assert_non_null(strstr(text.data, "\n  -putenv NAME=VALUE\n"));
	assert_non_null(strstr(text.data, "\n  -ping\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows), cmocka_unit_test(test_recognition), cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
