#include "lock.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/url.h"

#define REQUEST_AGE_MAX 60.0
static const double lone_interval = 0.1;	/* at least, between answers without news */

/* ---- reading ---- */

static void copy_text(char to[BALLOT_TEXT], const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	size_t size = text ? utf8_cut(text, strlen(text), BALLOT_TEXT - 1) : 0;

	for (size_t i = 0; i < size; i++)
		to[i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
	to[size] = '\0';
}

static unsigned long number_of(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (unsigned long)number : 0;
}

/* The JSON of an entry's value; NULL: none. */
static json_t *value_of(const json_t *entry)
{
	const char *encoded = json_string_value(json_object_get(entry, "Value"));
	CLEANUP(buf_release) struct buf bytes = BUF_INIT;
	json_error_t where;

	if (!encoded || !base64_decode(encoded, &bytes))
		return NULL;
	return json_loadb(bytes.data, bytes.used, 0, &where);
}

static void read_lock(const json_t *entry, struct ballot_view *view)
{
	json_t *value = value_of(entry);
	const char *raw = json_string_value(json_object_get(entry, "Value"));

	view->exists = true;
	view->modified = number_of(entry, "ModifyIndex");
	copy_text(view->session, entry, "Session");
	copy_text(view->id, value, "id");
	copy_text(view->address, value, "address");
	copy_text(view->to, value, "to");
	view->epoch = number_of(value, "epoch");
	view->since = number_of(value, "since");
	view->released = json_is_true(json_object_get(value, "released"));
	view->foreign = raw && *raw && !*view->id;
	json_decref(value);
}

static void read_request(const json_t *entry, struct ballot_view *view)
{
	struct ballot_request *request = &view->request;
	json_t *value = value_of(entry);
	char action[BALLOT_TEXT];

	request->modified = number_of(entry, "ModifyIndex");
	copy_text(action, value, "action");
	memcpy(request->action, action, sizeof request->action - 1);
	copy_text(request->leader, value, "leader");
	copy_text(request->to, value, "to");
	copy_text(request->by, value, "by");
	request->at = json_number_value(json_object_get(value, "at"));
	json_decref(value);
}

static void read_pause(const json_t *entry, struct ballot_view *view)
{
	json_t *value = value_of(entry);

	view->paused = true;
	copy_text(view->paused_by, value, "by");
	view->paused_at = json_number_value(json_object_get(value, "at"));
	json_decref(value);
}

void ballot_read(const json_t *answer, const char *key, struct ballot_view *view)
{
	static const struct {
		const char *suffix;
		void (*read)(const json_t *entry, struct ballot_view *view);
	} parts[] = { { "", read_lock }, { "/request", read_request }, { "/pause", read_pause } };
	size_t length = strlen(key), i;
	json_t *entry;

	*view = (struct ballot_view){ .known = true };
	json_array_foreach(answer, i, entry) {
		const char *name = json_string_value(json_object_get(entry, "Key"));

		if (!name || strncmp(name, key, length))
			continue;
		for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
			if (!strcmp(name + length, parts[p].suffix))
				parts[p].read(entry, view);
	}
}

bool ballot_is_fresh(const struct ballot_request *request)
{
	return fabs((double)time(NULL) - request->at) <= REQUEST_AGE_MAX;
}

/* ---- watching ---- */

char *ballot_path(const char *key)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/kv/");
	url_escape(&path, key);
	buf_add(&path, "?recurse&consistent");
	return buf_take(&path);
}

static void watch(struct ballot *ballot)
{
	AUTOFREE char *path = ballot_path(ballot->config->key);

	timer_stop(&ballot->retry);
	agent_wait(&ballot->watch, path, ballot->index);
}

static void doubt(struct ballot *ballot, enum agent_answer answer)
{
	struct error error = { "" };

	agent_explain(&ballot->watch, &error);
	if (answer == ANSWER_DENIED)
		fail_in(&error, "it lacks key:read on \"%s\"", ballot->config->key);
	agent_complain(&ballot->watch, answer, &error);
	ballot->index = 0;
	timer_set(&ballot->retry, backoff_next(&ballot->backoff));
	if (!ballot->view.known)
		return;
	ballot->view.known = false;
	ballot->ops->on_view(ballot);
}

/* An index that went backwards is another Consul's, or one that has forgotten. */
static void take_index(struct ballot *ballot, unsigned long index)
{
	ballot->index = index < ballot->index ? 0 : index;
}

/* NULL: there is nothing at the key. */
static bool is_news(const struct ballot *ballot, const json_t *answer)
{
	return !ballot->view.known || !answer != !ballot->answer ||
	       (answer && !json_equal(answer, ballot->answer));
}

static void on_watch_reply(struct agent_request *request, enum agent_answer answer)
{
	struct ballot *ballot = container_of(request, struct ballot, watch);

	if (answer == ANSWER_OK && !json_is_array(request->json))
		answer = ANSWER_TROUBLE;
	if (answer != ANSWER_OK && answer != ANSWER_MISSING) {
		doubt(ballot, answer);
		return;
	}
	agent_content(request);
	backoff_reset(&ballot->backoff);
	take_index(ballot, request->http.index);
	ballot->seen = request->http.index;
	if (!is_news(ballot, request->json)) {
		timer_set(&ballot->retry, lone_interval);
		return;
	}
	json_decref(ballot->answer);
	ballot->answer = json_incref(request->json);
	ballot_read(ballot->answer, ballot->config->key, &ballot->view);
	watch(ballot);
	ballot->ops->on_view(ballot);
}

static void on_retry(struct timer *timer)
{
	watch(container_of(timer, struct ballot, retry));
}

void ballot_look(struct ballot *ballot)
{
	ballot->view.known = false;
	ballot->index = 0;
	watch(ballot);
}

/* ---- asking ---- */

static json_t *operation(const char *verb, const char *key, json_t *members)
{
	json_t *kv = json_pack("{ss ss}", "Verb", verb, "Key", key);

	if (members)
		json_object_update(kv, members);
	json_decref(members);
	return json_pack("{so}", "KV", kv);
}

/* Takes `value`. */
static json_t *encode(json_t *value)
{
	AUTOFREE char *text = json_dumps(value, JSON_COMPACT);
	CLEANUP(buf_release) struct buf encoded = BUF_INIT;

	base64_encode(BASE64_PLAIN, text, strlen(text), &encoded);
	json_decref(value);
	return json_string(encoded.data);
}

/* Takes the operations. */
static void transact(struct agent_request *request, json_t *first, json_t *second, double timeout)
{
	json_t *operations = json_array();

	json_array_append_new(operations, first);
	if (second)
		json_array_append_new(operations, second);
	agent_put(request, "/v1/txn", json_dumps(operations, JSON_COMPACT), timeout);
	json_decref(operations);
}

static json_t *name_of(const struct ballot *ballot, const char *address)
{
	return json_pack("{ss ss}", "id", ballot->config->id, "address", address);
}

void ballot_use(struct ballot *ballot, const char *session)
{
	free(ballot->session);
	ballot->session = copy_string(session);
	ballot->ambiguous = false;
}

void ballot_acquire(struct ballot *ballot, const char *address)
{
	const char *key = ballot->config->key;

	ballot->doing = BALLOT_ACQUIRE;
	ballot->sent = boottime_now();
	transact(&ballot->request,
		 operation("lock", key,
			   json_pack("{so ss}", "Value", encode(name_of(ballot, address)),
				     "Session", ballot->session)),
		 operation("get", key, NULL), AGENT_IMPATIENCE);
}

static void send_value(struct ballot *ballot)
{
	const char *key = ballot->config->key;

	ballot->sent = boottime_now();
	transact(&ballot->request,
		 operation("check-session", key, json_pack("{ss}", "Session", ballot->session)),
		 operation("set", key, json_pack("{sO}", "Value", ballot->value)),
		 AGENT_IMPATIENCE);
}

void ballot_write(struct ballot *ballot, const char *address, unsigned long epoch, long since)
{
	json_t *value = name_of(ballot, address);

	json_object_set_new(value, "epoch", json_integer((json_int_t)epoch));
	json_object_set_new(value, "since", json_integer(since));
	json_decref(ballot->value);
	ballot->value = encode(value);
	ballot->doing = BALLOT_WRITE;
	send_value(ballot);
}

static void send_release(struct ballot *ballot)
{
	transact(&ballot->request,
		 operation("unlock", ballot->config->key,
			   json_pack("{sO ss}", "Value", ballot->value, "Session",
				     ballot->session)),
		 NULL, AGENT_IMPATIENCE);
}

void ballot_give(struct ballot *ballot, unsigned long epoch, const char *to, double patience)
{
	json_t *value = json_pack("{ss sb sI}", "id", ballot->config->id, "released", true,
				  "epoch", (json_int_t)epoch);

	if (*to)
		json_object_set_new(value, "to", json_string(to));
	json_decref(ballot->value);
	ballot->value = encode(value);
	ballot->doing = BALLOT_RELEASE;
	ballot->give_up = monotonic_now() + patience;
	send_release(ballot);
}

void ballot_clear_request(struct ballot *ballot)
{
	AUTOFREE char *key = format_string("%s/request", ballot->config->key);

	transact(&ballot->errand,
		 operation("delete-cas", key,
			   json_pack("{sI}", "Index",
				     (json_int_t)ballot->view.request.modified)),
		 NULL, AGENT_IMPATIENCE);
}

/* ---- what came of it ---- */

static bool says(const struct agent_request *request, const char *words)
{
	return request->http.status && strstr(request->http.reply.data, words);
}

/* Consul tells the reasons of a transaction's failure only in words (409). */
static enum ballot_answer judge(const struct agent_request *request, enum agent_answer answer)
{
	static const struct { const char *words; enum ballot_answer meaning; } rows[] = {
		{ "lock is already held", BALLOT_HELD },
		{ "lock delay", BALLOT_DELAYED },
		{ "invalid session", BALLOT_INVALID },
		{ "failed session check", BALLOT_HELD },
		{ "lock isn't held", BALLOT_HELD },
		{ "Permission denied", BALLOT_DENIED },
	};

	if (answer == ANSWER_OK)
		return BALLOT_WON;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (says(request, rows[i].words))
			return rows[i].meaning;
	return answer == ANSWER_DENIED ? BALLOT_DENIED : BALLOT_UNKNOWN;
}

static void complain(struct ballot *ballot, enum agent_answer answer, enum ballot_answer meaning)
{
	struct error error = { "" };

	if (meaning != BALLOT_DENIED && meaning != BALLOT_UNKNOWN) {
		agent_content(&ballot->request);
		return;
	}
	if (meaning == BALLOT_DENIED)
		fail(&error, "it lacks key:write on \"%s\"", ballot->config->key);
	else
		agent_explain(&ballot->request, &error);
	agent_complain(&ballot->request, meaning == BALLOT_DENIED ? ANSWER_DENIED : answer, &error);
}

/* {"Results":[{"KV":{...}},...]}: the ModifyIndex of our lock, as it was in the transaction's own
 * moment, after its second operation.  0: it is not there, or not ours. */
static unsigned long read_index(const struct ballot *ballot)
{
	json_t *answer = agent_receipt(&ballot->request);
	const json_t *results = json_object_get(answer, "Results");
	const json_t *lock = json_object_get(json_array_get(results, 1), "KV");
	const char *session = json_string_value(json_object_get(lock, "Session"));
	unsigned long index = number_of(lock, "ModifyIndex");

	if (!session || strcmp(session, ballot->session))
		index = 0;
	json_decref(answer);
	return index;
}

static void on_acquired(struct ballot *ballot, enum ballot_answer meaning)
{
	ballot->epoch = meaning == BALLOT_WON ? read_index(ballot) : 0;
	if (meaning == BALLOT_WON && !ballot->epoch)
		meaning = BALLOT_UNKNOWN;
	ballot->ops->on_answer(ballot, meaning);
}

static void try_again(struct ballot *ballot, enum ballot_errand doing)
{
	ballot->doing = doing;
	timer_set(&ballot->again, backoff_next(&ballot->persistence));
}

static void on_write_answered(struct ballot *ballot, enum ballot_answer meaning)
{
	if (meaning == BALLOT_WON) {
		ballot->written = read_index(ballot);
		ballot->ops->on_written(ballot);
	} else if (meaning == BALLOT_UNKNOWN || meaning == BALLOT_DENIED) {
		try_again(ballot, BALLOT_WRITE);
	} else {
		ballot->ops->on_disowned(ballot);
	}
}

static void on_release_answered(struct ballot *ballot, enum ballot_answer meaning)
{
	bool undone = meaning == BALLOT_UNKNOWN || meaning == BALLOT_DENIED;

	if (meaning != BALLOT_WON)
		ballot->ambiguous = true;	/* perhaps the session is gone */
	if (undone && monotonic_now() < ballot->give_up)
		try_again(ballot, BALLOT_RELEASE);
	else
		ballot->ops->on_released(ballot);
}

static const struct {
	void (*send)(struct ballot *ballot);
	void (*on_answered)(struct ballot *ballot, enum ballot_answer meaning);
} errands[] = {
	[BALLOT_ACQUIRE] = { NULL, on_acquired },
	[BALLOT_WRITE] = { send_value, on_write_answered },
	[BALLOT_RELEASE] = { send_release, on_release_answered },
};

static void on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct ballot *ballot = container_of(request, struct ballot, request);
	enum ballot_answer meaning = judge(request, answer);
	enum ballot_errand doing = ballot->doing;

	complain(ballot, answer, meaning);
	if (meaning == BALLOT_UNKNOWN)
		ballot->ambiguous = true;
	else if (meaning != BALLOT_DENIED)
		backoff_reset(&ballot->persistence);
	ballot->doing = BALLOT_NOTHING;
	errands[doing].on_answered(ballot, meaning);
}

static void on_again(struct timer *timer)
{
	struct ballot *ballot = container_of(timer, struct ballot, again);

	errands[ballot->doing].send(ballot);
}

static void on_errand_reply(struct agent_request *request, enum agent_answer answer)
{
	(void)request;
	(void)answer;		/* what is still in view is cleared again */
}

void ballot_cancel(struct ballot *ballot)
{
	ballot->ambiguous = ballot->ambiguous || agent_is_busy(&ballot->request);
	agent_cancel(&ballot->request);
	timer_stop(&ballot->again);
	ballot->doing = BALLOT_NOTHING;
}

void ballot_init(struct ballot *ballot, struct agent *agent, const struct election_config *config,
		 const struct ballot_ops *ops)
{
	AUTOFREE char *name = format_string("election %s", config->name);

	*ballot = (struct ballot){
		.config = config,
		.ops = ops,
		.agent = agent,
		.backoff = { .min = 0.1, .max = 2 },
		.persistence = { .min = 0.1, .max = 1 },
	};
	agent_request_init(&ballot->watch, agent, name, on_watch_reply);
	agent_request_init(&ballot->request, agent, name, on_reply);
	agent_request_init(&ballot->errand, agent, name, on_errand_reply);
	timer_init(&ballot->retry, agent->http.loop, on_retry);
	timer_init(&ballot->again, agent->http.loop, on_again);
}

void ballot_release(struct ballot *ballot)
{
	if (!ballot->agent)
		return;
	timer_stop(&ballot->retry);
	timer_stop(&ballot->again);
	agent_request_release(&ballot->watch);
	agent_request_release(&ballot->request);
	agent_request_release(&ballot->errand);
	json_decref(ballot->answer);
	json_decref(ballot->value);
	free(ballot->session);
	*ballot = (struct ballot){ 0 };
}
