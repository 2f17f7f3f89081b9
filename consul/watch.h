/* watch.h - a blocking query, and what changed.
 *
 * One query for each watch, waiting 60 s at a time, so that a change is seen in milliseconds.
 * Contents are compared in a canonical order (digest.h): an index alone is no change.  Events of
 * the source `watch.NAME`: `changed` (the first answer always), and `healthy`/`unhealthy` as a set
 * becomes non-empty or empty, and at the first answer.
 *
 * No upstream is ever emptied by Consul's own trouble:
 * - Errors keep the last good set.  The next query goes out without an index, after a backoff.
 * - After an error, or an index that went backwards, the set only grows for `settle` seconds: what
 *   is new or altered is believed at once, what is missing is kept.  Then the latest answer counts.
 * - A set that was not empty and is now: a missing right looks just the same.  So before it is
 *   believed Consul is asked whether our token may read what we saw (the service and the nodes of
 *   its instances, or the keys), by /v1/internal/acl/authorize (Consul 1.7 and later; an older
 *   one is believed).  If it may, the next answer is believed, if not, the last set stays and each
 *   further answer asks again.  That there are no access rules at all (401) is remembered while the
 *   agent lives, and costs nothing then.
 *
 * How often it asks: an answer without news costs a token, one with news a tenth of one; ten tokens
 * grow a second, and ten may be saved.  So an agent that answers at once with nothing new is asked
 * ten times a second, while news are never kept waiting below a hundred changes a second.
 */
#ifndef WATCH_H
#define WATCH_H

#include "base/backoff.h"
#include "agent.h"
#include "digest.h"

struct watch {
	const struct watch_config *config;	/* borrowed */
	struct agent *agent;
	struct source source;
	struct subscription on_consul;	/* it is back: ask now */
	struct agent_request query, rights;
	unsigned long index;		/* 0: ask without one */
	json_t *state;			/* what is believed now; NULL: nothing yet */
	json_t *pending;		/* what Consul says, while that is not believed */
	bool distrusted;		/* something was wrong since the last good answer */
	bool allowed;			/* to read what we saw; known before this query was sent */
	double tokens, refilled;	/* and when (monotonic) */
	struct backoff backoff;
	struct timer retry, settle;
};

void watch_init(struct watch *watch, struct agent *agent, const struct watch_config *config);
void watch_release(struct watch *watch);

#endif
