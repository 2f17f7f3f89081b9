#include "base/setting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"

static char path[] = "/tmp/test_setting.XXXXXX";

static void write_file(const char *bytes, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static void is(const char *wanted)
{
	AUTOFREE char *value = NULL;
	struct error error = ERROR_INIT;

	if (!setting_get("TEST_X", &value, &error))
		fail_msg("%s", error.text);
	if (wanted)
		assert_string_equal(value, wanted);
	else
		assert_null(value);
}

static void is_wrong(const char *message)
{
	AUTOFREE char *value = NULL;
	struct error error = ERROR_INIT;

	assert_false(setting_get("TEST_X", &value, &error));
	assert_null(value);
	if (!strstr(error.text, message))
		fail_msg("\"%s\" is not in \"%s\"", message, error.text);
}

static void test_plain(void **state)
{
	(void)state;
	is(NULL);
	setenv("TEST_X", "", 1);
	is(NULL);
	setenv("TEST_X", "a b", 1);
	is("a b");
}

static void test_file(void **state)
{
	(void)state;
	setenv("TEST_X_FILE", path, 1);
	write_file("secret\n", 7);
	is("secret");
	write_file("two\n\n", 5);
	is("two\n");
	write_file("none", 4);
	is("none");
	write_file("", 0);
	is("");
}

static void test_wrong(void **state)
{
	(void)state;
	setenv("TEST_X_FILE", "/nowhere/x", 1);
	is_wrong("TEST_X_FILE: cannot read /nowhere/x: No such file or directory");
	setenv("TEST_X", "y", 1);
	is_wrong("both TEST_X and TEST_X_FILE are set");
	unsetenv("TEST_X");
	setenv("TEST_X_FILE", "/dev/zero", 1);
	is_wrong("cannot read /dev/zero: more than 65536 bytes");
	setenv("TEST_X_FILE", path, 1);
	write_file("a\0b", 3);
	is_wrong("contains a NUL byte");
}

static int set_up(void **state)
{
	(void)state;
	unsetenv("TEST_X");
	unsetenv("TEST_X_FILE");
	return 0;
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_plain, set_up),
		cmocka_unit_test_setup(test_file, set_up),
		cmocka_unit_test_setup(test_wrong, set_up),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
