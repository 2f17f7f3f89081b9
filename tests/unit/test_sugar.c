#include "config/sugar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "quoted.h"

static void becomes(const char *before, const char *after)
{
	json_t *tree = tree_of(before), *wanted = tree_of(after);
	struct strv mistakes = { 0 };
	AUTOFREE char *text = NULL;

	sugar_expand(tree, &mistakes);
	assert_int_equal(mistakes.count, 0);
	text = json_dumps(tree, JSON_PRESERVE_ORDER);
	if (!json_equal(tree, wanted))
		fail_msg("%s", text);
	json_decref(tree);
	json_decref(wanted);
}

static void test_plain(void **state)
{
	(void)state;
	becomes("{}", "{}");
	becomes("{'jobs': [{'name': 'a', 'exec': 'b'}]}", "{'jobs': [{'name': 'a', 'exec': 'b'}]}");
}

static void test_pre_start(void **state)
{
	(void)state;
	becomes("{'jobs': [{'name': 'a', 'exec': 'b', 'preStart': 'c'}]}",
		"{'jobs': [{'name': 'a', 'exec': 'b',"
		"           'when': {'source': 'a.preStart', 'once': 'exitSuccess'}},"
		"          {'name': 'a.preStart', 'exec': 'c', 'timeout': '5m'}]}");
	becomes("{'jobs': [{'name': 'a', 'preStart': ['c'], 'needs': ['d e'], 'when': {'once': 'x'}}]}",
		"{'jobs': [{'name': 'a', 'when': {'source': 'a.preStart', 'once': 'exitSuccess'}},"
		"          {'name': 'a.preStart', 'exec': ['c'], 'timeout': '5m', 'needs': ['d e'],"
		"           'when': {'once': 'x'}}]}");
	becomes("{'jobs': [{'name': 'a', 'preStart': 'c', 'when': {'each': 'x'}}]}",
		"{'jobs': [{'name': 'a', 'when': {'source': 'a.preStart', 'each': 'exitSuccess'}},"
		"          {'name': 'a.preStart', 'exec': 'c', 'timeout': '5m', 'when': {'each': 'x'}}]}");
}

static void test_stops(void **state)
{
	(void)state;
	becomes("{'jobs': [{'name': 'a', 'preStop': 'c', 'postStop': {'exec': 'd', 'timeout': 3}}]}",
		"{'jobs': [{'name': 'a'},"
		" {'name': 'a.preStop', 'exec': 'c', 'when': {'source': 'a', 'once': 'stopping'}},"
		" {'name': 'a.postStop', 'exec': 'd', 'when': {'source': 'a', 'once': 'stopped'},"
		"  'timeout': 3}]}");
}

static void test_on_change(void **state)
{
	(void)state;
	becomes("{'watches': [{'name': 'w', 'onChange': 'c'}]}",
		"{'watches': [{'name': 'w'}], 'jobs': [{'name': 'w.onChange', 'exec': 'c',"
		" 'when': {'source': 'watch.w', 'each': 'changed'}, 'restarts': 'onFailure',"
		" 'timeout': '30s'}]}");
}

static void test_election(void **state)
{
	(void)state;
	becomes("{'elections': [{'name': 'e', 'onElected': 'c', 'onDeposed': ['d'], 'onLeader': 'f'}]}",
		"{'elections': [{'name': 'e'}], 'jobs': ["
		" {'name': 'e.onElected', 'exec': 'c', 'timeout': '30s',"
		"  'when': {'source': 'election.e', 'each': 'elected'}},"
		" {'name': 'e.onDeposed', 'exec': ['d'], 'timeout': '30s',"
		"  'when': {'source': 'election.e', 'each': 'deposed'}},"
		" {'name': 'e.onLeader', 'exec': 'f', 'timeout': '30s', 'restarts': 'onFailure',"
		"  'when': {'source': 'election.e', 'each': 'leader'}}]}");
	becomes("{'elections': [{'name': 'e', 'promoteTimeout': 5, 'onElected': 'c',"
		"                'onDeposed': {'exec': 'd', 'timeout': 3}, 'onLeader': 'f'}]}",
		"{'elections': [{'name': 'e', 'promoteTimeout': 5}], 'jobs': ["
		" {'name': 'e.onElected', 'exec': 'c', 'timeout': 5,"
		"  'when': {'source': 'election.e', 'each': 'elected'}},"
		" {'name': 'e.onDeposed', 'exec': 'd', 'timeout': 3,"
		"  'when': {'source': 'election.e', 'each': 'deposed'}},"
		" {'name': 'e.onLeader', 'exec': 'f', 'timeout': '30s', 'restarts': 'onFailure',"
		"  'when': {'source': 'election.e', 'each': 'leader'}}]}");
}

static void test_runs(void **state)
{
	(void)state;
	becomes("{'jobs': [{'name': 'a', 'exec': 'b', 'runs': 'election.e'},"
		"          {'name': 'c', 'runs': 'election.e', 'restarts': 3}]}",
		"{'jobs': [{'name': 'a', 'exec': 'b', 'runs': 'election.e', 'restarts': 'unlimited',"
		"           'when': {'source': 'election.e', 'each': 'elected'}},"
		"          {'name': 'c', 'runs': 'election.e', 'restarts': 3,"
		"           'when': {'source': 'election.e', 'each': 'elected'}}]}");
	becomes("{'jobs': [{'name': 'a', 'runs': 5}, {'name': 'b', 'runs': ''}]}",
		"{'jobs': [{'name': 'a', 'runs': 5}, {'name': 'b', 'runs': ''}]}");
}

/* The preStart of a job with `runs` is stopped when deposed, too. */
static void test_runs_with_pre_start(void **state)
{
	(void)state;
	becomes("{'jobs': [{'name': 'a', 'exec': 'b', 'runs': 'election.e', 'preStart': 'c'}]}",
		"{'jobs': [{'name': 'a', 'exec': 'b', 'runs': 'election.e', 'restarts': 'unlimited',"
		"           'when': {'source': 'a.preStart', 'each': 'exitSuccess'},"
		"           'needs': ['election.e elected']},"
		"          {'name': 'a.preStart', 'exec': 'c', 'runs': 'election.e', 'timeout': '5m',"
		"           'when': {'source': 'election.e', 'each': 'elected'}}]}");
}

static void test_inheritance(void **state)
{
	(void)state;
	becomes("{'jobs': [{'name': 'a', 'user': 'u', 'group': 'g', 'env': {'A': 1}, 'cwd': '/',"
		"           'umask': '022', 'nice': 5, 'preStop': 'c', 'postStop': {'exec': 'd',"
		"           'user': 'v', 'env': {}}}]}",
		"{'jobs': [{'name': 'a', 'user': 'u', 'group': 'g', 'env': {'A': 1}, 'cwd': '/',"
		"           'umask': '022', 'nice': 5},"
		" {'name': 'a.preStop', 'exec': 'c', 'when': {'source': 'a', 'once': 'stopping'},"
		"  'user': 'u', 'group': 'g', 'env': {'A': 1}, 'cwd': '/', 'umask': '022'},"
		" {'name': 'a.postStop', 'exec': 'd', 'when': {'source': 'a', 'once': 'stopped'},"
		"  'timeout': '10s', 'user': 'v', 'env': {}, 'cwd': '/', 'umask': '022'}]}");
}

static void test_health_inherits(void **state)
{
	(void)state;
	becomes("{'jobs': [{'name': 'a', 'user': 'u', 'health': {'exec': 'c'}},"
		"          {'name': 'b', 'user': 'u', 'health': {'http': 'c'}}]}",
		"{'jobs': [{'name': 'a', 'user': 'u', 'health': {'exec': 'c', 'user': 'u'}},"
		"          {'name': 'b', 'user': 'u', 'health': {'http': 'c'}}]}");
}

/* The decoder reports these errors. */
static void test_malformed(void **state)
{
	static const char *const trees[] = {
		"{'jobs': 5}", "{'jobs': [5, null, []]}", "{'jobs': [{'preStart': 'c'}]}",
		"{'jobs': [{'name': 5, 'preStart': 'c'}]}", "{'jobs': [{'name': 'a', 'preStart': 5}]}",
		"{'jobs': [{'name': 'a', 'preStart': {}}]}", "{'watches': {'onChange': 'c'}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
		becomes(trees[i], trees[i]);
}

static void test_jobs_of_another_type(void **state)
{
	(void)state;
	becomes("{'jobs': 5, 'watches': [{'name': 'w', 'onChange': 'c'}]}",
		"{'jobs': 5, 'watches': [{'name': 'w'}]}");
}

static void test_keys_refused_in_a_hook(void **state)
{
	json_t *tree = tree_of("{'jobs': [{'name': 'a', 'preStop': {'exec': 'c', 'name': 'd'}}]}");
	CLEANUP(strv_release) struct strv mistakes = { 0 };

	(void)state;
	sugar_expand(tree, &mistakes);
	assert_int_equal(mistakes.count, 1);
	assert_string_equal(mistakes.items[0], "jobs[a].preStop.name: not possible in a hook; "
			    "define a job instead");
	json_decref(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_pre_start),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_on_change),
		cmocka_unit_test(test_election),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_runs_with_pre_start),
		cmocka_unit_test(test_inheritance),
		cmocka_unit_test(test_health_inherits),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_jobs_of_another_type),
		cmocka_unit_test(test_keys_refused_in_a_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
