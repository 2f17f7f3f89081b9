/* election_client.h - reads the status of an election and writes its keys, one request at a time.
 *
 * The first request asks whether our token has the rights for what is intended, so that an error can
 * name the missing rule.  Many of Consul's answers just leave out what the token may not read.
 */
#ifndef ELECTION_CLIENT_H
#define ELECTION_CLIENT_H

#include "consul/agent.h"
#include "election_status.h"

struct election_client;

struct election_client_ops {
	void (*on_known)(struct election_client *client);		/* `status` is current */
	void (*on_written)(struct election_client *client, bool written);	/* false: too late */
	void (*on_failed)(struct election_client *client, int code, const char *why);	/* of sysexits(3) */
};

struct election_client {
	const struct election_config *election;	/* borrowed */
	const struct election_client_ops *ops;
	const char *writes;		/* suffix of the key to be written, or NULL */
	bool needs_candidates;
	bool persistent;		/* retries while Consul is in trouble, instead of failing */
	struct error trouble;		/* of the newest read */
	struct election_status status;

	/* private */
	struct agent_request request;
	const struct election_client_step *step;	/* of `request` */
	unsigned long index;		/* of the keys */
	struct timer retry;
};

void election_client_init(struct election_client *client, struct agent *agent,
			  const struct election_config *election,
			  const struct election_client_ops *ops);
void election_client_release(struct election_client *client);

/* Each call ends with one of the ops.  A new call replaces the one under way. */
void election_client_begin(struct election_client *client);	/* rights, keys, candidates */
void election_client_look(struct election_client *client);	/* reads the keys now */
void election_client_wait(struct election_client *client);	/* ... once they have changed */

/* Writes only if the key's ModifyIndex is still `cas` (0: the key does not exist); takes `value`.
 * Deletes only then, too, but with 0 always. */
void election_client_write(struct election_client *client, const char *suffix, unsigned long cas,
			   json_t *value);
void election_client_delete(struct election_client *client, const char *suffix, unsigned long cas);

#endif
