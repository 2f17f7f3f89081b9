/* session.h - a session of ours in Consul, kept alive, and what is known about it.
 *
 * Opened in steps: a service of its own in the catalogue ("NAME-election") with a TTL check "alive:ID"
 * that is passing (bind = alive); sessions of the same name are a former life's, and ended; then the
 * session itself, bound to that check and to nothing else.  Then the check is passed every ttl/3, and
 * the session renewed.
 *
 * The check belongs to a service of its own, not to the job's: so that neither the job's
 * deregistration nor that it is unhealthy costs the lock, a job without a port can be elected, and
 * the candidates of an election can be seen in the catalogue.
 *
 * A session is *confirmed* by a renewal answered 200, or by session_confirm(): what counts is the
 * time before that request was *sent*.  It is lost when a renewal is answered 404 and the servers'
 * majority says so, too, or when its check is unknown to the agent.  An error or silence is
 * neither; it is asked again soon.  But until the renewals and the passes are answered again it is
 * not *sound*: it may have ended meanwhile, so no lock should be taken with it.
 *
 * Renewals have connections of their own, that no other request can use up, and time out by the
 * client's clock.  Source: Consul's documentation of sessions and of its HTTP API.
 */
#ifndef SESSION_H
#define SESSION_H

#include "base/backoff.h"
#include "consul/agent.h"
#include "config/lease.h"

struct session;

struct session_ops {
	void (*on_open)(struct session *session);
	void (*on_confirmed)(struct session *session);	/* `confirmed` is a newer time */
	void (*on_recovered)(struct session *session);	/* it is sound again */
	void (*on_lost)(struct session *session);	/* it is closed now */
};

struct session {
	const struct election_config *config;	/* borrowed */
	struct lease lease;
	const struct session_ops *ops;
	struct agent *agent;
	struct http lifeline;		/* the renewals' own connections */
	char *name;			/* "KEY ID": whose it is */
	char *service_id, *check_id;	/* "NAME-election-ID", "alive:NAME-election-ID" */

	enum session_state {
		SESSION_CLOSED, SESSION_REGISTERING, SESSION_PASSING, SESSION_SEARCHING,
		SESSION_SWEEPING, SESSION_CREATING, SESSION_IS_OPEN,
		SESSION_DOUBTED, SESSION_ENDING, SESSION_LEAVING
	} state;
	char *id;			/* NULL: not open */
	double confirmed;		/* boottime; of the session that is open */
	double sent;			/* when the request under way was sent */
	bool searched;			/* for sessions of a former life */
	struct strv leftovers;		/* which are these */
	bool registered;		/* our service is in the catalogue, as far as we know */
	bool holder;			/* renew often */
	bool troubled;			/* the last renewal was not answered well */
	bool unpassed;			/* nor the last pass */

	struct agent_request request;	/* opens, renews and closes it */
	struct agent_request pass;	/* passes the check */
	struct backoff backoff;
	struct timer renewal, beat, patience;
	void (*on_closed)(struct session *session);
};

void session_init(struct session *session, struct agent *agent,
		  const struct election_config *config, const struct session_ops *ops);
void session_release(struct session *session);

void session_open(struct session *session);	/* tries for ever; idempotent */
bool session_is_open(const struct session *session);
bool session_is_sound(const struct session *session);

/* A request sent at `sent`, that only the session's holder could have been answered well, was.  The
 * session lived then, so that a lock delay protects from then on; but it lives no longer by it: where
 * there is no lock delay, and the TTL alone protects, only renewals count. */
void session_confirm(struct session *session, double sent);

/* While it holds a lock it is renewed every lease.renew, else as often as its TTL needs. */
void session_hold(struct session *session, bool holder);

/* End it, and its service in the catalogue: then on_closed(), once, at the latest after `patience`
 * seconds, whatever Consul says.  Consul imposes the lock delay on a lock that it still holds. */
void session_close(struct session *session, double patience,
		   void (*on_closed)(struct session *session));

/* End it without a word, and forget it: it is to be opened anew. */
void session_drop(struct session *session);

#endif
