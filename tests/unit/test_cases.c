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

int main(void)
{
	struct CMUnitTest *cases = NULL;
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort), used = 0, failed;

	cases = alloc((size_t)(count > 0 ? count : 0) * sizeof *cases);
	for (int i = 0; i < count; i++)
		if (entries[i]->d_name[0] != '.')
			cases[used++] = (struct CMUnitTest){
				.name = entries[i]->d_name, .test_func = test_case,
				.initial_state = format_string("%s/%s", folder, entries[i]->d_name),
				.setup_func = clear_environment,
			};
	failed = _cmocka_run_group_tests("cases", cases, (size_t)used, NULL, NULL);
	for (int i = 0; i < used; i++)
		free(cases[i].initial_state);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(cases);
	if (count > 0)
		free(entries);
	return failed + !used;
}
