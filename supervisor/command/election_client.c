#include "election_client.h"

#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/url.h"

#define RETRY_PAUSE 0.5

struct election_client_step {
	void (*on_answer)(struct election_client *client);
	bool (*is_fine)(const struct election_client *client, enum agent_answer answer);
};

static void fail_with(struct election_client *client, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void fail_with(struct election_client *client, int code, const char *format, ...)
{
	CLEANUP(buf_release) struct buf why = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprint(&why, format, args);
	va_end(args);
	client->ops->on_failed(client, code, why.data);
}

static void begin(struct election_client *client, const struct election_client_step *step)
{
	timer_stop(&client->retry);
	client->step = step;
}

/* ---- reading ---- */

static bool is_known(const struct election_client *client, enum agent_answer answer)
{
	(void)client;
	return answer == ANSWER_OK || answer == ANSWER_MISSING;
}

static void on_candidates(struct election_client *client)
{
	struct error error = ERROR_INIT;

	if (election_status_read_candidates(&client->status, client->request.json, &error))
		client->ops->on_known(client);
	else
		fail_with(client, EX_UNAVAILABLE, "consul: %s", error.text);
}

static const struct election_client_step candidates_step = { on_candidates, is_known };

static void look_for_candidates(struct election_client *client)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/health/service/");
	url_escape(&path, client->election->name);
	buf_add(&path, "-election");
	begin(client, &candidates_step);
	agent_get(&client->request, path.data, AGENT_TIMEOUT);
}

static void on_keys(struct election_client *client)
{
	if (client->request.json && !json_is_array(client->request.json)) {
		fail_with(client, EX_UNAVAILABLE, "consul: an answer that is not a list");
		return;
	}
	lock_read(client->request.json, client->election->key, &client->status.view);
	client->index = client->request.http.index;
	*client->trouble.text = '\0';
	if (client->needs_candidates && !client->status.candidates &&
	    client->election->bind == BIND_ALIVE)
		look_for_candidates(client);
	else
		client->ops->on_known(client);
}

static const struct election_client_step keys_step = { on_keys, is_known };

void election_client_look(struct election_client *client)
{
	AUTOFREE char *path = lock_path(client->election->key);

	begin(client, &keys_step);
	agent_get(&client->request, path, AGENT_TIMEOUT);
}

void election_client_wait(struct election_client *client)
{
	AUTOFREE char *path = lock_path(client->election->key);

	begin(client, &keys_step);
	agent_wait(&client->request, path, client->index);
}

/* ---- rights ---- */

static void on_rights(struct election_client *client)
{
	const json_t *right;
	size_t i;

	json_array_foreach(client->request.json, i, right) {
		const char *resource = json_string_value(json_object_get(right, "Resource"));
		const char *access = json_string_value(json_object_get(right, "Access"));
		const char *segment = json_string_value(json_object_get(right, "Segment"));
		bool key = resource && !strcmp(resource, "key");

		if (json_is_true(json_object_get(right, "Allow")) || !resource || !access || !segment)
			continue;
		fail_with(client, EX_NOPERM, "our token has no right to %s the %s %s; it needs the rule "
			  "%s \"%s\" { policy = \"%s\" }", access, resource, segment,
			  key ? "key_prefix" : "service", key ? client->election->key : segment,
			  key && client->writes ? "write" : "read");
		return;
	}
	election_client_look(client);
}

/* Without access rules (401), and before Consul 1.7 (404), there is no answer about rights. */
static bool is_about_rights(const struct election_client *client, enum agent_answer answer)
{
	return is_known(client, answer) || client->request.http.status == 401;
}

static const struct election_client_step rights_step = { on_rights, is_about_rights };

/* Takes `segment`. */
static void add_right(json_t *rights, const char *resource, const char *access, char *segment)
{
	json_array_append_new(rights, json_pack("{ss ss ss}", "Resource", resource,
						"Access", access, "Segment", segment));
	free(segment);
}

void election_client_begin(struct election_client *client)
{
	json_t *rights = json_array();
	const struct election_config *election = client->election;

	add_right(rights, "key", "read", copy_string(election->key));
	if (client->writes)
		add_right(rights, "key", "write",
			  format_string("%s%s", election->key, client->writes));
	if (client->needs_candidates)
		add_right(rights, "service", "read", format_string("%s-election", election->name));
	begin(client, &rights_step);
	agent_post_json(&client->request, "/v1/internal/acl/authorize", rights,
			AGENT_TIMEOUT);
}

/* ---- writing ---- */

static bool is_ok(const struct election_client *client, enum agent_answer answer)
{
	(void)client;
	return answer == ANSWER_OK;
}

static void on_written(struct election_client *client)
{
	client->ops->on_written(client, !strncmp(client->request.http.reply.data, "true", 4));
}

static const struct election_client_step write_step = { on_written, is_ok };

void election_client_write(struct election_client *client, const char *suffix, unsigned long cas,
			   json_t *value)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/kv/");
	url_escape(&path, client->election->key);
	buf_print(&path, "%s?cas=%lu", suffix, cas);
	begin(client, &write_step);
	agent_put_json(&client->request, path.data, value, AGENT_TIMEOUT);
}

static void on_deleted(struct election_client *client)
{
	client->ops->on_written(client, client->request.http.status == 200);
}

/* 409: the key has changed. */
static bool is_decided(const struct election_client *client, enum agent_answer answer)
{
	return answer == ANSWER_OK || client->request.http.status == 409;
}

static const struct election_client_step delete_step = { on_deleted, is_decided };

void election_client_delete(struct election_client *client, const char *suffix, unsigned long cas)
{
	AUTOFREE char *key = format_string("%s%s", client->election->key, suffix);
	json_t *txn = json_pack("[{s{ss ss sI}}]", "KV",
		"Verb", cas ? "delete-cas" : "delete", "Key", key, "Index", (json_int_t)cas);

	begin(client, &delete_step);
	agent_put_json(&client->request, "/v1/txn", txn, AGENT_TIMEOUT);
}

/* ---- life ---- */

static void on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct election_client *client = container_of(request, struct election_client, request);
	struct error error = ERROR_INIT;

	if (client->step->is_fine(client, answer)) {
		client->step->on_answer(client);
		return;
	}
	agent_explain(request, &error);
	if (answer == ANSWER_DENIED) {
		fail_with(client, EX_NOPERM, "consul refuses our token: %s", error.text);
	} else if (client->persistent && client->step == &keys_step && answer == ANSWER_TROUBLE) {
		client->trouble = error;
		timer_set(&client->retry, RETRY_PAUSE);
	} else {
		fail_with(client, EX_UNAVAILABLE, "consul at %s: %s",
			  request->agent->config->address, error.text);
	}
}

static void on_retry(struct timer *timer)
{
	election_client_look(container_of(timer, struct election_client, retry));
}

void election_client_init(struct election_client *client, struct agent *agent,
			  const struct election_config *election,
			  const struct election_client_ops *ops)
{
	*client = (struct election_client){
		.election = election,
		.ops = ops,
		.status = { .config = election },
	};
	agent_request_init(&client->request, agent, election->key, on_reply);
	timer_init(&client->retry, agent->http.loop, on_retry);
}

void election_client_release(struct election_client *client)
{
	agent_request_release(&client->request);
	timer_stop(&client->retry);
	election_status_release(&client->status);
}
