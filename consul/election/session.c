#include "session.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/url.h"

#define LEAST_SESSION_TTL 10.0		/* that Consul accepts by default */
#define ATTEMPT_MAX 2.0
#define PASS_RETRY 0.25
#define DEREGISTER_AFTER "1m"		/* the least that Consul accepts */

enum { TRIES_BEFORE_COMPLAINT = 4 };	/* a check needs a moment from the agent to the servers */

static void put(struct agent_request *request, const char *path, const char *id, double timeout)
{
	CLEANUP(buf_release) struct buf whole = BUF_INIT;

	buf_add(&whole, path);
	url_escape(&whole, id);
	agent_put(request, whole.data, NULL, timeout);
}

/* The check ends the session of a killed process; the session's own TTL covers a dead agent. */
static double ttl_of(const struct session *session)
{
	double ttl = session->config->ttl;

	return session->config->bind == BIND_ALIVE ? fmax(ttl, LEAST_SESSION_TTL) : ttl;
}

static double attempt(const struct session *session)
{
	return fmin(session->lease.attempt, ATTEMPT_MAX);
}

/* ---- opening: the service with its check, the check's first pass, the session ---- */

static json_t *service_of(const struct session *session)
{
	AUTOFREE char *name = format_string("%s-election", session->config->name);
	char ttl[32];

	duration_print(session->config->ttl, ttl);
	return json_pack("{ss ss s{ss} s{ss ss ss ss ss ss}}",
			 "ID", session->service_id, "Name", name,
			 "Meta", "managed_by", "pilotfish",
			 "Check", "CheckID", session->check_id, "Name", "alive", "TTL", ttl,
			 "Status", "passing", "DeregisterCriticalServiceAfter", DEREGISTER_AFTER,
			 "Notes", "this candidate's pilotfish lives; its session is bound to this check");
}

static void send_service(struct session *session)
{
	agent_put_json(&session->request, "/v1/agent/service/register", service_of(session),
	    AGENT_SHORT_TIMEOUT);
}

static void send_first_pass(struct session *session)
{
	put(&session->request, "/v1/agent/check/pass/", session->check_id,
	    AGENT_SHORT_TIMEOUT);
}

static void send_search(struct session *session)
{
	agent_get(&session->request, "/v1/session/list", AGENT_TIMEOUT);
}

static void send_sweep(struct session *session)
{
	put(&session->request, "/v1/session/destroy/",
	    session->leftovers.items[session->leftovers.count - 1], AGENT_SHORT_TIMEOUT);
}

static void send_session(struct session *session)
{
	const struct election_config *config = session->config;
	json_t *checks = json_array();
	char ttl[32], delay[32];

	duration_print(ttl_of(session), ttl);
	duration_print(config->lock_delay, delay);
	if (config->bind == BIND_ALIVE)
		json_array_append_new(checks, json_pack("{ss}", "ID", session->check_id));
	session->sent = boottime_now();
	agent_put_json(&session->request, "/v1/session/create",
	    json_pack("{ss ss ss ss s[] so}", "Name", session->name, "TTL", ttl,
		      "LockDelay", delay, "Behavior", "release", "NodeChecks",
		      "ServiceChecks", checks),
	    AGENT_SHORT_TIMEOUT);
}

static void send_renewal(struct session *session)
{
	session->sent = boottime_now();
	put(&session->request, "/v1/session/renew/", session->id, attempt(session));
}

static void send_verification(struct session *session)
{
	AUTOFREE char *path = format_string("/v1/session/info/%s?consistent", session->id);

	agent_get(&session->request, path, attempt(session));
}

static void send_end(struct session *session)
{
	put(&session->request, "/v1/session/destroy/", session->id,
	    AGENT_SHORT_TIMEOUT);
}

static void send_deregistration(struct session *session)
{
	put(&session->request, "/v1/agent/service/deregister/", session->service_id,
	    AGENT_SHORT_TIMEOUT);
}

static void go_on(struct session *session);

static void enter(struct session *session, enum session_state state)
{
	session->state = state;
	backoff_reset(&session->backoff);
	go_on(session);
}

static void retry_later(struct session *session)
{
	timer_set(&session->renewal_timer, backoff_next(&session->backoff));
}

static void on_registered(struct session *session)
{
	session->registered = true;
	enter(session, SESSION_PASSING);
}

/* The backoff is not reset, as each attempt to create a session comes through here. */
static void on_passed(struct session *session)
{
	session->state = session->searched ? SESSION_CREATING : SESSION_SEARCHING;
	go_on(session);
}

/* A previous process with our id left a session.  Passing the shared check would keep that session
 * alive, so destroy it. */
static void on_found(struct session *session)
{
	json_t *one;
	size_t i;

	session->searched = true;
	json_array_foreach(session->request.json, i, one) {
		const char *name = json_string_value(json_object_get(one, "Name"));
		const char *id = json_string_value(json_object_get(one, "ID"));

		if (name && id && !strcmp(name, session->name))
			strv_push(&session->leftovers, id);
	}
	enter(session, SESSION_SWEEPING);
}

static void on_swept(struct session *session)
{
	struct strv *leftovers = &session->leftovers;

	log_about(LEVEL_INFO, subject("election", session->config->name),
		  ": session %s of a previous process is destroyed",
		  leftovers->items[--leftovers->count]);
	free(steal(&leftovers->items[leftovers->count]));
	go_on(session);
}

static void on_unknown_check(struct session *session)
{
	session->registered = false;
	session->state = SESSION_REGISTERING;
	retry_later(session);
}

/* Without a lock, renewing every TTL/3 is enough. */
static double renewal_interval(const struct session *session)
{
	return session->holder ? session->lease.renew : ttl_of(session) / 3;
}

static void renew_later(struct session *session)
{
	timer_set(&session->renewal_timer, renewal_interval(session));
}

static void on_created(struct session *session)
{
	json_t *answer = agent_receipt(&session->request);
	const char *id = json_string_value(json_object_get(answer, "ID"));

	if (id) {
		session->id = copy_string(id);
		session->confirmed = session->sent;
		session->state = SESSION_IS_OPEN;
		backoff_reset(&session->backoff);
		session->backoff.max = 1;
		log_about(LEVEL_INFO, subject("election", session->config->name),
			  ": session %s is open", id);
		if (session->config->bind == BIND_ALIVE)
			timer_set(&session->pass_timer, session->config->ttl / 3);
		renew_later(session);
	} else {
		retry_later(session);
	}
	json_decref(answer);
	if (id)
		session->ops->on_open(session);
}

/* ---- open: renewals, and passes of the check ---- */

static void lose(struct session *session, const char *why)
{
	log_about(LEVEL_WARN, subject("election", session->config->name), ": session %s is lost: %s",
		  session->id, why);
	session_drop(session);
	session->ops->on_lost(session);
}

static void confirm(struct session *session, double sent)
{
	if (!session_is_open(session) || sent <= session->confirmed)
		return;
	session->confirmed = sent;
	session->ops->on_confirmed(session);
}

static void end_failure(struct session *session, bool *failure)
{
	bool was_there = *failure;

	*failure = false;
	if (was_there && session_is_sound(session))
		session->ops->on_recovered(session);
}

static void on_renewed(struct session *session)
{
	backoff_reset(&session->backoff);
	renew_later(session);
	confirm(session, session->sent);
	end_failure(session, &session->renewal_failed);
}

/* A server that has just become the servers' leader may answer before it has replayed its log. */
static void on_not_renewed(struct session *session)
{
	session->state = SESSION_VERIFYING;
	session->renewal_failed = true;
	go_on(session);
}

static void on_unknown(struct session *session)
{
	lose(session, "Consul no longer knows it");
}

static void on_answered(struct session *session)
{
	if (!json_array_size(session->request.json)) {
		on_unknown(session);
		return;
	}
	session->state = SESSION_IS_OPEN;
	retry_later(session);
}

static void on_pass_timer(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, pass_timer);

	put(&session->pass, "/v1/agent/check/pass/", session->check_id,
	    fmin(session->config->ttl / 3, ATTEMPT_MAX));
}

/* 404 is an agent that has lost its data, with our check. */
static void on_pass_reply(struct agent_request *request, enum agent_answer answer)
{
	struct session *session = container_of(request, struct session, pass);
	double next = session->config->ttl / 3;

	if (answer == ANSWER_MISSING) {
		session->registered = false;
		lose(session, "the agent no longer knows its check");
		return;
	}
	timer_set(&session->pass_timer, answer == ANSWER_OK ? next : fmin(next, PASS_RETRY));
	if (answer == ANSWER_OK)
		end_failure(session, &session->pass_failed);
	else
		session->pass_failed = true;
}

/* ---- closing ---- */

static void on_ended(struct session *session)
{
	free(steal(&session->id));
	go_on(session);
}

static void finish(struct session *session)
{
	void (*on_closed)(struct session *session) = session->on_closed;

	session_drop(session);
	session->registered = false;
	timer_stop(&session->close_timer);
	session->on_closed = NULL;
	if (on_closed)
		on_closed(session);
}

static void on_deregistered(struct session *session)
{
	session->registered = false;
	finish(session);
}

static void on_close_timer(struct timer *timer)
{
	finish(container_of(timer, struct session, close_timer));
}

/* ---- the request of each state ---- */

static const struct session_step {
	void (*send)(struct session *session);
	void (*on_done)(struct session *session);
	void (*on_missing)(struct session *session);	/* at 404; NULL: 404 is trouble */
	bool of_service;		/* needs service:write, else session:write */
} steps[] = {
	[SESSION_REGISTERING] = { send_service, on_registered, NULL, true },
	[SESSION_PASSING] = { send_first_pass, on_passed, on_unknown_check, true },
	[SESSION_SEARCHING] = { send_search, on_found, NULL, false },
	[SESSION_SWEEPING] = { send_sweep, on_swept, on_swept, false },
	[SESSION_CREATING] = { send_session, on_created, NULL, false },
	[SESSION_IS_OPEN] = { send_renewal, on_renewed, on_not_renewed, false },
	[SESSION_VERIFYING] = { send_verification, on_answered, on_unknown, false },
	[SESSION_ENDING] = { send_end, on_ended, on_ended, false },
	[SESSION_LEAVING] = { send_deregistration, on_deregistered, on_deregistered, true },
};

static void go_on(struct session *session)
{
	if (session->state == SESSION_SWEEPING && !session->leftovers.count)
		session->state = SESSION_CREATING;
	if (session->state == SESSION_ENDING && !session->id)
		session->state = SESSION_LEAVING;
	if (session->state == SESSION_LEAVING && !session->registered)
		finish(session);
	else
		steps[session->state].send(session);
}

static void explain(struct session *session, enum agent_answer answer, struct error *error)
{
	agent_explain(&session->request, error);
	if (answer != ANSWER_DENIED)
		return;
	if (steps[session->state].of_service)
		fail_in(error, "it lacks service:write on \"%s-election\"", session->config->name);
	else
		fail_in(error, "it lacks session:write on the agent's node");
}

static void on_trouble(struct session *session, enum agent_answer answer)
{
	struct error error = ERROR_INIT;

	session->renewal_failed = true;
	explain(session, answer, &error);
	if (session->backoff.tries >= TRIES_BEFORE_COMPLAINT || answer == ANSWER_DENIED)
		agent_log_failure(&session->request, answer, &error);
	/* Meanwhile the check may have become critical, or the agent may have lost it. */
	if (session->state == SESSION_CREATING && session->config->bind == BIND_ALIVE)
		session->state = SESSION_PASSING;
	retry_later(session);
}

static void on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct session *session = container_of(request, struct session, request);
	const struct session_step *step = &steps[session->state];
	void (*on_answer)(struct session *session) =
		answer == ANSWER_OK ? step->on_done :
		answer == ANSWER_MISSING ? step->on_missing : NULL;

	if (on_answer) {
		if (session->state >= SESSION_CREATING)
			agent_log_success(request);
		on_answer(session);
	} else {
		on_trouble(session, answer);
	}
}

static void on_renewal_timer(struct timer *timer)
{
	go_on(container_of(timer, struct session, renewal_timer));
}

/* ---- for the owner ---- */

void session_init(struct session *session, struct agent *agent,
		  const struct election_config *config, const struct session_ops *ops)
{
	struct loop *loop = agent->http.loop;
	AUTOFREE char *name = format_string("election %s", config->name);

	*session = (struct session){
		.config = config,
		.lease = lease_of(config),
		.ops = ops,
		.agent = agent,
		.name = format_string("%s %s", config->key, config->id),
		.service_id = format_string("%s-election-%s", config->name, config->id),
		.check_id = format_string("alive:%s-election-%s", config->name, config->id),
		.backoff = { .min = 0.05, .max = 5 },
	};
	http_init(&session->connections, loop);
	agent_request_init(&session->request, agent, name, on_reply);
	agent_request_init(&session->pass, agent, name, on_pass_reply);
	session->request.own_http = session->pass.own_http = &session->connections;
	timer_init(&session->renewal_timer, loop, on_renewal_timer);
	timer_init(&session->pass_timer, loop, on_pass_timer);
	timer_init(&session->close_timer, loop, on_close_timer);
}

void session_release(struct session *session)
{
	if (!session->agent)
		return;
	session_drop(session);
	timer_stop(&session->close_timer);
	agent_request_release(&session->request);
	agent_request_release(&session->pass);
	http_release(&session->connections);
	strv_release(&session->leftovers);
	free(session->name);
	free(session->service_id);
	free(session->check_id);
	*session = (struct session){ 0 };
}

void session_open(struct session *session)
{
	if (session->state != SESSION_CLOSED)
		return;
	session->backoff.max = 5;
	if (session->config->bind == BIND_SESSION)
		on_passed(session);	/* there is no check */
	else
		enter(session, session->registered ? SESSION_PASSING : SESSION_REGISTERING);
}

bool session_is_open(const struct session *session)
{
	return session->state == SESSION_IS_OPEN || session->state == SESSION_VERIFYING;
}

bool session_is_sound(const struct session *session)
{
	return session_is_open(session) && !session->renewal_failed && !session->pass_failed;
}

void session_confirm(struct session *session, double sent)
{
	if (session->config->lock_delay > 0)
		confirm(session, sent);
}

void session_hold(struct session *session, bool holder)
{
	if (session->holder == holder)
		return;
	session->holder = holder;
	if (session->state != SESSION_IS_OPEN || session->renewal_failed ||
	    agent_is_busy(&session->request))
		return;
	/* Counted from the newest renewal, so that frequent gains and losses of the lock delay none. */
	timer_set(&session->renewal_timer,
		  fmax(0, session->sent + renewal_interval(session) - boottime_now()));
}

void session_drop(struct session *session)
{
	agent_cancel(&session->request);
	agent_cancel(&session->pass);
	timer_stop(&session->renewal_timer);
	timer_stop(&session->pass_timer);
	free(steal(&session->id));
	session->state = SESSION_CLOSED;
	session->holder = session->renewal_failed = session->pass_failed = false;
}

void session_close(struct session *session, double limit,
		   void (*on_closed)(struct session *session))
{
	agent_cancel(&session->request);
	agent_cancel(&session->pass);
	timer_stop(&session->renewal_timer);
	timer_stop(&session->pass_timer);
	/* The agent may have received a registration that was under way. */
	session->registered = session->registered || session->state == SESSION_REGISTERING;
	session->on_closed = on_closed;
	timer_set(&session->close_timer, limit);
	enter(session, SESSION_ENDING);
}
