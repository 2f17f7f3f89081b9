/* session.h - a session of ours in Consul: opened, kept alive, confirmed, closed.
 *
 * With bind = alive a session is opened in steps.  First comes a service of its own in the
 * catalogue ("NAME-election") with a passing TTL check "alive:ID".  Then sessions of the same name,
 * which a previous process left, are destroyed.  Then the session is created, bound to that check
 * alone. From then on the check is passed every ttl/3, and the session is renewed.
 *
 * The check belongs to a service of its own and not to the job's.  So neither the job's
 * deregistration nor a failing health check costs the lock, a job without a port can be elected,
 * and the catalogue shows the candidates of an election.
 *
 * A session is *confirmed* by a renewal answered 200, or by session_confirm().  The confirmation
 * counts from the time before that request was *sent*.  A session is lost when a renewal is
 * answered 404 and a majority of the servers agrees, or when the agent does not know its check.  An
 * error or silence does not lose it; the request is retried soon.  Until renewals and passes
 * succeed again the session is not *sound*: it may have ended meanwhile, so no lock should be taken
 * with it.
 *
 * Renewals have connections of their own, which no other request can use up, and time out by our
 * clock.  Source: Consul's documentation of sessions and of its HTTP API.
 */
#ifndef SESSION_H
#define SESSION_H

#include "base/backoff.h"
#include "consul/agent.h"
#include "config/lease.h"

struct session;

struct session_ops {
	void (*on_open)(struct session *session);
	void (*on_confirmed)(struct session *session);	/* `confirmed` has grown */
	void (*on_recovered)(struct session *session);	/* the session is sound again */
	void (*on_lost)(struct session *session);	/* the session is closed now */
};

struct session {
	const struct election_config *config;	/* borrowed */
	const struct session_ops *ops;
	char *id;			/* NULL: not open */
	double confirmed;		/* boottime; of the session that is open */

	/* private */
	struct lease lease;
	struct agent *agent;
	struct http connections;	/* for this session's requests alone */
	char *name;			/* "KEY ID": says whose session it is */
	char *service_id, *check_id;	/* "NAME-election-ID", "alive:NAME-election-ID" */
	enum session_state {
		SESSION_CLOSED, SESSION_REGISTERING, SESSION_PASSING, SESSION_SEARCHING,
		SESSION_SWEEPING, SESSION_CREATING, SESSION_IS_OPEN,
		SESSION_VERIFYING, SESSION_ENDING, SESSION_LEAVING
	} state;
	double sent;			/* boottime: when the request under way was sent */
	bool searched;			/* for leftovers */
	struct strv leftovers;		/* ids of sessions of a previous process */
	bool registered;		/* our service is in the catalogue, as far as we know */
	bool holder;			/* renew often */
	bool renewal_failed;		/* the newest renewal */
	bool pass_failed;		/* the newest pass */

	struct agent_request request;	/* opens, renews and closes the session */
	struct agent_request pass;	/* passes the check */
	struct backoff backoff;
	struct timer renewal_timer, pass_timer, close_timer;
	void (*on_closed)(struct session *session);
};

void session_init(struct session *session, struct agent *agent,
		  const struct election_config *config, const struct session_ops *ops);
void session_release(struct session *session);

void session_open(struct session *session);	/* retries for ever; idempotent */
bool session_is_open(const struct session *session);
bool session_is_sound(const struct session *session);

/* A request sent at `sent` was answered in a way that proves that the session lived then.  From
 * then on a lock delay protects.  The request does not prolong the session's life, so without a
 * lock delay, where the TTL alone protects, only renewals count. */
void session_confirm(struct session *session, double sent);

/* While the session holds a lock it is renewed every lease.renew, else as often as its TTL needs. */
void session_hold(struct session *session, bool holder);

/* Ends the session and its service in the catalogue, then calls on_closed() once: after `limit`
 * seconds at the latest, whatever Consul answers.  Consul imposes the lock delay on a lock that the
 * session still holds. */
void session_close(struct session *session, double limit,
		   void (*on_closed)(struct session *session));

/* Forgets the session without telling Consul, so that session_open() makes a new one. */
void session_drop(struct session *session);

#endif
