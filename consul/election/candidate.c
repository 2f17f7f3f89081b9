#include "candidate.h"

#include <math.h>
#include <string.h>

#define ASK_AGAIN 1.0			/* whoever could not lead just now */
#define PRIORITY_STEP 0.010		/* seconds a point of priority is worth */
#define COURTESY 1.0			/* to a successor that was named */
#define JITTER 0.010

enum { PRIORITY_MAX = 100 };

enum election_state contest_start(struct election *election)
{
	if (!election->config->candidate)
		return ELECTION_IDLE;
	session_open(&election->session);
	return ELECTION_OPENING;
}

enum election_state contest_opened(struct election *election)
{
	ballot_use(&election->ballot, election->session.id);
	return contest_follow(election);
}

enum election_state contest_reopen(struct election *election)
{
	timer_stop(&election->timer);
	ballot_cancel(&election->ballot);
	session_drop(&election->session);
	session_open(&election->session);
	/* A query that hung through the same trouble may hang on. */
	ballot_look(&election->ballot);
	return ELECTION_OPENING;
}

enum election_state contest_follow(struct election *election)
{
	timer_stop(&election->timer);
	election_look(election);
	return ELECTION_FOLLOWER;
}

enum election_state contest_doubt(struct election *election)
{
	timer_stop(&election->timer);
	ballot_look(&election->ballot);
	return ELECTION_FOLLOWER;
}

/* Another was quicker.  Where the lock is free in view, that may be older than this, or newer: then
 * there will be no news of it. */
enum election_state contest_lose(struct election *election)
{
	return *election->ballot.view.session ? contest_follow(election) : contest_doubt(election);
}

bool contest_is_open_to(const struct election *election)
{
	const struct ballot_view *view = &election->ballot.view;

	return election->able && !election->leaving && !election->refused && !view->paused &&
	       !view->foreign && session_is_sound(&election->session);
}

/* Until the lock delay is over, as far as is known, and those who go first had their chance. */
static double turn_of(const struct election *election)
{
	const struct ballot_view *view = &election->ballot.view;
	double now = boottime_now(), wait = election->not_before - now;

	if (election->freed > 0 && view->exists && !view->released)
		wait = fmax(wait, election->freed + election->config->lock_delay - now);
	if (!*view->to)
		return fmax(wait, 0) +
		       PRIORITY_STEP * (double)(PRIORITY_MAX - election->config->priority);
	if (strcmp(view->to, election->config->id))
		wait = fmax(wait, COURTESY);
	return fmax(wait, 0);
}

enum election_state contest_enter(struct election *election)
{
	struct backoff jitter = { .min = JITTER, .max = JITTER };

	if (!contest_is_open_to(election))
		return ELECTION_FOLLOWER;
	backoff_reset(&election->knocking);
	timer_set(&election->timer, turn_of(election) + backoff_next(&jitter));
	return ELECTION_WAITING;
}

enum election_state contest_ask(struct election *election)
{
	if (!contest_is_open_to(election))
		return contest_follow(election);
	election->ops->consider(election);
	return ELECTION_ASKING;
}

enum election_state contest_ask_later(struct election *election)
{
	timer_set(&election->timer, ASK_AGAIN);
	return ELECTION_WAITING;
}

enum election_state contest_acquire(struct election *election)
{
	if (!contest_is_open_to(election))
		return contest_follow(election);
	ballot_acquire(&election->ballot, election->address);
	return ELECTION_ACQUIRING;
}

/* Nothing tells of the end of a lock delay (Consul's documentation of sessions). */
enum election_state contest_knock_later(struct election *election)
{
	timer_set(&election->timer, backoff_next(&election->knocking));
	return ELECTION_WAITING;
}
