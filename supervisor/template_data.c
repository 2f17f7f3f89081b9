#include "template_data.h"

#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/url.h"
#include "base/watched_file.h"
#include "consul/watch/feed.h"
#include "template/dependency.h"
#include "template/reply.h"

#define FILE_LIMIT ((size_t)16 << 20)
static const double ask_for_node = 5;

struct watched_dependency {
	UT_hash_handle hh;
	struct template_data *data;
	char *name;
	struct dependency dependency;
	struct blocking_query query;
	char *path;			/* of the query */
	char subject[DEPENDENCY_LIMIT];
	struct feed feed;
	struct watched_file file;
	json_t *contents;		/* of the file */
	struct list uses;
	bool started, known;		/* known: it has a value, or will never have one */
};

/* The use of a dependency by a user. */
struct use {
	struct list of_watched, of_user;
	struct watched_dependency *watched;
	struct data_user *user;
};

static bool is_file(const struct watched_dependency *watched)
{
	return watched->dependency.kind == DEPENDENCY_FILE;
}

static json_t *value_of(const struct watched_dependency *watched)	/* NULL: none */
{
	return is_file(watched) ? watched->contents : watched->feed.state;
}

/* Consul rejects the query, and there is no value from earlier. */
static bool is_refused(const struct watched_dependency *watched)
{
	return watched->feed.refusal.text[0] && !watched->feed.state;
}

/* ---- changes ---- */

static void tell(struct watched_dependency *watched)
{
	bool was_known = watched->known;

	watched->known = value_of(watched) || is_refused(watched);
	watched->data->source.changes++;
	list_each(node, &watched->uses) {
		struct data_user *user = list_entry(node, struct use, of_watched)->user;

		user->awaited += was_known;
		user->awaited -= watched->known && user->awaited;
		user->on_news(user);
	}
}

static void on_feed(struct feed *feed)
{
	tell(container_of(feed, struct watched_dependency, feed));
}

static void on_file(struct watched_file *file, const struct buf *text)
{
	struct watched_dependency *watched = container_of(file, struct watched_dependency, file);

	json_decref(watched->contents);
	watched->contents = json_stringn_nocheck(text->data, text->used);
	tell(watched);
}

/* ---- queries to Consul ---- */

static const struct {
	enum topic topic;
	bool object;			/* the answer is an object, else an array */
	bool may_lack;			/* its absence is a valid answer */
	bool no_dc;			/* of no datacentre, or of the agent's own */
	const char *identity[3];
} kinds[] = {
	[DEPENDENCY_SERVICE]     = { TOPIC_SERVICE, .identity = { "Node", "ID" } },
	[DEPENDENCY_CONNECT]     = { TOPIC_CONNECT, .identity = { "Node", "ID" } },
	[DEPENDENCY_SERVICES]    = { TOPIC_NAMES, .object = true, .identity = { "Name" } },
	[DEPENDENCY_NODES]       = { TOPIC_NAMES, .identity = { "Node" } },
	[DEPENDENCY_NODE]        = { TOPIC_NODE, .object = true, .may_lack = true },
	[DEPENDENCY_DATACENTERS] = { TOPIC_NAMES, .no_dc = true },
	[DEPENDENCY_KEY]         = { TOPIC_KEYS, .may_lack = true },
	[DEPENDENCY_GET]         = { TOPIC_KEYS, .may_lack = true },
	[DEPENDENCY_LIST]        = { TOPIC_KEYS, .may_lack = true, .identity = { "Path" } },
	[DEPENDENCY_ROOTS]       = { TOPIC_AUTHORITY, .object = true, .no_dc = true },
	[DEPENDENCY_LEAF]        = { TOPIC_AUTHORITY, .object = true, .no_dc = true },
};

static json_t *read_answer(const void *context, const json_t *answer, struct error *error)
{
	const struct dependency *dependency = context;
	bool lacks = !answer || json_is_null(answer);

	if (lacks ? !kinds[dependency->kind].may_lack :
	    kinds[dependency->kind].object ? !json_is_object(answer) : !json_is_array(answer)) {
		fail(error, "an answer of an unexpected form");
		return NULL;
	}
	return reply_convert(dependency, lacks ? NULL : (json_t *)answer);
}

static void *copy_dependency(const struct blocking_query *query)
{
	struct dependency *copy = NEW(struct dependency);

	dependency_copy(copy, &container_of(query, struct watched_dependency, query)->dependency);
	return copy;
}

/* `node` without a name means the agent's own. */
static void add_path(const struct watched_dependency *watched, struct buf *path)
{
	const struct dependency *dependency = &watched->dependency;
	const char *dc = watched->data->agent->config->datacenter;

	dependency_request(dependency, path);
	if (dependency->kind == DEPENDENCY_NODE && !*dependency->name) {
		buf_clear(path);
		buf_add(path, "/v1/catalog/node/");
		url_escape(path, watched->data->node);
	}
	if (dc && !*dependency->dc && !kinds[dependency->kind].no_dc) {
		buf_print(path, "%cdc=", strchr(path->data, '?') ? '&' : '?');
		url_escape(path, dc);
	}
}

static void start_feed(struct watched_dependency *watched)
{
	struct template_data *data = watched->data;
	const struct dependency *dependency = &watched->dependency;
	const char *dc = *dependency->dc ? dependency->dc : data->agent->config->datacenter;
	struct buf path = BUF_INIT;

	dependency_subject(dependency, watched->subject);
	add_path(watched, &path);
	watched->path = buf_take(&path);
	watched->query = (struct blocking_query){
		.name = watched->name,
		.path = watched->path,
		.topic = kinds[dependency->kind].topic,
		.subject = *dependency->name || dependency->kind != DEPENDENCY_NODE
			       ? watched->subject
			       : data->node,
		.dc = dc,
		.prefix = dependency->kind == DEPENDENCY_LIST,
		.identity =
		    kinds[dependency->kind].identity[0] ? kinds[dependency->kind].identity : NULL,
		.read = read_answer,
		.copy_context = copy_dependency,
	};
	watched->feed.on_news = watched->feed.on_refusal = on_feed;
	feed_init(&watched->feed, data->agent, &watched->query, data->settle);
	watched->started = true;
}

static void start(struct watched_dependency *watched)
{
	struct template_data *data = watched->data;

	if (watched->started)
		return;
	if (is_file(watched)) {
		watched_file_start(&watched->file, data->loop, watched->dependency.name,
				   FILE_LIMIT);
		watched->started = true;
	} else if (watched->dependency.kind == DEPENDENCY_NODE && !*watched->dependency.name &&
		   !data->node) {
		if (!agent_is_busy(&data->self) && !timer_is_set(&data->ask_again))
			timer_set(&data->ask_again, 0);
	} else {
		start_feed(watched);
	}
}

static void stop(struct watched_dependency *watched)
{
	watched_file_stop(&watched->file);
	if (watched->started && !is_file(watched))
		feed_release(&watched->feed);
	free(steal(&watched->path));
	watched->started = watched->known = false;
}

static void on_ask_again(struct timer *timer)
{
	struct template_data *data = container_of(timer, struct template_data, ask_again);

	agent_get(&data->self, "/v1/agent/self", AGENT_TIMEOUT);
}

static void on_self(struct agent_request *request, enum agent_answer answer)
{
	struct template_data *data = container_of(request, struct template_data, self);
	json_t *config = json_object_get(request->json, "Config");
	const char *name = json_string_value(json_object_get(config, "NodeName"));
	struct error error = ERROR_INIT;

	if (answer != ANSWER_OK || !name) {
		agent_explain(request, &error);
		agent_log_failure(request, answer == ANSWER_OK ? ANSWER_TROUBLE : answer, &error);
		timer_set(&data->ask_again, ask_for_node);
		return;
	}
	agent_log_success(request);
	data->node = copy_string(name);
	for (struct watched_dependency *watched = data->all; watched; watched = watched->hh.next)
		start(watched);
}

/* ---- users ---- */

static struct watched_dependency *find(const struct template_data *data, const char *name)
{
	struct watched_dependency *watched;

	HASH_FIND_STR(data->all, name, watched);
	return watched;
}

static struct watched_dependency *add(struct template_data *data,
				      const struct dependency *dependency, const char *name)
{
	struct watched_dependency *watched = NEW(struct watched_dependency);

	watched->data = data;
	watched->name = copy_string(name);
	dependency_copy(&watched->dependency, dependency);
	list_init(&watched->uses);
	watched->file.on_change = on_file;
	HASH_ADD_KEYPTR(hh, data->all, watched->name, strlen(watched->name), watched);
	return watched;
}

static void forget(struct watched_dependency *watched)
{
	HASH_DEL(watched->data->all, watched);
	stop(watched);
	json_decref(watched->contents);
	free(watched->name);
	free(watched);
}

static bool look_up(struct template_provider *self, const struct dependency *dependency,
		    const char *name, json_t **value)
{
	struct template_data *data = container_of(self, struct template_data, source.data);
	struct watched_dependency *watched = find(data, name);

	if (!watched)
		watched = add(data, dependency, name);
	*value = value_of(watched);
	return watched->known && *value;
}

static void drop(struct use *use)
{
	struct watched_dependency *watched = use->watched;

	list_remove(&use->of_user);
	list_remove(&use->of_watched);
	free(use);
	if (list_empty(&watched->uses))
		forget(watched);
}

static void take(struct data_user *user, struct watched_dependency *watched)
{
	struct use *use = NEW(struct use);

	use->watched = watched;
	use->user = user;
	list_append(&watched->uses, &use->of_watched);
	list_append(&user->uses, &use->of_user);
	user->awaited += !watched->known;
	start(watched);
}

static bool want(struct data_provider *self, struct data_user *user, const struct strv *names,
		 struct error *error)
{
	struct template_data *data = container_of(self, struct template_data, source);
	struct data_user before;
	bool possible = true, forgotten = false;

	data_user_init(&before, NULL);
	list_move_all(&user->uses, &before.uses);
	user->awaited = 0;
	for (size_t i = 0; i < names->count; i++) {
		struct watched_dependency *watched = find(data, names->items[i]);

		if (!watched)
			forgotten = true;	/* by its last user, after the lookup */
		else if (!is_file(watched) && !data->agent)
			possible = fail(error, "this configuration has no consul, which %s "
					"needs", watched->name);
		else
			take(user, watched);
		if (watched && is_refused(watched))
			possible = fail(error, "consul rejects %s: %s", watched->name,
					watched->feed.refusal.text);
	}
	list_each(node, &before.uses)
		drop(list_entry(node, struct use, of_user));
	if (forgotten)
		user->on_news(user);
	return possible;
}

/* ---- all dependencies ---- */

void template_data_init(struct template_data *data, struct loop *loop)
{
	*data = (struct template_data){ .source = { .data = { look_up }, .want = want }, .loop = loop };
	timer_init(&data->ask_again, loop, on_ask_again);
}

/* Drops all values.  Users keep what they rendered, and learn whether they get new values. */
static void stop_all(struct template_data *data)
{
	for (struct watched_dependency *watched = data->all; watched; watched = watched->hh.next) {
		if (is_file(watched))
			continue;
		list_each(node, &watched->uses) {
			struct data_user *user = list_entry(node, struct use, of_watched)->user;

			user->awaited += watched->known;
			user->on_news(user);
		}
		stop(watched);
	}
}

void template_data_use(struct template_data *data, struct agent *agent, double settle)
{
	stop_all(data);
	timer_stop(&data->ask_again);
	agent_request_release(&data->self);
	free(steal(&data->node));
	data->agent = agent;
	data->settle = settle;
	if (!agent)
		return;
	agent_request_init(&data->self, agent, "the agent's own node", on_self);
	for (struct watched_dependency *watched = data->all; watched; watched = watched->hh.next)
		start(watched);
}

void template_data_release(struct template_data *data)
{
	template_data_use(data, NULL, 0);
	while (data->all)
		forget(data->all);
}
