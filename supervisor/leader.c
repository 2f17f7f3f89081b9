#include "leader.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/log.h"
#include "config/load.h"
#include "standing.h"

#define RETRY_PAUSE 0.5

struct leader {
	const struct leader_call *call;
	const struct election_config *election;
	const struct action *action;
	struct loop loop;
	struct agent agent;
	struct agent_request request;
	const struct step *step;	/* what `request` is */
	struct standing standing;
	unsigned long index;		/* of the keys */
	struct timer deadline, retry;

	bool asked;			/* what we ask for is written */
	double asked_at, began;		/* by the wall clock, and monotonic */
	unsigned long epoch;		/* that led when we asked; 0: none */
	char *former;			/* whose it was */
	struct error trouble;		/* with the last look, since we asked */
	struct buf said;
	int code;
};

/* What is done with one request and its answer.  on_answer NULL: whatever it is, that was all. */
struct step {
	void (*send)(struct leader *leader);
	void (*on_answer)(struct leader *leader);
};

/* `act` is called when all is known: it ends it, writes something, or looks again. */
struct action {
	const char *name;
	void (*act)(struct leader *leader);
	const char *writes;		/* the key that is written, behind the lock's; NULL: none */
	bool needs_candidates, takes_to, takes_json;
};

static const struct step ask_for_rights, look, look_for_candidates, wait_for_news, request_it,
	pause_it, resume_it, withdraw;

static void begin(struct leader *leader, const struct step *step)
{
	leader->step = step;
	step->send(leader);
}

/* Texts of others are shown, too: nothing of them may steer a terminal. */
static void print(FILE *file, struct buf *text)
{
	for (size_t i = 0; i < text->used; i++)
		if ((text->data[i] & 0xE0) == 0 && text->data[i] != '\n')
			text->data[i] = '?';
	fputs(text->data, file);
}

static void finish(struct leader *leader)
{
	loop_stop(&leader->loop);
}

/* `said` is what there is to be said. */
static void end(struct leader *leader, int code)
{
	leader->code = code;
	finish(leader);
}

static void end_with(struct leader *leader, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void end_with(struct leader *leader, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprint(&leader->said, format, args);
	va_end(args);
	end(leader, code);
}

/* ---- requests ---- */

static void keys_path(const struct leader *leader, struct buf *path)
{
	buf_add(path, "/v1/kv/");
	url_escape(path, leader->election->key);
	buf_add(path, "?recurse&consistent");
}

static void send_look(struct leader *leader)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	keys_path(leader, &path);
	agent_get(&leader->request, path.data, AGENT_PATIENCE);
}

static void send_wait(struct leader *leader)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	keys_path(leader, &path);
	agent_wait(&leader->request, path.data, leader->index);
}

static void send_look_for_candidates(struct leader *leader)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/health/service/");
	url_escape(&path, leader->election->name);
	buf_add(&path, "-election");
	agent_get(&leader->request, path.data, AGENT_PATIENCE);
}

static void add_right(json_t *rights, const char *resource, const char *access, char *segment)
{
	json_array_append_new(rights, json_pack("{ss ss ss}", "Resource", resource,
						"Access", access, "Segment", segment));
	free(segment);
}

static void send_rights(struct leader *leader)
{
	CLEANUP(json_decrefp) json_t *rights = json_array();
	const struct election_config *election = leader->election;

	add_right(rights, "key", "read", copy_string(election->key));
	if (leader->action->writes)
		add_right(rights, "key", "write",
			  format_string("%s%s", election->key, leader->action->writes));
	if (leader->action->needs_candidates)
		add_right(rights, "service", "read", format_string("%s-election", election->name));
	agent_post(&leader->request, "/v1/internal/acl/authorize",
		   json_dumps(rights, JSON_COMPACT), AGENT_PATIENCE);
}

/* Only if the key was not written since: its ModifyIndex is still `cas`. */
static void write_key(struct leader *leader, const char *suffix, unsigned long cas, json_t *value)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	leader->asked_at = wall_now();
	leader->began = monotonic_now();
	json_object_set_new(value, "at", json_real(leader->asked_at));
	json_object_set_new(value, "by", json_string(leader->election->id));
	buf_add(&path, "/v1/kv/");
	url_escape(&path, leader->election->key);
	buf_print(&path, "%s?cas=%lu", suffix, cas);
	agent_put(&leader->request, path.data, json_dumps(value, JSON_COMPACT), AGENT_PATIENCE);
	json_decref(value);
}

static void send_request(struct leader *leader)
{
	write_key(leader, "/request", leader->standing.view.request.modified,
		  json_pack("{ss ss* ss*}", "action", leader->action->name,
			    "leader", leader->former, "to", leader->call->to));
}

static void send_pause(struct leader *leader)
{
	write_key(leader, "/pause", 0, json_object());
}

static void delete_key(struct leader *leader, const char *suffix, json_t *verb)
{
	AUTOFREE char *key = format_string("%s%s", leader->election->key, suffix);
	CLEANUP(json_decrefp) json_t *txn = json_pack("[{so}]", "KV", verb);

	json_object_set_new(verb, "Key", json_string(key));
	agent_put(&leader->request, "/v1/txn", json_dumps(txn, JSON_COMPACT), AGENT_PATIENCE);
}

static void send_resume(struct leader *leader)
{
	delete_key(leader, "/pause", json_pack("{ss}", "Verb", "delete"));
}

/* Not if it has been served, or replaced, meanwhile. */
static void send_withdrawal(struct leader *leader)
{
	delete_key(leader, "/request", json_pack("{ss sI}", "Verb", "delete-cas", "Index",
			(json_int_t)leader->standing.view.request.modified));
}

/* ---- answers ---- */

static void on_rights(struct leader *leader)
{
	const json_t *right;
	size_t i;

	json_array_foreach(leader->request.json, i, right) {
		const char *resource = json_string_value(json_object_get(right, "Resource"));
		const char *access = json_string_value(json_object_get(right, "Access"));
		const char *segment = json_string_value(json_object_get(right, "Segment"));
		bool key = resource && !strcmp(resource, "key");

		if (json_is_true(json_object_get(right, "Allow")) || !resource || !access || !segment)
			continue;
		end_with(leader, EX_NOPERM, "our token has no right to %s the %s %s; it needs the rule "
			 "%s \"%s\" { policy = \"%s\" }", access, resource, segment,
			 key ? "key_prefix" : "service", key ? leader->election->key : segment,
			 leader->action->writes && key ? "write" : "read");
		return;
	}
	begin(leader, &look);
}

static void on_keys(struct leader *leader)
{
	struct error error = { "" };

	if (!standing_read_keys(&leader->standing, leader->request.json, &error)) {
		end_with(leader, EX_UNAVAILABLE, "consul: %s", error.text);
		return;
	}
	leader->index = leader->request.http.index;
	*leader->trouble.text = '\0';
	if (leader->action->needs_candidates && !leader->standing.candidates &&
	    leader->election->bind == BIND_ALIVE)
		begin(leader, &look_for_candidates);
	else
		leader->action->act(leader);
}

static void on_candidates(struct leader *leader)
{
	struct error error = { "" };

	if (standing_read_candidates(&leader->standing, leader->request.json, &error))
		leader->action->act(leader);
	else
		end_with(leader, EX_UNAVAILABLE, "consul: %s", error.text);
}

/* Consul says "true", or "false" if somebody else was faster: then we look at what he did. */
static void on_written(struct leader *leader)
{
	leader->asked = !strncmp(leader->request.http.reply.data, "true", 4);
	if (leader->asked)
		timer_set(&leader->deadline, leader->call->timeout);
	begin(leader, &look);
}

static void on_resumed(struct leader *leader)
{
	leader->asked = true;
	begin(leader, &look);
}

static const struct step ask_for_rights = { send_rights, on_rights };
static const struct step look = { send_look, on_keys };
static const struct step look_for_candidates = { send_look_for_candidates, on_candidates };
static const struct step wait_for_news = { send_wait, on_keys };
static const struct step request_it = { send_request, on_written };
static const struct step pause_it = { send_pause, on_written };
static const struct step resume_it = { send_resume, on_resumed };
static const struct step withdraw = { send_withdrawal, NULL };

/* Without access rules (401), and before Consul 1.7 (404), nobody can say. */
static bool is_fine(const struct leader *leader, enum agent_answer answer)
{
	if (answer == ANSWER_MISSING)
		return true;
	return answer == ANSWER_OK ||
	       (leader->step == &ask_for_rights && leader->request.http.status == 401);
}

static void on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct leader *leader = container_of(request, struct leader, request);
	struct error error = { "" };

	if (!leader->step->on_answer) {
		finish(leader);
		return;
	}
	if (is_fine(leader, answer)) {
		leader->step->on_answer(leader);
		return;
	}
	agent_explain(request, &error);
	if (answer == ANSWER_DENIED) {
		end_with(leader, EX_NOPERM, "consul refuses our token: %s", error.text);
	} else if (leader->asked && answer == ANSWER_TROUBLE) {
		leader->trouble = error;
		timer_set(&leader->retry, RETRY_PAUSE);
	} else {
		end_with(leader, EX_UNAVAILABLE, "consul at %s: %s",
			 leader->agent.config->address, error.text);
	}
}

static void on_retry(struct timer *timer)
{
	begin(container_of(timer, struct leader, retry), &look);
}

/* ---- the actions ---- */

static void act_status(struct leader *leader)
{
	CLEANUP(json_decrefp) json_t *json = standing_json(&leader->standing);
	AUTOFREE char *text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	if (leader->call->json)
		buf_print(&out, "%s\n", text);
	else
		standing_print(&leader->standing, &out);
	print(stdout, &out);
	end(leader, standing_has_leader(&leader->standing) ? EX_OK : 1);
}

/* True: there is somebody else, `to` if that is given, who could lead. */
static bool has_successor(struct leader *leader)
{
	const struct standing *standing = &leader->standing;
	const char *to = leader->call->to, *status = to ? standing_status(standing, to) : NULL;

	if (to && !strcmp(to, standing->view.id))
		buf_print(&leader->said, "%s leads already", to);
	else if (leader->election->bind == BIND_SESSION)
		return true;		/* nobody is in the catalogue */
	else if (to && !status)
		buf_print(&leader->said, "%s is no candidate; these are: ", to);
	else if (to && strcmp(status, "passing"))
		buf_print(&leader->said, "%s is %s and could not lead", to, status);
	else if (!to && !standing_rivals(standing))
		buf_add(&leader->said, "nobody else could lead; candidates: ");
	else
		return true;
	if (!status)
		standing_print_candidates(standing, &leader->said);
	return false;
}

/* False: something else is in the way, and `said`. */
static bool is_free_to_ask(struct leader *leader)
{
	const struct standing *standing = &leader->standing;

	if (standing->view.paused) {
		buf_add(&leader->said, "the election is paused, so nobody would be elected; paused ");
		standing_print_pause(standing, &leader->said);
		return false;
	}
	if (standing_has_request(standing)) {
		buf_add(&leader->said, "there is another request: ");
		standing_print_request(standing, &leader->said);
		return false;
	}
	return true;
}

/* Another epoch leads. */
static void tell_successor(struct leader *leader)
{
	const struct ballot_view *view = &leader->standing.view;
	const char *to = leader->call->to;
	char span[32];

	duration_print(monotonic_now() - leader->began, span);
	if (to && strcmp(view->id, to))
		end_with(leader, 1, "%s leads %s now, and not %s: epoch %lu", view->id,
			 leader->election->name, to, view->epoch);
	else if (leader->former && !strcmp(view->id, leader->former))
		end_with(leader, 1, "%s stepped down, but leads %s again: epoch %lu", view->id,
			 leader->election->name, view->epoch);
	else
		end_with(leader, EX_OK, "%s leads %s now, epoch %lu, after %s", view->id,
			 leader->election->name, view->epoch, span);
}

static bool is_ours(const struct leader *leader)
{
	const struct ballot_request *request = &leader->standing.view.request;

	return request->modified && request->at == leader->asked_at &&
	       !strcmp(request->by, leader->election->id);
}

/* It is asked for: has it come about? */
static void follow(struct leader *leader)
{
	const struct standing *standing = &leader->standing;

	if (!standing_has_leader(standing))
		begin(leader, &wait_for_news);
	else if (standing->view.epoch != leader->epoch)
		tell_successor(leader);
	else if (is_ours(leader))
		begin(leader, &wait_for_news);
	else
		end_with(leader, 1, "%s did not step down, and has cleared the request",
			 leader->former);
}

static void act_step_down(struct leader *leader)
{
	const struct standing *standing = &leader->standing;

	if (leader->asked) {
		follow(leader);
	} else if (!standing_has_leader(standing)) {
		end_with(leader, 1, "nobody leads %s, so nobody can step down%s",
			 leader->election->name, *standing->view.session ?
			 ": who has the lock is still being promoted" : "");
	} else if (!is_free_to_ask(leader) || !has_successor(leader)) {
		end(leader, 1);
	} else {
		leader->epoch = standing->view.epoch;
		free(leader->former);
		leader->former = copy_string(standing->view.id);
		begin(leader, &request_it);
	}
}

static void act_accept_epoch(struct leader *leader)
{
	if (leader->asked)
		follow(leader);
	else if (standing_has_leader(&leader->standing))
		end_with(leader, 1, "%s leads %s: there is nothing to accept",
			 leader->standing.view.id, leader->election->name);
	else if (!is_free_to_ask(leader))
		end(leader, 1);
	else
		begin(leader, &request_it);
}

static void act_pause(struct leader *leader)
{
	const struct standing *standing = &leader->standing;

	if (!standing->view.paused) {
		begin(leader, &pause_it);
		return;
	}
	buf_print(&leader->said, "%s %s paused ", leader->election->name,
		  leader->asked ? "is" : "has already been");
	standing_print_pause(standing, &leader->said);
	if (leader->asked && standing_has_leader(standing))
		buf_print(&leader->said, "; %s goes on leading", standing->view.id);
	end(leader, EX_OK);
}

static void act_resume(struct leader *leader)
{
	const struct standing *standing = &leader->standing;

	if (standing->view.paused && !leader->asked) {
		buf_print(&leader->said, "%s goes on; it was paused ", leader->election->name);
		standing_print_pause(standing, &leader->said);
		begin(leader, &resume_it);
		return;
	}
	if (!leader->asked)
		buf_print(&leader->said, "%s is not paused", leader->election->name);
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

/* ---- the end ---- */

/* Nothing of what was asked for is to happen when nobody waits for it any more. */
static void give_up(struct leader *leader, int code)
{
	leader->code = code;
	timer_stop(&leader->retry);
	timer_stop(&leader->deadline);
	if (is_ours(leader) && leader->step != &withdraw)
		begin(leader, &withdraw);
	else
		finish(leader);
}

static void on_deadline(struct timer *timer)
{
	struct leader *leader = container_of(timer, struct leader, deadline);
	const struct standing *standing = &leader->standing;
	char span[32];

	duration_print(leader->call->timeout, span);
	buf_print(&leader->said, "not within %s: ", span);
	if (*leader->trouble.text)
		buf_print(&leader->said, "consul at %s: %s", leader->agent.config->address,
			  leader->trouble.text);
	else if (standing_has_leader(standing))
		buf_print(&leader->said, "%s still leads %s", standing->view.id,
			  leader->election->name);
	else
		buf_print(&leader->said, "nobody leads %s yet", leader->election->name);
	give_up(leader, *leader->trouble.text ? EX_UNAVAILABLE : 1);
}

static void on_signal(struct loop *loop, const struct signalfd_siginfo *info)
{
	struct leader *leader = container_of(loop, struct leader, loop);

	buf_clear(&leader->said);
	buf_add(&leader->said, strsignal((int)info->ssi_signo));
	give_up(leader, 128 + (int)info->ssi_signo);
}

/* ---- the beginning ---- */

static const struct action *find_action(const struct leader_call *call, struct error *error)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		const struct action *action = &actions[i];

		if (strcmp(action->name, call->action))
			continue;
		if ((call->to && !action->takes_to) || (call->json && !action->takes_json)) {
			fail(error, "leader %s does not take %s", action->name,
			     call->to ? "--to" : "--json");
			return NULL;
		}
		return action;
	}
	fail(error, "leader %s? It is one of status, step-down, pause, resume, accept-epoch",
	     call->action);
	return NULL;
}

static const struct election_config *find_election(const struct config *config,
						   const struct leader_call *call,
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
		fail(error, "no election %s; there are: %s", call->election, names.data);
	else
		fail(error, "which election? There are: %s", names.data);
	return NULL;
}

static void run(struct leader *leader)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	loop_take_signals(&leader->loop, &set, on_signal);
	timer_init(&leader->deadline, &leader->loop, on_deadline);
	timer_init(&leader->retry, &leader->loop, on_retry);
	agent_request_init(&leader->request, &leader->agent, leader->election->key, on_reply);
	begin(leader, &ask_for_rights);
	loop_run(&leader->loop);
	agent_request_release(&leader->request);
	timer_stop(&leader->deadline);
	timer_stop(&leader->retry);
}

/* On its loop, with what it needs; the configuration outlives it. */
static int run_action(const struct leader_call *call, const struct config *config,
		      struct error *error)
{
	struct leader leader = {
		.call = call,
		.action = find_action(call, error),
		.election = find_election(config, call, error),
		.said = BUF_INIT,
	};

	if (!leader.action || !leader.election)
		return EX_USAGE;
	leader.standing.config = leader.election;
	loop_init(&leader.loop);
	log_open(&leader.loop, "stderr", LEVEL_ERROR, FORMAT_TEXT);	/* what is wrong we say ourselves */
	if (agent_init(&leader.agent, &leader.loop, &config->consul, error)) {
		run(&leader);
		agent_release(&leader.agent);
	} else {
		leader.code = EX_DATAERR;
	}
	log_close();
	loop_release(&leader.loop);
	if (leader.said.used) {
		CLEANUP(buf_release) struct buf line = BUF_INIT;

		buf_print(&line, "%s%s\n", leader.code ? "pilotfish: " : "", leader.said.data);
		print(leader.code ? stderr : stdout, &line);
	}
	buf_release(&leader.said);
	standing_release(&leader.standing);
	free(leader.former);
	return leader.code;
}

int leader_run(const struct leader_call *call)
{
	struct load_error error = { .code = EX_DATAERR };
	struct config *config = load_config(call->path, &error);
	int code = config ? run_action(call, config, &error.error) : error.code;

	if (*error.error.text)
		fprintf(stderr, "pilotfish: %s\n", error.error.text);
	config_free(config);
	return code;
}
