#include "election.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "candidate.h"
#include "describe.h"
#include "leading.h"
#include "observe.h"

/* A step returns the next state. */
typedef enum election_state step_fn(struct election *election);

const char *election_state_name(enum election_state state)
{
	static const char *const names[] = {
#define X(code, name) [ELECTION_##code] = name,
		ELECTION_STATES(X)
#undef X
	};
	return names[state];
}

const char *election_reason_name(enum election_reason reason)
{
	static const char *const names[] = {
#define X(code, name) [REASON_##code] = name,
		ELECTION_REASONS(X)
#undef X
	};
	return names[reason];
}

bool election_leads(const struct election *election)
{
	return election->state >= ELECTION_PROMOTING && election->state <= ELECTION_FENCING;
}

/* Rows are states, columns inputs; an empty cell ignores the input. */
static step_fn *const steps[ELECTION_STATE_COUNT][ELECTION_INPUT_COUNT] = {
	[ELECTION_IDLE] = {
		[ELECTION_START]        = candidate_start,
		[ELECTION_LEAVE]        = leading_close_session,
	},
	[ELECTION_OPENING] = {
		[ELECTION_SESSION_OPEN] = candidate_session_opened,
		[ELECTION_LEAVE]        = leading_close_session,
	},
	[ELECTION_FOLLOWER] = {
		[ELECTION_KEY_FREE]     = candidate_wait,
		[ELECTION_KEY_OURS]     = leading_inherit,
		[ELECTION_SESSION_LOST] = candidate_reopen_session,
		[ELECTION_LEAVE]        = leading_close_session,
	},
	[ELECTION_WAITING] = {
		[ELECTION_KEY_TAKEN]    = candidate_follow,
		[ELECTION_KEY_OURS]     = leading_inherit,
		[ELECTION_TIMER]        = candidate_ask,
		[ELECTION_SESSION_LOST] = candidate_reopen_session,
		[ELECTION_LEAVE]        = leading_close_session,
	},
	[ELECTION_ASKING] = {
		[ELECTION_KEY_TAKEN]    = candidate_follow,
		[ELECTION_KEY_OURS]     = leading_inherit,
		[ELECTION_CONSENT]      = candidate_acquire,
		[ELECTION_DISSENT]      = candidate_ask_later,
		[ELECTION_SESSION_LOST] = candidate_reopen_session,
		[ELECTION_LEAVE]        = leading_close_session,
	},
	[ELECTION_ACQUIRING] = {
		[ELECTION_WON]          = leading_won,
		[ELECTION_HELD]         = candidate_lost_race,
		[ELECTION_DELAYED]      = candidate_retry_later,
		[ELECTION_INVALID]      = candidate_reopen_session,
		[ELECTION_UNKNOWN]      = candidate_refresh,
		[ELECTION_SESSION_LOST] = candidate_reopen_session,
		[ELECTION_LEAVE]        = leading_close_session,
	},
	[ELECTION_SAVING] = {
		[ELECTION_SAVED]        = leading_promote,
		[ELECTION_TIMER]        = leading_save_timeout,
		[ELECTION_RESIGN]       = leading_unlock,
		[ELECTION_KEY_FREE]     = leading_unlock,
		[ELECTION_KEY_GONE]     = leading_unlock,
		[ELECTION_SESSION_LOST] = leading_unlock,
		[ELECTION_LEAVE]        = leading_leave_unpromoted,
	},
	[ELECTION_PROMOTING] = {
		[ELECTION_PROMOTED]     = leading_promoted,
		[ELECTION_UNPROMOTED]   = leading_promotion_failed,
		[ELECTION_TIMER]        = leading_promotion_failed,
		[ELECTION_RESIGN]       = leading_resign,
		[ELECTION_KEY_FREE]     = leading_lock_lost,
		[ELECTION_KEY_GONE]     = leading_key_gone,
		[ELECTION_SESSION_LOST] = leading_lock_lost,
		[ELECTION_SOFT]         = leading_soft_deadline,
		[ELECTION_HARD]         = leading_hard_deadline,
		[ELECTION_LEAVE]        = leading_leave,
	},
	[ELECTION_LEADER] = {
		[ELECTION_RESIGN]       = leading_resign,
		[ELECTION_KEY_OURS]     = leading_check_value,
		[ELECTION_KEY_FREE]     = leading_lock_lost,
		[ELECTION_KEY_GONE]     = leading_key_gone,
		[ELECTION_SESSION_LOST] = leading_lock_lost,
		[ELECTION_SOFT]         = leading_soft_deadline,
		[ELECTION_HARD]         = leading_hard_deadline,
		[ELECTION_LEAVE]        = leading_leave,
	},
	[ELECTION_DEMOTING] = {
		[ELECTION_DEMOTED]      = leading_unlock,
		[ELECTION_TIMER]        = leading_fence,
		[ELECTION_HARD]         = leading_fence,
		[ELECTION_KEY_GONE]     = leading_fence,
		[ELECTION_SESSION_LOST] = leading_lost_while_demoting,
		[ELECTION_LEAVE]        = leading_leave_while_demoting,
	},
	[ELECTION_FENCING] = {
		[ELECTION_DEMOTED]      = leading_unlock,
		[ELECTION_LEAVE]        = leading_leave_while_demoting,
	},
	[ELECTION_RELEASING] = {
		[ELECTION_RELEASED]     = leading_unlocked,
		[ELECTION_SESSION_LOST] = leading_session_gone,
		[ELECTION_LEAVE]        = leading_leave_while_unlocking,
	},
	[ELECTION_CLOSING] = {
		[ELECTION_CLOSED]       = leading_stop,
	},
};

/* A lease that is over comes before any other input, except that a demoted user is not fenced. */
static void run(struct election *election, enum election_input input)
{
	bool over = election_leads(election) && election->state != ELECTION_FENCING &&
		    input != ELECTION_DEMOTED && boottime_now() >= election->leading.fence_at;
	step_fn *step = steps[election->state][over ? ELECTION_HARD : input];
	enum election_state before = election->state;

	if (step)
		election->state = step(election);
	if (over && steps[election->state][input])
		election->state = steps[election->state][input](election);
	if (election->state != before)
		log_about(LEVEL_DEBUG, subject("election", election->config->name), ": %s",
			  election_state_name(election->state));
}

/* Inputs that a step causes are handled after that step. */
void election_step(struct election *election, enum election_input input)
{
	if (election->input_count == election->input_capacity) {
		election->input_capacity += 16;
		election->inputs = alloc_resize(election->inputs, election->input_capacity *
						sizeof *election->inputs);
	}
	election->inputs[election->input_count++] = input;
	if (election->stepping)
		return;
	election->stepping = true;
	while (election->input_count) {
		enum election_input next = *election->inputs;

		memmove(election->inputs, election->inputs + 1,
			--election->input_count * sizeof next);
		run(election, next);
	}
	election->stepping = false;
}

static bool holds_lock(const struct election *election)
{
	return election->state == ELECTION_SAVING || election_leads(election);
}

static bool is_ours(const struct election *election)
{
	const char *session = election->session.id;

	return session && !strcmp(election->lock.view.session, session);
}

void election_look(struct election *election)
{
	const struct lock_view *view = &election->lock.view;
	bool holds = holds_lock(election);

	if (!view->known)
		return;
	/* The view is older than our lock. */
	if (holds && election->lock.seen < election->leading.epoch)
		return;
	if (is_ours(election))
		election_step(election, ELECTION_KEY_OURS);
	else if (holds && (*view->session || !view->exists))
		election_step(election, ELECTION_KEY_GONE);
	else
		election_step(election, *view->session ? ELECTION_KEY_TAKEN : ELECTION_KEY_FREE);
}

/* ---- callbacks of the session and the lock ---- */

static void on_open(struct session *session)
{
	election_step(container_of(session, struct election, session), ELECTION_SESSION_OPEN);
}

static void on_confirmed(struct session *session)
{
	struct election *election = container_of(session, struct election, session);

	if (election_leads(election) && election->state != ELECTION_FENCING)
		leading_arm_lease(election);
}

/* The blocking query may hang on a connection that the same trouble has broken. */
static void on_recovered(struct session *session)
{
	lock_refresh(&container_of(session, struct election, session)->lock);
}

static void on_lost(struct session *session)
{
	election_step(container_of(session, struct election, session), ELECTION_SESSION_LOST);
}

static void on_answer(struct lock *lock, enum lock_answer answer)
{
	static const enum election_input inputs[] = {
		[LOCK_WON] = ELECTION_WON,
		[LOCK_HELD] = ELECTION_HELD,
		[LOCK_DELAYED] = ELECTION_DELAYED,
		[LOCK_INVALID] = ELECTION_INVALID,
		[LOCK_DENIED] = ELECTION_DELAYED,	/* is retried, too */
		[LOCK_UNKNOWN] = ELECTION_UNKNOWN,
	};

	election_step(container_of(lock, struct election, lock), inputs[answer]);
}

static void on_released(struct lock *lock)
{
	election_step(container_of(lock, struct election, lock), ELECTION_RELEASED);
}

static void on_forbidden(struct lock *lock)
{
	election_step(container_of(lock, struct election, lock), ELECTION_KEY_GONE);
}

static void on_epoch_read(struct epoch *epoch)
{
	struct election *election = container_of(epoch, struct election, observed.seen);

	lock_refresh(&election->lock);
	election_step(election, ELECTION_START);
}

static void on_saved(struct epoch *epoch)
{
	election_step(container_of(epoch, struct election, observed.seen), ELECTION_SAVED);
}

static void on_written(struct lock *lock)
{
	struct election *election = container_of(lock, struct election, lock);

	session_confirm(&election->session, lock->sent);
	election_look(election);	/* another writer may have overwritten the value already */
}

/* ---- timers ---- */

static void on_timer(struct timer *timer)
{
	election_step(container_of(timer, struct election, timer), ELECTION_TIMER);
}

static void on_soft(struct timer *timer)
{
	election_step(container_of(timer, struct election, leading.soft), ELECTION_SOFT);
}

static void on_hard(struct timer *timer)
{
	election_step(container_of(timer, struct election, leading.hard), ELECTION_HARD);
}

/* ---- for the user ---- */

bool election_init(struct election *election, struct agent *agent,
		   const struct election_config *config, const struct election_ops *ops,
		   struct error *error)
{
	static const struct session_ops session_ops = {
		.on_open = on_open, .on_confirmed = on_confirmed,
		.on_recovered = on_recovered, .on_lost = on_lost,
	};
	static const struct lock_ops lock_ops = {
		.on_view = observe_on_view, .on_answer = on_answer, .on_released = on_released,
		.on_forbidden = on_forbidden, .on_written = on_written,
	};
	AUTOFREE char *name = format_string("election.%s", config->name);
	struct loop *loop = agent->http.loop;

	*election = (struct election){
		.config = config,
		.ops = ops,
		.observed.seen = { .on_read = on_epoch_read, .on_saved = on_saved },
		.address = copy_string(""),
	};
	source_init(&election->source, &loop->bus, name, election_source_ops());
	timer_init(&election->timer, loop, on_timer);
	timer_init(&election->leading.soft, loop, on_soft);
	timer_init(&election->leading.hard, loop, on_hard);
	timer_init(&election->observed.doubt, loop, observe_on_doubt_over);
	candidate_init(election);
	leading_init(election);
	session_init(&election->session, agent, config, &session_ops);
	lock_init(&election->lock, agent, config, &lock_ops);
	epoch_init(&election->observed.seen, loop, config->epoch_file);
	if (deadman_init(&election->leading.deadman, error))
		return true;
	election_release(election);
	return false;
}

void election_release(struct election *election)
{
	if (!election->config)
		return;
	timer_stop(&election->timer);
	timer_stop(&election->observed.doubt);
	leading_release(election);
	epoch_release(&election->observed.seen);
	lock_release(&election->lock);
	session_release(&election->session);
	source_release(&election->source);
	free(election->address);
	free(election->inputs);
	*election = (struct election){ 0 };
}

void election_start(struct election *election)
{
	epoch_read(&election->observed.seen);
}

void election_set_able(struct election *election, bool able, enum election_reason why_not)
{
	candidate_set_able(election, able, why_not);
	if (able)
		election_look(election);
	else if (why_not != REASON_UNHEALTHY || !election->lock.view.paused)
		election_resign(election, why_not);
}

void election_set_address(struct election *election, const char *address)
{
	free(election->address);
	election->address = copy_string(lock_is_address(address) ? address : "");
}

void election_consent(struct election *election, bool consents)
{
	election_step(election, consents ? ELECTION_CONSENT : ELECTION_DISSENT);
}

void election_promoted(struct election *election, bool well)
{
	election_step(election, well ? ELECTION_PROMOTED : ELECTION_UNPROMOTED);
}

void election_demoted(struct election *election)
{
	election_step(election, ELECTION_DEMOTED);
}

void election_resign(struct election *election, enum election_reason reason)
{
	election->resign_reason = reason;
	election_step(election, ELECTION_RESIGN);
}

void election_leave(struct election *election, enum election_reason reason, double limit)
{
	leading_limit_demotion(election, limit);
	election->resign_reason = reason;
	election_step(election, ELECTION_LEAVE);
}
