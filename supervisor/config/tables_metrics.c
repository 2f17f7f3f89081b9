#include "tables.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "config.h"
#include "rules.h"

enum { LABELS_MOST = 8, BUCKETS_MOST = 50, NAME_MOST = 128 };

static const struct choice types[] = {
	{ "counter", METRIC_COUNTER }, { "gauge", METRIC_GAUGE },
	{ "histogram", METRIC_HISTOGRAM }, { "summary", METRIC_SUMMARY }, { 0 }
};

static bool decode_buckets(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	struct metric_config *metric = slot;
	size_t i, count = json_array_size(value);
	json_t *element;

	(void)field, (void)error;
	if (!count || count > BUCKETS_MOST)
		return false;
	metric->buckets = alloc(count * sizeof *metric->buckets);
	json_array_foreach(value, i, element) {
		if (!json_is_number(element))
			return false;
		metric->buckets[i] = json_number_value(element);
		if (!isfinite(metric->buckets[i]) || (i && metric->buckets[i] <= metric->buckets[i - 1]))
			return false;
	}
	metric->bucket_count = count;
	return true;
}

/* Prometheus also allows ':' in a metric's name, but only in those of its own rules. */
static bool is_name(const char *text)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t length = strlen(text);

	return length && length <= NAME_MOST && strchr(first, *text) &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] == '\0';
}

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), size = strlen(end);

	return length > size && !strcmp(text + length - size, end);
}

static bool check_name(const struct metric_config *metric, struct error *error)
{
	static const char *const reserved[] = { "_bucket", "_count", "_sum", "_total" };
	const char *name = metric->name;
	bool counts = metric->type == METRIC_COUNTER;

	if (!is_name(name))
		return fail(error, ".name: must be up to %d letters, digits and '_', the first no digit, "
			    "found \"%.64s\"", NAME_MOST, name);
	if (!strncmp(name, "pilotfish_", 10) || !strncmp(name, "process_", 8))
		return fail(error, ".name: \"%s\": names with pilotfish_ and process_ are pilotfish's own", name);
	if (metric->exact_name)
		return true;
	if (counts && !ends_in(name, "_total"))
		return fail(error, ".name: the name of a counter must end in _total, found \"%s\"", name);
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved - counts; i++)
		if (ends_in(name, reserved[i]))
			return fail(error, ".name: \"%s\": names of this type must not end in %s", name,
				    reserved[i]);
	return true;
}

static bool check_labels(const struct metric_config *metric, struct error *error)
{
	const char *own = metric->type == METRIC_HISTOGRAM ? "le"
			: metric->type == METRIC_SUMMARY ? "quantile" : "";

	if (metric->labels.count > LABELS_MOST)
		return fail(error, ".labels: at most %d labels are possible", LABELS_MOST);
	for (size_t i = 0; i < metric->labels.count; i++) {
		const char *label = metric->labels.items[i];

		if (!is_name(label) || !strncmp(label, "__", 2))
			return fail(error, ".labels: must be letters, digits and '_', the first no digit, and not "
				    "\"__\" in front, found \"%.64s\"", label);
		if (!strcmp(label, own))
			return fail(error, ".labels: \"%s\" is Prometheus' own label of this type", label);
		for (size_t n = 0; n < i; n++)
			if (!strcmp(label, metric->labels.items[n]))
				return fail(error, ".labels: \"%s\" is given twice", label);
	}
	return true;
}

static bool metric_rules(void *object, const json_t *tree, struct error *error)
{
	static const double usual[] = { .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10 };
	struct metric_config *metric = object;

	(void)tree;
	if (metric->buckets && metric->type != METRIC_HISTOGRAM)
		return fail(error, ".buckets: only a histogram has buckets");
	if (metric->type == METRIC_HISTOGRAM && !metric->buckets) {
		metric->buckets = alloc(sizeof usual);
		memcpy(metric->buckets, usual, sizeof usual);
		metric->bucket_count = sizeof usual / sizeof *usual;
	}
	return check_name(metric, error) && check_labels(metric, error);
}

/* The length without the _total of a counter, which OpenMetrics leaves out. */
static size_t family_length(const struct metric_config *metric)
{
	bool cut = metric->type == METRIC_COUNTER && ends_in(metric->name, "_total");

	return strlen(metric->name) - (cut ? strlen("_total") : 0);
}

bool metrics_are_distinct(const struct telemetry_config *telemetry, struct error *error)
{
	for (size_t i = 0; i < telemetry->metric_count; i++) {
		const struct metric_config *metric = telemetry->metrics[i];
		size_t length = family_length(metric);

		for (size_t n = 0; n < i; n++)
			if (family_length(telemetry->metrics[n]) == length &&
			    !strncmp(telemetry->metrics[n]->name, metric->name, length))
				return fail(error, ".metrics: \"%s\" and \"%s\" are the same metric",
					    telemetry->metrics[n]->name, metric->name);
	}
	return true;
}

static const struct field metric_fields[] = {
	{ "name", STRING(metric_config, name), .flags = REQUIRED | TRIMMED,
	  .help = "Letters, digits and '_'; pilotfish_ and process_ are not possible in front. The name of a "
		  "counter ends in _total." },
	{ "type", CHOICE(metric_config, type, types), .flags = REQUIRED,
	  .help = "A value is added to a counter, replaces that of a gauge, and is one observation of a "
		  "histogram or a summary. A summary has a sum and a count, but no quantiles." },
	{ "help", STRING(metric_config, help), .flags = REQUIRED | TRIMMED,
	  .help = "The metric's meaning, for people." },
	{ "exactName", BOOL(metric_config, exact_name), .initial = "false",
	  .help = "The name may be any, as ContainerPilot's: a counter need not end in _total. "
		  "In OpenMetrics it then has the type unknown." },
	{ "labels", STRINGS(metric_config, labels),
	  .help = "The names of up to 8 labels; each value of the metric gives all of them." },
	{ "buckets", CUSTOM_WHOLE(decode_buckets), .json = "array", .must_be = "a list of up to 50 ascending numbers",
	  .help = "The upper bounds of a histogram's buckets, such as (0.1, 1, 5); from 0.005 to 10 unless given." },
	{ 0 }
};
static const struct record metric_table = {
	.title = "metrics of telemetry",
	.about = "Metrics of the application, beside pilotfish's own at the port: pilotfish metric set and the "
		 "control socket set them; see pilotfish-control(7). They keep their values over a reload "
		 "unless their type, labels or buckets change.",
	.fields = metric_fields, .size = sizeof(struct metric_config), .finish = metric_rules,
};

const struct record *metric_record(void)
{
	return &metric_table;
}
