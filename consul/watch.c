#include "watch.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum {
	WAIT = 60,			/* seconds: bounds how long a stale index hides changes */
	RIGHTS_MAX = 60,		/* questions at once; Consul takes 64 */
};
#define TOKENS_MAX 10.0			/* and so many grow a second */
#define COST_OF_NEWS 0.1

static const struct {
	const char *path;		/* what follows it is the name */
	const char *resource;		/* of Consul's access rules */
	const char *query;
} kinds[] = {
	[WATCH_SERVICE] = { "/v1/health/service/", "service", "" },
	[WATCH_KEY] = { "/v1/kv/", "key", "" },
	[WATCH_PREFIX] = { "/v1/kv/", "key", "&recurse" },
};

static const char *name_of(const struct watch_config *config)
{
	const char *const names[] = {
		[WATCH_SERVICE] = config->service,
		[WATCH_KEY] = config->key,
		[WATCH_PREFIX] = config->prefix,
	};

	return names[config->kind];
}

static void add_parameter(struct buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_print(path, "&%s=", name);
	url_escape(path, value);
}

static const char *datacenter_of(const struct watch *watch)
{
	return watch->config->dc ? watch->config->dc : watch->agent->config->datacenter;
}

static void ask(struct watch *watch)
{
	const struct watch_config *config = watch->config;
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, kinds[config->kind].path);
	url_escape(&path, name_of(config));
	buf_print(&path, "?wait=%ds%s", WAIT, kinds[config->kind].query);
	if (watch->index)
		buf_print(&path, "&index=%lu", watch->index);
	if (config->kind == WATCH_SERVICE) {
		if (config->passing)
			buf_add(&path, "&passing");
		for (size_t i = 0; i < config->tags.count; i++)
			add_parameter(&path, "tag", config->tags.items[i]);
		add_parameter(&path, "near", config->near);
	}
	add_parameter(&path, "dc", datacenter_of(watch));
	/* Consul adds up to a sixteenth, so that not all come at once. */
	agent_get(&watch->query, path.data, WAIT * 17.0 / 16 + 5);
}

/* The next query, as soon as the tokens allow. */
static void ask_again(struct watch *watch, double cost)
{
	double now = monotonic_now();

	watch->tokens += (now - watch->refilled) * TOKENS_MAX;
	watch->tokens = fmin(watch->tokens, TOKENS_MAX) - cost;
	watch->refilled = now;
	if (watch->tokens >= 0)
		ask(watch);
	else
		timer_set(&watch->retry, -watch->tokens / TOKENS_MAX);
}

/* Takes `set`, or NULL. */
static void hold_back(struct watch *watch, json_t *set)
{
	json_decref(watch->pending);
	watch->pending = set;
}

/* Takes `set`.  True if that is news. */
static bool adopt(struct watch *watch, json_t *set)
{
	bool first = !watch->state;
	bool empty = !json_array_size(set), was_empty = !json_array_size(watch->state);

	agent_cancel(&watch->rights);
	agent_content(&watch->rights);
	hold_back(watch, NULL);
	if (!first && digest_equal(watch->state, set)) {
		json_decref(set);
		return false;
	}
	json_decref(watch->state);
	watch->state = set;
	source_publish(&watch->source, EVENT_CHANGED);
	if (first || empty != was_empty)
		source_publish(&watch->source, empty ? EVENT_UNHEALTHY : EVENT_HEALTHY);
	return true;
}

static void add_right(json_t *rights, const char *resource, const char *name)
{
	if (json_array_size(rights) < RIGHTS_MAX)
		json_array_append_new(rights, json_pack("{ss ss ss}", "Resource", resource,
							"Access", "read", "Segment", name));
}

/* May we see what we saw? */
static void ask_rights(struct watch *watch)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;
	CLEANUP(json_decrefp) json_t *rights = json_array();
	enum watch_kind kind = watch->config->kind;
	const char *last = "";
	json_t *entry;
	size_t i;

	add_right(rights, kinds[kind].resource, name_of(watch->config));
	json_array_foreach(watch->state, i, entry) {
		const char *name = json_string_value(
			json_object_get(entry, kind == WATCH_SERVICE ? "node" : "key"));

		if (strcmp(name, last))
			add_right(rights, kind == WATCH_SERVICE ? "node" : "key", name);
		last = name;
	}
	buf_add(&path, "/v1/internal/acl/authorize?");
	add_parameter(&path, "dc", datacenter_of(watch));
	agent_post(&watch->rights, path.data, json_dumps(rights, JSON_COMPACT), AGENT_PATIENCE);
}

/* Takes `set`: what Consul says now.  True if that is news. */
static bool believe(struct watch *watch, json_t *set)
{
	if (json_array_size(set) || !json_array_size(watch->state) || watch->agent->acl_off ||
	    watch->allowed)
		return adopt(watch, set);
	hold_back(watch, set);
	if (!agent_is_busy(&watch->rights))
		ask_rights(watch);
	return false;
}

/* Takes `set`, a good answer.  True if there is news in it. */
static bool consider(struct watch *watch, json_t *set)
{
	bool news;

	if (watch->distrusted && watch->state && watch->config->settle > 0)
		timer_set(&watch->settle, watch->config->settle);
	watch->distrusted = false;
	if (!timer_is_set(&watch->settle))
		return believe(watch, set);
	news = adopt(watch, digest_union(watch->state, set));
	hold_back(watch, set);
	return news;
}

static void on_settled(struct timer *timer)
{
	struct watch *watch = container_of(timer, struct watch, settle);

	believe(watch, json_incref(watch->pending));
}

static void distrust(struct watch *watch)
{
	watch->index = 0;
	watch->distrusted = true;
	watch->allowed = false;
}

/* Keep what we have, and ask again later. */
static void on_trouble(struct watch *watch)
{
	distrust(watch);
	timer_stop(&watch->settle);
	agent_cancel(&watch->query);
	agent_cancel(&watch->rights);
	hold_back(watch, NULL);
	timer_set(&watch->retry, backoff_next(&watch->backoff));
}

static void take_index(struct watch *watch, unsigned long index)
{
	if (index < watch->index)
		distrust(watch);
	else
		watch->index = index;
}

static void on_reply(struct agent_request *query, enum agent_answer answer)
{
	struct watch *watch = container_of(query, struct watch, query);
	enum watch_kind kind = watch->config->kind;
	bool no_key = answer == ANSWER_MISSING && kind != WATCH_SERVICE && query->http.index;
	struct error error = { "" };
	json_t *set = NULL;
	double cost;

	if (answer == ANSWER_OK || no_key)
		set = digest_read(kind, query->json, &error);
	else
		agent_explain(query, &error);
	if (!set) {
		agent_complain(query, answer == ANSWER_OK ? ANSWER_TROUBLE : answer, &error);
		on_trouble(watch);
		return;
	}
	agent_content(query);
	backoff_reset(&watch->backoff);
	take_index(watch, query->http.index);
	cost = consider(watch, set) ? COST_OF_NEWS : 1;
	watch->allowed = false;
	ask_again(watch, cost);
}

/* In words; false: all is allowed. */
static bool is_denied(const struct agent_request *rights, struct error *error)
{
	const json_t *right;
	size_t i;

	if (rights->http.status == 403)
		agent_explain(rights, error);
	json_array_foreach(rights->json, i, right)
		if (!json_is_true(json_object_get(right, "Allow")))
			fail(error, "no right to read %s \"%s\", so the last set stays",
			     json_string_value(json_object_get(right, "Resource")),
			     json_string_value(json_object_get(right, "Segment")));
	return error->text[0];
}

/* The rights may be newer than the answer in doubt: believe the next one. */
static void on_allowed(struct watch *watch)
{
	watch->allowed = true;
	watch->index = 0;
	timer_stop(&watch->retry);
	ask(watch);
}

static void on_rights(struct agent_request *rights, enum agent_answer answer)
{
	struct watch *watch = container_of(rights, struct watch, rights);
	struct error error = { "" };

	if (answer == ANSWER_TROUBLE) {
		agent_explain(rights, &error);
	} else if (answer == ANSWER_OK && !json_array_size(rights->json)) {
		answer = ANSWER_TROUBLE;
		fail(&error, "no word about our rights");
	}
	watch->agent->acl_off = rights->http.status == 401;
	if (answer == ANSWER_TROUBLE) {
		agent_complain(rights, answer, &error);
		on_trouble(watch);
	} else if (is_denied(rights, &error)) {
		agent_complain(rights, ANSWER_DENIED, &error);
	} else if (watch->agent->acl_off) {
		adopt(watch, json_incref(watch->pending));
	} else {
		on_allowed(watch);
	}
}

static void on_retry(struct timer *timer)
{
	ask(container_of(timer, struct watch, retry));
}

static void on_consul_back(struct subscription *self, const struct event *event)
{
	struct watch *watch = container_of(self, struct watch, on_consul);

	(void)event;
	if (watch->distrusted && timer_is_set(&watch->retry)) {
		timer_stop(&watch->retry);
		ask(watch);
	}
}

static json_t *describe(struct source *source, enum event_code code, const json_t *since,
			json_t **now)
{
	struct watch *watch = container_of(source, struct watch, source);

	*now = watch->state ? json_incref(watch->state) : json_array();
	return digest_document(&(struct event){ .source = source, .code = code },
			       watch->config->kind, since, *now);
}

static const struct source_ops ops = { .describe = describe };

void watch_init(struct watch *watch, struct agent *agent, const struct watch_config *config)
{
	AUTOFREE char *name = format_string("watch.%s", config->name);
	struct loop *loop = agent->http.loop;

	*watch = (struct watch){
		.config = config,
		.agent = agent,
		.backoff = { .min = 0.25, .max = 30 },
		.tokens = TOKENS_MAX,
		.refilled = monotonic_now(),
	};
	source_init(&watch->source, &loop->bus, name, &ops);
	agent_request_init(&watch->query, agent, name, on_reply);
	agent_request_init(&watch->rights, agent, name, on_rights);
	timer_init(&watch->retry, loop, on_retry);
	timer_init(&watch->settle, loop, on_settled);
	subscribe(&watch->on_consul, &agent->source, EVENT_HEALTHY, on_consul_back);
	timer_set(&watch->retry, 0);	/* the workload is started before anything is asked */
}

void watch_release(struct watch *watch)
{
	if (!watch->agent)
		return;
	unsubscribe(&watch->on_consul);
	timer_stop(&watch->retry);
	timer_stop(&watch->settle);
	agent_request_release(&watch->query);
	agent_request_release(&watch->rights);
	source_release(&watch->source);
	json_decref(watch->state);
	json_decref(watch->pending);
	*watch = (struct watch){ 0 };
}
