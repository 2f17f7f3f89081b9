#include "base/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

static const char *of_all(struct strv *env, const char *name)
{
	strv_release(env);
	env_copy(env);
	return strv_get(env, name);
}

static const char *of_child(struct strv *env, const char *name)
{
	strv_release(env);
	env_copy_for_child(env);
	return strv_get(env, name);
}

static void test_changes(void **state)
{
	CLEANUP(strv_release) struct strv env = { 0 };

	(void)state;
	setenv("INHERITED", "old", 1);
	unsetenv("ADDED");
	assert_string_equal(env_get("INHERITED"), "old");
	env_set("INHERITED", "new");
	env_set("ADDED", "a=b");
	env_set("ADD", "");
	assert_string_equal(env_get("INHERITED"), "new");
	assert_string_equal(env_get("ADDED"), "a=b");
	assert_string_equal(env_get("ADD"), "");
	assert_string_equal(of_all(&env, "INHERITED"), "new");
	assert_string_equal(of_all(&env, "ADDED"), "a=b");
	assert_string_equal(getenv("INHERITED"), "old");
	assert_int_equal(env_changes()->count, 3);
	env_unset("INHERITED");
	env_unset("ADDED");
	env_unset("ADD");
	assert_null(env_get("INHERITED"));
	assert_null(of_all(&env, "INHERITED"));
	assert_null(of_child(&env, "ADDED"));
	assert_int_equal(env_changes()->count, 3);
	env_set("INHERITED", "again");
	assert_string_equal(of_child(&env, "INHERITED"), "again");
}

static void test_given(void **state)
{
	CLEANUP(strv_release) struct strv env = { 0 };

	(void)state;
	setenv("GIVEN", "inherited", 1);
	env_give("GIVEN", "ours");
	assert_string_equal(of_child(&env, "GIVEN"), "ours");
	assert_string_equal(of_all(&env, "GIVEN"), "inherited");
	assert_string_equal(env_get("GIVEN"), "inherited");
	env_give("GIVEN", NULL);
	assert_string_equal(of_child(&env, "GIVEN"), "inherited");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
