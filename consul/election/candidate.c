#include "candidate.h"

#include <math.h>
#include <string.h>

#define ASK_AGAIN 1.0			/* whoever could not lead just now */
#define PRIORITY_STEP 0.010		/* seconds a point of priority is worth */
#define COURTESY 1.0			/* to a successor that was named */
#define JITTER 0.010

enum { PRIORITY_MAX = 100 };

enum election_state candidate_start(struct election *election)
{
	if (!election->config->candidate)
		return ELECTION_IDLE;
	session_open(&election->session);
	return ELECTION_OPENING;
}

enum election_state candidate_session_opened(struct election *election)
{
	lock_use_session(&election->lock, election->session.id);
	return candidate_follow(election);
}

enum election_state candidate_reopen_session(struct election *election)
{
	timer_stop(&election->timer);
	lock_cancel(&election->lock);
	session_drop(&election->session);
	session_open(&election->session);
	/* A query that hung through the same trouble may hang on. */
	lock_refresh(&election->lock);
	return ELECTION_OPENING;
}

enum election_state candidate_follow(struct election *election)
{
	timer_stop(&election->timer);
	election_look(election);
	return ELECTION_FOLLOWER;
}

enum election_state candidate_refresh(struct election *election)
{
	timer_stop(&election->timer);
	lock_refresh(&election->lock);
	return ELECTION_FOLLOWER;
}

/* Another was quicker.  Where the lock is free in view, that may be older than this, or newer: then
 * there will be no news of it. */
enum election_state candidate_lost_race(struct election *election)
{
	return *election->lock.view.session ? candidate_follow(election)
					    : candidate_refresh(election);
}

bool candidate_is_eligible(const struct election *election)
{
	const struct lock_view *view = &election->lock.view;

	return election->able && !election->leaving && !election->refused && !view->paused &&
	       !view->foreign && session_is_sound(&election->session);
}

/* Until the lock delay is over, as far as is known, and those who go first had their chance. */
static double turn_of(const struct election *election)
{
	const struct lock_view *view = &election->lock.view;
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

enum election_state candidate_wait(struct election *election)
{
	struct backoff jitter = { .min = JITTER, .max = JITTER };

	if (!candidate_is_eligible(election))
		return ELECTION_FOLLOWER;
	backoff_reset(&election->lock_backoff);
	timer_set(&election->timer, turn_of(election) + backoff_next(&jitter));
	return ELECTION_WAITING;
}

enum election_state candidate_ask(struct election *election)
{
	if (!candidate_is_eligible(election))
		return candidate_follow(election);
	election->ops->consider(election);
	return ELECTION_ASKING;
}

enum election_state candidate_ask_later(struct election *election)
{
	timer_set(&election->timer, ASK_AGAIN);
	return ELECTION_WAITING;
}

enum election_state candidate_acquire(struct election *election)
{
	if (!candidate_is_eligible(election))
		return candidate_follow(election);
	lock_acquire(&election->lock, election->address);
	return ELECTION_ACQUIRING;
}

/* Nothing tells of the end of a lock delay (Consul's documentation of sessions). */
enum election_state candidate_retry_later(struct election *election)
{
	timer_set(&election->timer, backoff_next(&election->lock_backoff));
	return ELECTION_WAITING;
}
