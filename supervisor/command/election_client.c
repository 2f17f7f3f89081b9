#include "election_client.h"

#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/url.h"

#define RETRY_PAUSE 0.5

struct clerk_step {
	void (*on_answer)(struct clerk *clerk);
	bool (*is_fine)(const struct clerk *clerk, enum agent_answer answer);
};

static void fail_with(struct clerk *clerk, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void fail_with(struct clerk *clerk, int code, const char *format, ...)
{
	CLEANUP(buf_release) struct buf why = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprint(&why, format, args);
	va_end(args);
	clerk->ops->on_failed(clerk, code, why.data);
}

static void begin(struct clerk *clerk, const struct clerk_step *step)
{
	timer_stop(&clerk->retry);
	clerk->step = step;
}

/* ---- reading ---- */

static bool is_known(const struct clerk *clerk, enum agent_answer answer)
{
	(void)clerk;
	return answer == ANSWER_OK || answer == ANSWER_MISSING;
}

static void on_candidates(struct clerk *clerk)
{
	struct error error = { "" };

	if (standing_read_candidates(&clerk->standing, clerk->request.json, &error))
		clerk->ops->on_known(clerk);
	else
		fail_with(clerk, EX_UNAVAILABLE, "consul: %s", error.text);
}

static const struct clerk_step candidates_step = { on_candidates, is_known };

static void look_for_candidates(struct clerk *clerk)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/health/service/");
	url_escape(&path, clerk->election->name);
	buf_add(&path, "-election");
	begin(clerk, &candidates_step);
	agent_get(&clerk->request, path.data, AGENT_PATIENCE);
}

static void on_keys(struct clerk *clerk)
{
	if (clerk->request.json && !json_is_array(clerk->request.json)) {
		fail_with(clerk, EX_UNAVAILABLE, "consul: an answer that is not a list");
		return;
	}
	ballot_read(clerk->request.json, clerk->election->key, &clerk->standing.view);
	clerk->index = clerk->request.http.index;
	*clerk->trouble.text = '\0';
	if (clerk->needs_candidates && !clerk->standing.candidates &&
	    clerk->election->bind == BIND_ALIVE)
		look_for_candidates(clerk);
	else
		clerk->ops->on_known(clerk);
}

static const struct clerk_step keys_step = { on_keys, is_known };

void clerk_look(struct clerk *clerk)
{
	AUTOFREE char *path = ballot_path(clerk->election->key);

	begin(clerk, &keys_step);
	agent_get(&clerk->request, path, AGENT_PATIENCE);
}

void clerk_wait(struct clerk *clerk)
{
	AUTOFREE char *path = ballot_path(clerk->election->key);

	begin(clerk, &keys_step);
	agent_wait(&clerk->request, path, clerk->index);
}

/* ---- rights ---- */

static void on_rights(struct clerk *clerk)
{
	const json_t *right;
	size_t i;

	json_array_foreach(clerk->request.json, i, right) {
		const char *resource = json_string_value(json_object_get(right, "Resource"));
		const char *access = json_string_value(json_object_get(right, "Access"));
		const char *segment = json_string_value(json_object_get(right, "Segment"));
		bool key = resource && !strcmp(resource, "key");

		if (json_is_true(json_object_get(right, "Allow")) || !resource || !access || !segment)
			continue;
		fail_with(clerk, EX_NOPERM, "our token has no right to %s the %s %s; it needs the rule "
			  "%s \"%s\" { policy = \"%s\" }", access, resource, segment,
			  key ? "key_prefix" : "service", key ? clerk->election->key : segment,
			  key && clerk->writes ? "write" : "read");
		return;
	}
	clerk_look(clerk);
}

/* Without access rules (401), and before Consul 1.7 (404), nobody can say. */
static bool is_about_rights(const struct clerk *clerk, enum agent_answer answer)
{
	return is_known(clerk, answer) || clerk->request.http.status == 401;
}

static const struct clerk_step rights_step = { on_rights, is_about_rights };

/* Takes `segment`. */
static void add_right(json_t *rights, const char *resource, const char *access, char *segment)
{
	json_array_append_new(rights, json_pack("{ss ss ss}", "Resource", resource,
						"Access", access, "Segment", segment));
	free(segment);
}

void clerk_begin(struct clerk *clerk)
{
	CLEANUP(json_decrefp) json_t *rights = json_array();
	const struct election_config *election = clerk->election;

	add_right(rights, "key", "read", copy_string(election->key));
	if (clerk->writes)
		add_right(rights, "key", "write",
			  format_string("%s%s", election->key, clerk->writes));
	if (clerk->needs_candidates)
		add_right(rights, "service", "read", format_string("%s-election", election->name));
	begin(clerk, &rights_step);
	agent_post(&clerk->request, "/v1/internal/acl/authorize",
		   json_dumps(rights, JSON_COMPACT), AGENT_PATIENCE);
}

/* ---- writing ---- */

static bool is_ok(const struct clerk *clerk, enum agent_answer answer)
{
	(void)clerk;
	return answer == ANSWER_OK;
}

static void on_written(struct clerk *clerk)
{
	clerk->ops->on_written(clerk, !strncmp(clerk->request.http.reply.data, "true", 4));
}

static const struct clerk_step write_step = { on_written, is_ok };

void clerk_write(struct clerk *clerk, const char *suffix, unsigned long cas, json_t *value)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/kv/");
	url_escape(&path, clerk->election->key);
	buf_print(&path, "%s?cas=%lu", suffix, cas);
	begin(clerk, &write_step);
	agent_put(&clerk->request, path.data, json_dumps(value, JSON_COMPACT), AGENT_PATIENCE);
	json_decref(value);
}

static void on_deleted(struct clerk *clerk)
{
	clerk->ops->on_written(clerk, clerk->request.http.status == 200);
}

/* 409: it is another by now. */
static bool is_decided(const struct clerk *clerk, enum agent_answer answer)
{
	return answer == ANSWER_OK || clerk->request.http.status == 409;
}

static const struct clerk_step delete_step = { on_deleted, is_decided };

void clerk_delete(struct clerk *clerk, const char *suffix, unsigned long cas)
{
	AUTOFREE char *key = format_string("%s%s", clerk->election->key, suffix);
	CLEANUP(json_decrefp) json_t *txn = json_pack("[{s{ss ss sI}}]", "KV",
		"Verb", cas ? "delete-cas" : "delete", "Key", key, "Index", (json_int_t)cas);

	begin(clerk, &delete_step);
	agent_put(&clerk->request, "/v1/txn", json_dumps(txn, JSON_COMPACT), AGENT_PATIENCE);
}

/* ---- the whole ---- */

static void on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct clerk *clerk = container_of(request, struct clerk, request);
	struct error error = { "" };

	if (clerk->step->is_fine(clerk, answer)) {
		clerk->step->on_answer(clerk);
		return;
	}
	agent_explain(request, &error);
	if (answer == ANSWER_DENIED) {
		fail_with(clerk, EX_NOPERM, "consul refuses our token: %s", error.text);
	} else if (clerk->patient && clerk->step == &keys_step && answer == ANSWER_TROUBLE) {
		clerk->trouble = error;
		timer_set(&clerk->retry, RETRY_PAUSE);
	} else {
		fail_with(clerk, EX_UNAVAILABLE, "consul at %s: %s",
			  request->agent->config->address, error.text);
	}
}

static void on_retry(struct timer *timer)
{
	clerk_look(container_of(timer, struct clerk, retry));
}

void clerk_init(struct clerk *clerk, struct agent *agent, const struct election_config *election,
		const struct clerk_ops *ops)
{
	*clerk = (struct clerk){
		.election = election,
		.ops = ops,
		.standing = { .config = election },
	};
	agent_request_init(&clerk->request, agent, election->key, on_reply);
	timer_init(&clerk->retry, agent->http.loop, on_retry);
}

void clerk_release(struct clerk *clerk)
{
	agent_request_release(&clerk->request);
	timer_stop(&clerk->retry);
	standing_release(&clerk->standing);
}
