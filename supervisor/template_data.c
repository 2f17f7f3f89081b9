#include "template_data.h"

#include <string.h>
#include <sys/stat.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/url.h"
#include "consul/watch/feed.h"
#include "template/dependency.h"
#include "template/reply.h"

#define FILE_LIMIT ((size_t)16 << 20)
static const double look_at_file = 2, ask_for_node = 5;

struct fact {
	UT_hash_handle hh;
	struct facts *facts;
	char *name;
	struct query query;
	struct question question;
	char *path;			/* of the question */
	struct feed feed;
	struct timer look;		/* at a file */
	struct stat seen;
	json_t *contents;		/* of a file */
	struct list uses;
	bool started, known;
};

/* One that a user has of a fact. */
struct use {
	struct list of_fact, of_user;
	struct fact *fact;
	struct data_user *user;
};

static bool is_file(const struct fact *fact)
{
	return fact->query.kind == QUERY_FILE;
}

/* ---- news ---- */

static void tell(struct fact *fact)
{
	bool first = !fact->known;

	fact->known = true;
	list_each(node, &fact->uses) {
		struct data_user *user = list_entry(node, struct use, of_fact)->user;

		user->awaited -= first;
		user->on_news(user);
	}
}

static void on_feed(struct feed *feed)
{
	tell(container_of(feed, struct fact, feed));
}

static void on_look(struct timer *timer)
{
	struct fact *fact = container_of(timer, struct fact, look);
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct stat now;
	struct error error;		/* a file that is not there is waited for, as a key is */

	timer_set(timer, look_at_file);
	if (stat(fact->query.name, &now) ||
	    (fact->known && file_is_unchanged(&fact->seen, &now)) ||
	    !file_read_regular(fact->query.name, FILE_LIMIT, &text, &error))
		return;
	fact->seen = now;
	json_decref(fact->contents);
	fact->contents = json_stringn_nocheck(text.data, text.used);
	tell(fact);
}

/* ---- questions to Consul ---- */

static const struct {
	enum topic topic;
	bool object;			/* the answer is one, else an array */
	bool may_lack;			/* that there is no such thing is an answer */
	const char *identity[3];
} kinds[] = {
	[QUERY_SERVICE]     = { TOPIC_SERVICE, false, false, { "Node", "ID" } },
	[QUERY_CONNECT]     = { TOPIC_CONNECT, false, false, { "Node", "ID" } },
	[QUERY_SERVICES]    = { TOPIC_NAMES, true, false, { "Name" } },
	[QUERY_NODES]       = { TOPIC_NAMES, false, false, { "Node" } },
	[QUERY_NODE]        = { TOPIC_NODE, true, true, { NULL } },
	[QUERY_DATACENTERS] = { TOPIC_NAMES, false, false, { NULL } },
	[QUERY_KEY]         = { TOPIC_KEYS, false, true, { NULL } },
	[QUERY_GET]         = { TOPIC_KEYS, false, true, { NULL } },
	[QUERY_LIST]        = { TOPIC_KEYS, false, true, { "Path" } },
};

static json_t *read_answer(const struct question *question, const json_t *answer,
			   struct error *error)
{
	const struct fact *fact = container_of(question, struct fact, question);
	enum query_kind kind = fact->query.kind;
	bool lacks = !answer || json_is_null(answer);

	if (lacks ? !kinds[kind].may_lack :
	    kinds[kind].object ? !json_is_object(answer) : !json_is_array(answer)) {
		fail(error, "an answer of another form than it should have");
		return NULL;
	}
	return reply_convert(&fact->query, lacks ? NULL : (json_t *)answer);
}

/* `node` without a name is the agent's own. */
static void add_path(const struct fact *fact, struct buf *path)
{
	const struct query *query = &fact->query;
	const char *dc = fact->facts->agent->config->datacenter;

	query_request(query, path);
	if (query->kind == QUERY_NODE && !*query->name) {
		buf_clear(path);
		buf_add(path, "/v1/catalog/node/");
		url_escape(path, fact->facts->node);
	}
	if (dc && !*query->dc && query->kind != QUERY_DATACENTERS) {
		buf_print(path, "%cdc=", strchr(path->data, '?') ? '&' : '?');
		url_escape(path, dc);
	}
}

static void start_feed(struct fact *fact)
{
	struct facts *facts = fact->facts;
	const struct query *query = &fact->query;
	const char *dc = *query->dc ? query->dc : facts->agent->config->datacenter;
	struct buf path = BUF_INIT;

	add_path(fact, &path);
	fact->path = buf_take(&path);
	fact->question = (struct question){
		.name = fact->name,
		.path = fact->path,
		.topic = kinds[query->kind].topic,
		.subject = *query->name || query->kind != QUERY_NODE ? query->name : facts->node,
		.dc = dc,
		.prefix = query->kind == QUERY_LIST,
		.identity = kinds[query->kind].identity[0] ? kinds[query->kind].identity : NULL,
		.read = read_answer,
	};
	fact->feed.on_news = on_feed;
	feed_init(&fact->feed, facts->agent, &fact->question, facts->settle);
	fact->started = true;
}

static void start(struct fact *fact)
{
	struct facts *facts = fact->facts;

	if (fact->started)
		return;
	if (is_file(fact)) {
		timer_set(&fact->look, 0);
		fact->started = true;
	} else if (fact->query.kind == QUERY_NODE && !*fact->query.name && !facts->node) {
		if (!agent_is_busy(&facts->self) && !timer_is_set(&facts->ask_again))
			timer_set(&facts->ask_again, 0);
	} else {
		start_feed(fact);
	}
}

static void stop(struct fact *fact)
{
	timer_stop(&fact->look);
	if (fact->started && !is_file(fact))
		feed_release(&fact->feed);
	free(steal(&fact->path));
	fact->started = fact->known = false;
}

static void on_ask_again(struct timer *timer)
{
	struct facts *facts = container_of(timer, struct facts, ask_again);

	agent_get(&facts->self, "/v1/agent/self", AGENT_PATIENCE);
}

static void on_self(struct agent_request *request, enum agent_answer answer)
{
	struct facts *facts = container_of(request, struct facts, self);
	json_t *config = json_object_get(request->json, "Config");
	const char *name = json_string_value(json_object_get(config, "NodeName"));
	struct error error = { "" };

	if (answer != ANSWER_OK || !name) {
		agent_explain(request, &error);
		agent_complain(request, answer == ANSWER_OK ? ANSWER_TROUBLE : answer, &error);
		timer_set(&facts->ask_again, ask_for_node);
		return;
	}
	agent_content(request);
	facts->node = copy_string(name);
	for (struct fact *fact = facts->all; fact; fact = fact->hh.next)
		start(fact);
}

/* ---- who uses what ---- */

static struct fact *find(const struct facts *facts, const char *name)
{
	struct fact *fact;

	HASH_FIND_STR(facts->all, name, fact);
	return fact;
}

static struct fact *add(struct facts *facts, const struct query *query, const char *name)
{
	struct fact *fact = NEW(struct fact);

	fact->facts = facts;
	fact->name = copy_string(name);
	query_copy(&fact->query, query);
	list_init(&fact->uses);
	timer_init(&fact->look, facts->loop, on_look);
	HASH_ADD_KEYPTR(hh, facts->all, fact->name, strlen(fact->name), fact);
	return fact;
}

static void forget(struct fact *fact)
{
	HASH_DEL(fact->facts->all, fact);
	stop(fact);
	json_decref(fact->contents);
	free(fact->name);
	free(fact);
}

static bool look_up(struct template_data *self, const struct query *query, const char *dependency,
		    json_t **value)
{
	struct facts *facts = container_of(self, struct facts, source.data);
	struct fact *fact = find(facts, dependency);

	if (!fact)
		fact = add(facts, query, dependency);
	*value = is_file(fact) ? fact->contents : fact->feed.state;
	return fact->known;
}

static void drop(struct use *use)
{
	struct fact *fact = use->fact;

	list_remove(&use->of_user);
	list_remove(&use->of_fact);
	free(use);
	if (list_empty(&fact->uses))
		forget(fact);
}

static void take(struct data_user *user, struct fact *fact)
{
	struct use *use = NEW(struct use);

	use->fact = fact;
	use->user = user;
	list_append(&fact->uses, &use->of_fact);
	list_append(&user->uses, &use->of_user);
	user->awaited += !fact->known;
	start(fact);
}

static bool want(struct data_source *self, struct data_user *user, const struct strv *names,
		 struct error *error)
{
	struct facts *facts = container_of(self, struct facts, source);
	struct data_user before;
	bool possible = true;

	data_user_init(&before, NULL);
	list_move_all(&user->uses, &before.uses);
	user->awaited = 0;
	for (size_t i = 0; i < names->count; i++) {
		struct fact *fact = find(facts, names->items[i]);

		if (!is_file(fact) && !facts->agent)
			possible = fail(error, "there is no consul in this configuration, and %s "
					"would have to come from it", fact->name);
		else
			take(user, fact);
	}
	list_each(node, &before.uses)
		drop(list_entry(node, struct use, of_user));
	return possible;
}

/* ---- the whole ---- */

void facts_init(struct facts *facts, struct loop *loop)
{
	*facts = (struct facts){ .source = { { look_up }, want }, .loop = loop };
	timer_init(&facts->ask_again, loop, on_ask_again);
}

/* All values go; their users keep what they made of them, and look whether there can be others. */
static void stop_all(struct facts *facts)
{
	for (struct fact *fact = facts->all; fact; fact = fact->hh.next) {
		if (is_file(fact))
			continue;
		list_each(node, &fact->uses) {
			struct data_user *user = list_entry(node, struct use, of_fact)->user;

			user->awaited += fact->known;
			user->on_news(user);
		}
		stop(fact);
	}
}

void facts_use(struct facts *facts, struct agent *agent, double settle)
{
	stop_all(facts);
	timer_stop(&facts->ask_again);
	agent_request_release(&facts->self);
	free(steal(&facts->node));
	facts->agent = agent;
	facts->settle = settle;
	if (!agent)
		return;
	agent_request_init(&facts->self, agent, "the agent's own node", on_self);
	for (struct fact *fact = facts->all; fact; fact = fact->hh.next)
		start(fact);
}

void facts_release(struct facts *facts)
{
	facts_use(facts, NULL, 0);
	while (facts->all)
		forget(facts->all);
}
