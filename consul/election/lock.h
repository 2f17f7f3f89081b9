/* lock.h - the lock of an election in Consul's KV store: who holds it, and how to take it.
 *
 *     KEY            the lock.  Its value is JSON, written by the holder:
 *                      {"id", "address", "epoch", "since"}    since: promoted, in seconds since 1970
 *                    Without an epoch the holder is still being promoted.  Once released:
 *                      {"id", "released": true, "epoch", "to": ID or none}
 *     KEY/request    {"action": "step-down", "leader": ID, "to": ID or none, "at": seconds, "by"}
 *                    {"action": "accept-epoch", "at", "by"}
 *     KEY/pause      {"at", "by"}: while this key exists no candidate is elected
 *
 * One blocking query with `?consistent` covers all three, so a majority has decided what it shows.
 * The epoch is the key's ModifyIndex by the transaction that took the lock.  It grows, whatever
 * happens to the key, while LockIndex does not (Consul's documentation of sessions).
 *
 * Any client of Consul with key:write can write a value, so none is trusted.  An id and an address
 * are safe as words of a shell (is_election_id, lock_is_address), as hooks may be scripts that do not
 * quote them.  An epoch is lower than the key's own ModifyIndex: it was that index when the lock was
 * taken, and the write of the value has raised it.  A value that breaks one of these rules is no
 * election's.  A member of another type counts as absent; other texts are cut to 255 bytes, without
 * control characters.
 */
#ifndef LOCK_H
#define LOCK_H

#include "base/backoff.h"
#include "consul/agent.h"
#include "config/config.h"

enum { LOCK_TEXT = 256 };

/* The contents of one answer. */
struct lock_view {
	bool known;			/* there was an answer, and no failure since */
	bool exists;			/* the key does */
	bool foreign;			/* the value is no election's */
	char session[LOCK_TEXT];	/* holds the lock; "": the lock is free */
	char id[LOCK_TEXT];		/* of the holder, or the former one; "": unknown */
	char address[LOCK_TEXT];	/* "": unknown */
	char to[LOCK_TEXT];		/* the successor that the former holder named; "": none */
	unsigned long epoch;		/* in the value; 0: none */
	unsigned long since;
	unsigned long modified;		/* ModifyIndex of the key */
	bool released;
	bool paused;
	char paused_by[LOCK_TEXT];
	double paused_at;
	struct lock_request {
		unsigned long modified;	/* of its key; 0: there is none */
		char action[32], leader[LOCK_TEXT], to[LOCK_TEXT], by[LOCK_TEXT];
		double at;		/* seconds since 1970 */
	} request;
};

enum lock_answer {
	LOCK_WON,			/* locked: lock->epoch, lock->sent */
	LOCK_HELD,			/* by another session */
	LOCK_DELAYED,			/* free, but the lock delay is not over */
	LOCK_INVALID,			/* our session is gone */
	LOCK_DENIED,			/* our token lacks the right */
	LOCK_UNKNOWN,			/* no answer: we may hold the lock */
};

struct lock;

struct lock_ops {
	void (*on_view)(struct lock *lock);		/* `view` has changed */
	void (*on_answer)(struct lock *lock, enum lock_answer answer);
	void (*on_released)(struct lock *lock);	/* answered, or given up */
	void (*on_forbidden)(struct lock *lock);	/* a write failed: the lock is not ours */
	void (*on_written)(struct lock *lock);	/* which confirms the session at `sent` */
};

struct lock {
	const struct election_config *config;	/* borrowed */
	const struct lock_ops *ops;
	struct agent *agent;
	struct lock_view view;
	unsigned long epoch;		/* of the lock that was won */
	double sent;			/* boottime: before the newest acquire or write was sent */
	unsigned long seen;		/* Consul's index of `view` */
	unsigned long written;		/* ModifyIndex of the newest value that we wrote */

	/* private */
	struct agent_request watch;	/* the blocking query */
	json_t *answer;			/* that `view` was read from; NULL: no key exists */
	unsigned long index;
	struct backoff backoff;
	struct timer retry;		/* of the watch */
	struct agent_request request;	/* acquire, release, write */
	enum lock_operation { LOCK_NOTHING, LOCK_ACQUIRE, LOCK_RELEASE, LOCK_WRITE } doing;
	char *session;			/* for all operations */
	bool ambiguous;			/* an operation was not answered, or a release failed: do not
					 * use this session again */
	json_t *value;			/* to be written, in base64 */
	struct backoff write_backoff;
	struct timer write_retry;	/* after a write or a release without an answer */
	double give_up;			/* monotonic */
	struct agent_request deletion;	/* deletes a request that was served */
};

void lock_init(struct lock *lock, struct agent *agent, const struct election_config *config,
		 const struct lock_ops *ops);
void lock_release(struct lock *lock);

/* Starts to watch, or reads the keys again: until the answer comes the view is not known. */
void lock_refresh(struct lock *lock);

/* One operation at a time, by the session of lock_use_session(); a new operation replaces the one
 * under way.  A write is retried until it is answered, an unlock for `limit` seconds. */
void lock_use_session(struct lock *lock, const char *session);
void lock_acquire(struct lock *lock, const char *address);
void lock_write(struct lock *lock, const char *address, unsigned long epoch, long since);
void lock_unlock(struct lock *lock, unsigned long epoch, const char *to, double limit);
void lock_cancel(struct lock *lock);
void lock_clear_request(struct lock *lock);	/* deletes the request in `view` */

/* The path of the query, and how to read an answer to it (NULL: no key exists). */
char *lock_path(const char *key);
void lock_read(const json_t *answer, const char *key, struct lock_view *view);
bool lock_is_address(const char *text);	/* like "db-1:3306", "[::1]:80"; "" is none */
bool lock_is_fresh(const struct lock_request *request);	/* young enough to be served */

#endif
