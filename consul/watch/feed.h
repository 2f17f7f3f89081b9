/* feed.h - one question to Consul, and what is believed about its answer.
 *
 * A blocking query, waiting 60 s at a time, so that a change is seen in milliseconds; where there
 * are too many for that, crowd.h says what stands for it, and what latency follows.  A question
 * whose answers have no index (the datacentres) is asked every 15 s.
 *
 * No set is ever emptied by Consul's own trouble:
 * - Errors keep the last good state.  The next query goes out without an index, after a backoff.
 * - After an error, or an index that went backwards, a set only grows for `settle` seconds: what
 *   is new or altered is believed at once, what is missing is kept.  Then the latest answer counts.
 * - A set that was not empty and is now: a missing right looks just the same.  So before it is
 *   believed Consul is asked whether our token may read what we saw (the service and the nodes of
 *   its instances, or the keys), by /v1/internal/acl/authorize (Consul 1.7 and later; an older
 *   one is believed).  If it may, the next answer is believed, if not, the last set stays and each
 *   further answer asks again.  That there are no access rules at all (401) is remembered while the
 *   agent lives, and costs nothing then.
 * - A catalogue is never empty: Consul itself is in it.  One that was not and is now is not
 *   believed.
 * An answer that is no set has nothing of this: the latest good one counts.
 *
 * How often it asks: an answer without news costs a token, one with news a tenth of one; ten tokens
 * grow a second, and ten may be saved.  So an agent that answers at once with nothing new is asked
 * ten times a second, while news are never kept waiting below a hundred changes a second.
 */
#ifndef FEED_H
#define FEED_H

#include "base/backoff.h"
#include "consul/agent.h"
#include "query_pool.h"
#include "pace.h"
#include "blocking_query.h"

struct feed {
	const struct blocking_query *query;	/* borrowed */
	/* The state has become another.  Called from the loop, and may release the feed.  Its owner
	 * sets it; feed_init() leaves it as it is. */
	void (*on_news)(struct feed *feed);
	json_t *state;			/* what is believed now; NULL: nothing yet; never altered */

	/* private */
	struct agent *agent;
	struct pool_member member;
	double settle;
	struct subscription on_consul;	/* it is back: ask now */
	struct agent_request request, rights;
	struct slot slot;		/* to ask for the rights */
	unsigned long index;		/* 0: ask without one */
	json_t *pending;		/* what Consul says, while that is not believed */
	bool distrusted;		/* something was wrong since the last good answer */
	bool allowed;			/* to read what we saw; known before this query was sent */
	struct pace pace;
	struct backoff backoff;
	struct deferred start;
	struct timer retry, settling;
};

/* Asks soon, but not now.  The agent must outlive it. */
void feed_init(struct feed *feed, struct agent *agent, const struct blocking_query *query,
	       double settle);
void feed_release(struct feed *feed);

#endif
