#include "leading.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "candidate.h"
#include "observe.h"

#define REST 2.0			/* a former leader lets others go first */
#define REST_AFTER_FAILURE 10.0
#define RELEASE_LIMIT 1.0		/* at the end, if Consul does not answer */

/* ---- the lease ---- */

static void set_at(struct timer *timer, double boottime)
{
	timer_set(timer, fmax(0, boottime - boottime_now()));
}

void leading_arm_lease(struct election *election)
{
	struct leading *leading = &election->leading;
	double confirmed = election->session.confirmed;

	leading->fence_at = confirmed + lease_hard(&leading->lease);
	deadman_set(&leading->deadman, leading->fence_at);
	set_at(&leading->soft, confirmed + lease_soft(&leading->lease));
	set_at(&leading->hard, leading->fence_at);
}

static void disarm(struct leading *leading)
{
	deadman_stop(&leading->deadman);
	timer_stop(&leading->soft);
	timer_stop(&leading->hard);
}

/* ---- life ---- */

void leading_init(struct election *election)
{
	election->leading.lease = lease_of(election->config);
	election->leading.demote_limit = election->config->promote_timeout;
}

void leading_release(struct election *election)
{
	disarm(&election->leading);
	deadman_release(&election->leading.deadman);
}

void leading_limit_demotion(struct election *election, double seconds)
{
	election->leading.demote_limit = seconds;
}

void leading_name_successor(struct election *election, const char *id)
{
	snprintf(election->leading.successor, LOCK_TEXT, "%s", id);
}

void leading_accept_lower_epoch(struct election *election)
{
	election->leading.epoch_refused = false;
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
	election->leading.leaving = true;
	session_close(&election->session, RELEASE_LIMIT, on_session_closed);
	return ELECTION_CLOSING;
}

enum election_state leading_stop(struct election *election)
{
	observe_stop(election);
	election->ops->on_stopped(election);
	return ELECTION_STOPPED;
}

/* ---- leading ---- */

enum election_state leading_session_gone(struct election *election)
{
	return election->leading.leaving ? leading_close_session(election)
				 : candidate_reopen_session(election);
}

enum election_state leading_unlock(struct election *election)
{
	disarm(&election->leading);
	timer_stop(&election->timer);
	session_hold(&election->session, false);
	if (!session_is_open(&election->session))
		return leading_session_gone(election);
	lock_unlock(&election->lock, election->leading.epoch, election->leading.successor,
		    election->leading.leaving ? RELEASE_LIMIT : INFINITY);
	return ELECTION_RELEASING;
}

enum election_state leading_unlocked(struct election *election)
{
	*election->leading.successor = '\0';
	if (election->leading.leaving)
		return leading_close_session(election);
	/* A release without an answer may still happen later: it must not hit our next lock. */
	return election->lock.ambiguous ? candidate_reopen_session(election)
					: candidate_refresh(election);
}

/* The release is under way without a time limit: now it gets one. */
enum election_state leading_leave_while_unlocking(struct election *election)
{
	election->leading.leaving = true;
	lock_unlock(&election->lock, election->leading.epoch, election->leading.successor, RELEASE_LIMIT);
	return ELECTION_RELEASING;
}

static bool accept_epoch(struct election *election)
{
	struct leading *leading = &election->leading;

	leading->previous_epoch = election->observed.seen.highest;
	if (leading->epoch > leading->previous_epoch) {
		observe_epoch(election, leading->epoch);
		return true;
	}
	leading->epoch_refused = true;
	log_about(LEVEL_ERROR, subject("election", election->config->name),
		  ": epoch %lu is not higher than %lu, which was seen before: Consul has lost or "
		  "replaced its data. Not promoted, as a resource that knows the higher epoch would "
		  "refuse us. Make sure that no other leader is alive, then go on with: pilotfish "
		  "leader accept-epoch %s", leading->epoch, leading->previous_epoch,
		  election->config->name);
	return false;
}

static bool is_confirmed(const struct election *election)
{
	return boottime_now() < election->session.confirmed + lease_soft(&election->leading.lease);
}

/* The lease is armed before anything else: however long the steps before took, a term that is over
 * ends at once. */
enum election_state leading_promote(struct election *election)
{
	leading_arm_lease(election);
	if (!candidate_is_eligible(election) || !is_confirmed(election))
		return leading_unlock(election);
	set_at(&election->timer, election->leading.deadline + 1);
	log_about(LEVEL_INFO, subject("election", election->config->name), ": elected, epoch %lu",
		  election->leading.epoch);
	source_publish(&election->source, EVENT_ELECTED);
	election->ops->promote(election);
	return ELECTION_PROMOTING;
}

static enum election_state claim(struct election *election)
{
	session_hold(&election->session, true);
	if (!candidate_is_eligible(election) || !is_confirmed(election) || !accept_epoch(election))
		return leading_unlock(election);
	election->leading.reason = REASON_FREE;
	election->leading.deadline = boottime_now() + election->config->promote_timeout;
	if (epoch_is_saved(&election->observed.seen))
		return leading_promote(election);
	set_at(&election->timer, election->leading.deadline);
	return ELECTION_SAVING;
}

enum election_state leading_save_timeout(struct election *election)
{
	log_about(LEVEL_WARN, subject("election", election->config->name),
		  ": %s does not take epoch %lu in time: releasing the lock",
		  election->config->epoch_file, election->leading.epoch);
	candidate_rest(election, REST_AFTER_FAILURE);
	return leading_unlock(election);
}

enum election_state leading_leave_unpromoted(struct election *election)
{
	election->leading.leaving = true;
	return leading_unlock(election);
}

/* The answer is so late that our view, which is newer, shows the lock lost already. */
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
	election->leading.epoch = election->lock.epoch;
	session_confirm(&election->session, election->lock.sent);
	return claim(election);
}

/* We hold the lock without having seen the answer: it was lost. */
enum election_state leading_inherit(struct election *election)
{
	timer_stop(&election->timer);
	election->leading.epoch = election->lock.view.modified;
	return claim(election);
}

static void write_value(struct election *election)
{
	lock_write(&election->lock, election->address, election->leading.epoch,
		   election->leading.since);
}

enum election_state leading_promoted(struct election *election)
{
	timer_stop(&election->timer);
	election->leading.since = (long)time(NULL);
	log_about(LEVEL_INFO, subject("election", election->config->name), ": leader, epoch %lu",
		  election->leading.epoch);
	write_value(election);
	election->leading.shown = true;
	election->ops->show(election, true);
	return ELECTION_LEADER;
}

static bool is_our_value(const struct election *election)
{
	const struct lock_view *view = &election->lock.view;

	return view->epoch == election->leading.epoch && !strcmp(view->id, election->config->id) &&
	       !strcmp(view->address, election->address);
}

enum election_state leading_check_value(struct election *election)
{
	if (election->lock.doing == LOCK_WRITE || is_our_value(election) ||
	    election->lock.seen < election->lock.written)
		return ELECTION_LEADER;
	log_about(LEVEL_WARN, subject("election", election->config->name),
		  ": the value of key %s was overwritten; writing it again", election->config->key);
	write_value(election);
	return ELECTION_LEADER;
}

/* ---- deposed ---- */

static void publish_deposed(struct election *election)
{
	timer_stop(&election->timer);
	lock_cancel(&election->lock);
	log_about(LEVEL_INFO, subject("election", election->config->name), ": deposed, epoch %lu: %s",
		  election->leading.epoch, election_reason_name(election->leading.reason));
	if (election->leading.shown)
		election->ops->show(election, false);
	election->leading.shown = false;
	source_publish(&election->source, EVENT_DEPOSED);
}

enum election_state leading_fence(struct election *election)
{
	if (election->state != ELECTION_DEMOTING) {
		election->leading.deadline = boottime_now();
		publish_deposed(election);
	} else {
		log_about(LEVEL_WARN, subject("election", election->config->name),
			  ": not demoted in time: killing");
	}
	timer_stop(&election->timer);
	election->ops->fence(election);
	return ELECTION_FENCING;
}

/* `kept`: the lock stays ours meanwhile, so the lease does not limit the demotion. */
static enum election_state demote(struct election *election, enum election_reason reason, bool kept)
{
	const struct election_config *config = election->config;
	struct leading *leading = &election->leading;
	bool failed = reason == REASON_PROMOTION;
	double now = boottime_now();

	leading->reason = reason;
	leading->deadline = leading->fence_at;
	if (kept)
		leading->deadline = now + (failed ? config->demote_timeout : leading->demote_limit);
	candidate_rest(election, failed ? REST_AFTER_FAILURE : REST);
	if (!kept && (config->demote_timeout <= 0 || leading->deadline <= now))
		return leading_fence(election);
	publish_deposed(election);
	set_at(&election->timer, leading->deadline);
	election->ops->demote(election);
	return ELECTION_DEMOTING;
}

enum election_state leading_resign(struct election *election)
{
	return demote(election, election->resign_reason, true);
}

enum election_state leading_promotion_failed(struct election *election)
{
	return demote(election, REASON_PROMOTION, true);
}

enum election_state leading_soft_deadline(struct election *election)
{
	return demote(election, REASON_UNREACHABLE, false);
}

/* A lock delay keeps others from the lock until our lease ends; without one they may have it now. */
enum election_state leading_lock_lost(struct election *election)
{
	if (election->config->lock_delay > 0)
		return demote(election, REASON_LOST, false);
	election->leading.reason = REASON_LOST;
	return leading_fence(election);
}

enum election_state leading_key_gone(struct election *election)
{
	election->leading.reason = REASON_LOST;
	return leading_fence(election);
}

enum election_state leading_hard_deadline(struct election *election)
{
	election->leading.reason = REASON_UNREACHABLE;
	return leading_fence(election);
}

enum election_state leading_lost_while_demoting(struct election *election)
{
	if (election->config->lock_delay <= 0)
		return leading_fence(election);
	set_at(&election->timer, election->leading.fence_at);
	return ELECTION_DEMOTING;
}

enum election_state leading_leave(struct election *election)
{
	election->leading.leaving = true;
	return leading_resign(election);
}

enum election_state leading_leave_while_demoting(struct election *election)
{
	election->leading.leaving = true;
	return election->state;
}
