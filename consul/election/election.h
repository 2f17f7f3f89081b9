/* election.h - one election: is this process its leader?
 *
 * A state machine, steps[state][input] in election.c, over a session (session.h) and a lock
 * (lock.h).  It knows no jobs and no hooks.  Its source ("election.NAME") publishes `elected`,
 * `deposed` and `leader`.  Its user gets orders by struct election_ops and answers them by calls.
 *
 *     idle -> opening -> follower -> waiting -> asking -> acquiring -> saving -> promoting -> leader
 *                           ^                                            |           |          |
 *                           +-- releasing <------------------------------+           |          |
 *                                   ^                                                |          |
 *                                   +-- demoting, fencing <--------------------------+----------+
 *
 * The steps and the data have owners: each part of struct election is written by one file alone.
 *
 *     candidate.c   from the start to the request for the lock
 *     leading.c     from the lock's possession to its release; the lease's deadlines
 *     observe.c     what the lock's keys show: holder, leader, requests, pause
 *     election.c    the state, the queue of inputs, the calls of the user
 *
 * Promises to a user whose fence() kills and reaps within 1 s:
 * G1 promote() with epoch e comes after the servers have confirmed the lock with epoch e, and after
 *    election_demoted() has answered for every earlier epoch.
 * G2 demote() is answered, or fence() is called, no later than lease.hard (lease.h): before another
 *    candidate can hold the lock.  The dead-man timer (deadman.h) kills if this loop cannot.
 * G3 The lock is released only after election_demoted().
 * G4 The role is shown (show(true)) after the promotion succeeded, and hidden before demote().
 * G5 Epochs grow.  An epoch that is not higher than all seen before is refused, and an error logged.
 * G6 A promotion that fails holds the lock no longer than promoteTimeout + demoteTimeout + 1 s.
 *
 * Assumptions: clocks run at about the same rate (a tenth is allowed for), the servers keep the
 * word of a majority, no other program writes the key, and SIGKILL kills.  A supervisor that is
 * stopped past its deadline cannot act.  Two things cover that case: a resource that refuses lower
 * epochs, or a workload that is stopped together with its supervisor.
 */
#ifndef ELECTION_H
#define ELECTION_H

#include "base/deadman.h"
#include "lock.h"
#include "epoch.h"
#include "session.h"

#define ELECTION_STATES(X) \
	X(IDLE, "idle")			/* no candidate: it only observes */ \
	X(OPENING, "opening")		/* its session is not open yet */ \
	X(FOLLOWER, "follower")		/* another candidate leads, or this one may not */ \
	X(WAITING, "waiting")		/* the lock is free; our turn or the lock delay's end is due */ \
	X(ASKING, "asking")		/* consider() is not answered yet */ \
	X(ACQUIRING, "acquiring")	/* the request for the lock is under way */ \
	X(SAVING, "saving")		/* the lock is held; its epoch is being saved (epoch.h) */ \
	X(PROMOTING, "promoting")	/* the lock is held; promote() is not answered yet */ \
	X(LEADER, "leader") \
	X(DEMOTING, "demoting")		/* demote() is not answered yet */ \
	X(FENCING, "fencing")		/* fence() is not answered yet */ \
	X(RELEASING, "releasing")	/* the user is demoted; the release is under way */ \
	X(CLOSING, "closing")		/* the end of the session is under way */ \
	X(STOPPED, "stopped")

enum election_state {
#define X(code, name) ELECTION_##code,
	ELECTION_STATES(X)
#undef X
	ELECTION_STATE_COUNT
};

enum election_input {
	ELECTION_START,
	ELECTION_SESSION_OPEN, ELECTION_SESSION_LOST,
	ELECTION_KEY_FREE, ELECTION_KEY_TAKEN, ELECTION_KEY_OURS,
	ELECTION_KEY_GONE,		/* we held the lock, but its key was deleted or has another holder */
	ELECTION_CONSENT, ELECTION_DISSENT,
	ELECTION_WON, ELECTION_HELD, ELECTION_DELAYED, ELECTION_INVALID, ELECTION_UNKNOWN,
	ELECTION_SAVED,			/* the epoch is */
	ELECTION_PROMOTED, ELECTION_UNPROMOTED,
	ELECTION_RESIGN,		/* step down in order, for `resign_reason` */
	ELECTION_SOFT, ELECTION_HARD,	/* the lease's deadlines */
	ELECTION_DEMOTED, ELECTION_RELEASED,
	ELECTION_TIMER,			/* the state's own timer */
	ELECTION_LEAVE,			/* stop for good, for `resign_reason` */
	ELECTION_CLOSED,		/* the session is closed */
	ELECTION_INPUT_COUNT
};

/* Reasons, in the words of hooks and the log. */
#define ELECTION_REASONS(X) \
	X(NONE, "") X(FREE, "free") X(UNHEALTHY, "unhealthy") X(EXITED, "exited") \
	X(SHUTDOWN, "shutdown") X(STEP_DOWN, "step-down") X(RELOAD, "reload") \
	X(UNREACHABLE, "unreachable")	/* no confirmation from Consul for too long */ \
	X(LOST, "lost")			/* the session or the lock was lost */ \
	X(PROMOTION, "promotion-failed") X(EPOCH, "epoch") X(LEADER_CHANGED, "leader-changed")

enum election_reason {
#define X(code, name) REASON_##code,
	ELECTION_REASONS(X)
#undef X
};

struct election;

/* Orders to the user.  Each is answered by a call, at once or later.  A new order replaces the one
 * before, whose answer is then no longer expected. */
struct election_ops {
	void (*consider)(struct election *election);	/* -> election_consent() */
	void (*promote)(struct election *election);	/* -> election_promoted() */
	void (*demote)(struct election *election);	/* -> election_demoted(), by leading.deadline */
	void (*fence)(struct election *election);	/* kill and reap now -> election_demoted() */
	void (*show)(struct election *election, bool leads);	/* the role, in the catalogue */
	void (*on_stopped)(struct election *election);	/* answers election_leave(); must not release
							 * the election */
};

/* Contending for the lock; written by candidate.c alone.  Times are boottime seconds. */
struct candidate {
	bool able;			/* the user could lead */
	enum election_reason why_not;	/* not able */
	double not_before;		/* we do not contend earlier */
	struct backoff backoff;		/* while a lock delay of unknown end runs */
};

/* Holding the lock; written by leading.c alone.  Times are boottime seconds. */
struct leading {
	struct lease lease;
	struct deadman deadman;		/* armed while we may lead; the user adds its groups */
	struct timer soft, hard;	/* the lease's deadlines */
	double fence_at;		/* the end of the lease */
	double deadline;		/* of the order that the user has */
	double demote_limit;		/* seconds for demote() while the lock stays ours */
	enum election_reason reason;	/* of the last change */
	unsigned long epoch;		/* of the lock that we hold, or held last */
	unsigned long previous_epoch;	/* the highest seen before `epoch` */
	bool epoch_refused;		/* `epoch` was too low: an operator must accept it */
	long since;			/* promoted, in seconds since 1970 */
	bool shown;			/* show(true) was called */
	bool leaving;			/* for good */
	char successor[LOCK_TEXT];	/* for whom we step down; "": any candidate */
};

/* The lock's keys as last seen; written by observe.c alone. */
struct observed {
	bool held;			/* the lock had a holder */
	double freed;			/* boottime: its holder was seen to lose the lock; 0: was not */
	bool foreign;			/* the key's value is no election's; logged */
	bool paused;
	unsigned long request;		/* ModifyIndex of the newest request that was looked at */
	struct epoch seen;		/* the highest epoch */
	char session[LOCK_TEXT];	/* of the leader as last published; "": the lock was free since */
	struct timer doubt;		/* another leader by the same session is not believed yet */
	char leader[LOCK_TEXT];		/* as last published */
	char leader_address[LOCK_TEXT];
	unsigned long failovers;	/* leaders that have followed another one */
	unsigned long leader_epoch, former_epoch;	/* as last published, and before that */
};

struct election {
	struct source source;		/* "election.NAME" */
	const struct election_config *config;	/* borrowed */
	const struct election_ops *ops;
	struct session session;
	struct lock lock;
	enum election_state state;	/* written by election_step() alone */
	struct candidate candidate;
	struct leading leading;
	struct observed observed;

	/* private */
	struct timer timer;		/* of the state */
	enum election_reason resign_reason;
	char *address;			/* ours, for others; "" until the user sets it */
	bool stepping;			/* a step is under way: further inputs are queued */
	enum election_input *inputs;	/* none is ever dropped */
	size_t input_count, input_capacity;
};

bool election_init(struct election *election, struct agent *agent,
		   const struct election_config *config, const struct election_ops *ops,
		   struct error *error);
void election_release(struct election *election);
void election_start(struct election *election);

/* Says whether the user could lead.  A leader that is not able steps down, except that a pause lets
 * an unhealthy one go on. */
void election_set_able(struct election *election, bool able, enum election_reason why_not);
void election_set_address(struct election *election, const char *address);	/* "host:port" */
void election_consent(struct election *election, bool consents);
void election_promoted(struct election *election, bool well);
void election_demoted(struct election *election);
void election_resign(struct election *election, enum election_reason reason);

/* Steps down within `limit` seconds if it leads, releases the lock, closes the session, then calls
 * on_stopped(). */
void election_leave(struct election *election, enum election_reason reason, double limit);

/* For the parts of an election itself: election_look() turns the view of the lock into an input. */
void election_look(struct election *election);
void election_step(struct election *election, enum election_input input);

bool election_leads(const struct election *election);	/* from promoting to fencing */
const char *election_state_name(enum election_state state);
const char *election_reason_name(enum election_reason reason);

#endif
