/* feed.h - keeps the answer to one query up to date, and decides which answers to believe.
 *
 * A feed sends blocking queries of 60 s, so it sees a change within milliseconds.  query_pool.h
 * describes what happens if there are more feeds than connections.  If answers carry no index (the
 * list of datacentres does not), the feed polls every 15 s.
 *
 * Trouble of Consul changes nothing that is believed:
 * - After an error the feed keeps its last good state, and retries with a backoff.
 * - The first answer, and the first one after trouble, are read `consistent`.  After a start or an
 *   election of Consul's servers, other answers come from a state that lacks the end of the log.
 * - An answer with a lower index than an earlier one does not count.  Consul has lost data if the
 *   next two consistent answers have lower indexes as well; then they count.
 * - After trouble nothing is lost for `settle` seconds: new and modified entries or values count at
 *   once, missing ones are kept.  Then the latest answer counts.  Trouble is an error, an answer
 *   without a leader, or a lower index.
 * - A set that becomes empty may be due to a missing right: Consul then answers `[]` as well.  So
 *   the feed first asks /v1/internal/acl/authorize whether our token may read what the last set
 *   held: the service and the nodes of its instances, or the keys.  If it may, the next answer
 *   counts.  If it may not, the last set stays and each further answer repeats the question.
 *   Consul before 1.7 does not know the question, and its answer is believed.  If ACLs are off
 *   (401), the agent remembers that, and the feed need not ask.
 * - A catalogue always contains Consul itself, so an empty one is an error.
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
	/* Why Consul rejects the query, which waiting cannot change; "": it does not.  The feed tries
	 * again all the same.  on_refusal, as on_news or NULL: this starts or ends; does not release. */
	struct error refusal;
	void (*on_refusal)(struct feed *feed);

	/* private */
	struct agent *agent;
	struct pool_member member;
	double settle;
	struct subscription on_consul;	/* Consul answers again: ask now */
	struct agent_request request, rights;
	struct feed_reading *reading;	/* of the answer that is being considered; else NULL */
	struct slot slot;		/* for the request of rights */
	unsigned long index;		/* to ask with; 0: ask for a consistent answer */
	bool consistent;		/* the query under way, or the last one, is that */
	double answered;		/* monotonic: the last answer that counted; 0: none */
	unsigned long highest;		/* of the answers that counted */
	unsigned long older;		/* of the last answer, if consistent and below; else 0 */
	json_t *pending;		/* Consul's last answer, while it is not believed */
	struct charge state_charge, pending_charge;
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
