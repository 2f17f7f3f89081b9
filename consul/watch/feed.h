/* feed.h - keeps the answer to one query up to date, and decides which answers to believe.
 *
 * A feed sends blocking queries of 60 s, so it sees a change within milliseconds.  query_pool.h
 * describes what happens if there are more feeds than connections.  If answers carry no index (the
 * list of datacentres does not), the feed polls every 15 s.
 *
 * Trouble of Consul never empties a set:
 * - After an error the feed keeps its last good state, and retries with a backoff and without an
 *   index.
 * - After an error, or after the index went backwards, a set only grows for `settle` seconds: new
 *   and modified entries count at once, missing ones are kept.  Then the latest answer counts.
 * - A set that becomes empty may be due to a missing right: Consul then answers `[]` as well.  So
 *   the feed first asks /v1/internal/acl/authorize whether our token may read what the last set
 *   held: the service and the nodes of its instances, or the keys.  If it may, the next answer
 *   counts.  If it may not, the last set stays and each further answer repeats the question.
 *   Consul before 1.7 does not know the question, and its answer is believed.  If ACLs are off
 *   (401), the agent remembers that, and the feed need not ask.
 * - A catalogue always contains Consul itself, so an empty one is an error.
 * If the answer is a single value, the latest good one counts.
 *
 * Rate: an answer without news costs one token, an answer with news a tenth of one.  Ten tokens
 * grow a second, and ten may be saved.  An agent that keeps answering at once without news is
 * asked ten times a second, and up to a hundred changes a second are seen without delay.
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
	/* The state has changed.  Called from the loop; may release the feed.  The owner sets it
	 * before feed_init(). */
	void (*on_news)(struct feed *feed);
	json_t *state;			/* the answer believed now; immutable; NULL: none yet */

	/* private */
	struct agent *agent;
	struct pool_member member;
	double settle;
	struct subscription on_consul;	/* Consul answers again: ask now */
	struct agent_request request, rights;
	struct slot slot;		/* for the request of rights */
	unsigned long index;		/* 0: ask without an index */
	json_t *pending;		/* Consul's last answer, while it is not believed */
	bool distrusted;		/* there was trouble since the last good answer */
	bool allowed;			/* to read the last set; known before this query was sent */
	struct pace pace;
	struct backoff backoff;
	struct deferred start;
	struct timer retry, settling;
};

/* Sends the first query from the loop, not from here.  The agent must outlive the feed. */
void feed_init(struct feed *feed, struct agent *agent, const struct blocking_query *query,
	       double settle);
void feed_release(struct feed *feed);

#endif
