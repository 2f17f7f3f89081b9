#include "config/stop_times.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/load.h"
#include "environment.h"

/* Compares the lines of `pilotfish check` for one configuration, and its warnings without their place. */
static void says(const char *text, const char *stops, const char *warnings)
{
	CLEANUP(buf_release) struct buf found = BUF_INIT;
	CLEANUP(load_error_release) struct load_error error = { 0 };
	struct config *config = load_text(text, "x.conf", &error);
	AUTOFREE char *warned = NULL;

	if (!config)
		fail_msg("%s", error.mistakes.items[0]);
	stop_times_print(config, &found);
	warned = strv_join(&config->warnings, "\n");
	assert_string_equal(found.data, stops);
	assert_string_equal(*warned ? strchr(warned, ' ') + 1 : "", warnings);
	config_free(config);
}

static void test_plain(void **state)
{
	(void)state;
	says("jobs = ( { name = \"app\"; exec = \"a\"; } );", "", "");
	says("jobs = ( { name = \"app\"; exec = \"a\"; drain = \"2s\"; stopTimeout = \"5s\"; } );",
	     "stop of app: drain up to 2s, SIGTERM up to 5s, SIGKILL\n", "");
}

#define ONE_WARNING(key, wanted, cut, total, grace)						\
	"jobs[app]." key ": " wanted " is cut to " cut " by the top level's stopTimeout, 8s; "	\
	"stopTimeout = \"" total "\" would do, and Docker then needs stop_grace_period " grace

static void test_drain_is_cut(void **state)
{
	(void)state;
	says("jobs = ( { name = \"app\"; exec = \"a\"; drain = \"5s\"; stopSignal = \"SIGQUIT\"; } );",
	     "stop of app: drain up to 3.75s of 5s, SIGQUIT up to 3.75s, SIGKILL\n",
	     ONE_WARNING("drain", "5s", "3.75s", "11s", "12s"));
}

static void test_stop_timeout_is_cut(void **state)
{
	(void)state;
	says("jobs = ( { name = \"app\"; exec = \"a\"; stopTimeout = \"30s\"; } );",
	     "stop of app: SIGTERM up to 7.5s of 30s, SIGKILL\n",
	     ONE_WARNING("stopTimeout", "30s", "7.5s", "31s", "32s"));
}

static void test_hook_is_cut(void **state)
{
	(void)state;
	says("jobs = ( { name = \"app\"; exec = \"a\"; preStop = { exec = \"b\"; timeout = \"6s\"; }; } );",
	     "stop of app: preStop up to 3.75s of 6s, SIGTERM up to 3.75s, SIGKILL\n",
	     ONE_WARNING("preStop", "6s", "3.75s", "13s", "14s"));
	says("jobs = ( { name = \"app\"; exec = \"a\"; stopTimeout = \"2s\";"
	     " preStop = { exec = \"b\"; timeout = \"6s\"; }; } );",
	     "stop of app: preStop up to 2s of 6s, SIGTERM up to 2s, SIGKILL\n",
	     "jobs[app].preStop: the job's stopTimeout is shorter than the hook's timeout, and ends "
	     "the hook");
}

/* A stopTimeout that a warning names leaves nothing to warn of. */
static void test_total_that_would_do(void **state)
{
	(void)state;
	says("stopTimeout = \"11s\"; jobs = ( { name = \"app\"; exec = \"a\"; drain = \"5s\"; } );",
	     "stop of app: drain up to 5s, SIGTERM up to 5.5s, SIGKILL\n"
	     "all within 11s: Docker needs stop_grace_period 12s (its default is 10s)\n", "");
	says("stopTimeout = \"13s\"; jobs = ( { name = \"app\"; exec = \"a\";"
	     " preStop = { exec = \"b\"; timeout = \"6s\"; }; } );",
	     "stop of app: preStop up to 6s, SIGTERM up to 6.5s, SIGKILL\n"
	     "all within 13s: Docker needs stop_grace_period 14s (its default is 10s)\n", "");
}

/* Jobs that depend on each other share the time; a preStart has ended long before. */
static void test_chain(void **state)
{
	(void)state;
	says("jobs = ( { name = \"app\"; exec = \"a\"; needs = [ \"db running\" ]; stopTimeout = \"3s\";"
	     " preStart = \"c\"; }, { name = \"db\"; exec = \"b\"; stopTimeout = \"4s\"; } );",
	     "stop of app: SIGTERM up to 3s, SIGKILL\n"
	     "stop of db: after up to 3s for the jobs that depend on it, SIGTERM up to 4s, SIGKILL\n",
	     "");
	says("jobs = ( { name = \"app\"; exec = \"a\"; stopTimeout = \"5s\"; },"
	     " { name = \"gate\"; exec = [ ]; needs = [ \"app running\" ]; } );",
	     "stop of app: SIGTERM up to 5s, SIGKILL\n", "");
	says("jobs = ( { name = \"app\"; exec = \"a\"; needs = [ \"db running\" ]; stopTimeout = \"5s\"; },"
	     " { name = \"db\"; exec = \"b\"; } );",
	     "stop of app: SIGTERM up to 3.75s of 5s, SIGKILL\n",
	     ONE_WARNING("stopTimeout", "5s", "3.75s", "11s", "12s"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_plain, clear_environment),
		cmocka_unit_test_setup(test_drain_is_cut, clear_environment),
		cmocka_unit_test_setup(test_stop_timeout_is_cut, clear_environment),
		cmocka_unit_test_setup(test_hook_is_cut, clear_environment),
		cmocka_unit_test_setup(test_total_that_would_do, clear_environment),
		cmocka_unit_test_setup(test_chain, clear_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
