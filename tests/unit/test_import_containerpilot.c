/* The files of ContainerPilot's users mean the same after `pilotfish import`, with the same environment. */
#include "import/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "config/load.h"
#include "environment.h"

static char *command[] = { "node", "{{ .SCRIPT | default \"app.js\" }}", NULL };

static char *json_of(struct config *config, const struct load_error *error)
{
	char *json;

	if (!config)
		fail_msg("%s", error->mistakes.items[0]);
	json = json_dumps(config->tree, JSON_INDENT(1) | JSON_SORT_KEYS);
	config_free(config);
	return json;
}

static void check_same(const char *file, const char *imported)
{
	CLEANUP(load_error_release) struct load_error error = { .code = 0 };
	struct load_source source = { .path = file, .command = command, .containerpilot = true };
	struct load_source native = { .path = "imported", .text = imported };
	AUTOFREE char *wanted = json_of(load_config_from(&source, NULL, &error), &error);
	AUTOFREE char *found = json_of(load_config_from(&native, NULL, &error), &error);

	if (strcmp(wanted, found) != 0)
		fail_msg("%s: %s\n%s\n%s", file, imported, wanted, found);
}

/* Imported without the environment where that is possible, and used with it. */
static void test_files(void **state)
{
	static const struct { const char *file, *import_env, *env; } rows[] = {
		{ "a1.json5", "", "CSL=other LV=debug SVC=web" }, { "a1.json5", "AGENT=1", "AGENT=1 CSL=other" },
		{ "a2.json5", "UP=db", "UP=db" }, { "a3.json5", "PORT=80 TAGS=a,b", "PORT=80 TAGS=a,b" },
		{ "a4.json5", "UP_0=db UP_2=kv", "UP_0=db UP_2=kv" }, { "a5.json5", "", "" }, { "a6.json5", "", "" },
		{ "a7.json5", "CV=true SVC=shop RUN=s PORT=80 IP=10.0.0.9", "CV=true SVC=shop RUN=s PORT=80 IP=10.0.0.9" },
		{ "a8.json5", "", "" }, { "a9.json5", "", "KEY=abc" }, { "a10.json5", "", "" },
		{ "a11.json5", "IFS=eth0", "IFS=eth0" },
		{ "b1.json", "", "CSL=hub LV=info LF=json" }, { "b1.json", "", "LV=info LF=json" },
		{ "b2.json", "PORT=80 IP=10.0.0.9", "PORT=80 IP=10.0.0.9" }, { "b3.json", "", "CSL=hub" },
		{ "b4.json", "PORT=80", "PORT=80 UP=db CSL=x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTOFREE char *path = format_string("tests/cases/containerpilot/%s", rows[i].file);
		CLEANUP(buf_release) struct buf text = BUF_INIT;
		struct error error = ERROR_INIT;

		set_environment(rows[i].import_env, true);
		if (import_print(path, command, &text, &error))
			fail_msg("%s: %s", path, error.text);
		set_environment(rows[i].import_env, false);
		set_environment(rows[i].env, true);
		check_same(path, text.data);
		set_environment(rows[i].env, false);
	}
}

/* The line is somewhere in the imported text, directly before the other unless that is NULL. */
static void has_lines(const char *text, const char *line, const char *next)
{
	AUTOFREE char *wanted = format_string("%s\n%s", line, next ? next : "");

	if (!strstr(text, wanted))
		fail_msg("%s is not in %s", wanted, text);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_comments(void **state)
{
	char path[] = "/tmp/test-import-XXXXXX";
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	close(mkstemp(path));
	write_file(path, "// of the file\n{ consul: 'c', // of consul\n/* of jobs,\n * in two lines */\njobs: [\n"
			 "{ name: 'a', exec: 'x', // of a\n// of the port, {{ .NOTE }}\nport: 80, health: {interval: 1, ttl: 2} } ] }");
	assert_int_equal(import_print(path, NULL, &text, &error), 0);
	unlink(path);
	has_lines(text.data, "# of consul", "consul = {");
	has_lines(text.data, "# of jobs,", "# in two lines");
	has_lines(text.data, "# in two lines", "jobs = (");
	has_lines(text.data, "    # of a", "    exec = [ \"x\" ];");
	has_lines(text.data, "    port = 80;", NULL);
	assert_non_null(strstr(text.data, "    # of the port"));
	assert_non_null(strstr(text.data, "# of the file"));
}

static void test_refusals(void **state)
{
	static const struct { const char *text, *message; } rows[] = {
		{ "{ jobs: [ ] }", "no discovery backend" },
		{ "{ consul: 'c', jobs: [ { name: 'a', exec: 'x', nmae: 1 } ] }", "unknown key" },
		{ "{ consul: 'c', jobs: [ { name: 'a' exec: 'x' } ] }", "a comma or a } is expected" },
		{ "{ consul: 'c', jobs: [ { name: '{{ .X", "unclosed action" },
	};
	char path[] = "/tmp/test-import-XXXXXX";

	(void)state;
	close(mkstemp(path));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(buf_release) struct buf text = BUF_INIT;
		struct error error = ERROR_INIT;

		write_file(path, rows[i].text);
		assert_int_equal(import_print(path, NULL, &text, &error), 65);
		if (!strstr(error.text, rows[i].message))
			fail_msg("%s: %s", rows[i].text, error.text);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
