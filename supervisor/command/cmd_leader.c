#include "command.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/printable.h"
#include "config/load.h"
#include "election_client.h"

static const double default_timeout = 30;

struct leader {
	const struct leader_args *call;
	const struct action *action;
	struct loop loop;
	struct agent agent;
	struct election_client client;
	struct timer deadline;
	bool requested;			/* our request is written */
	double requested_at, began;	/* by the wall clock, and monotonic */
	unsigned long epoch;		/* of the leader before our request; 0: none */
	char *former;			/* the id of that leader */
	bool withdrawing;		/* only the deletion of our request is awaited */
	struct buf message;		/* to be printed at the end */
	int code;
};

/* `act` is called when the status is known: it ends the program, writes, or waits for a change. */
struct action {
	const char *name;
	void (*act)(struct leader *leader);
	const char *writes;		/* the suffix of the key that it writes; NULL: none */
	bool needs_candidates, takes_to, takes_json;
};

static void end(struct leader *leader, int code)
{
	leader->code = code;
	loop_stop(&leader->loop);
}

static void end_with(struct leader *leader, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void end_with(struct leader *leader, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprint(&leader->message, format, args);
	va_end(args);
	end(leader, code);
}

/* ---- writing ---- */

static void write_key(struct leader *leader, unsigned long cas, json_t *value)
{
	leader->requested_at = wall_now();
	leader->began = monotonic_now();
	json_object_set_new(value, "at", json_real(leader->requested_at));
	json_object_set_new(value, "by", json_string(leader->client.election->id));
	election_client_write(&leader->client, leader->action->writes, cas, value);
}

static void write_request(struct leader *leader)
{
	write_key(leader, leader->client.status.view.request.modified,
		  json_pack("{ss ss* ss*}", "action", leader->action->name,
			    "leader", leader->former, "to", leader->call->to));
}

static bool is_ours(const struct leader *leader)
{
	const struct lock_request *request = &leader->client.status.view.request;

	return request->modified && request->at == leader->requested_at &&
	       !strcmp(request->by, leader->client.election->id);
}

/* ---- status ---- */

static void act_status(struct leader *leader)
{
	const struct election_status *status = &leader->client.status;
	CLEANUP(json_decrefp) json_t *json = election_status_json(status);
	AUTOFREE char *text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);

	if (leader->call->json)
		buf_print(&leader->message, "%s\n", text);
	else
		election_status_print(status, &leader->message);
	end(leader, election_status_has_leader(status) ? EX_OK : 1);
}

/* ---- step-down and accept-epoch ---- */

/* True: another candidate could lead: `to` if that is given.  False: the message says why not. */
static bool has_successor(struct leader *leader)
{
	const struct election_status *status = &leader->client.status;
	const char *to = leader->call->to;
	const char *health = to ? election_status_of_candidate(status, to) : NULL;
	bool listed = status->config->bind == BIND_ALIVE;	/* else no candidate is in the catalogue */
	struct buf *message = &leader->message;

	if (to && !strcmp(to, status->view.id)) {
		buf_print(message, "%s leads already", to);
	} else if (listed && to && !health) {
		buf_print(message, "%s is no candidate; the candidates are: ", to);
		election_status_print_candidates(status, message);
	} else if (listed && to && strcmp(health, "passing")) {
		buf_print(message, "%s is %s and could not lead", to, health);
	} else if (listed && !to && !election_status_rivals(status)) {
		buf_add(message, "no other candidate could lead; candidates: ");
		election_status_print_candidates(status, message);
	} else {
		return true;
	}
	return false;
}

/* False: the message says why not. */
static bool may_request(struct leader *leader)
{
	const struct election_status *status = &leader->client.status;

	if (status->view.paused) {
		buf_add(&leader->message, "the election is paused, so no candidate would be elected; paused ");
		election_status_print_pause(status, &leader->message);
		return false;
	}
	if (election_status_has_request(status)) {
		buf_add(&leader->message, "there is another request: ");
		election_status_print_request(status, &leader->message);
		return false;
	}
	return true;
}

static void print_successor(struct leader *leader)
{
	const struct lock_view *view = &leader->client.status.view;
	const char *to = leader->call->to, *name = leader->client.election->name;
	char span[32];

	duration_print(monotonic_now() - leader->began, span);
	if (to && strcmp(view->id, to))
		end_with(leader, 1, "%s leads %s now, and not %s: epoch %lu", view->id, name, to,
			 view->epoch);
	else if (leader->former && !strcmp(view->id, leader->former))
		end_with(leader, 1, "%s stepped down, but leads %s again: epoch %lu", view->id,
			 name, view->epoch);
	else
		end_with(leader, EX_OK, "%s leads %s now, epoch %lu, after %s", view->id, name,
			 view->epoch, span);
}

/* Our request is written: has it taken effect? */
static void follow(struct leader *leader)
{
	const struct election_status *status = &leader->client.status;

	if (election_status_has_leader(status) && status->view.epoch != leader->epoch)
		print_successor(leader);
	else
		election_client_wait(&leader->client);
}

static void act_step_down(struct leader *leader)
{
	const struct election_status *status = &leader->client.status;

	if (leader->requested) {
		follow(leader);
	} else if (!election_status_has_leader(status)) {
		end_with(leader, 1, "%s has no leader that could step down%s",
			 status->config->name, *status->view.session ?
			 ": the holder of the lock is still being promoted" : "");
	} else if (!may_request(leader) || !has_successor(leader)) {
		end(leader, 1);
	} else {
		leader->epoch = status->view.epoch;
		free(leader->former);
		leader->former = copy_string(status->view.id);
		write_request(leader);
	}
}

static void act_accept_epoch(struct leader *leader)
{
	const struct election_status *status = &leader->client.status;

	if (leader->requested)
		follow(leader);
	else if (election_status_has_leader(status))
		end_with(leader, 1, "%s leads %s: no epoch is left to accept", status->view.id,
			 status->config->name);
	else if (!may_request(leader))
		end(leader, 1);
	else
		write_request(leader);
}

/* ---- pause and resume ---- */

static void act_pause(struct leader *leader)
{
	const struct election_status *status = &leader->client.status;

	if (!status->view.paused) {
		write_key(leader, 0, json_object());
		return;
	}
	buf_print(&leader->message, "%s %s paused ", status->config->name,
		  leader->requested ? "is" : "has already been");
	election_status_print_pause(status, &leader->message);
	if (leader->requested && election_status_has_leader(status))
		buf_print(&leader->message, "; %s goes on leading", status->view.id);
	end(leader, EX_OK);
}

static void act_resume(struct leader *leader)
{
	const struct election_status *status = &leader->client.status;

	if (status->view.paused && !leader->requested) {
		buf_print(&leader->message, "%s goes on; it was paused ", status->config->name);
		election_status_print_pause(status, &leader->message);
		election_client_delete(&leader->client, leader->action->writes, 0);
		return;
	}
	if (!leader->requested)
		buf_print(&leader->message, "%s is not paused", status->config->name);
	end(leader, EX_OK);
}

static const struct action actions[] = {
	{ .name = "status", .act = act_status, .needs_candidates = true, .takes_json = true },
	{ .name = "step-down", .act = act_step_down, .writes = "/request",
	  .needs_candidates = true, .takes_to = true },
	{ .name = "pause", .act = act_pause, .writes = "/pause" },
	{ .name = "resume", .act = act_resume, .writes = "/pause" },
	{ .name = "accept-epoch", .act = act_accept_epoch, .writes = "/request" },
};

/* ---- callbacks ---- */

static void on_known(struct election_client *client)
{
	struct leader *leader = container_of(client, struct leader, client);

	leader->action->act(leader);
}

/* If another writer was faster, we read what it wrote. */
static void on_written(struct election_client *client, bool written)
{
	struct leader *leader = container_of(client, struct leader, client);

	if (leader->withdrawing) {
		loop_stop(&leader->loop);
		return;
	}
	if (written) {
		leader->requested = client->persistent = true;
		timer_set(&leader->deadline, leader->call->timeout);
	}
	election_client_look(client);
}

static void on_failed(struct election_client *client, int code, const char *why)
{
	struct leader *leader = container_of(client, struct leader, client);

	if (leader->withdrawing) {
		loop_stop(&leader->loop);
		return;
	}
	buf_clear(&leader->message);
	end_with(leader, code, "%s", why);
}

static const struct election_client_ops ops = { on_known, on_written, on_failed };

/* Once we stop waiting, our request must not take effect: withdraw it. */
static void give_up(struct leader *leader, int code)
{
	leader->code = code;
	timer_stop(&leader->deadline);
	if (leader->withdrawing || !is_ours(leader)) {
		loop_stop(&leader->loop);
		return;
	}
	leader->withdrawing = true;
	election_client_delete(&leader->client, "/request", leader->client.status.view.request.modified);
}

static void on_deadline(struct timer *timer)
{
	struct leader *leader = container_of(timer, struct leader, deadline);
	const struct election_status *status = &leader->client.status;
	const char *trouble = leader->client.trouble.text;
	char span[32];

	duration_print(leader->call->timeout, span);
	buf_clear(&leader->message);
	buf_print(&leader->message, "not within %s: ", span);
	if (*trouble)
		buf_print(&leader->message, "consul at %s: %s", leader->agent.config->address, trouble);
	else if (election_status_has_leader(status))
		buf_print(&leader->message, "%s %s leads %s", status->view.id,
			  is_ours(leader) ? "has not seen the request and" : "has seen the request but still",
			  status->config->name);
	else
		buf_print(&leader->message, "%s has no leader yet", status->config->name);
	give_up(leader, *trouble ? EX_UNAVAILABLE : 1);
}

static void on_signal(struct loop *loop, const struct signalfd_siginfo *info)
{
	struct leader *leader = container_of(loop, struct leader, loop);

	buf_clear(&leader->message);
	buf_add(&leader->message, strsignal((int)info->ssi_signo));
	give_up(leader, 128 + (int)info->ssi_signo);
}

/* ---- the beginning and the end ---- */

/* The action is one of those that verbs.c lists, which are ours. */
static const struct action *find_action(const struct leader_args *call, struct error *error)
{
	const struct action *action = actions;

	while (strcmp(action->name, call->action)) {
		action++;
		assert(action < actions + sizeof actions / sizeof *actions);
	}
	if ((!call->to || action->takes_to) && (!call->json || action->takes_json))
		return action;
	fail(error, "leader %s does not take %s", action->name, call->to ? "--to" : "--json");
	return NULL;
}

static const struct election_config *find_election(const struct config *config,
						   const struct leader_args *call,
						   struct error *error)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT;

	if (!call->election && config->election_count == 1)
		return config->elections[0];
	for (size_t i = 0; i < config->election_count; i++) {
		if (call->election && !strcmp(config->elections[i]->name, call->election))
			return config->elections[i];
		buf_print(&names, "%s%s", i ? ", " : "", config->elections[i]->name);
	}
	if (!config->election_count)
		fail(error, "%s has no elections", call->path);
	else if (call->election)
		fail(error, "no election %s; the elections are: %s", call->election, names.data);
	else
		fail(error, "there are several elections, name one of: %s", names.data);
	return NULL;
}

/* For `status`, the answer that there is no leader is a success.  Its text has lines, and is already
 * printable; other messages may have texts from Consul in them. */
static void print_message(struct leader *leader)
{
	bool is_status = leader->action->act == act_status && leader->code <= 1;
	AUTOFREE char *text = is_status ? NULL : printable_copy(leader->message.data);

	if (!leader->message.used)
		return;
	if (is_status)
		fputs(leader->message.data, stdout);
	else
		fprintf(leader->code ? stderr : stdout, "%s%s\n", leader->code ? "pilotfish: " : "",
			text);
}

static void run(struct leader *leader, const struct election_config *election)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		sigaddset(&set, ends[i]);
	loop_take_signals(&leader->loop, &set, on_signal);
	timer_init(&leader->deadline, &leader->loop, on_deadline);
	election_client_init(&leader->client, &leader->agent, election, &ops);
	leader->client.writes = leader->action->writes;
	leader->client.needs_candidates = leader->action->needs_candidates;
	election_client_begin(&leader->client);
	loop_run(&leader->loop);
	print_message(leader);
	election_client_release(&leader->client);
	timer_stop(&leader->deadline);
	buf_release(&leader->message);
	free(leader->former);
}

static int run_action(const struct leader_args *call, const struct config *config,
		      struct error *error)
{
	struct leader leader = { .call = call, .action = find_action(call, error), .message = BUF_INIT };
	const struct election_config *election = find_election(config, call, error);

	if (!leader.action || !election)
		return EX_USAGE;
	loop_init(&leader.loop);
	log_open(&leader.loop, "stderr", LEVEL_ERROR, FORMAT_TEXT);	/* we print errors ourselves */
	if (agent_init(&leader.agent, &leader.loop, &config->consul, error)) {
		run(&leader, election);
		agent_release(&leader.agent);
	} else {
		leader.code = EX_DATAERR;
	}
	log_close();
	loop_release(&leader.loop);
	return leader.code;
}

static int run_call(const struct leader_args *call)
{
	CLEANUP(load_error_release) struct load_error refusal = { .code = EX_DATAERR };
	struct config *config = load_config(call->path, NULL, &refusal);
	struct error error = ERROR_INIT;
	int code;

	if (!config)
		return command_fail_load(&refusal);
	code = run_action(call, config, &error);
	if (*error.text)
		command_fail(code, &error);
	config_free(config);
	return code;
}

int cmd_leader(const struct call *call)
{
	CLEANUP(load_error_release) struct load_error error = { .code = EX_CONFIG };
	AUTOFREE char *path = command_config_path(call, &error);
	struct leader_args how = call->leader;

	if (!path)
		return command_fail_load(&error);
	how.path = path;
	how.json = call->json;
	how.timeout = command_timeout(call, default_timeout);
	how.action = call->words.items[0];
	how.election = call->words.items[1];
	return run_call(&how);
}
