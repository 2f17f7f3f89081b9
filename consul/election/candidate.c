#include "candidate.h"

#include <math.h>
#include <string.h>

#define CONSIDER_INTERVAL 1.0		/* after the user said that it cannot lead */
#define PRIORITY_STEP 0.010		/* seconds for each point of priority below 100 */
#define SUCCESSOR_ADVANTAGE 1.0		/* others leave the lock to a named successor */
#define JITTER 0.010

enum { PRIORITY_MAX = 100 };

void candidate_init(struct election *election)
{
	double lock_delay = election->config->lock_delay;

	election->candidate = (struct candidate){
		.backoff = { .min = 0.02, .max = fmin(1, fmax(0.1, lock_delay / 5)) },
	};
}

void candidate_set_able(struct election *election, bool able, enum election_reason why_not)
{
	election->candidate.able = able;
	election->candidate.why_not = why_not;
}

void candidate_rest(struct election *election, double seconds)
{
	election->candidate.not_before = boottime_now() + seconds;
}

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
	/* The blocking query may hang on a connection that the same trouble has broken. */
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

/* We lost the race.  If our view shows the lock free, it is stale or already freed again, and no
 * notification will come: read it again. */
enum election_state candidate_lost_race(struct election *election)
{
	return *election->lock.view.session ? candidate_follow(election)
					    : candidate_refresh(election);
}

bool candidate_is_eligible(const struct election *election)
{
	const struct lock_view *view = &election->lock.view;

	return election->candidate.able && !election->leading.leaving &&
	       !election->leading.epoch_refused && !view->paused && !view->foreign &&
	       session_is_sound(&election->session);
}

/* Until the lock delay is over, as far as is known, and candidates before us had their chance. */
static double seconds_to_wait(const struct election *election)
{
	const struct lock_view *view = &election->lock.view;
	const struct observed *observed = &election->observed;
	double now = boottime_now(), wait = election->candidate.not_before - now;

	if (observed->freed > 0 && view->exists && !view->released)
		wait = fmax(wait, observed->freed + election->config->lock_delay - now);
	if (!*view->to)
		return fmax(wait, 0) +
		       PRIORITY_STEP * (double)(PRIORITY_MAX - election->config->priority);
	if (strcmp(view->to, election->config->id))
		wait = fmax(wait, SUCCESSOR_ADVANTAGE);
	return fmax(wait, 0);
}

enum election_state candidate_wait(struct election *election)
{
	struct backoff jitter = { .min = JITTER, .max = JITTER };

	if (!candidate_is_eligible(election))
		return ELECTION_FOLLOWER;
	backoff_reset(&election->candidate.backoff);
	timer_set(&election->timer, seconds_to_wait(election) + backoff_next(&jitter));
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
	timer_set(&election->timer, CONSIDER_INTERVAL);
	return ELECTION_WAITING;
}

enum election_state candidate_acquire(struct election *election)
{
	if (!candidate_is_eligible(election))
		return candidate_follow(election);
	lock_acquire(&election->lock, election->address);
	return ELECTION_ACQUIRING;
}

/* Consul sends no notification when a lock delay ends (its documentation of sessions). */
enum election_state candidate_retry_later(struct election *election)
{
	timer_set(&election->timer, backoff_next(&election->candidate.backoff));
	return ELECTION_WAITING;
}
