/* election.h - one election: are we its leader?
 *
 * A state machine, steps[state][input] in election.c, over a session (session.h) and a lock
 * (ballot.h).  It knows nothing of jobs and hooks: its source ("election.NAME") says `elected`,
 * `deposed` and `leader`, and its user is told what to do by struct election_ops and answers by
 * calls.
 *
 *     idle -> opening -> follower -> waiting -> asking -> acquiring -> promoting -> leader
 *                           ^                                              |          |
 *                           +-- releasing <-- demoting, fencing <----------+----------+
 *
 * What is promised, to the user that keeps its side (fence() kills and reaps within 1 s):
 * G1 promote() with epoch e comes after the servers have confirmed the lock with epoch e, and after
 *    everything of an earlier epoch was answered by election_demoted().
 * G2 demote() is answered, or fence() is called, no later than lease.hard (lease.h): before anybody
 *    else can hold the lock.  The dead-man timer (deadman.h) does the killing if this loop cannot.
 * G3 The lock is released only after election_demoted().
 * G4 The role is shown (show(true)) after the promotion succeeded, and hidden before demote().
 * G5 Epochs grow.  One that is not higher than all that were seen is refused, and somebody told.
 * G6 A promotion that fails does not hold the lock longer than promoteTimeout + demoteTimeout + 1 s.
 *
 * Assumed: clocks run at about the same rate (a tenth is allowed for), the servers keep a majority's
 * word, nobody else writes the key, and SIGKILL kills.  A supervisor that is itself stopped past its
 * deadline cannot act; what covers that is a resource that refuses lower epochs, or that the workload
 * is stopped with it.
 */
#ifndef ELECTION_H
#define ELECTION_H

#include "base/deadman.h"
#include "lock.h"
#include "epoch.h"
#include "session.h"

#define ELECTION_STATES(X) \
	X(IDLE, "idle")			/* not a candidate: only looks */ \
	X(OPENING, "opening")		/* its session is not open yet */ \
	X(FOLLOWER, "follower")		/* another leads, or we may not */ \
	X(WAITING, "waiting")		/* the lock is free: for our turn, or the lock delay's end */ \
	X(ASKING, "asking")		/* the user, whether it can lead */ \
	X(ACQUIRING, "acquiring")	/* asked for the lock */ \
	X(PROMOTING, "promoting")	/* we hold it, the user is on its way */ \
	X(LEADER, "leader") \
	X(DEMOTING, "demoting")		/* the user is on its way back */ \
	X(FENCING, "fencing")		/* the user kills */ \
	X(RELEASING, "releasing")	/* all is quiet; giving the lock back */ \
	X(CLOSING, "closing")		/* the session */ \
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
	ELECTION_KEY_GONE,		/* deleted, or held by another, while we held it */
	ELECTION_CONSENT, ELECTION_DISSENT,
	ELECTION_WON, ELECTION_HELD, ELECTION_DELAYED, ELECTION_INVALID, ELECTION_UNKNOWN,
	ELECTION_PROMOTED, ELECTION_UNPROMOTED,
	ELECTION_RESIGN,		/* step down, in order */
	ELECTION_SOFT, ELECTION_HARD,	/* the lease's deadlines */
	ELECTION_DEMOTED, ELECTION_RELEASED,
	ELECTION_TIMER,			/* the state's own time is up */
	ELECTION_LEAVE,			/* for good */
	ELECTION_CLOSED,		/* the session is */
	ELECTION_INPUT_COUNT
};

/* Why, as hooks and the log say it. */
#define ELECTION_REASONS(X) \
	X(NONE, "") X(FREE, "free") X(UNHEALTHY, "unhealthy") X(EXITED, "exited") \
	X(SHUTDOWN, "shutdown") X(STEP_DOWN, "step-down") X(RELOAD, "reload") \
	X(UNREACHABLE, "unreachable")	/* Consul, for too long */ \
	X(LOST, "lost")			/* the session, or the lock */ \
	X(PROMOTION, "promotion-failed") X(EPOCH, "epoch") X(LEADER_CHANGED, "leader-changed")

enum election_reason {
#define X(code, name) REASON_##code,
	ELECTION_REASONS(X)
#undef X
};

struct election;

/* What the user has to do.  Each is answered by a call, now or later; a later order replaces the one
 * before it, whose answer is then not expected any more. */
struct election_ops {
	void (*consider)(struct election *election);	/* -> election_consent() */
	void (*promote)(struct election *election);	/* -> election_promoted() */
	void (*demote)(struct election *election);	/* -> election_demoted(); by `until` */
	void (*fence)(struct election *election);	/* -> election_demoted(): kill and reap, now */
	void (*show)(struct election *election, bool leads);	/* the role, to the catalogue */
	void (*on_stopped)(struct election *election);	/* the answer to election_leave(); must not
							 * release it yet */
};

enum { ELECTION_INPUTS_MAX = 16 };

struct election {
	struct source source;		/* "election.NAME" */
	const struct election_config *config;	/* borrowed */
	const struct election_ops *ops;
	struct lease lease;
	struct session session;
	struct lock lock;
	struct deadman deadman;		/* armed while we may lead; the user adds its groups */
	enum election_state state;	/* written by election_step() alone */
	struct timer timer;		/* of the state */
	struct timer soft, hard;

	bool able;			/* the user could lead */
	bool leaving;
	bool shown;			/* the role */
	enum election_reason why;	/* to step down, or not able */
	enum election_reason reason;	/* of the last change */
	double patience;		/* with the user, when it leaves in order */
	double until;			/* boottime: when the order to the user must be done */
	double fence_at;		/* boottime: the end of the lease */
	long since;			/* promoted, in seconds since 1970 */
	bool held;			/* the lock was, by somebody, when last seen */
	double not_before;		/* boottime: we do not contend earlier */
	double freed;			/* boottime: when we saw the lock lost by its holder; 0: did not */
	struct backoff lock_backoff;	/* while a lock delay of unknown end runs */
	unsigned long epoch;		/* ours: of the lock that we hold, or held last */
	unsigned long previous_epoch;	/* the highest seen before that */
	struct epoch seen;
	bool refused;			/* our epoch was too low */
	unsigned long request;		/* ModifyIndex of the newest that was looked at */
	bool foreign;			/* the key is not an election's; said so */
	bool paused;
	char to[LOCK_TEXT];		/* whom we step down for; "": anybody */
	char *address;			/* ours, for others; "" until the user says it */
	char leader[LOCK_TEXT];	/* as last told */
	char leader_address[LOCK_TEXT];
	unsigned long leader_epoch, former_epoch;	/* as told last, and before */

	bool stepping;			/* a step is under way: further inputs queue up */
	enum election_input inputs[ELECTION_INPUTS_MAX];
	size_t input_count;
};

bool election_init(struct election *election, struct agent *agent,
		   const struct election_config *config, const struct election_ops *ops,
		   struct error *error);
void election_release(struct election *election);
void election_start(struct election *election);

/* Could the user lead?  If it cannot any more a leader steps down, unless it is paused and merely
 * unhealthy. */
void election_set_able(struct election *election, bool able, enum election_reason why_not);
void election_set_address(struct election *election, const char *address);	/* "host:port" */
void election_consent(struct election *election, bool consents);
void election_promoted(struct election *election, bool well);
void election_demoted(struct election *election);
void election_resign(struct election *election, enum election_reason reason);

/* Step down if it leads, within `patience` seconds; give back what it holds, close the session, then
 * on_stopped(). */
void election_leave(struct election *election, enum election_reason reason, double patience);

/* For the parts of an election itself.  What is in view, as an input again: */
void election_look(struct election *election);
void election_step(struct election *election, enum election_input input);

bool election_leads(const struct election *election);	/* it may: promoting to fencing */
const char *election_state_name(enum election_state state);
const char *election_reason_name(enum election_reason reason);

#endif
