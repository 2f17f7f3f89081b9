#include "config/load.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config/libconf.h"
#include "environment.h"

/* Each folder is a case: `input`, and the expected `expanded` or `error`. */
static const char folder[] = "tests/cases/config";

static char *read_expected(const char *name)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct error error = ERROR_INIT;

	if (!file_read(name, 1 << 20, &text, &error))
		return NULL;
	while (text.used && text.data[text.used - 1] == '\n')
		text.data[--text.used] = '\0';
	return copy_string(text.data);
}

static void test_case(void **state)
{
	CLEANUP(load_error_release) struct load_error error = { 0 };
	struct config *config;
	AUTOFREE char *found = NULL, *message = NULL, *expanded = NULL;
	char *back = getcwd(NULL, 0);

	assert_int_equal(chdir(*state), 0);
	config = load_config("input", NULL, &error);
	found = config ? json_dumps(config->tree, JSON_INDENT(2) | JSON_PRESERVE_ORDER)
		       : load_error_text(&error);
	message = read_expected("error");
	expanded = read_expected("expanded");
	assert_int_equal(chdir(back), 0);
	free(back);
	assert_true(!message != !expanded);
	assert_string_equal(found, message ? message : expanded);
	if (message)
		assert_int_equal(error.code, EX_DATAERR);
	config_free(config);
}

/* The input's values as JSON, which is JSON5 and might be ContainerPilot's.  NULL: it is no configuration. */
static char *input_as_json(void)
{
	CLEANUP(load_error_release) struct load_error ignored = { 0 };
	CLEANUP(included_text_release) struct included_text included = { 0 };
	CLEANUP(places_release) struct places places;
	AUTOFREE char *text = load_rendered("input", &ignored);
	struct buf bytes = { .data = text, .used = text ? strlen(text) : 0 };
	struct error error = ERROR_INIT;
	json_t *tree = NULL;
	char *json = NULL;

	places_init(&places);
	if (text && included_text_init(&included, "input", &bytes, NULL, &error))
		tree = libconf_parse(&included, &places, &ignored.mistakes);
	if (tree && !json_object_get(tree, "compat"))
		json_object_set_new(tree, "compat", json_false());
	if (tree)
		json = json_dumps(tree, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	json_decref(tree);
	return json;
}

/* A configuration means the same in both syntaxes. */
static void test_as_json5(void **state)
{
	CLEANUP(load_error_release) struct load_error error = { 0 };
	AUTOFREE char *expanded = NULL, *json = NULL, *found = NULL;
	struct config *config = NULL;
	char *back = getcwd(NULL, 0);

	assert_int_equal(chdir(*state), 0);
	expanded = read_expected("expanded");
	json = input_as_json();
	if (json)
		config = load_text(json, "input", &error);
	assert_int_equal(chdir(back), 0);
	free(back);
	if (!expanded) {
		assert_null(config);
		return;
	}
	if (!config)
		fail_msg("%s", error.mistakes.items[0]);
	found = json_dumps(config->tree, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	config_free(config);
	assert_string_equal(found, expanded);
}

/* For each folder.  Returns how many there are. */
static int add_cases(struct dirent **entries, int count, CMUnitTestFunction test, const char *kind,
		     struct CMUnitTest *cases)
{
	int used = 0;

	for (int i = 0; i < count; i++)
		if (entries[i]->d_name[0] != '.')
			cases[used++] = (struct CMUnitTest){
				.name = format_string("%s%s", entries[i]->d_name, kind), .test_func = test,
				.initial_state = format_string("%s/%s", folder, entries[i]->d_name),
				.setup_func = clear_environment,
			};
	return used;
}

int main(void)
{
	struct CMUnitTest *cases = NULL;
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort), used = 0, failed;

	cases = alloc((size_t)(count > 0 ? 2 * count : 0) * sizeof *cases);
	used = add_cases(entries, count, test_case, "", cases);
	used += add_cases(entries, count, test_as_json5, ", as JSON5", cases + used);
	failed = _cmocka_run_group_tests("cases", cases, (size_t)used, NULL, NULL);
	for (int i = 0; i < used; i++) {
		free(cases[i].initial_state);
		free((char *)cases[i].name);
	}
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(cases);
	if (count > 0)
		free(entries);
	return failed + !used;
}
