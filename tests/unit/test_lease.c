#include "config/lease.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/duration.h"

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static bool is_safe(struct election_config config)
{
	struct error error = ERROR_INIT;

	return lease_check(&config, &error);
}

static void is_refused(struct election_config config, const char *message)
{
	struct error error = ERROR_INIT;

	assert_false(lease_check(&config, &error));
	assert_string_equal(error.text, message);
}

static void test_times(void **state)
{
	const struct election_config config = { .ttl = 10, .lock_delay = 10, .demote_timeout = 2 };
	struct lease lease = lease_of(&config);

	(void)state;
	assert_true(near(lease.protected, 10) && near(lease.margin, 1) && near(lease.kill, 1));
	assert_true(near(lease.renew, 2.5) && near(lease.attempt, 1.25) && near(lease.demote, 2));
	assert_true(near(lease_hard(&lease), 8));
	assert_true(near(lease_soft(&lease), 6));
}

static void test_margin_of_long_leases(void **state)
{
	const struct election_config config = { .ttl = 30, .lock_delay = 30, .demote_timeout = 2 };
	struct lease lease = lease_of(&config);

	(void)state;
	assert_true(near(lease.margin, 3));
	assert_true(near(lease_hard(&lease), 26));
}

static double protected(enum election_bind bind, double ttl, double lock_delay)
{
	const struct election_config config = { .bind = bind, .ttl = ttl, .lock_delay = lock_delay };

	return lease_of(&config).protected;
}

static void test_what_protects(void **state)
{
	(void)state;
	assert_true(near(protected(BIND_ALIVE, 3, 20), 20));
	assert_true(near(protected(BIND_ALIVE, 20, 4), 4));
	assert_true(near(protected(BIND_SESSION, 15, 20), 15));
	assert_true(near(protected(BIND_SESSION, 20, 15), 15));
	assert_true(near(protected(BIND_SESSION, 20, 0), 20));
}

static void test_profiles(void **state)
{
	(void)state;
	assert_true(is_safe((struct election_config){ .ttl = 10, .lock_delay = 10, .demote_timeout = 2 }));
	assert_true(is_safe((struct election_config){ .ttl = 3, .lock_delay = 4 }));
	assert_true(is_safe((struct election_config){ .ttl = 30, .lock_delay = 30, .demote_timeout = 2 }));
}

static void test_messages(void **state)
{
	(void)state;
	is_refused((struct election_config){ .ttl = 3, .lock_delay = 3 },
		   ".lockDelay: 3s protects too short a time: a renewal every 750ms, 375ms for its "
		   "answer, demoteTimeout 0ms, 1s to kill and a margin of 1s are 3.125s, which must be "
		   "less; at least 3.3s would do");
	is_refused((struct election_config){ .ttl = 3, .lock_delay = 20, .demote_timeout = 20 },
		   ".lockDelay: 20s protects too short a time: a renewal every 5s, 2.5s for its "
		   "answer, demoteTimeout 20s, 1s to kill and a margin of 2s are 30.5s, which must be "
		   "less; at least 40.1s would do");
	is_refused((struct election_config){ .ttl = 3, .lock_delay = 0 },
		   ".lockDelay: 0ms protects too short a time: a renewal every 0ms, 0ms for its "
		   "answer, demoteTimeout 0ms, 1s to kill and a margin of 1s are 2s, which must be "
		   "less; at least 3.3s would do");
}

static void ends(const struct election_config *config, const char *key, const char *end)
{
	struct error error = ERROR_INIT;

	assert_false(lease_check(config, &error));
	assert_memory_equal(error.text, key, strlen(key));
	assert_string_equal(strstr(error.text, "; at least"), end);
}

/* The shorter of two keys counts; if both are too short, both must change. */
static void test_which_key(void **state)
{
	const struct election_config
		ttl = { .bind = BIND_SESSION, .ttl = 2, .lock_delay = 10 },
		delay = { .bind = BIND_SESSION, .ttl = 10, .lock_delay = 2 },
		alone = { .bind = BIND_SESSION, .ttl = 2 },
		both = { .bind = BIND_SESSION, .ttl = 3, .lock_delay = 2 };

	(void)state;
	ends(&ttl, ".ttl: 2s ", "; at least 3.3s would do");
	ends(&delay, ".lockDelay: 2s ", "; at least 3.3s would do");
	ends(&alone, ".ttl: 2s ", "; at least 3.3s would do");
	ends(&both, ".lockDelay: 2s ", "; at least 3.3s for both ttl and lockDelay would do");
}

/* The inequality, written independently of the code. */
static bool holds(const struct election_config *config)
{
	struct lease lease = lease_of(config);
	double p = lease.protected;

	return p / 4 + p / 8 + config->demote_timeout + 1 + fmax(1, p / 10) < p;
}

/* The suggested value is valid, and 0.1 s less is not. */
static void try_suggestion(const struct election_config *config, const char *message)
{
	struct election_config better = *config, worse = *config;
	const char *text = strstr(message, "; at least ");
	bool both = strstr(message, "both"), is_ttl = !strncmp(message, ".ttl", 4);
	char word[32] = "";
	double least, less;

	assert_non_null(text);
	assert_int_equal(sscanf(text, "; at least %31s", word), 1);
	assert_true(duration_parse(word, &least));
	assert_true(least <= 60);
	less = (round(least * 10) - 1) / 10;
	if (both || is_ttl) {
		better.ttl = least;
		worse.ttl = less;
	}
	if (both || !is_ttl) {
		better.lock_delay = least;
		worse.lock_delay = less;
	}
	if (!is_safe(better) || is_safe(worse))
		fail_msg("bind %d ttl %f lockDelay %f demoteTimeout %f: %s", config->bind, config->ttl,
			 config->lock_delay, config->demote_timeout, message);
}

/* in 10 ms */
static double random_time(int most)
{
	return (rand() % (most * 100 + 1)) / 100.0;
}

static void test_suggestions(void **state)
{
	int refused = 0, fine = 0;

	(void)state;
	srand(4711);
	for (int i = 0; i < 100000; i++) {
		const struct election_config config = {
			.bind = rand() % 2 ? BIND_ALIVE : BIND_SESSION,
			.ttl = .01 + random_time(60),
			.lock_delay = rand() % 4 ? random_time(60) : 0,
			.demote_timeout = random_time(30),
		};
		struct error error = ERROR_INIT;
		bool safe = lease_check(&config, &error);

		assert_int_equal(safe, holds(&config));
		fine += safe;
		refused += !safe;
		if (!safe)
			try_suggestion(&config, error.text);
	}
	assert_true(fine > 1000 && refused > 1000);
}

/* A due renewal that takes its whole time limit still ends before the holder must demote. */
static void test_room_for_a_renewal(void **state)
{
	(void)state;
	srand(42);
	for (int i = 0; i < 100000; i++) {
		const struct election_config config = {
			.ttl = 10, .lock_delay = random_time(60), .demote_timeout = random_time(30),
		};
		struct lease lease = lease_of(&config);

		if (!is_safe(config))
			continue;
		assert_true(lease_soft(&lease) > lease.renew + lease.attempt);
		assert_true(lease_hard(&lease) >= lease_soft(&lease));
		assert_true(lease_hard(&lease) + lease.kill + lease.margin <= config.lock_delay + 1e-9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_margin_of_long_leases),
		cmocka_unit_test(test_what_protects),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_which_key),
		cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_room_for_a_renewal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
