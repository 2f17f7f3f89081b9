/* followed.h - an answer of Consul that is kept up to date: a blocking query that is repeated.
 *
 * For the few answers of a client, each with a connection of its own; many are feeds (feed.h).  Unlike a
 * feed it tells its owner of trouble, and takes each answer as it is.  After trouble it asks again with a
 * backoff, and anew.
 */
#ifndef FOLLOWED_H
#define FOLLOWED_H

#include "base/backoff.h"
#include "consul/agent.h"

struct followed;
typedef void followed_fn(struct followed *followed, enum agent_answer answer);

struct followed {
	/* Called for each answer; the JSON is that of `request`, during the call. */
	followed_fn *on_answer;
	bool known;			/* there was an answer, and no trouble of Consul */
	struct error trouble;		/* why the last answer is no good; "": it is */

	/* private */
	struct agent_request request;
	char *path;
	unsigned long index;
	struct backoff backoff;
	struct timer next;
};

/* Takes `path`, and asks at once.  `connections` NULL: the agent's. */
void followed_start(struct followed *followed, struct agent *agent, struct http *connections,
		    char *path, followed_fn *on_answer);
void followed_stop(struct followed *followed);		/* idempotent; zeroed: never started */
void followed_change_path(struct followed *followed, char *path);	/* takes it */

#endif
