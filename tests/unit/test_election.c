#include "consul/election/election.h"

#include "sim_story.h"

#include <cmocka.h>

/* Each cell of the table of steps: the model of Consul and the user bring a candidate into a
 * state; it gets one input and does exactly what is listed here, or nothing at all. */

enum { HIGH = 1000 };			/* an epoch */

/* The outcome of an input: the orders, and the newest request. */
struct outcome {
	enum election_state state;
	char orders[64];		/* "consider promote demote fence show hide stopped" */
	const char *asks;		/* part of the newest request; "": there was none */
};

/* ---- how to get into a state ---- */

static enum fate lose_locks(struct message *message)
{
	return strstr(message->body, "\"lock\"") ? FATE_LOST : FATE_FINE;
}

static enum fate lose_releases(struct message *message)
{
	return strstr(message->body, "\"unlock\"") ? FATE_LOST : FATE_FINE;
}

static enum fate lose_ends(struct message *message)
{
	return strstr(message->path, "/destroy/") ? FATE_LOST : FATE_FINE;
}

static bool is_in(const struct world *world, enum election_state state)
{
	return world->candidates[0].election.state == state;
}

#define WISH(name, state) \
	static bool name(const struct world *world) { return is_in(world, ELECTION_##state); }
WISH(is_follower, FOLLOWER)
WISH(is_waiting, WAITING)
WISH(is_asking, ASKING)
WISH(is_acquiring, ACQUIRING)
WISH(is_saving, SAVING)
WISH(is_promoting, PROMOTING)
WISH(is_leader, LEADER)
WISH(is_releasing, RELEASING)
WISH(is_stopped, STOPPED)

static void reach(struct world *world, world_wish_fn *wish)
{
	assert_true(world_await(world, wish, 5));
}

static void to_idle(struct world *world)
{
	candidate_init(&world->candidates[0]);
}

static void to_opening(struct world *world)
{
	world->silent_until = WORLD_NEVER;
	candidate_start(&world->candidates[0]);
}

static void to_follower(struct world *world)
{
	hold_lock(world, "{\"id\":\"b\",\"epoch\":1}");
	candidate_start(&world->candidates[0]);
	reach(world, is_follower);
}

static void to_waiting(struct world *world)
{
	candidate_start(&world->candidates[0]);
	reach(world, is_waiting);
}

static void to_asking(struct world *world)
{
	world->candidates[0].user.consider_time = WORLD_NEVER;
	candidate_start(&world->candidates[0]);
	reach(world, is_asking);
}

static void to_acquiring(struct world *world)
{
	world->fate = lose_locks;
	candidate_start(&world->candidates[0]);
	reach(world, is_acquiring);
}

/* Each of them has a file of its own: its writer hangs. */
static void to_saving(struct world *world)
{
	world->candidates[0].config.epoch_file = (char *)"/nonexistent/epoch";
	world->fork_time = WORLD_NEVER;
	candidate_start(&world->candidates[0]);
	reach(world, is_saving);
}

static void to_promoting(struct world *world)
{
	candidate_start(&world->candidates[0]);
	reach(world, is_promoting);
}

static void to_leader(struct world *world)
{
	candidate_start(&world->candidates[0]);
	reach(world, is_leader);
	world_run(world, 0.1);
}

static void to_demoting(struct world *world)
{
	to_leader(world);
	election_resign(&world->candidates[0].election, REASON_RELOAD);
}

static void to_fencing(struct world *world)
{
	to_demoting(world);
	election_step(&world->candidates[0].election, ELECTION_HARD);
}

static void to_releasing(struct world *world)
{
	world->fate = lose_releases;
	to_demoting(world);
	reach(world, is_releasing);
}

static void to_closing(struct world *world)
{
	to_follower(world);
	world->fate = lose_ends;
	election_leave(&world->candidates[0].election, REASON_SHUTDOWN, 4);
}

static void to_stopped(struct world *world)
{
	to_follower(world);
	election_leave(&world->candidates[0].election, REASON_SHUTDOWN, 4);
	reach(world, is_stopped);
}

static void (*const ways[ELECTION_STATE_COUNT])(struct world *world) = {
	[ELECTION_IDLE] = to_idle, [ELECTION_OPENING] = to_opening,
	[ELECTION_FOLLOWER] = to_follower, [ELECTION_WAITING] = to_waiting,
	[ELECTION_ASKING] = to_asking, [ELECTION_ACQUIRING] = to_acquiring,
	[ELECTION_SAVING] = to_saving,
	[ELECTION_PROMOTING] = to_promoting, [ELECTION_LEADER] = to_leader,
	[ELECTION_DEMOTING] = to_demoting, [ELECTION_FENCING] = to_fencing,
	[ELECTION_RELEASING] = to_releasing, [ELECTION_CLOSING] = to_closing,
	[ELECTION_STOPPED] = to_stopped,
};

/* ---- the input ---- */

/* Makes the view fit the input. */
static void prepare(struct election *election, enum election_input input)
{
	struct lock_view *view = &election->lock.view;
	const char *ours = election->session.id ? election->session.id : "gone";

	if (input == ELECTION_KEY_TAKEN || input == ELECTION_KEY_GONE)
		snprintf(view->session, sizeof view->session, "%s", "another");
	if (input == ELECTION_KEY_FREE)
		view->session[0] = '\0';
	if (input == ELECTION_KEY_OURS) {
		snprintf(view->session, sizeof view->session, "%s", ours);
		view->modified = HIGH;
	}
	if (input == ELECTION_WON) {
		election->lock.epoch = HIGH;
		election->lock.sent = boottime_now();
	}
	if (input == ELECTION_SESSION_LOST)
		session_drop(&election->session);
}

static void note(struct outcome *outcome, const char *word, unsigned times)
{
	size_t used = strlen(outcome->orders);

	for (; times; times--)
		used += (size_t)snprintf(outcome->orders + used, sizeof outcome->orders - used, "%s%s",
					 used ? " " : "", word);
}

static const char *newest_request(const struct world *world, unsigned long since)
{
	const struct message *newest = NULL;

	list_each(node, &world->messages) {
		const struct message *message = list_entry(node, struct message, link);

		if (message->number > since && message->request)
			newest = message;
	}
	return !newest ? "" : strstr(newest->path, "/txn") ? newest->body : newest->path;
}

static struct outcome put_in(struct world *world, enum election_input input)
{
	static const char *const words[] = { "", "consider", "promote", "demote", "fence" };
	struct sim_candidate *candidate = &world->candidates[0];
	const struct user before = candidate->user;
	unsigned long asked = world->asked;
	struct outcome outcome = { 0 };

	world->forgiving = true;	/* the lock was not really taken */
	if (input == ELECTION_PROMOTED)
		candidate->user.order = ORDER_NONE;	/* that was its answer */
	prepare(&candidate->election, input);
	election_step(&candidate->election, input);
	outcome.state = candidate->election.state;
	if (before.shown != candidate->user.shown)
		note(&outcome, before.shown ? "hide" : "show", 1);
	for (int order = ORDER_CONSIDER; order <= ORDER_FENCE; order++)
		note(&outcome, words[order], candidate->user.orders[order] - before.orders[order]);
	note(&outcome, "stopped", !before.stopped && candidate->user.stopped);
	outcome.asks = newest_request(world, asked);
	return outcome;
}

/* ---- the table ---- */

#define NEXT(state, orders, asks) { true, ELECTION_##state, orders, asks }

static const struct expectation {
	bool listed;			/* else it is ignored */
	enum election_state to;
	const char *orders, *asks;
} expectations[ELECTION_STATE_COUNT][ELECTION_INPUT_COUNT] = {
	[ELECTION_IDLE] = {
		[ELECTION_START] = NEXT(OPENING, "", "/v1/agent/service/register"),
		[ELECTION_LEAVE] = NEXT(STOPPED, "stopped", ""),
	},
	[ELECTION_OPENING] = {
		[ELECTION_SESSION_OPEN] = NEXT(FOLLOWER, "", ""),
		[ELECTION_LEAVE] = NEXT(CLOSING, "", "/service/deregister/"),
	},
	[ELECTION_FOLLOWER] = {
		[ELECTION_KEY_FREE] = NEXT(WAITING, "", ""),
		[ELECTION_KEY_OURS] = NEXT(PROMOTING, "promote", ""),
		[ELECTION_SESSION_LOST] = NEXT(OPENING, "", "/kv/"),
		[ELECTION_LEAVE] = NEXT(CLOSING, "", "/session/destroy/"),
	},
	[ELECTION_WAITING] = {
		[ELECTION_KEY_TAKEN] = NEXT(FOLLOWER, "", ""),
		[ELECTION_KEY_OURS] = NEXT(PROMOTING, "promote", ""),
		[ELECTION_TIMER] = NEXT(ASKING, "consider", ""),
		[ELECTION_SESSION_LOST] = NEXT(OPENING, "", "/kv/"),
		[ELECTION_LEAVE] = NEXT(CLOSING, "", "/session/destroy/"),
	},
	[ELECTION_ASKING] = {
		[ELECTION_KEY_TAKEN] = NEXT(FOLLOWER, "", ""),
		[ELECTION_KEY_OURS] = NEXT(PROMOTING, "promote", ""),
		[ELECTION_CONSENT] = NEXT(ACQUIRING, "", "\"lock\""),
		[ELECTION_DISSENT] = NEXT(WAITING, "", ""),
		[ELECTION_SESSION_LOST] = NEXT(OPENING, "", "/kv/"),
		[ELECTION_LEAVE] = NEXT(CLOSING, "", "/session/destroy/"),
	},
	[ELECTION_ACQUIRING] = {
		[ELECTION_WON] = NEXT(PROMOTING, "promote", ""),
		[ELECTION_HELD] = NEXT(FOLLOWER, "", "/kv/"),
		[ELECTION_DELAYED] = NEXT(WAITING, "", ""),
		[ELECTION_INVALID] = NEXT(OPENING, "", "/kv/"),
		[ELECTION_UNKNOWN] = NEXT(FOLLOWER, "", "/kv/"),
		[ELECTION_SESSION_LOST] = NEXT(OPENING, "", "/kv/"),
		[ELECTION_LEAVE] = NEXT(CLOSING, "", "/session/destroy/"),
	},
	[ELECTION_SAVING] = {
		[ELECTION_SAVED] = NEXT(PROMOTING, "promote", ""),
		[ELECTION_TIMER] = NEXT(RELEASING, "", "\"unlock\""),
		[ELECTION_RESIGN] = NEXT(RELEASING, "", "\"unlock\""),
		[ELECTION_KEY_FREE] = NEXT(RELEASING, "", "\"unlock\""),
		[ELECTION_KEY_GONE] = NEXT(RELEASING, "", "\"unlock\""),
		[ELECTION_SESSION_LOST] = NEXT(OPENING, "", "/kv/"),
		[ELECTION_LEAVE] = NEXT(RELEASING, "", "\"unlock\""),
	},
	[ELECTION_PROMOTING] = {
		[ELECTION_PROMOTED] = NEXT(LEADER, "show", "check-session"),
		[ELECTION_UNPROMOTED] = NEXT(DEMOTING, "demote", ""),
		[ELECTION_TIMER] = NEXT(DEMOTING, "demote", ""),
		[ELECTION_RESIGN] = NEXT(DEMOTING, "demote", ""),
		[ELECTION_KEY_FREE] = NEXT(DEMOTING, "demote", ""),
		[ELECTION_KEY_GONE] = NEXT(FENCING, "fence", ""),
		[ELECTION_SESSION_LOST] = NEXT(DEMOTING, "demote", ""),
		[ELECTION_SOFT] = NEXT(DEMOTING, "demote", ""),
		[ELECTION_HARD] = NEXT(FENCING, "fence", ""),
		[ELECTION_LEAVE] = NEXT(DEMOTING, "demote", ""),
	},
	[ELECTION_LEADER] = {
		[ELECTION_KEY_OURS] = NEXT(LEADER, "", ""),
		[ELECTION_RESIGN] = NEXT(DEMOTING, "hide demote", ""),
		[ELECTION_KEY_FREE] = NEXT(DEMOTING, "hide demote", ""),
		[ELECTION_KEY_GONE] = NEXT(FENCING, "hide fence", ""),
		[ELECTION_SESSION_LOST] = NEXT(DEMOTING, "hide demote", ""),
		[ELECTION_SOFT] = NEXT(DEMOTING, "hide demote", ""),
		[ELECTION_HARD] = NEXT(FENCING, "hide fence", ""),
		[ELECTION_LEAVE] = NEXT(DEMOTING, "hide demote", ""),
	},
	[ELECTION_DEMOTING] = {
		[ELECTION_DEMOTED] = NEXT(RELEASING, "", "\"unlock\""),
		[ELECTION_TIMER] = NEXT(FENCING, "fence", ""),
		[ELECTION_HARD] = NEXT(FENCING, "fence", ""),
		[ELECTION_KEY_GONE] = NEXT(FENCING, "fence", ""),
		[ELECTION_SESSION_LOST] = NEXT(DEMOTING, "", ""),
		[ELECTION_LEAVE] = NEXT(DEMOTING, "", ""),
	},
	[ELECTION_FENCING] = {
		[ELECTION_DEMOTED] = NEXT(RELEASING, "", "\"unlock\""),
		[ELECTION_LEAVE] = NEXT(FENCING, "", ""),
	},
	[ELECTION_RELEASING] = {
		[ELECTION_RELEASED] = NEXT(FOLLOWER, "", "/kv/"),
		[ELECTION_SESSION_LOST] = NEXT(OPENING, "", "/kv/"),
		[ELECTION_LEAVE] = NEXT(RELEASING, "", "\"unlock\""),
	},
	[ELECTION_CLOSING] = {
		[ELECTION_CLOSED] = NEXT(STOPPED, "stopped", ""),
	},
};

static void check_cell(enum election_state state, enum election_input input)
{
	const struct expectation *expected = &expectations[state][input];
	struct election_config config = world_config();
	struct world *world = world_new(&config, 1);
	struct outcome outcome;

	world->candidates[0].user.demote_time = state == ELECTION_RELEASING ? 0.1 : WORLD_NEVER;
	ways[state](world);
	assert_int_equal(world->candidates[0].election.state, state);
	outcome = put_in(world, input);
	if (outcome.state != (expected->listed ? expected->to : state) ||
	    strcmp(outcome.orders, expected->listed ? expected->orders : "") ||
	    (expected->listed && *expected->asks ? !strstr(outcome.asks, expected->asks)
						 : *outcome.asks))
		world_fail(world, "%s with input %d: %s, orders \"%s\", asks \"%s\"",
			   election_state_name(state), input, election_state_name(outcome.state),
			   outcome.orders, outcome.asks);
	world_free(world);
}

static void test_cells(void **state)
{
	(void)state;
	for (int from = 0; from < ELECTION_STATE_COUNT; from++)
		for (int input = 0; input < ELECTION_INPUT_COUNT; input++)
			check_cell(from, input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
