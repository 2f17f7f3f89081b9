#include "user_metrics.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/histogram.h"
#include "config/schema.h"
#include "metric_value.h"

struct series {
	struct list link;
	char *labels;			/* as exposition_value() takes them */
	double value;			/* the sum, if observations are counted */
	unsigned long counts[];		/* between the buckets' bounds */
};

struct user_metric {
	struct list link;
	struct metric_config *config;	/* owned */
	struct list series;
};

static void drop_series(struct series *series)
{
	list_remove(&series->link);
	free(series->labels);
	free(series);
}

/* The time series that Prometheus makes of one of ours. */
static size_t weight(const struct metric_config *config)
{
	return config->type == METRIC_HISTOGRAM ? config->bucket_count + 3
	     : config->type == METRIC_SUMMARY ? 2 : 1;
}

static struct series *find_series(const struct user_metric *metric, const char *labels)
{
	list_each(node, &metric->series) {
		struct series *series = list_entry(node, struct series, link);

		if (!strcmp(series->labels, labels))
			return series;
	}
	return NULL;
}

static struct series *add_series(struct user_metrics *metrics, struct user_metric *metric, const char *labels)
{
	size_t buckets = metric->config->bucket_count + 1;
	struct series *series = alloc(sizeof *series + buckets * sizeof *series->counts);

	series->labels = copy_string(labels);
	list_append(&metric->series, &series->link);
	metrics->series += weight(metric->config);
	return series;
}

/* ---- which metrics there are ---- */

void user_metrics_init(struct user_metrics *metrics)
{
	*metrics = (struct user_metrics){ 0 };
	list_init(&metrics->metrics);
}

static void drop_metric(struct user_metrics *metrics, struct user_metric *metric)
{
	while (!list_empty(&metric->series)) {
		drop_series(list_entry(metric->series.next, struct series, link));
		metrics->series -= weight(metric->config);
	}
	list_remove(&metric->link);
	metric_config_free(metric->config);
	free(metric);
}

void user_metrics_release(struct user_metrics *metrics)
{
	while (!list_empty(&metrics->metrics))
		drop_metric(metrics, list_entry(metrics->metrics.next, struct user_metric, link));
}

static bool is_same(const struct metric_config *a, const struct metric_config *b)
{
	bool same = !strcmp(a->name, b->name) && a->type == b->type && a->labels.count == b->labels.count &&
		    a->bucket_count == b->bucket_count;

	for (size_t i = 0; same && i < a->labels.count; i++)
		same = !strcmp(a->labels.items[i], b->labels.items[i]);
	return same && (!a->bucket_count ||
			!memcmp(a->buckets, b->buckets, a->bucket_count * sizeof *a->buckets));
}

/* The metric of `old` that has stayed, or NULL. */
static struct user_metric *find_same(const struct user_metrics *old, const struct metric_config *config)
{
	list_each(node, &old->metrics) {
		struct user_metric *metric = list_entry(node, struct user_metric, link);

		if (is_same(metric->config, config))
			return metric;
	}
	return NULL;
}

/* A counter without labels begins at 0, so that its first step is seen; and so do observations. */
static void add_metric(struct user_metrics *metrics, struct metric_config *config)
{
	struct user_metric *metric = NEW(struct user_metric);

	*metric = (struct user_metric){ .config = config };
	list_init(&metric->series);
	list_append(&metrics->metrics, &metric->link);
	if (!config->labels.count && config->type != METRIC_GAUGE)
		add_series(metrics, metric, "");
}

void user_metrics_take(struct user_metrics *metrics, struct telemetry_config *config)
{
	struct user_metrics old = { .series = metrics->series };

	list_init(&old.metrics);
	list_move_all(&metrics->metrics, &old.metrics);
	for (size_t i = 0; i < config->metric_count; i++) {
		struct metric_config *next = steal(&config->metrics[i]);
		struct user_metric *same = find_same(&old, next);

		if (!same) {
			add_metric(&old, next);
			same = list_entry(old.metrics.prev, struct user_metric, link);
		} else {
			metric_config_free(same->config);
			same->config = next;
		}
		list_remove(&same->link);
		list_append(&metrics->metrics, &same->link);
	}
	user_metrics_release(&old);
	metrics->series = old.series;
}

/* ---- values ---- */

/* One value of a body. */
struct update {
	struct user_metric *metric;
	char *labels;			/* owned */
	double value;
};

struct updates {
	struct update *items;
	size_t count, made;		/* filled so far */
	size_t more;			/* time series */
};

static void updates_release(struct updates *updates)
{
	for (size_t i = 0; i < updates->made; i++)
		free(updates->items[i].labels);
	free(updates->items);
}

/* ContainerPilot joins namespace, subsystem and name with `_`, also if one is empty: `foo` is __foo there,
 * and ns_foo is ns__foo. */
static bool names_loosely(const char *given, const char *name)
{
	size_t same = 0;

	if (!strncmp(given, "__", 2) && !strcmp(given + 2, name))
		return true;
	while (name[same] && given[same] == name[same])
		same++;
	return given[same] == '_' && (!same || given[same - 1] == '_') &&
	       !strcmp(given + same + 1, name + same);
}

static struct user_metric *find_metric(const struct user_metrics *metrics, const char *name,
				       struct error *error)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	struct user_metric *meant = NULL;

	list_each(node, &metrics->metrics) {
		struct user_metric *metric = list_entry(node, struct user_metric, link);

		if (!strcmp(metric->config->name, name))
			return metric;
		if (names_loosely(name, metric->config->name))
			meant = metric;
		strv_push(&names, metric->config->name);
	}
	if (meant)
		return meant;
	if (!names.count)
		fail(error, "the configuration has no metrics in telemetry, so there is no %.128s", name);
	else
		fail(error, "there is no metric %.128s in the configuration%s", name, suggest(name, &names).text);
	return NULL;
}

static bool is_given_twice(const struct updates *updates, const struct update *update)
{
	for (size_t i = 0; i < updates->made; i++) {
		const struct update *other = &updates->items[i];

		if (other->metric == update->metric && !strcmp(other->labels, update->labels))
			return true;
	}
	return false;
}

/* The status of the answer. */
static int check_update(struct updates *updates, const struct update *update, struct error *error)
{
	const struct metric_config *config = update->metric->config;
	const struct series *series = find_series(update->metric, update->labels);

	if (config->type == METRIC_COUNTER && update->value < 0) {
		fail(error, "%s is a counter, and %g is negative", config->name, update->value);
		return 400;
	}
	if (series && config->type != METRIC_GAUGE && !isfinite(series->value + update->value)) {
		fail(error, "%s: the sum would be infinite", config->name);
		return 400;
	}
	if (is_given_twice(updates, update)) {
		fail(error, "%s{%.256s} is given twice", config->name, update->labels);
		return 400;
	}
	if (!series)
		updates->more += weight(config);
	return 200;
}

/* The status of the answer. */
static int read_update(const struct user_metrics *metrics, struct updates *updates, const char *key,
		       const json_t *value, struct error *error)
{
	CLEANUP(metric_key_release) struct metric_key name = { 0 };
	struct update *update = &updates->items[updates->made];
	int status;

	if (!metric_key_parse(key, &name, error))
		return 400;
	update->metric = find_metric(metrics, name.name, error);
	if (!update->metric)
		return 404;
	if (!metric_number(value, &update->value, error)) {
		fail_in(error, "%s", name.name);
		return 400;
	}
	update->labels = metric_labels(&name, &update->metric->config->labels, USER_LABEL_MOST, error);
	if (!update->labels) {
		fail_in(error, "%s", name.name);
		return 400;
	}
	status = check_update(updates, update, error);
	updates->made++;
	return status;
}

/* The status of the answer. */
static int read_all(const struct user_metrics *metrics, const json_t *body, struct updates *updates,
		    struct error *error)
{
	const char *key;
	json_t *value;

	if (!json_object_size(body) || json_object_size(body) > USER_VALUES_MOST) {
		fail(error, "the body must be a JSON object with 1 to %d metrics and their values", USER_VALUES_MOST);
		return 400;
	}
	updates->items = alloc(json_object_size(body) * sizeof *updates->items);
	json_object_foreach((json_t *)body, key, value) {
		int status = read_update(metrics, updates, key, value, error);

		if (status != 200)
			return status;
	}
	if (updates->more && metrics->series + updates->more > USER_SERIES_MOST) {
		fail(error, "all metrics together have at most %d time series, and there are %zu: is there a label "
		     "with ever new values?", USER_SERIES_MOST, metrics->series);
		return 409;
	}
	return 200;
}

static void apply(struct user_metrics *metrics, const struct update *update)
{
	const struct metric_config *config = update->metric->config;
	struct series *series = find_series(update->metric, update->labels);

	if (!series)
		series = add_series(metrics, update->metric, update->labels);
	if (config->type == METRIC_GAUGE)
		series->value = update->value;
	else
		series->value += update->value;
	series->counts[histogram_find(config->buckets, config->bucket_count, update->value)]++;
}

/* Takes the document. */
static int set_all(struct user_metrics *metrics, json_t *document, struct buf *answer)
{
	CLEANUP(updates_release) struct updates updates = { 0 };
	struct error error = ERROR_INIT;
	int status = read_all(metrics, document, &updates, &error);

	json_decref(document);
	for (size_t i = 0; status == 200 && i < updates.made; i++)
		apply(metrics, &updates.items[i]);
	if (status == 200)
		buf_print(answer, "%zu set", updates.made);
	else
		buf_add(answer, error.text);
	return status;
}

int user_metrics_set(struct user_metrics *metrics, const char *body, size_t size, struct buf *answer)
{
	return set_all(metrics, json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL), answer);
}

int user_metrics_set_text(struct user_metrics *metrics, const char *name, const char *text,
			  struct buf *answer)
{
	json_t *value = json_string(text);	/* NULL: not UTF-8 */

	return set_all(metrics, json_pack("{s:o}", name, value ? value : json_null()), answer);
}

/* ---- the text ---- */

static void print_series(const struct metric_config *config, const struct series *series,
			 enum exposition_format format, struct buf *out)
{
	struct exposition_buckets buckets = {
		config->buckets, config->bucket_count, series->counts, series->value,
	};

	if (config->type == METRIC_HISTOGRAM) {
		exposition_histogram(out, format, config->name, series->labels, &buckets);
	} else if (config->type == METRIC_SUMMARY) {
		exposition_value(out, config->name, "_sum", series->labels, series->value);
		exposition_value(out, config->name, "_count", series->labels, (double)*series->counts);
	} else {
		exposition_value(out, config->name, "", series->labels, series->value);
	}
}

void user_metrics_print(const struct user_metrics *metrics, enum exposition_format format, struct buf *out)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram",
		[METRIC_SUMMARY] = "summary",
	};

	list_each(node, &metrics->metrics) {
		const struct user_metric *metric = list_entry(node, const struct user_metric, link);
		const struct metric_config *config = metric->config;

		exposition_head(out, format, config->name, types[config->type], config->help);
		list_each(inner, &metric->series)
			print_series(config, list_entry(inner, struct series, link), format, out);
	}
}
