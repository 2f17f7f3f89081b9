/* `pilotfish lock`: run a command under a lock of Consul.  `pilotfish once`: so, but once in a whole cluster,
 * unless a flag in Consul says that it is done.
 *
 *     pilotfish/lock/NAME, pilotfish/once/NAME
 *                                 the lock; its value is the host that runs the command
 *     pilotfish/once/NAME/done    {"by": HOST, "at": seconds since 1970}: it has succeeded
 *
 * The steps, of `lock` without those of the flag: look for the flag; open a session; acquire the lock, or
 * wait until it is free; look for the flag again; run the command; set the flag in one transaction with a
 * check of the lock; free the lock; close the session.
 *
 * The session's end could let another host begin.  Consul ends it no sooner than its TTL after the last
 * renewal.  The command is therefore killed before that time is over, and with us.
 */
#include "command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/printable.h"
#include "config/rules.h"
#include "consul/agent.h"
#include "consul_config.h"
#include "hooks/exec.h"

static const double ttl = 15, renewal_pause = 5, lease = 12, retry_pause = 1;	/* seconds */

struct once;

/* A request, and what follows its answer. */
struct step {
	void (*send)(struct once *once);
	void (*on_answer)(struct once *once);
	bool missing;			/* 404 is an answer */
};

struct once {
	const char *name;
	char *key, *done;		/* done NULL: there is no flag */
	char host[128];
	struct loop loop;
	struct agent agent;
	struct agent_request request, renewal;
	const struct step *step;
	unsigned long index;		/* of the lock's key */
	char session[64];		/* "": none */
	bool owns;			/* the lock */
	struct exec_config exec;
	struct hook *hook;
	struct hook_user user;
	bool running;
	struct timer retry, renew, lease, limit;
	struct error trouble;		/* of the last answer; "": none */
	struct error failure;
	int code;
};

static void begin(struct once *once, const struct step *step)
{
	once->step = step;
	step->send(once);
}

static const struct step look, open_session, acquire, wait_for_lock, record, free_lock, close_session;

/* ---- the end ---- */

static void finish(struct once *once, int code)
{
	once->code = code;
	timer_stop(&once->limit);
	timer_stop(&once->lease);
	timer_stop(&once->renew);
	agent_cancel(&once->renewal);
	if (*once->session)
		begin(once, once->owns ? &free_lock : &close_session);
	else
		loop_stop(&once->loop);
}

static bool is_ending(const struct once *once)
{
	return once->step == &free_lock || once->step == &close_session;
}

/* The end of the session would free it only after its delay. */
static void send_free(struct once *once)
{
	AUTOFREE char *path = format_string("/v1/kv/%s?release=%s", once->key, once->session);

	agent_put(&once->request, path, copy_string(once->host), AGENT_SHORT_TIMEOUT);
}

static void on_freed(struct once *once)
{
	begin(once, &close_session);
}

static const struct step free_lock = { send_free, on_freed, .missing = true };

static void send_close(struct once *once)
{
	AUTOFREE char *path = format_string("/v1/session/destroy/%s", once->session);

	agent_put(&once->request, path, NULL, AGENT_SHORT_TIMEOUT);
}

/* If it has failed, the session ends by itself. */
static void on_closed(struct once *once)
{
	loop_stop(&once->loop);
}

static const struct step close_session = { send_close, on_closed, .missing = true };

/* ---- the command ---- */

static void on_done(struct hook_user *user)
{
	struct once *once = container_of(user, struct once, user);

	once->running = false;
	if (*once->failure.text)		/* the lock was lost */
		finish(once, EX_TEMPFAIL);
	else if (once->hook->status || !once->done)
		finish(once, exit_code(once->hook->status));
	else
		begin(once, &record);
}

static void run(struct once *once)
{
	struct hook_context context = { .job = once->name };

	timer_stop(&once->limit);
	once->running = once->hook->ops->start(once->hook, &context, &once->failure);
	if (!once->running)
		finish(once, exit_code(once->hook->status));
}

/* The session has ended.  If it had the lock, another host may begin soon, or has begun. */
static void lose(struct once *once, const char *why)
{
	once->session[0] = '\0';
	timer_stop(&once->lease);
	timer_stop(&once->renew);
	if (!once->owns) {
		agent_cancel(&once->request);
		begin(once, once->done ? &look : &open_session);
		return;
	}
	fail(&once->failure, "%s: the lock is lost: %s", once->name, why);
	if (once->running)
		once->hook->ops->signal(once->hook, SIGKILL);
	else
		finish(once, EX_TEMPFAIL);
}

/* ---- the session ---- */

static void send_renewal(struct once *once)
{
	AUTOFREE char *path = format_string("/v1/session/renew/%s", once->session);

	agent_put(&once->renewal, path, NULL, AGENT_SHORT_TIMEOUT);
	timer_set(&once->renew, renewal_pause);
}

static void on_renewed(struct agent_request *request, enum agent_answer answer)
{
	struct once *once = container_of(request, struct once, renewal);

	if (answer == ANSWER_OK)
		timer_set(&once->lease, lease);
	else if (answer == ANSWER_MISSING)
		lose(once, "Consul has ended its session");
}

static void on_renew(struct timer *timer)
{
	send_renewal(container_of(timer, struct once, renew));
}

static void on_lease(struct timer *timer)
{
	lose(container_of(timer, struct once, lease), "Consul has not renewed its session in time");
}

static void send_open(struct once *once)
{
	AUTOFREE char *name = format_string("once %s on %s", once->name, once->host);
	AUTOFREE char *time = format_string("%.0fs", ttl);

	agent_put_json(&once->request, "/v1/session/create",
		       json_pack("{ss ss ss ss}", "Name", name, "TTL", time, "LockDelay", "2s", "Behavior", "release"),
		       AGENT_TIMEOUT);
}

static void on_opened(struct once *once)
{
	CLEANUP(json_decrefp) json_t *receipt = agent_receipt(&once->request);
	const char *id = json_string_value(json_object_get(receipt, "ID"));

	if (!id || strlen(id) >= sizeof once->session) {
		fail(&once->failure, "consul: an answer without a session's ID");
		finish(once, EX_UNAVAILABLE);
		return;
	}
	memcpy(once->session, id, strlen(id) + 1);
	timer_set(&once->lease, lease);
	timer_set(&once->renew, renewal_pause);
	begin(once, &acquire);
}

static const struct step open_session = { send_open, on_opened, .missing = false };

/* ---- the lock ---- */

static void send_acquire(struct once *once)
{
	AUTOFREE char *path = format_string("/v1/kv/%s?acquire=%s", once->key, once->session);

	agent_put(&once->request, path, copy_string(once->host), AGENT_TIMEOUT);
}

static void on_acquired(struct once *once)
{
	once->owns = !strncmp(once->request.http.reply.data, "true", 4);
	once->index = 0;
	if (once->owns && !once->done)
		run(once);
	else
		begin(once, once->owns ? &look : &wait_for_lock);
}

static const struct step acquire = { send_acquire, on_acquired, .missing = false };

static void send_wait(struct once *once)
{
	AUTOFREE char *path = format_string("/v1/kv/%s", once->key);

	agent_wait(&once->request, path, once->index);
}

/* A lock that is free is not given out during its delay. */
static void on_waited(struct once *once)
{
	const json_t *entry = json_array_get(once->request.json, 0);

	once->index = once->request.http.index;
	if (json_object_get(entry, "Session")) {
		begin(once, &wait_for_lock);
		return;
	}
	once->step = once->done ? &look : &acquire;
	timer_set(&once->retry, retry_pause);
}

static const struct step wait_for_lock = { send_wait, on_waited, .missing = true };

/* ---- the flag ---- */

static void send_look(struct once *once)
{
	AUTOFREE char *path = format_string("/v1/kv/%s", once->done);

	agent_get_consistent(&once->request, path);
}

static void tell_done(const struct once *once)
{
	const char *value = json_string_value(json_object_get(json_array_get(once->request.json, 0), "Value"));
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	CLEANUP(json_decrefp) json_t *done = NULL;
	AUTOFREE char *by = NULL;

	if (value && base64_decode(BASE64_PLAIN, value, strlen(value), &text, NULL))
		done = json_loadb(text.data, text.used, 0, NULL);
	by = printable_copy(json_is_string(json_object_get(done, "by")) ?
			    json_string_value(json_object_get(done, "by")) : "an unknown host");
	fprintf(stderr, "pilotfish: %s is done already, by %.128s\n", once->name, by);
}

static void on_looked(struct once *once)
{
	if (json_array_size(once->request.json)) {
		tell_done(once);
		finish(once, EX_OK);
	} else if (once->owns) {
		run(once);
	} else {
		begin(once, *once->session ? &acquire : &open_session);
	}
}

static const struct step look = { send_look, on_looked, .missing = true };

static void send_record(struct once *once)
{
	CLEANUP(json_decrefp) json_t *flag = json_pack("{ss sI}", "by", once->host, "at", (json_int_t)time(NULL));
	AUTOFREE char *text = json_dumps(flag, JSON_COMPACT);
	CLEANUP(buf_release) struct buf value = BUF_INIT;

	base64_encode(BASE64_PLAIN, text, strlen(text), &value);
	agent_put_json(&once->request, "/v1/txn",
		       json_pack("[{s{ss ss ss}} {s{ss ss ss}}]",
				 "KV", "Verb", "check-session", "Key", once->key, "Session", once->session,
				 "KV", "Verb", "set", "Key", once->done, "Value", value.data), AGENT_TIMEOUT);
}

static void on_recorded(struct once *once)
{
	finish(once, EX_OK);
}

static const struct step record = { send_record, on_recorded, .missing = false };

/* ---- answers ---- */

static void refuse(struct once *once, enum agent_answer answer)
{
	struct error why = ERROR_INIT;

	agent_explain(&once->request, &why);
	fail(&once->failure, "consul: %s%s", why.text, answer == ANSWER_DENIED ?
	     "; our token needs the rules key_prefix \"pilotfish/\" { policy = \"write\" } and session_prefix \"\" { "
	     "policy = \"write\" }" : "");
	finish(once, answer == ANSWER_DENIED ? EX_NOPERM : EX_UNAVAILABLE);
}

static void retry_later(struct once *once)
{
	agent_explain(&once->request, &once->trouble);
	timer_set(&once->retry, retry_pause);
}

static void on_answer(struct agent_request *request, enum agent_answer answer)
{
	struct once *once = container_of(request, struct once, request);

	once->trouble = (struct error)ERROR_INIT;
	if (is_ending(once) || answer == ANSWER_OK ||
	    (answer == ANSWER_MISSING && once->step->missing))
		once->step->on_answer(once);
	else if (answer == ANSWER_TROUBLE)
		retry_later(once);
	else if (once->step == &record && answer == ANSWER_REFUSED)
		lose(once, "before its success could be noted");
	else
		refuse(once, answer);
}

static void on_retry(struct timer *timer)
{
	struct once *once = container_of(timer, struct once, retry);

	begin(once, once->step);
}

static void on_limit(struct timer *timer)
{
	struct once *once = container_of(timer, struct once, limit);

	fail(&once->failure, "%s: not begun in time: %s", once->name,
	     *once->trouble.text ? once->trouble.text : "another host has the lock");
	timer_stop(&once->retry);
	finish(once, EX_TEMPFAIL);
}

static void on_signal(struct loop *loop, const struct signalfd_siginfo *info)
{
	struct once *once = container_of(loop, struct once, loop);
	int signo = (int)info->ssi_signo;

	if (signo == SIGCHLD)
		process_reap();
	else if (once->running)
		once->hook->ops->signal(once->hook, signo);
	else if (!is_ending(once))
		finish(once, 128 + signo);
}

/* ---- the whole ---- */

static void prepare(struct once *once, const struct call *call)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		sigaddset(&set, taken[i]);
	loop_take_signals(&once->loop, &set, on_signal);
	agent_request_init(&once->request, &once->agent, "once", on_answer);
	agent_request_init(&once->renewal, &once->agent, "once", on_renewed);
	timer_init(&once->retry, &once->loop, on_retry);
	timer_init(&once->renew, &once->loop, on_renew);
	timer_init(&once->lease, &once->loop, on_lease);
	timer_init(&once->limit, &once->loop, on_limit);
	once->hook = exec_new(&once->loop, once->name, &once->exec);
	once->hook->user = &once->user;
	if (call->timeout > 0)
		timer_set(&once->limit, call->timeout);
}

static void release(struct once *once)
{
	agent_request_release(&once->request);
	agent_request_release(&once->renewal);
	timer_stop(&once->retry);
	once->hook->ops->free(once->hook);
	agent_release(&once->agent);
}

static int run_once(struct once *once, const struct call *call, const struct config *config)
{
	once->exec = (struct exec_config){
		.umask = -1, .oom_score = NO_OOM_SCORE, .raw = true, .pass_token = true,
		.death_signal = SIGKILL,
	};
	strv_copy(&once->exec.argv, call->words.items + 1);
	gethostname(once->host, sizeof once->host - 1);
	loop_init(&once->loop);
	log_open(&once->loop, "stderr", LEVEL_ERROR, FORMAT_TEXT);	/* we print errors ourselves */
	if (agent_init(&once->agent, &once->loop, &config->consul, &once->failure)) {
		prepare(once, call);
		begin(once, once->done ? &look : &open_session);
		loop_run(&once->loop);
		release(once);
	} else {
		once->code = EX_DATAERR;
	}
	log_close();
	loop_release(&once->loop);
	strv_release(&once->exec.argv);
	return *once->failure.text ? command_fail(once->code, &once->failure) : once->code;
}

static int run_locked(const struct call *call, bool has_flag)
{
	CLEANUP(load_error_release) struct load_error error = { .code = EX_DATAERR };
	struct once once = { .name = call->words.items[0], .user = { on_done }, .failure = ERROR_INIT };
	struct config *config;
	int code;

	if (!is_election_id(once.name))
		return command_usage("a name has letters, digits, '.', '-' and '_' alone, found \"%.64s\"", once.name);
	config = consul_config_find(call, &error);
	if (!config)
		return command_fail_load(&error);
	config->consul.once = false;
	once.key = format_string("pilotfish/%s/%s", has_flag ? "once" : "lock", once.name);
	once.done = has_flag ? format_string("%s/done", once.key) : NULL;
	code = run_once(&once, call, config);
	config_free(config);
	free(once.key);
	free(once.done);
	return code;
}

int cmd_once(const struct call *call)
{
	return run_locked(call, true);
}

int cmd_lock(const struct call *call)
{
	return run_locked(call, false);
}
