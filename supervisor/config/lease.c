#include "lease.h"

#include <math.h>

#include "base/duration.h"

static const double LEAST_MARGIN = 1, KILL = 1;

static struct lease lease_for(double protected, double demote)
{
	return (struct lease){
		.protected = protected,
		.margin = fmax(LEAST_MARGIN, protected / 10),
		.kill = KILL,
		.demote = demote,
		.renew = protected / 4,
		.attempt = protected / 8,
	};
}

struct lease lease_of(const struct election_config *config)
{
	double protected = config->lock_delay;

	if (config->bind == BIND_SESSION)
		protected = config->lock_delay > 0 ? fmin(config->ttl, config->lock_delay)
						   : config->ttl;
	return lease_for(protected, config->demote_timeout);
}

double lease_hard(const struct lease *lease)
{
	return lease->protected - lease->margin - lease->kill;
}

double lease_soft(const struct lease *lease)
{
	return lease_hard(lease) - lease->demote;
}

static double needed(const struct lease *lease)
{
	return lease->renew + lease->attempt + lease->demote + lease->kill + lease->margin;
}

static bool is_safe(const struct lease *lease)
{
	return needed(lease) < lease->protected;
}

/* The shortest protection that is safe, in whole tenths of a second. */
static double least_protected(double demote)
{
	struct lease lease;
	int tenths = 0;

	do {
		lease = lease_for(++tenths / 10.0, demote);
	} while (!is_safe(&lease));
	return lease.protected;
}

/* The key to change; *both: words for the case that two keys have to change. */
static const char *key_of(const struct election_config *config, double least, const char **both)
{
	bool by_session = config->bind == BIND_SESSION;

	*both = by_session && config->lock_delay > 0 && config->ttl < least &&
		config->lock_delay < least ? " for both ttl and lockDelay" : "";
	if (by_session && (config->lock_delay <= 0 || config->ttl < config->lock_delay))
		return "ttl";
	return "lockDelay";
}

bool lease_check(const struct election_config *config, struct error *error)
{
	enum { PROTECTED, RENEW, ATTEMPT, DEMOTE, KILLING, MARGIN, NEEDED, LEAST, COUNT };
	struct lease lease = lease_of(config);
	double least = least_protected(lease.demote);
	const double times[COUNT] = {
		[PROTECTED] = lease.protected, [RENEW] = lease.renew, [ATTEMPT] = lease.attempt,
		[DEMOTE] = lease.demote, [KILLING] = lease.kill, [MARGIN] = lease.margin,
		[NEEDED] = needed(&lease), [LEAST] = least,
	};
	const char *both, *key = key_of(config, least, &both);
	char texts[COUNT][32];

	if (is_safe(&lease))
		return true;
	for (int i = 0; i < COUNT; i++)
		duration_print(times[i], texts[i]);
	return fail(error, ".%s: %s protects too short a time: a renewal every %s, %s for its answer, "
		    "demoteTimeout %s, %s to kill and a margin of %s are %s, which must be less; "
		    "at least %s%s would do", key, texts[PROTECTED], texts[RENEW], texts[ATTEMPT],
		    texts[DEMOTE], texts[KILLING], texts[MARGIN], texts[NEEDED], texts[LEAST], both);
}
