#include "election.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "describe.h"
#include "candidate.h"
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
		[ELECTION_START]        = contest_start,
		[ELECTION_LEAVE]        = tenure_close,
	},
	[ELECTION_OPENING] = {
		[ELECTION_SESSION_OPEN] = contest_opened,
		[ELECTION_LEAVE]        = tenure_close,
	},
	[ELECTION_FOLLOWER] = {
		[ELECTION_KEY_FREE]     = contest_enter,
		[ELECTION_KEY_OURS]     = tenure_inherit,
		[ELECTION_SESSION_LOST] = contest_reopen,
		[ELECTION_LEAVE]        = tenure_close,
	},
	[ELECTION_WAITING] = {
		[ELECTION_KEY_TAKEN]    = contest_follow,
		[ELECTION_KEY_OURS]     = tenure_inherit,
		[ELECTION_TIMER]        = contest_ask,
		[ELECTION_SESSION_LOST] = contest_reopen,
		[ELECTION_LEAVE]        = tenure_close,
	},
	[ELECTION_ASKING] = {
		[ELECTION_KEY_TAKEN]    = contest_follow,
		[ELECTION_KEY_OURS]     = tenure_inherit,
		[ELECTION_CONSENT]      = contest_acquire,
		[ELECTION_DISSENT]      = contest_ask_later,
		[ELECTION_SESSION_LOST] = contest_reopen,
		[ELECTION_LEAVE]        = tenure_close,
	},
	[ELECTION_ACQUIRING] = {
		[ELECTION_WON]          = tenure_won,
		[ELECTION_HELD]         = contest_lose,
		[ELECTION_DELAYED]      = contest_knock_later,
		[ELECTION_INVALID]      = contest_reopen,
		[ELECTION_UNKNOWN]      = contest_doubt,
		[ELECTION_SESSION_LOST] = contest_reopen,
		[ELECTION_LEAVE]        = tenure_close,
	},
	[ELECTION_PROMOTING] = {
		[ELECTION_PROMOTED]     = tenure_lead,
		[ELECTION_UNPROMOTED]   = tenure_give_up,
		[ELECTION_TIMER]        = tenure_give_up,
		[ELECTION_RESIGN]       = tenure_resign,
		[ELECTION_KEY_FREE]     = tenure_lose,
		[ELECTION_KEY_GONE]     = tenure_lose_at_once,
		[ELECTION_SESSION_LOST] = tenure_lose,
		[ELECTION_SOFT]         = tenure_run_out,
		[ELECTION_HARD]         = tenure_out_of_time,
		[ELECTION_LEAVE]        = tenure_leave,
	},
	[ELECTION_LEADER] = {
		[ELECTION_RESIGN]       = tenure_resign,
		[ELECTION_KEY_OURS]     = tenure_check_value,
		[ELECTION_KEY_FREE]     = tenure_lose,
		[ELECTION_KEY_GONE]     = tenure_lose_at_once,
		[ELECTION_SESSION_LOST] = tenure_lose,
		[ELECTION_SOFT]         = tenure_run_out,
		[ELECTION_HARD]         = tenure_out_of_time,
		[ELECTION_LEAVE]        = tenure_leave,
	},
	[ELECTION_DEMOTING] = {
		[ELECTION_DEMOTED]      = tenure_give_back,
		[ELECTION_TIMER]        = tenure_fence,
		[ELECTION_HARD]         = tenure_fence,
		[ELECTION_KEY_GONE]     = tenure_fence,
		[ELECTION_SESSION_LOST] = tenure_lose_meanwhile,
		[ELECTION_LEAVE]        = tenure_leave_later,
	},
	[ELECTION_FENCING] = {
		[ELECTION_DEMOTED]      = tenure_give_back,
		[ELECTION_LEAVE]        = tenure_leave_later,
	},
	[ELECTION_RELEASING] = {
		[ELECTION_RELEASED]     = tenure_released,
		[ELECTION_SESSION_LOST] = tenure_forget_session,
		[ELECTION_LEAVE]        = tenure_leave_soon,
	},
	[ELECTION_CLOSING] = {
		[ELECTION_CLOSED]       = tenure_stop,
	},
};

/* Whatever else has happened, the end of the lease comes first; but who is demoted is not fenced. */
static void run(struct election *election, enum election_input input)
{
	bool over = election_leads(election) && election->state != ELECTION_FENCING &&
		    input != ELECTION_DEMOTED && boottime_now() >= election->fence_at;
	step_fn *step = steps[election->state][over ? ELECTION_HARD : input];
	enum election_state before = election->state;

	if (step)
		election->state = step(election);
	if (over && steps[election->state][input])
		election->state = steps[election->state][input](election);
	if (election->state != before)
		log_debug("election %s: %s", election->config->name,
			  election_state_name(election->state));
}

/* Inputs that a step itself brings about come after it. */
void election_step(struct election *election, enum election_input input)
{
	if (election->input_count < ELECTION_INPUTS_MAX)
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

static bool is_ours(const struct election *election)
{
	const char *session = election->session.id;

	return session && !strcmp(election->ballot.view.session, session);
}

void election_look(struct election *election)
{
	const struct ballot_view *view = &election->ballot.view;
	bool leads = election_leads(election);

	if (!view->known)
		return;
	/* What was decided before we took the lock is old. */
	if (leads && election->ballot.seen < election->epoch)
		return;
	if (is_ours(election))
		election_step(election, ELECTION_KEY_OURS);
	else if (leads && (*view->session || !view->exists))
		election_step(election, ELECTION_KEY_GONE);
	else
		election_step(election, *view->session ? ELECTION_KEY_TAKEN : ELECTION_KEY_FREE);
}

/* ---- what the session and the lock say ---- */

static void on_open(struct session *session)
{
	election_step(container_of(session, struct election, session), ELECTION_SESSION_OPEN);
}

static void on_confirmed(struct session *session)
{
	struct election *election = container_of(session, struct election, session);

	if (election_leads(election) && election->state != ELECTION_FENCING)
		tenure_arm(election);
}

/* A query that hung through the same trouble may hang on. */
static void on_recovered(struct session *session)
{
	ballot_look(&container_of(session, struct election, session)->ballot);
}

static void on_lost(struct session *session)
{
	election_step(container_of(session, struct election, session), ELECTION_SESSION_LOST);
}

static void on_answer(struct ballot *ballot, enum ballot_answer answer)
{
	static const enum election_input inputs[] = {
		[BALLOT_WON] = ELECTION_WON,
		[BALLOT_HELD] = ELECTION_HELD,
		[BALLOT_DELAYED] = ELECTION_DELAYED,
		[BALLOT_INVALID] = ELECTION_INVALID,
		[BALLOT_DENIED] = ELECTION_DELAYED,	/* knocks again, too */
		[BALLOT_UNKNOWN] = ELECTION_UNKNOWN,
	};

	election_step(container_of(ballot, struct election, ballot), inputs[answer]);
}

static void on_released(struct ballot *ballot)
{
	election_step(container_of(ballot, struct election, ballot), ELECTION_RELEASED);
}

static void on_disowned(struct ballot *ballot)
{
	election_step(container_of(ballot, struct election, ballot), ELECTION_KEY_GONE);
}

static void on_written(struct ballot *ballot)
{
	struct election *election = container_of(ballot, struct election, ballot);

	session_confirm(&election->session, ballot->sent);
	election_look(election);	/* it may be overwritten already */
}

/* ---- for the user ---- */

static void on_timer(struct timer *timer)
{
	election_step(container_of(timer, struct election, timer), ELECTION_TIMER);
}

static void on_soft(struct timer *timer)
{
	election_step(container_of(timer, struct election, soft), ELECTION_SOFT);
}

static void on_hard(struct timer *timer)
{
	election_step(container_of(timer, struct election, hard), ELECTION_HARD);
}

bool election_init(struct election *election, struct agent *agent,
		   const struct election_config *config, const struct election_ops *ops,
		   struct error *error)
{
	static const struct session_ops session_ops = {
		.on_open = on_open, .on_confirmed = on_confirmed,
		.on_recovered = on_recovered, .on_lost = on_lost,
	};
	static const struct ballot_ops ballot_ops = {
		.on_view = tidings_on_view, .on_answer = on_answer, .on_released = on_released,
		.on_disowned = on_disowned, .on_written = on_written,
	};
	AUTOFREE char *name = format_string("election.%s", config->name);
	struct loop *loop = agent->http.loop;

	*election = (struct election){
		.config = config,
		.ops = ops,
		.lease = lease_of(config),
		.knocking = { .min = 0.02, .max = fmin(1, fmax(0.1, config->lock_delay / 5)) },
		.patience = config->promote_timeout,
		.address = copy_string(""),
	};
	source_init(&election->source, &loop->bus, name, bulletin_ops());
	timer_init(&election->timer, loop, on_timer);
	timer_init(&election->soft, loop, on_soft);
	timer_init(&election->hard, loop, on_hard);
	session_init(&election->session, agent, config, &session_ops);
	ballot_init(&election->ballot, agent, config, &ballot_ops);
	if (epoch_init(&election->seen, config->epoch_file, error) &&
	    deadman_init(&election->deadman, error))
		return true;
	election_release(election);
	return false;
}

void election_release(struct election *election)
{
	if (!election->config)
		return;
	timer_stop(&election->timer);
	timer_stop(&election->soft);
	timer_stop(&election->hard);
	deadman_release(&election->deadman);
	ballot_release(&election->ballot);
	session_release(&election->session);
	source_release(&election->source);
	free(election->address);
	*election = (struct election){ 0 };
}

void election_start(struct election *election)
{
	ballot_look(&election->ballot);
	election_step(election, ELECTION_START);
}

void election_set_able(struct election *election, bool able, enum election_reason why_not)
{
	election->able = able;
	election->why = why_not;
	if (able)
		election_look(election);
	else if (why_not != REASON_UNHEALTHY || !election->ballot.view.paused)
		election_step(election, ELECTION_RESIGN);
}

void election_set_address(struct election *election, const char *address)
{
	free(election->address);
	election->address = copy_string(address);
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
	election->why = reason;
	election_step(election, ELECTION_RESIGN);
}

void election_leave(struct election *election, enum election_reason reason, double patience)
{
	election->patience = patience;
	election->why = reason;
	election_step(election, ELECTION_LEAVE);
}
