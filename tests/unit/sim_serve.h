/* sim_serve.h - for unit tests: how the model of Consul (sim_consul.h) answers requests. */
#ifndef SIM_SERVE_H
#define SIM_SERVE_H

#include "sim_consul.h"

typedef void sim_serve_fn(struct sim_consul *consul, const struct sim_question *question,
			  const char *rest, struct sim_answer *answer);

static inline const char *sim_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static inline const char *sim_print_session(unsigned number, char *text)
{
	snprintf(text, SIM_ID, "00000000-0000-0000-0000-%012x", number);
	return text;
}

/* ---- services and checks: the agent alone, it needs no leader ---- */

static inline void sim_serve_register(struct sim_consul *consul,
				      const struct sim_question *question, const char *rest,
				      struct sim_answer *answer)
{
	json_t *root = json_loads(question->body, 0, NULL), *check = json_object_get(root, "Check");
	const char *id = sim_text(check, "CheckID");
	struct sim_check *slot = sim_find_check(consul, id);

	(void)rest;
	if (!root || !*sim_text(root, "Name") || !*id || sim_duration(sim_text(check, "TTL")) <= 0) {
		sim_say(answer, 400, "Request decode failed: %s", question->body);
		json_decref(root);
		return;
	}
	for (size_t i = 0; !slot; i++)
		if (!consul->checks[i].id)
			slot = &consul->checks[i];
	if (!slot->id) {
		slot->id = copy_string(id);
		slot->passing = !strcmp(sim_text(check, "Status"), "passing");
	}
	free(slot->service);
	slot->service = copy_string(*sim_text(root, "ID") ? sim_text(root, "ID")
							  : sim_text(root, "Name"));
	slot->ttl = sim_duration(sim_text(check, "TTL"));
	slot->expires = consul->now + slot->ttl;
	sim_say(answer, 200, "%s", "");
	json_decref(root);
}

static inline void sim_forget_check(struct sim_consul *consul, struct sim_check *check,
				    enum sim_cause cause)
{
	AUTOFREE char *id = steal(&check->id), *service = steal(&check->service);

	(void)service;
	sim_end_by_check(consul, id, cause);
}

static inline void sim_serve_deregister(struct sim_consul *consul,
					const struct sim_question *question, const char *rest,
					struct sim_answer *answer)
{
	for (size_t i = 0; i < SIM_CHECKS; i++)
		if (consul->checks[i].id && !strcmp(consul->checks[i].service, rest))
			sim_forget_check(consul, &consul->checks[i],
					 question->former ? SIM_BY_OTHERS : SIM_BY_HOLDER);
	sim_say(answer, 200, "%s", "");
}

static inline void sim_serve_pass(struct sim_consul *consul, const struct sim_question *question,
				  const char *rest, struct sim_answer *answer)
{
	struct sim_check *check = sim_find_check(consul, rest);

	(void)question;
	if (!check) {
		sim_say(answer, 500, "CheckID \"%s\" does not have associated TTL", rest);
		return;
	}
	check->passing = true;
	check->expires = consul->now + check->ttl;
	sim_say(answer, 200, "%s", "");
}

/* ---- sessions ---- */

static inline void sim_serve_create(struct sim_consul *consul, const struct sim_question *question,
				    const char *rest, struct sim_answer *answer)
{
	json_t *root = json_loads(question->body, 0, NULL);
	const char *id = sim_text(json_array_get(json_object_get(root, "ServiceChecks"), 0), "ID");
	const char *listed = json_string_value(json_array_get(json_object_get(root, "Checks"), 0));
	double ttl = sim_duration(sim_text(root, "TTL"));
	struct sim_check *check;
	char text[SIM_ID];

	(void)rest;
	id = listed ? listed : id;
	check = sim_find_check(consul, id);
	if (ttl && ttl < consul->ttl_min) {
		sim_say(answer, 500, "Invalid Session TTL '%.0f', must be between [10s=24h0m0s]",
			ttl * 1e9);
	} else if (*id && !check) {
		sim_say(answer, 500, "Missing check '%s' registration", id);
	} else if (check && !check->passing) {
		sim_say(answer, 500, "Check '%s' is in critical state", id);
	} else {
		consul->sessions = alloc_resize(consul->sessions, (consul->session_count + 1) *
								  sizeof *consul->sessions);
		consul->sessions[consul->session_count] = (struct sim_session){
			.owner = question->who,
			.alive = true,
			.ttl = ttl,
			.lock_delay = json_object_get(root, "LockDelay")
					? sim_duration(sim_text(root, "LockDelay")) : 15,
			.expires = ttl ? consul->now + 2 * ttl : INFINITY,
			.name = copy_string(sim_text(root, "Name")),
			.check = *id ? copy_string(id) : NULL,
		};
		consul->index++;
		sim_say(answer, 200, "{\"ID\":\"%s\"}",
			sim_print_session(consul->session_count++, text));
	}
	json_decref(root);
}

static inline void sim_serve_renew(struct sim_consul *consul, const struct sim_question *question,
				   const char *rest, struct sim_answer *answer)
{
	unsigned number;
	struct sim_session *session = sim_find_session(consul, rest, &number);

	(void)question;
	if (!session) {
		sim_say(answer, 404, "Session id '%s' not found", rest);
		return;
	}
	session->expires = consul->now + 2 * session->ttl;
	sim_say(answer, 200, "[{\"ID\":\"%s\",\"TTL\":\"%gs\",\"Behavior\":\"release\"}]", rest,
		session->ttl);
}

static inline void sim_serve_info(struct sim_consul *consul, const struct sim_question *question,
				  const char *rest, struct sim_answer *answer)
{
	unsigned number;

	(void)question;
	if (sim_find_session(consul, rest, &number))
		sim_say(answer, 200, "[{\"ID\":\"%s\"}]", rest);
	else
		sim_say(answer, 200, "[]");
}

static inline void sim_serve_list(struct sim_consul *consul, const struct sim_question *question,
				  const char *rest, struct sim_answer *answer)
{
	json_t *list = json_array();
	AUTOFREE char *text = NULL;
	char id[SIM_ID];

	(void)rest;
	for (unsigned i = 1; i < consul->session_count && !question->denied; i++)
		if (consul->sessions[i].alive)
			json_array_append_new(list, json_pack("{s:s s:s}", "ID",
							      sim_print_session(i, id), "Name",
							      consul->sessions[i].name));
	text = json_dumps(list, JSON_COMPACT);
	sim_say(answer, 200, "%s", text);
	json_decref(list);
}

static inline void sim_serve_destroy(struct sim_consul *consul,
				     const struct sim_question *question, const char *rest,
				     struct sim_answer *answer)
{
	unsigned number;

	(void)question;
	if (sim_find_session(consul, rest, &number))
		sim_end_session(consul, number, SIM_BY_HOLDER);
	sim_say(answer, 200, "true");
}

/* ---- keys ---- */

static inline json_t *sim_describe_key(const struct sim_key *key, bool with_value)
{
	AUTOFREE char *value = with_value && key->value ? sim_encode_base64(key->value) : NULL;
	json_t *out = json_pack("{s:I s:s s:i s:s? s:I s:I}", "LockIndex", (json_int_t)key->locks,
				"Key", key->key, "Flags", 0, "Value", value,
				"CreateIndex", (json_int_t)key->created,
				"ModifyIndex", (json_int_t)key->modified);
	char text[SIM_ID];

	if (!value)
		json_object_set_new(out, "Value", json_null());
	if (key->session)
		json_object_set_new(out, "Session",
				    json_string(sim_print_session(key->session, text)));
	return out;
}

/* By key, as Consul lists them. */
static inline json_t *sim_list_keys(struct sim_consul *consul, const char *prefix,
				    unsigned long *index)
{
	json_t *list = json_array();
	size_t size = strlen(prefix);

	*index = 0;
	for (size_t i = 0; i < SIM_KEYS; i++) {
		const struct sim_key *key = &consul->keys[i];
		size_t at = 0;

		if (!key->key || strncmp(key->key, prefix, size))
			continue;
		*index = key->modified > *index ? key->modified : *index;
		if (!key->value)
			continue;
		while (at < json_array_size(list) &&
		       strcmp(sim_text(json_array_get(list, at), "Key"), key->key) < 0)
			at++;
		json_array_insert_new(list, at, sim_describe_key(key, true));
	}
	*index = *index ? *index : 1;
	return list;
}

static inline void sim_serve_read(struct sim_consul *consul, const struct sim_question *question,
				  const char *rest, struct sim_answer *answer)
{
	AUTOFREE char *recurse = sim_parameter(question->path, "recurse");
	AUTOFREE char *consistent = sim_parameter(question->path, "consistent");
	AUTOFREE char *since = sim_parameter(question->path, "index");
	AUTOFREE char *text = NULL;
	json_t *list;

	if (!recurse || !consistent) {
		sim_say(answer, 400, "an election reads ?recurse&consistent");
		return;
	}
	list = sim_list_keys(consul, rest, &answer->index);
	if (question->denied)
		json_array_clear(list);		/* keys without read access are left out */
	if (since && strtoul(since, NULL, 10) >= answer->index && !question->waited) {
		answer->status = 0;
	} else {
		text = json_dumps(list, JSON_COMPACT);
		sim_say(answer, json_array_size(list) ? 200 : 404, "%s",
			json_array_size(list) ? text : "");
	}
	json_decref(list);
}

static inline void sim_unlock(struct sim_consul *consul, struct sim_key *key, const char *value)
{
	sim_free_lock(consul, key, SIM_BY_HOLDER);
	free(key->value);
	key->value = copy_string(value);
}

/* Only ?release: elections use transactions for all other writes. */
static inline void sim_serve_write(struct sim_consul *consul, const struct sim_question *question,
				   const char *rest, struct sim_answer *answer)
{
	AUTOFREE char *release = sim_parameter(question->path, "release");
	struct sim_key *key = sim_find_key(consul, rest);
	unsigned number = 0;

	if (!release) {
		sim_say(answer, 400, "an election writes in transactions, or ?release");
		return;
	}
	if (!sim_find_session(consul, release, &number) || !sim_key_exists(key) ||
	    key->session != number) {
		sim_say(answer, 200, "false");
		return;
	}
	sim_unlock(consul, key, question->body);
	sim_say(answer, 200, "true");
}

/* ---- transactions ---- */

struct sim_op {
	struct sim_consul *consul;
	const char *name, *session_id, *value;	/* value: decoded */
	unsigned long index;
	struct sim_key *key;		/* NULL: there is none yet */
	char what[512];			/* why not; "": it went well */
};

static inline bool sim_op_is_missing(struct sim_op *op, const char *doing)
{
	if (!sim_key_exists(op->key))
		snprintf(op->what, sizeof op->what, "failed to %s, key \"%s\" doesn't exist", doing,
			 op->name);
	return op->what[0];
}

static inline void sim_op_lock(struct sim_op *op)
{
	struct sim_key *key = op->key;
	unsigned number;

	if (key && key->delayed > op->consul->now) {
		snprintf(op->what, sizeof op->what, "failed to lock key \"%s\" due to lock delay",
			 op->name);
		return;
	}
	if (!sim_find_session(op->consul, op->session_id, &number)) {
		snprintf(op->what, sizeof op->what, "invalid session \"%s\"", op->session_id);
		return;
	}
	if (sim_key_exists(key) && key->session && key->session != number) {
		snprintf(op->what, sizeof op->what, "failed to lock key \"%s\", lock is already held",
			 op->name);
		return;
	}
	key = op->key = sim_make_key(op->consul, op->name);
	if (key->session == number) {
		sim_set(op->consul, key, op->value);
		return;
	}
	key->session = number;
	key->locks++;
	if (key->value && !strcmp(key->value, op->value))
		key->modified = ++op->consul->index;	/* a new holder is a change, too */
	sim_set(op->consul, key, op->value);
	if (op->consul->on_lock)
		op->consul->on_lock(op->consul, key);
}

static inline void sim_op_unlock(struct sim_op *op)
{
	unsigned number;

	if (!sim_find_session(op->consul, op->session_id, &number) || !sim_key_exists(op->key) ||
	    op->key->session != number)
		snprintf(op->what, sizeof op->what, "failed to unlock key \"%s\", lock isn't held, "
			 "or is held by another session", op->name);
	else
		sim_unlock(op->consul, op->key, op->value);
}

static inline void sim_op_check_session(struct sim_op *op)
{
	char text[SIM_ID] = "";

	if (sim_op_is_missing(op, "check session"))
		return;
	if (op->key->session)
		sim_print_session(op->key->session, text);
	if (strcmp(text, op->session_id))
		snprintf(op->what, sizeof op->what, "failed session check for key \"%s\", current "
			 "session \"%s\" != \"%s\"", op->name, text, op->session_id);
}

static inline void sim_op_check_index(struct sim_op *op)
{
	if (!sim_op_is_missing(op, "check index") && op->key->modified != op->index)
		snprintf(op->what, sizeof op->what, "failed index check for key \"%s\", current "
			 "modify index %lu != %lu", op->name, op->key->modified, op->index);
}

static inline void sim_op_set(struct sim_op *op)
{
	sim_put(op->consul, op->name, op->value);
	op->key = sim_find_key(op->consul, op->name);
}

static inline void sim_op_cas(struct sim_op *op)
{
	if ((sim_key_exists(op->key) ? op->key->modified : 0) == op->index)
		sim_op_set(op);
	else
		snprintf(op->what, sizeof op->what, "failed to set key \"%s\", index is stale",
			 op->name);
}

static inline void sim_op_delete_cas(struct sim_op *op)
{
	if (sim_key_exists(op->key) && op->key->modified != op->index)
		snprintf(op->what, sizeof op->what, "failed to delete key \"%s\", index is stale",
			 op->name);
	else
		sim_delete(op->consul, op->name, SIM_BY_OTHERS);
}

static inline void sim_op_get(struct sim_op *op)
{
	sim_op_is_missing(op, "get");
}

static const struct sim_verb {
	const char *name;
	void (*fn)(struct sim_op *op);
	bool tells;			/* the key, in Results */
	bool with_value;
} sim_verbs[] = {
	{ "lock", sim_op_lock, true, false }, { "unlock", sim_op_unlock, true, false },
	{ "check-session", sim_op_check_session, true, false },
	{ "check-index", sim_op_check_index, true, false }, { "get", sim_op_get, true, true },
	{ "set", sim_op_set, true, false }, { "cas", sim_op_cas, true, false },
	{ "delete-cas", sim_op_delete_cas, false, false },
};

static inline const struct sim_verb *sim_find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof sim_verbs / sizeof *sim_verbs; i++)
		if (!strcmp(sim_verbs[i].name, name))
			return &sim_verbs[i];
	return NULL;
}

/* A reason why not, or "".  Nothing is undone: elections put what can fail first, and a test fails
 * if they do not (see sim_serve_txn). */
static inline void sim_run_op(struct sim_consul *consul, const json_t *kv, json_t *results,
			      char *what)
{
	const struct sim_verb *verb = sim_find_verb(sim_text(kv, "Verb"));
	AUTOFREE char *value = sim_decode_base64(sim_text(kv, "Value"));
	struct sim_op op = {
		.consul = consul, .name = sim_text(kv, "Key"), .value = value,
		.session_id = sim_text(kv, "Session"),
		.index = (unsigned long)json_integer_value(json_object_get(kv, "Index")),
	};

	op.key = sim_find_key(consul, op.name);
	if (!verb)
		snprintf(op.what, sizeof op.what, "unknown verb \"%s\"", sim_text(kv, "Verb"));
	else
		verb->fn(&op);
	snprintf(what, sizeof op.what, "%s", op.what);
	if (verb && verb->tells && !op.what[0])
		json_array_append_new(results, json_pack("{s:o}", "KV",
							 sim_describe_key(op.key, verb->with_value)));
}

static inline void sim_serve_txn(struct sim_consul *consul, const struct sim_question *question,
				 const char *rest, struct sim_answer *answer)
{
	json_t *ops = json_loads(question->body, 0, NULL), *results = json_array(), *op;
	char what[sizeof((struct sim_op *)NULL)->what] = "";
	unsigned long before = consul->index;
	AUTOFREE char *text = NULL;
	json_t *reply;
	size_t i;

	(void)rest;
	json_array_foreach(ops, i, op) {
		if (question->denied)
			snprintf(what, sizeof what, "Permission denied");
		else
			sim_run_op(consul, json_object_get(op, "KV"), results, what);
		if (what[0])
			break;
	}
	if (what[0] && consul->index != before && !consul->strange)
		consul->strange = format_string("half a transaction: %s", question->body);
	if (what[0])
		reply = json_pack("{s:n s:[{s:i s:s}]}", "Results", "Errors", "OpIndex", (int)i,
				  "What", what);
	else
		reply = json_pack("{s:O s:n}", "Results", results, "Errors");
	text = json_dumps(reply, JSON_COMPACT);
	sim_say(answer, what[0] ? 409 : 200, "%s", text);
	json_decref(reply);
	json_decref(results);
	json_decref(ops);
}

/* ---- all ---- */

static const struct sim_route {
	const char *method, *prefix;
	sim_serve_fn *serve;
	bool local;			/* by the agent alone */
	bool filters;			/* who may not sees nothing: 200, 404 or 409, and no 403 */
} sim_routes[] = {
	{ "PUT", "/v1/agent/service/register", sim_serve_register, true, false },
	{ "PUT", "/v1/agent/service/deregister/", sim_serve_deregister, true, false },
	{ "PUT", "/v1/agent/check/update/", sim_serve_pass, true, false },
	{ "PUT", "/v1/agent/check/pass/", sim_serve_pass, true, false },
	{ "GET", "/v1/session/list", sim_serve_list, false, true },
	{ "GET", "/v1/session/info/", sim_serve_info, false, true },
	{ "PUT", "/v1/session/create", sim_serve_create, false, false },
	{ "PUT", "/v1/session/renew/", sim_serve_renew, false, false },
	{ "PUT", "/v1/session/destroy/", sim_serve_destroy, false, false },
	{ "PUT", "/v1/txn", sim_serve_txn, false, true },
	{ "GET", "/v1/kv/", sim_serve_read, false, true },
	{ "PUT", "/v1/kv/", sim_serve_write, false, false },
};

static inline void sim_serve(struct sim_consul *consul, const struct sim_question *question,
			     struct sim_answer *answer)
{
	const struct sim_route *route = sim_routes;
	size_t count = sizeof sim_routes / sizeof *sim_routes;
	AUTOFREE char *rest = NULL;

	while (count && (strcmp(route->method, question->method) ||
			 strncmp(route->prefix, question->path, strlen(route->prefix)))) {
		route++;
		count--;
	}
	if (!count) {
		if (!consul->strange)
			consul->strange = format_string("%s %s", question->method, question->path);
		sim_say(answer, 405, "method %s not allowed", question->method);
		return;
	}
	rest = sim_rest(question->path, route->prefix);
	if (consul->leaderless && !route->local)
		sim_say(answer, 500, "No cluster leader");
	else if (question->unknown)
		sim_say(answer, 403, "ACL not found");
	else if (question->denied && !route->filters)
		sim_say(answer, 403, "Permission denied");
	else
		route->serve(consul, question, rest, answer);
	if (answer->status == 400 && !consul->strange)
		consul->strange = format_string("%s %s: %s", question->method, question->path,
						answer->body.data);
}

#endif
