#include "leading.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "candidate.h"

#define REST 2.0			/* who has led lets others go first */
#define REST_AFTER_FAILURE 10.0
#define RELEASE_PATIENCE 1.0		/* at the end, with a Consul that does not answer */

/* ---- the lease ---- */

static void set_at(struct timer *timer, double boottime)
{
	timer_set(timer, fmax(0, boottime - boottime_now()));
}

void leading_arm_lease(struct election *election)
{
	double confirmed = election->session.confirmed;

	election->fence_at = confirmed + lease_hard(&election->lease);
	deadman_set(&election->deadman, election->fence_at);
	set_at(&election->soft, confirmed + lease_soft(&election->lease));
	set_at(&election->hard, election->fence_at);
}

static void disarm(struct election *election)
{
	deadman_stop(&election->deadman);
	timer_stop(&election->soft);
	timer_stop(&election->hard);
}

/* ---- leaving ---- */

static void on_session_closed(struct session *session)
{
	election_step(container_of(session, struct election, session), ELECTION_CLOSED);
}

enum election_state leading_close_session(struct election *election)
{
	timer_stop(&election->timer);
	lock_cancel(&election->lock);
	election->leaving = true;
	session_close(&election->session, RELEASE_PATIENCE, on_session_closed);
	return ELECTION_CLOSING;
}

enum election_state leading_stop(struct election *election)
{
	election->ops->on_stopped(election);
	return ELECTION_STOPPED;
}

/* ---- leading ---- */

enum election_state leading_session_gone(struct election *election)
{
	return election->leaving ? leading_close_session(election)
				 : candidate_reopen_session(election);
}

enum election_state leading_unlock(struct election *election)
{
	disarm(election);
	timer_stop(&election->timer);
	session_hold(&election->session, false);
	if (!session_is_open(&election->session))
		return leading_session_gone(election);
	lock_unlock(&election->lock, election->epoch, election->to,
		    election->leaving ? RELEASE_PATIENCE : INFINITY);
	return ELECTION_RELEASING;
}

enum election_state leading_unlocked(struct election *election)
{
	*election->to = '\0';
	if (election->leaving)
		return leading_close_session(election);
	/* A release that was not answered may come true late: not upon the next lock. */
	return election->lock.ambiguous ? candidate_reopen_session(election)
					: candidate_refresh(election);
}

/* The lock is being given back already; but not for ever now. */
enum election_state leading_leave_while_unlocking(struct election *election)
{
	election->leaving = true;
	lock_unlock(&election->lock, election->epoch, election->to, RELEASE_PATIENCE);
	return ELECTION_RELEASING;
}

static bool accept_epoch(struct election *election)
{
	election->previous_epoch = election->seen.highest;
	if (election->epoch > election->seen.highest) {
		epoch_see(&election->seen, election->epoch);
		return true;
	}
	election->refused = true;
	log_error("election %s: epoch %lu is not higher than %lu, which was seen before: Consul has "
		  "lost or replaced its data. Not promoted, as whatever knows the higher epoch "
		  "would refuse us. Make sure that no other leader is alive, then go on with: "
		  "pilotfish leader accept-epoch %s", election->config->name, election->epoch,
		  election->seen.highest, election->config->name);
	return false;
}

static bool is_confirmed(const struct election *election)
{
	return boottime_now() < election->session.confirmed + lease_soft(&election->lease);
}

static enum election_state promote(struct election *election)
{
	session_hold(&election->session, true);
	if (!candidate_is_eligible(election) || !is_confirmed(election) || !accept_epoch(election))
		return leading_unlock(election);
	election->reason = REASON_FREE;
	election->until = boottime_now() + election->config->promote_timeout;
	leading_arm_lease(election);
	timer_set(&election->timer, election->config->promote_timeout + 1);
	log_info("election %s: elected, epoch %lu", election->config->name, election->epoch);
	source_publish(&election->source, EVENT_ELECTED);
	election->ops->promote(election);
	return ELECTION_PROMOTING;
}

/* An answer can come so late that the lock is seen to be lost already. */
static bool is_overtaken(const struct election *election)
{
	const struct lock *lock = &election->lock;

	return lock->view.known && lock->seen >= lock->epoch &&
	       strcmp(lock->view.session, election->session.id);
}

enum election_state leading_won(struct election *election)
{
	if (is_overtaken(election))
		return candidate_refresh(election);
	election->epoch = election->lock.epoch;
	session_confirm(&election->session, election->lock.sent);
	return promote(election);
}

/* We hold it, though we were never told: an answer was lost. */
enum election_state leading_inherit(struct election *election)
{
	timer_stop(&election->timer);
	election->epoch = election->lock.view.modified;
	return promote(election);
}

static void write_value(struct election *election)
{
	lock_write(&election->lock, election->address, election->epoch, election->since);
}

enum election_state leading_promoted(struct election *election)
{
	timer_stop(&election->timer);
	election->since = (long)time(NULL);
	log_info("election %s: leader, epoch %lu", election->config->name, election->epoch);
	write_value(election);
	election->shown = true;
	election->ops->show(election, true);
	return ELECTION_LEADER;
}

enum election_state leading_check_value(struct election *election)
{
	const struct lock_view *view = &election->lock.view;

	if (election->lock.doing == LOCK_WRITE || view->epoch == election->epoch ||
	    election->lock.seen < election->lock.written)
		return ELECTION_LEADER;
	log_warn("election %s: the value of key %s was overwritten; writing it again",
		 election->config->name, election->config->key);
	write_value(election);
	return ELECTION_LEADER;
}

/* ---- deposed ---- */

static void say_deposed(struct election *election)
{
	timer_stop(&election->timer);
	lock_cancel(&election->lock);
	log_info("election %s: deposed, epoch %lu: %s", election->config->name, election->epoch,
		 election_reason_name(election->reason));
	if (election->shown)
		election->ops->show(election, false);
	election->shown = false;
	source_publish(&election->source, EVENT_DEPOSED);
}

enum election_state leading_fence(struct election *election)
{
	if (election->state != ELECTION_DEMOTING) {
		election->until = boottime_now();
		say_deposed(election);
	} else {
		log_warn("election %s: not demoted in time: killing", election->config->name);
	}
	timer_stop(&election->timer);
	election->ops->fence(election);
	return ELECTION_FENCING;
}

/* `kept`: the lock stays ours meanwhile, so that there is time. */
static enum election_state demote(struct election *election, enum election_reason reason, bool kept)
{
	const struct election_config *config = election->config;
	double now = boottime_now();

	election->reason = reason;
	if (kept)
		election->until = now + (reason == REASON_PROMOTION ? config->demote_timeout
								    : election->patience);
	else
		election->until = election->fence_at;
	election->not_before = now + (reason == REASON_PROMOTION ? REST_AFTER_FAILURE : REST);
	if (!kept && (config->demote_timeout <= 0 || election->until <= now))
		return leading_fence(election);
	say_deposed(election);
	set_at(&election->timer, election->until);
	election->ops->demote(election);
	return ELECTION_DEMOTING;
}

enum election_state leading_resign(struct election *election)
{
	return demote(election, election->why, true);
}

enum election_state leading_promotion_failed(struct election *election)
{
	return demote(election, REASON_PROMOTION, true);
}

enum election_state leading_soft_deadline(struct election *election)
{
	return demote(election, REASON_UNREACHABLE, false);
}

/* The lock delay, if there is any, keeps others from it until the lease ends. */
enum election_state leading_lock_lost(struct election *election)
{
	if (election->config->lock_delay > 0)
		return demote(election, REASON_LOST, false);
	election->reason = REASON_LOST;
	return leading_fence(election);
}

enum election_state leading_key_gone(struct election *election)
{
	election->reason = REASON_LOST;
	return leading_fence(election);
}

enum election_state leading_hard_deadline(struct election *election)
{
	election->reason = REASON_UNREACHABLE;
	return leading_fence(election);
}

enum election_state leading_lost_while_demoting(struct election *election)
{
	if (election->config->lock_delay <= 0)
		return leading_fence(election);
	set_at(&election->timer, election->fence_at);
	return ELECTION_DEMOTING;
}

enum election_state leading_leave(struct election *election)
{
	election->leaving = true;
	return leading_resign(election);
}

enum election_state leading_leave_while_demoting(struct election *election)
{
	election->leaving = true;
	return election->state;
}

