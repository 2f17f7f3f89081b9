/* election_client.h - looks up how an election stands and writes its keys, one request after another.
 *
 * First of all it asks whether our token has the rights for what is intended, so that the one
 * which is missing can be named: what may not be read is just not there in many of Consul's answers.
 */
#ifndef ELECTION_CLIENT_H
#define ELECTION_CLIENT_H

#include "consul/agent.h"
#include "election_status.h"

struct clerk;

struct clerk_ops {
	void (*on_known)(struct clerk *clerk);		/* `standing` is what it is now */
	void (*on_written)(struct clerk *clerk, bool written);	/* false: another was faster */
	void (*on_failed)(struct clerk *clerk, int code, const char *why);	/* of sysexits(3) */
};

struct clerk {
	const struct election_config *election;	/* borrowed */
	const struct clerk_ops *ops;
	const char *writes;		/* the key that is to be written, behind the lock's; or NULL */
	bool needs_candidates;
	bool patient;			/* when Consul is in trouble it looks again, and does not fail */
	struct error trouble;		/* with the last look */
	struct standing standing;

	struct agent_request request;
	const struct clerk_step *step;	/* what `request` is */
	unsigned long index;		/* of the keys */
	struct timer retry;
};

void clerk_init(struct clerk *clerk, struct agent *agent, const struct election_config *election,
		const struct clerk_ops *ops);
void clerk_release(struct clerk *clerk);

/* Each ends with one of the ops.  A new one replaces what is under way. */
void clerk_begin(struct clerk *clerk);		/* the rights, the keys, the candidates */
void clerk_look(struct clerk *clerk);		/* the keys, now */
void clerk_wait(struct clerk *clerk);		/* ... when they are others */

/* Written only if the key's ModifyIndex is still `cas` (0: it is not there); takes `value`.
 * Deleted only then, too, but with 0 whatever it is. */
void clerk_write(struct clerk *clerk, const char *suffix, unsigned long cas, json_t *value);
void clerk_delete(struct clerk *clerk, const char *suffix, unsigned long cas);

#endif
