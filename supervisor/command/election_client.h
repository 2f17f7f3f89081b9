/* election_client.h - looks up how an election stands and writes its keys, one request after another.
 *
 * First of all it asks whether our token has the rights for what is intended, so that the one
 * which is missing can be named: what may not be read is just not there in many of Consul's answers.
 */
#ifndef ELECTION_CLIENT_H
#define ELECTION_CLIENT_H

#include "consul/agent.h"
#include "election_status.h"

struct election_client;

struct election_client_ops {
	void (*on_known)(struct election_client *client);		/* `status` is up to date */
	void (*on_written)(struct election_client *client, bool written);	/* false: lost the race */
	void (*on_failed)(struct election_client *client, int code, const char *why);	/* of sysexits(3) */
};

struct election_client {
	const struct election_config *election;	/* borrowed */
	const struct election_client_ops *ops;
	const char *writes;		/* the key that is to be written, behind the lock's; or NULL */
	bool needs_candidates;
	bool patient;			/* when Consul is in trouble it looks again, and does not fail */
	struct error trouble;		/* with the last look */
	struct election_status status;

	struct agent_request request;
	const struct election_client_step *step;	/* what `request` is */
	unsigned long index;		/* of the keys */
	struct timer retry;
};

void election_client_init(struct election_client *client, struct agent *agent,
			  const struct election_config *election,
			  const struct election_client_ops *ops);
void election_client_release(struct election_client *client);

/* Each ends with one of the ops.  A new one replaces what is under way. */
void election_client_begin(struct election_client *client);	/* the rights, keys, candidates */
void election_client_look(struct election_client *client);	/* the keys, now */
void election_client_wait(struct election_client *client);	/* the keys, once they have changed */

/* Written only if the key's ModifyIndex is still `cas` (0: it is not there); takes `value`.
 * Deleted only then, too, but with 0 whatever it is. */
void election_client_write(struct election_client *client, const char *suffix, unsigned long cas,
			   json_t *value);
void election_client_delete(struct election_client *client, const char *suffix, unsigned long cas);

#endif
