/* lock.h - the lock of an election in Consul's KV store: who holds it, and how it is asked for.
 *
 *     KEY            the lock.  Its value is JSON, written by the holder:
 *                      {"id", "address", "epoch", "since"}    since: promoted, in seconds since 1970
 *                    Without an epoch the holder is still being promoted.  Once released:
 *                      {"id", "released": true, "epoch", "to": ID or none}
 *     KEY/request    {"action": "step-down", "leader": ID, "to": ID or none, "at": seconds, "by"}
 *                    {"action": "accept-epoch", "at", "by"}
 *     KEY/pause      {"at", "by"}: while it is there nobody is elected
 *
 * All three are seen by one blocking query, `?consistent`: so what is seen was decided by a majority.
 * The epoch is the key's ModifyIndex by the transaction that took the lock: it grows, whatever
 * happens to the key, while LockIndex does not (Consul's documentation of sessions).
 *
 * Nothing of a value is trusted: what is no JSON object, or has members of other types, has no such
 * member; texts are cut to 255 bytes, without control characters.
 */
#ifndef LOCK_H
#define LOCK_H

#include "base/backoff.h"
#include "consul/agent.h"
#include "config/config.h"

enum { LOCK_TEXT = 256 };

/* What the store says, in one answer. */
struct lock_view {
	bool known;			/* there was an answer, and no doubt about it since */
	bool exists;			/* the key */
	bool foreign;			/* it has a value that is none of an election's */
	char session[LOCK_TEXT];	/* who holds the lock; "": nobody */
	char id[LOCK_TEXT];		/* of the holder, or the former one; "": unknown */
	char address[LOCK_TEXT];	/* "": unknown */
	char to[LOCK_TEXT];		/* whom the former holder wants as its successor; "": none */
	unsigned long epoch;		/* that the value tells; 0: none */
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
	LOCK_WON,			/* locked; ballot->epoch, ballot->sent */
	LOCK_HELD,			/* by another */
	LOCK_DELAYED,			/* free, but the lock delay is not over */
	LOCK_INVALID,			/* our session is gone */
	LOCK_DENIED,			/* our token may not */
	LOCK_UNKNOWN,			/* no answer: perhaps we hold it */
};

struct lock;

struct lock_ops {
	void (*on_view)(struct lock *lock);		/* `view` is another */
	void (*on_answer)(struct lock *lock, enum lock_answer answer);
	void (*on_released)(struct lock *lock);	/* answered, or given up */
	void (*on_forbidden)(struct lock *lock);	/* we may not write: not ours any more */
	void (*on_written)(struct lock *lock);	/* we could: a confirmation, of `sent` */
};

struct lock {
	const struct election_config *config;	/* borrowed */
	const struct lock_ops *ops;
	struct agent *agent;
	struct lock_view view;
	unsigned long epoch;		/* of the lock that was won */
	double sent;			/* boottime: before it was asked for, or the value written */
	unsigned long seen;		/* the store's index that `view` is of */
	unsigned long written;		/* ... of the newest value that was written */

	/* private */
	struct agent_request watch;	/* the blocking query */
	json_t *answer;			/* that `view` was read from; NULL: there was nothing */
	unsigned long index;
	struct backoff backoff;
	struct timer retry;		/* of the watch */
	struct agent_request request;	/* acquire, release, write */
	enum lock_operation { LOCK_NOTHING, LOCK_ACQUIRE, LOCK_RELEASE, LOCK_WRITE } doing;
	char *session;			/* by which */
	bool ambiguous;			/* better not use this session again: something was asked for
					 * it and not answered, or it could not release its lock */
	json_t *value;			/* to be written, in base64 */
	struct backoff write_backoff;
	struct timer write_retry;		/* of a write or a release that was not answered */
	double give_up;			/* monotonic */
	struct agent_request deletion;	/* deletes a request that was served */
};

void lock_init(struct lock *lock, struct agent *agent, const struct election_config *config,
		 const struct lock_ops *ops);
void lock_release(struct lock *lock);

/* Begin to watch, or look anew: what is in view is not known any more, and soon is again. */
void lock_refresh(struct lock *lock);

/* One of these at a time; the next one replaces it.  All are for the session of ballot_use().  A
 * write is tried until it is answered, ballot_give() for `patience` seconds. */
void lock_use_session(struct lock *lock, const char *session);
void lock_acquire(struct lock *lock, const char *address);
void lock_write(struct lock *lock, const char *address, unsigned long epoch, long since);
void lock_unlock(struct lock *lock, unsigned long epoch, const char *to, double patience);
void lock_cancel(struct lock *lock);
void lock_clear_request(struct lock *lock);	/* the one that is in view */

/* The question, and what an answer to it says; NULL: there is nothing. */
char *lock_path(const char *key);
void lock_read(const json_t *answer, const char *key, struct lock_view *view);
bool lock_is_fresh(const struct lock_request *request);	/* young enough to be served */

#endif
