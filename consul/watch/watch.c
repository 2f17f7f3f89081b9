#include "watch.h"

#include "base/alloc.h"
#include "base/url.h"

static const char *subject_of(const struct watch_config *config)
{
	const char *const subjects[] = {
		[WATCH_SERVICE] = config->service,
		[WATCH_KEY] = config->key,
		[WATCH_PREFIX] = config->prefix,
	};

	return subjects[config->kind];
}

static char *make_path(const struct blocking_query *query, const struct watch_config *config)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, config->kind == WATCH_SERVICE ? "/v1/health/service/" : "/v1/kv/");
	url_escape(&path, query->subject);
	if (config->kind == WATCH_PREFIX)
		buf_add(&path, "?recurse");
	if (config->kind == WATCH_SERVICE) {
		if (config->passing)
			buf_add(&path, "?passing");
		for (size_t i = 0; i < config->tags.count; i++)
			url_add(&path, "tag", config->tags.items[i]);
		url_add(&path, "near", config->near);
	}
	url_add(&path, "dc", query->dc);
	return buf_take(&path);
}

static json_t *read_instances(const void *context, const json_t *answer, struct error *error)
{
	(void)context;
	return answer_set_read(WATCH_SERVICE, answer, error);
}

static json_t *read_ranked(const void *context, const json_t *answer, struct error *error)
{
	(void)context;
	return answer_set_read_ranked(answer, error);
}

static json_t *read_keys(const void *context, const json_t *answer, struct error *error)
{
	(void)context;
	return answer_set_read(WATCH_PREFIX, answer, error);
}

static void on_news(struct feed *feed)
{
	struct watch *watch = container_of(feed, struct watch, feed);
	bool healthy = json_array_size(feed->state), changed = healthy != watch->healthy;

	if (healthy || watch->told || watch->config->first_empty == FIRST_EMPTY_CHANGED) {
		watch->changes++;
		source_publish(&watch->source, EVENT_CHANGED);
	}
	if (changed || !watch->told)
		source_publish(&watch->source, healthy ? EVENT_HEALTHY : EVENT_UNHEALTHY);
	watch->told = true;
	watch->healthy = healthy;
}

static json_t *describe(struct source *source, enum event_code code, const json_t *since,
			json_t **now)
{
	struct watch *watch = container_of(source, struct watch, source);

	*now = watch->feed.state ? json_incref(watch->feed.state) : json_array();
	return answer_set_document(&(struct event){ .source = source, .code = code },
			       watch->config->kind, since, *now);
}

static const struct source_ops ops = { .describe = describe };

void watch_init(struct watch *watch, struct agent *agent, const struct watch_config *config)
{
	AUTOFREE char *name = format_string("watch.%s", config->name);

	*watch = (struct watch){ .config = config, .feed.on_news = on_news };
	source_init(&watch->source, &agent->http.loop->bus, name, &ops);
	watch->query = (struct blocking_query){
		.name = watch->source.name,
		.topic = config->kind == WATCH_SERVICE ? TOPIC_SERVICE : TOPIC_KEYS,
		.subject = subject_of(config),
		.dc = config->dc ? config->dc : agent->config->datacenter,
		.prefix = config->kind == WATCH_PREFIX,
		.identity = answer_set_identity(config->kind),
		.read = config->kind != WATCH_SERVICE ? read_keys :
			config->near ? read_ranked : read_instances,
		.equal = answer_set_equal,
	};
	watch->path = make_path(&watch->query, config);
	watch->query.path = watch->path;
	feed_init(&watch->feed, agent, &watch->query, config->settle);
}

void watch_release(struct watch *watch)
{
	if (!watch->config)
		return;
	feed_release(&watch->feed);
	source_release(&watch->source);
	free(watch->path);
	*watch = (struct watch){ 0 };
}
