#include "lock.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/url.h"
#include "config/rules.h"

#define REQUEST_AGE_MAX 60.0
#define SAME_ANSWER_INTERVAL 0.1		/* at least, between answers that are equal */

/* ---- reading ---- */

static void copy_text(char to[LOCK_TEXT], const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	size_t size = text ? utf8_cut(text, strlen(text), LOCK_TEXT - 1) : 0;

	for (size_t i = 0; i < size; i++)
		to[i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
	to[size] = '\0';
}

bool lock_is_address(const char *text)
{
	return strlen(text) < LOCK_TEXT && *text != '-' &&
	       strspn(text, ELECTION_ID_CHARACTERS "[]%") == strlen(text);
}

static bool is_id_or_none(const char *text)
{
	return !*text || is_election_id(text);
}

/* Seconds since 1970, until the year 9999; 0: none. */
static double time_of(const json_t *object, const char *key)
{
	double at = json_number_value(json_object_get(object, key));

	return at > 0 && at < 253402300800 ? at : 0;
}

static unsigned long number_of(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (unsigned long)number : 0;
}

/* The JSON of an entry's value; NULL: there is none. */
static json_t *value_of(const json_t *entry)
{
	const char *encoded = json_string_value(json_object_get(entry, "Value"));
	CLEANUP(buf_release) struct buf bytes = BUF_INIT;
	json_error_t where;

	if (!encoded ||
	    !base64_decode(BASE64_PLAIN, encoded, strlen(encoded), &bytes, NULL))
		return NULL;
	return json_loadb(bytes.data, bytes.used, 0, &where);
}

static bool is_plausible(const struct lock_view *view)
{
	return is_election_id(view->id) && is_id_or_none(view->to) &&
	       lock_is_address(view->address) && view->epoch < view->modified;
}

static void read_lock(const json_t *entry, struct lock_view *view)
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
	view->since = (unsigned long)time_of(value, "since");
	view->released = json_is_true(json_object_get(value, "released"));
	json_decref(value);
	if (is_plausible(view))
		return;
	*view->id = *view->address = *view->to = '\0';
	view->epoch = view->since = 0;
	view->released = false;
	view->foreign = raw && *raw;
}

static void read_request(const json_t *entry, struct lock_view *view)
{
	struct lock_request *request = &view->request;
	json_t *value = value_of(entry);
	char action[LOCK_TEXT];

	request->modified = number_of(entry, "ModifyIndex");
	copy_text(action, value, "action");
	memcpy(request->action, action, sizeof request->action - 1);
	copy_text(request->leader, value, "leader");
	copy_text(request->to, value, "to");
	copy_text(request->by, value, "by");
	request->at = time_of(value, "at");
	if (!is_id_or_none(request->to))
		*request->action = '\0';
	json_decref(value);
}

static void read_pause(const json_t *entry, struct lock_view *view)
{
	json_t *value = value_of(entry);

	view->paused = true;
	copy_text(view->paused_by, value, "by");
	view->paused_at = time_of(value, "at");
	json_decref(value);
}

void lock_read(const json_t *answer, const char *key, struct lock_view *view)
{
	static const struct {
		const char *suffix;
		void (*read)(const json_t *entry, struct lock_view *view);
	} parts[] = { { "", read_lock }, { "/request", read_request }, { "/pause", read_pause } };
	size_t length = strlen(key), i;
	json_t *entry;

	*view = (struct lock_view){ .known = true };
	json_array_foreach(answer, i, entry) {
		const char *name = json_string_value(json_object_get(entry, "Key"));

		if (!name || strncmp(name, key, length))
			continue;
		for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
			if (!strcmp(name + length, parts[p].suffix))
				parts[p].read(entry, view);
	}
}

bool lock_is_fresh(const struct lock_request *request)
{
	return fabs((double)time(NULL) - request->at) <= REQUEST_AGE_MAX;
}

/* ---- watching ---- */

char *lock_path(const char *key)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/kv/");
	url_escape(&path, key);
	buf_add(&path, "?recurse&consistent");
	return buf_take(&path);
}

static void watch(struct lock *lock)
{
	AUTOFREE char *path = lock_path(lock->config->key);

	timer_stop(&lock->retry);
	agent_wait(&lock->watch, path, lock->index);
}

static void on_watch_failed(struct lock *lock, enum agent_answer answer)
{
	struct error error = ERROR_INIT;

	agent_explain(&lock->watch, &error);
	if (answer == ANSWER_DENIED)
		fail_in(&error, "it lacks key:read on \"%s\"", lock->config->key);
	agent_log_failure(&lock->watch, answer, &error);
	lock->index = 0;
	timer_set(&lock->retry, backoff_next(&lock->backoff));
	if (!lock->view.known)
		return;
	lock->view.known = false;
	lock->ops->on_view(lock);
}

/* An index that went backwards comes from a Consul that has lost or replaced its data. */
static void take_index(struct lock *lock, unsigned long index)
{
	lock->index = index < lock->index ? 0 : index;
}

/* `answer` NULL: no key exists. */
static bool has_changed(const struct lock *lock, const json_t *answer)
{
	return !lock->view.known || !answer != !lock->answer ||
	       (answer && !json_equal(answer, lock->answer));
}

static void on_watch_reply(struct agent_request *request, enum agent_answer answer)
{
	struct lock *lock = container_of(request, struct lock, watch);

	if (answer == ANSWER_OK && !json_is_array(request->json))
		answer = ANSWER_TROUBLE;
	if (answer != ANSWER_OK && answer != ANSWER_MISSING) {
		on_watch_failed(lock, answer);
		return;
	}
	agent_log_success(request);
	backoff_reset(&lock->backoff);
	take_index(lock, request->http.index);
	lock->seen = request->http.index;
	if (!has_changed(lock, request->json)) {
		timer_set(&lock->retry, SAME_ANSWER_INTERVAL);
		return;
	}
	json_decref(lock->answer);
	lock->answer = json_incref(request->json);
	lock_read(lock->answer, lock->config->key, &lock->view);
	watch(lock);
	lock->ops->on_view(lock);
}

static void on_retry(struct timer *timer)
{
	watch(container_of(timer, struct lock, retry));
}

void lock_refresh(struct lock *lock)
{
	lock->view.known = false;
	lock->index = 0;
	watch(lock);
}

/* ---- operations: sending ---- */

/* Takes `members`; NULL if these could not be made, so that nothing incomplete is sent. */
static json_t *operation(const char *verb, const char *key, json_t *members)
{
	json_t *kv = json_pack("{ss ss}", "Verb", verb, "Key", key);

	if (!members || json_object_update(kv, members) < 0) {
		json_decref(kv);
		kv = NULL;
	}
	json_decref(members);
	return kv ? json_pack("{so}", "KV", kv) : NULL;
}

/* Takes `value`. */
static json_t *encode(json_t *value)
{
	AUTOFREE char *text = json_dumps(value, JSON_COMPACT);
	CLEANUP(buf_release) struct buf encoded = BUF_INIT;

	json_decref(value);
	if (!text)
		return NULL;			/* the request becomes unmade, too (agent.h) */
	base64_encode(BASE64_PLAIN, text, strlen(text), &encoded);
	return json_string(encoded.data);
}

/* Takes the operations. */
static void transact(struct agent_request *request, json_t *first, json_t *second, double timeout)
{
	agent_put_json(request, "/v1/txn", json_pack("[oo]", first, second), timeout);
}

static void transact_one(struct agent_request *request, json_t *only, double timeout)
{
	agent_put_json(request, "/v1/txn", json_pack("[o]", only), timeout);
}

static json_t *name_of(const struct lock *lock, const char *address)
{
	return json_pack("{ss ss}", "id", lock->config->id, "address", address);
}

void lock_use_session(struct lock *lock, const char *session)
{
	free(lock->session);
	lock->session = copy_string(session);
	lock->ambiguous = false;
}

void lock_acquire(struct lock *lock, const char *address)
{
	const char *key = lock->config->key;

	lock->doing = LOCK_ACQUIRE;
	lock->sent = boottime_now();
	transact(&lock->request,
		 operation("lock", key,
			   json_pack("{so ss}", "Value", encode(name_of(lock, address)),
				     "Session", lock->session)),
		 operation("get", key, json_object()), AGENT_SHORT_TIMEOUT);
}

static void send_value(struct lock *lock)
{
	const char *key = lock->config->key;

	lock->sent = boottime_now();
	transact(&lock->request,
		 operation("check-session", key, json_pack("{ss}", "Session", lock->session)),
		 operation("set", key, json_pack("{sO}", "Value", lock->value)),
		 AGENT_SHORT_TIMEOUT);
}

void lock_write(struct lock *lock, const char *address, unsigned long epoch, long since)
{
	json_t *value = name_of(lock, address);

	json_object_set_new(value, "epoch", json_integer((json_int_t)epoch));
	json_object_set_new(value, "since", json_integer(since));
	json_decref(lock->value);
	lock->value = encode(value);
	lock->doing = LOCK_WRITE;
	send_value(lock);
}

static void send_release(struct lock *lock)
{
	transact_one(&lock->request,
		     operation("unlock", lock->config->key,
			       json_pack("{sO ss}", "Value", lock->value, "Session",
					 lock->session)), AGENT_SHORT_TIMEOUT);
}

void lock_unlock(struct lock *lock, unsigned long epoch, const char *to, double limit)
{
	json_t *value = json_pack("{ss sb sI}", "id", lock->config->id, "released", true,
				  "epoch", (json_int_t)epoch);

	if (*to)
		json_object_set_new(value, "to", json_string(to));
	json_decref(lock->value);
	lock->value = encode(value);
	lock->doing = LOCK_RELEASE;
	lock->give_up = monotonic_now() + limit;
	send_release(lock);
}

void lock_clear_request(struct lock *lock)
{
	AUTOFREE char *key = format_string("%s/request", lock->config->key);

	transact_one(&lock->deletion,
		     operation("delete-cas", key,
			       json_pack("{sI}", "Index",
					 (json_int_t)lock->view.request.modified)),
		     AGENT_SHORT_TIMEOUT);
}

/* ---- operations: answers ---- */

static bool contains(const struct agent_request *request, const char *words)
{
	return request->http.status && strstr(request->http.reply.data, words);
}

/* Consul gives the reason of a failed transaction (409) only in words. */
static enum lock_answer meaning_of(const struct agent_request *request, enum agent_answer answer)
{
	static const struct { const char *words; enum lock_answer meaning; } rows[] = {
		{ "lock is already held", LOCK_HELD },
		{ "lock delay", LOCK_DELAYED },
		{ "invalid session", LOCK_INVALID },
		{ "failed session check", LOCK_HELD },
		{ "lock isn't held", LOCK_HELD },
		{ "Permission denied", LOCK_DENIED },
	};

	if (answer == ANSWER_OK)
		return LOCK_WON;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (contains(request, rows[i].words))
			return rows[i].meaning;
	return answer == ANSWER_DENIED ? LOCK_DENIED : LOCK_UNKNOWN;
}

static void complain(struct lock *lock, enum agent_answer answer, enum lock_answer meaning)
{
	struct error error = ERROR_INIT;

	if (meaning != LOCK_DENIED && meaning != LOCK_UNKNOWN) {
		agent_log_success(&lock->request);
		return;
	}
	if (meaning == LOCK_DENIED)
		fail(&error, "it lacks key:write on \"%s\"", lock->config->key);
	else
		agent_explain(&lock->request, &error);
	agent_log_failure(&lock->request, meaning == LOCK_DENIED ? ANSWER_DENIED : answer, &error);
}

/* {"Results":[{"KV":{...}},...]}: the ModifyIndex of our lock, as the transaction's second operation
 * saw it.  0: the lock is not there, or not ours. */
static unsigned long read_index(const struct lock *lock)
{
	json_t *answer = agent_receipt(&lock->request);
	const json_t *results = json_object_get(answer, "Results");
	const json_t *entry = json_object_get(json_array_get(results, 1), "KV");
	const char *session = json_string_value(json_object_get(entry, "Session"));
	unsigned long index = number_of(entry, "ModifyIndex");

	if (!session || strcmp(session, lock->session))
		index = 0;
	json_decref(answer);
	return index;
}

static void on_acquired(struct lock *lock, enum lock_answer meaning)
{
	lock->epoch = meaning == LOCK_WON ? read_index(lock) : 0;
	if (meaning == LOCK_WON && !lock->epoch)
		meaning = LOCK_UNKNOWN;
	lock->ops->on_answer(lock, meaning);
}

static void retry_later(struct lock *lock, enum lock_operation doing)
{
	lock->doing = doing;
	timer_set(&lock->write_retry, backoff_next(&lock->write_backoff));
}

static void on_write_answered(struct lock *lock, enum lock_answer meaning)
{
	if (meaning == LOCK_WON) {
		lock->written = read_index(lock);
		lock->ops->on_written(lock);
	} else if (meaning == LOCK_UNKNOWN || meaning == LOCK_DENIED) {
		retry_later(lock, LOCK_WRITE);
	} else {
		lock->ops->on_forbidden(lock);
	}
}

static void on_release_answered(struct lock *lock, enum lock_answer meaning)
{
	bool undone = meaning == LOCK_UNKNOWN || meaning == LOCK_DENIED;

	if (meaning != LOCK_WON)
		lock->ambiguous = true;	/* the session may be gone */
	if (undone && monotonic_now() < lock->give_up)
		retry_later(lock, LOCK_RELEASE);
	else
		lock->ops->on_released(lock);
}

static const struct {
	void (*send)(struct lock *lock);
	void (*on_answered)(struct lock *lock, enum lock_answer meaning);
} operations[] = {
	[LOCK_ACQUIRE] = { NULL, on_acquired },
	[LOCK_WRITE] = { send_value, on_write_answered },
	[LOCK_RELEASE] = { send_release, on_release_answered },
};

static void on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct lock *lock = container_of(request, struct lock, request);
	enum lock_answer meaning = meaning_of(request, answer);
	enum lock_operation doing = lock->doing;

	complain(lock, answer, meaning);
	if (meaning == LOCK_UNKNOWN)
		lock->ambiguous = true;
	else if (meaning != LOCK_DENIED)
		backoff_reset(&lock->write_backoff);
	lock->doing = LOCK_NOTHING;
	operations[doing].on_answered(lock, meaning);
}

static void on_write_retry(struct timer *timer)
{
	struct lock *lock = container_of(timer, struct lock, write_retry);

	operations[lock->doing].send(lock);
}

static void on_deletion_reply(struct agent_request *request, enum agent_answer answer)
{
	(void)request;
	(void)answer;		/* a request that is still in view is cleared again */
}

void lock_cancel(struct lock *lock)
{
	lock->ambiguous = lock->ambiguous || agent_is_busy(&lock->request);
	agent_cancel(&lock->request);
	timer_stop(&lock->write_retry);
	lock->doing = LOCK_NOTHING;
}

void lock_init(struct lock *lock, struct agent *agent, const struct election_config *config,
		 const struct lock_ops *ops)
{
	AUTOFREE char *name = format_string("election %s", config->name);

	*lock = (struct lock){
		.config = config,
		.ops = ops,
		.agent = agent,
		.backoff = { .min = 0.1, .max = 2 },
		.write_backoff = { .min = 0.1, .max = 1 },
	};
	agent_request_init(&lock->watch, agent, name, on_watch_reply);
	agent_request_init(&lock->request, agent, name, on_reply);
	agent_request_init(&lock->deletion, agent, name, on_deletion_reply);
	timer_init(&lock->retry, agent->http.loop, on_retry);
	timer_init(&lock->write_retry, agent->http.loop, on_write_retry);
}

void lock_release(struct lock *lock)
{
	if (!lock->agent)
		return;
	timer_stop(&lock->retry);
	timer_stop(&lock->write_retry);
	agent_request_release(&lock->watch);
	agent_request_release(&lock->request);
	agent_request_release(&lock->deletion);
	json_decref(lock->answer);
	json_decref(lock->value);
	free(lock->session);
	*lock = (struct lock){ 0 };
}
