#include "metrics.h"

#include <string.h>

#include "base/alloc.h"
#include "base/event.h"
#include "base/histogram.h"
#include "base/paragraph.h"
#include "job.h"

enum kind { GAUGE, COUNTER, HISTOGRAM };

/* The value is at `path` in each element of the list `list`, or in the document itself; its name is at
 * `label`.  A boolean is 1 or 0.  With `is`, the value is 1 if the text there is this word.  Rows of one
 * name follow each other. */
static const struct metric {
	const char *name;
	enum kind kind;
	const char *list, *label;	/* NULL: of the document */
	const char *path;
	const char *is;
	const char *extra;		/* another label: result="success", or a member, code; NULL: none */
	const char *help;
} metrics[] = {
	{ "pilotfish_start_time_seconds", GAUGE, NULL, NULL, "started", NULL, NULL,
	  "When pilotfish started, in seconds since 1970." },
	{ "pilotfish_maintenance", GAUGE, NULL, NULL, "maintenance", NULL, NULL,
	  "1 while all services are out of traffic." },
	{ "pilotfish_healthy", GAUGE, NULL, NULL, "healthy", NULL, NULL,
	  "1 if every job does what it is there for." },
	{ "pilotfish_config_reloads_total", COUNTER, NULL, NULL, "reloads.done", NULL,
	  "result=\"success\"", "Reloads, by result." },
	{ "pilotfish_config_reloads_total", COUNTER, NULL, NULL, "reloads.refused", NULL,
	  "result=\"failure\"", NULL },
	{ "pilotfish_config_last_reload_successful", GAUGE, NULL, NULL, "reloads.successful", NULL, NULL,
	  "0 if the last reload was refused." },
	{ "pilotfish_consul_up", GAUGE, NULL, NULL, "consul.state", "up", NULL,
	  "1 while Consul's agent answers." },
	{ "pilotfish_reaped_orphans_total", COUNTER, NULL, NULL, "orphans", NULL, NULL,
	  "Processes that others have left behind and pilotfish has reaped." },
	{ "pilotfish_job_up", GAUGE, "jobs", "job", "running", NULL, NULL,
	  "1 while the job's program runs." },
#define X(code, name) \
	{ "pilotfish_job_state", GAUGE, "jobs", "job", "state", name, "state=\"" name "\"", \
	  "1 for the state of the job, 0 for the others." },
	JOB_STATES(X)
#undef X
	{ "pilotfish_job_healthy", GAUGE, "jobs", "job", "health.status", "passing", NULL,
	  "1 while the job is healthy; none without a health check." },
	{ "pilotfish_job_starts_total", COUNTER, "jobs", "job", "runs", NULL, NULL,
	  "Starts of the job's program." },
	{ "pilotfish_job_exits_total", COUNTER, "jobs", "job", "exits.success", NULL,
	  "result=\"success\"", "Ends of the job's program, by result." },
	{ "pilotfish_job_exits_total", COUNTER, "jobs", "job", "exits.failure", NULL,
	  "result=\"failure\"", NULL },
	{ "pilotfish_job_exits_total", COUNTER, "jobs", "job", "exits.signal", NULL,
	  "result=\"signal\"", NULL },
	{ "pilotfish_job_exits_total", COUNTER, "jobs", "job", "exits.timeout", NULL,
	  "result=\"timeout\"", NULL },
	{ "pilotfish_job_last_exit_code", GAUGE, "jobs", "job", "exitCode", NULL, NULL,
	  "The exit code of the last run, as a shell has it." },
	{ "pilotfish_job_uptime_seconds", GAUGE, "jobs", "job", "uptime", NULL, NULL,
	  "How long the job's program has run." },
	{ "pilotfish_healthchecks_total", COUNTER, "jobs", "job", "health.passed", NULL,
	  "result=\"passing\"", "Health checks, by result." },
	{ "pilotfish_healthchecks_total", COUNTER, "jobs", "job", "health.failed", NULL,
	  "result=\"critical\"", NULL },
	{ "pilotfish_healthcheck_last_duration_seconds", GAUGE, "jobs", "job", "health.duration", NULL,
	  NULL, "How long the last health check took." },
	{ "pilotfish_healthcheck_duration_seconds", HISTOGRAM, "jobs", "job", "health.durations", NULL,
	  NULL, "How long the health checks took." },
	{ "pilotfish_healthcheck_last_success_timestamp_seconds", GAUGE, "jobs", "job",
	  "health.lastSuccess", NULL, NULL, "When a health check last passed, in seconds since 1970." },
	{ "pilotfish_log_lines_total", COUNTER, "jobs", "job", "output.stdout.lines", NULL,
	  "stream=\"stdout\"", "Lines that the job's program wrote, by stream." },
	{ "pilotfish_log_lines_total", COUNTER, "jobs", "job", "output.stderr.lines", NULL,
	  "stream=\"stderr\"", NULL },
	{ "pilotfish_log_bytes_total", COUNTER, "jobs", "job", "output.stdout.bytes", NULL,
	  "stream=\"stdout\"", "Bytes that the job's program wrote, by stream." },
	{ "pilotfish_log_bytes_total", COUNTER, "jobs", "job", "output.stderr.bytes", NULL,
	  "stream=\"stderr\"", NULL },
	{ "pilotfish_registered", GAUGE, "services", "service", "registered", NULL, NULL,
	  "1 while the service is registered in Consul." },
	{ "pilotfish_watch_healthy", GAUGE, "watches", "watch", "healthy", NULL, NULL,
	  "1 while the watch has an instance, or its key a value." },
	{ "pilotfish_watch_instances", GAUGE, "watches", "watch", "entries", NULL, NULL,
	  "The entries of the watch's last answer." },
	{ "pilotfish_watch_last_contact_seconds", GAUGE, "watches", "watch", "age", NULL, NULL,
	  "How long ago Consul last answered the watch." },
	{ "pilotfish_watch_changes_total", COUNTER, "watches", "watch", "changes", NULL, NULL,
	  "Changes of the watch's entries." },
	{ "pilotfish_template_rendered", GAUGE, "templates", "template", "rendered", NULL, NULL,
	  "1 if the template's file has been rendered." },
	{ "pilotfish_template_failing", GAUGE, "templates", "template", "failing", NULL, NULL,
	  "1 while the template cannot be rendered, checked or written." },
	{ "pilotfish_leader", GAUGE, "elections", "election", "leads", NULL, NULL,
	  "1 while this instance leads." },
	{ "pilotfish_election_epoch", GAUGE, "elections", "election", "epoch", NULL, NULL,
	  "The epoch of the present leader." },
	{ "pilotfish_failovers_total", COUNTER, "elections", "election", "failovers", NULL, NULL,
	  "Leaders that were seen to follow another leader." },
#define X(code, name, group, public) \
	{ "pilotfish_events_total", COUNTER, NULL, NULL, "events." name, NULL, "type=\"" name "\"", \
	  "Events, by type." },
	EVENT_CODES(X)
#undef X
	{ "pilotfish_events_dropped_total", COUNTER, NULL, NULL, "eventsDropped", NULL, NULL,
	  "Events that a client of the control socket has missed because it did not keep up." },
	{ "pilotfish_control_requests_total", COUNTER, "requests", "path", "count", NULL, "code",
	  "Answered requests to the control socket, by path and status." },
	{ "pilotfish_consul_requests_total", COUNTER, "consul.requests", "operation", "count", NULL, "code",
	  "Answered requests to Consul, by part of its API and status; 0: no answer." },
	{ "pilotfish_event_loop_lag_seconds", HISTOGRAM, NULL, NULL, "lag", NULL, NULL,
	  "How long each turn of the event loop took, in which nothing else could be done." },
	{ "process_cpu_seconds_total", COUNTER, NULL, NULL, "process.cpu", NULL, NULL,
	  "Processor time of pilotfish itself." },
	{ "process_resident_memory_bytes", GAUGE, NULL, NULL, "process.memory", NULL, NULL,
	  "Resident memory of pilotfish itself." },
	{ "process_open_fds", GAUGE, NULL, NULL, "process.descriptors", NULL, NULL,
	  "Open descriptors of pilotfish itself." },
	{ "process_max_fds", GAUGE, NULL, NULL, "process.descriptorLimit", NULL, NULL,
	  "The limit of open descriptors." },
};

static const char *const kind_names[] = {
	[GAUGE] = "gauge", [COUNTER] = "counter", [HISTOGRAM] = "histogram",
};

/* "a.b" in an object; NULL: there is none. */
static const json_t *find(const json_t *object, const char *path)
{
	const char *dot = strchr(path, '.');

	if (!dot)
		return json_object_get(object, path);
	return find(json_object_getn(object, path, (size_t)(dot - path)), dot + 1);
}

static void add_label(struct buf *labels, const char *name, const json_t *value)
{
	buf_add(labels, labels->used ? "," : "");
	buf_add(labels, name);
	buf_add(labels, "=\"");
	if (json_is_integer(value))
		buf_print(labels, "%lld", (long long)json_integer_value(value));
	else if (json_is_string(value))
		exposition_escape(labels, json_string_value(value));
	buf_add_char(labels, '"');
}

static void print_histogram(const struct metric *metric, const json_t *value, const char *labels,
			    enum exposition_format format, struct buf *out)
{
	unsigned long counts[HISTOGRAM_BOUNDS + 1];
	const json_t *array = json_object_get(value, "counts");
	struct exposition_buckets buckets = {
		histogram_bounds(), HISTOGRAM_BOUNDS, counts, json_number_value(json_object_get(value, "sum")),
	};

	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		counts[i] = (unsigned long)json_integer_value(json_array_get(array, i));
	exposition_histogram(out, format, metric->name, labels, &buckets);
}

static double number_of(const struct metric *metric, const json_t *value)
{
	if (metric->is)
		return !strcmp(json_string_value(value), metric->is);
	return json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
}

/* `labels` is empty, and is so again afterwards. */
static void print_sample(const struct metric *metric, const json_t *element, enum exposition_format format,
			 struct buf *labels, struct buf *out)
{
	const json_t *value = find(element, metric->path);

	if (!value || json_is_null(value))
		return;
	if (metric->label)
		add_label(labels, metric->label, json_object_get(element, "name"));
	if (metric->extra && !strchr(metric->extra, '=')) {
		add_label(labels, metric->extra, json_object_get(element, metric->extra));
	} else if (metric->extra) {
		buf_add(labels, labels->used ? "," : "");
		buf_add(labels, metric->extra);
	}
	if (metric->kind == HISTOGRAM)
		print_histogram(metric, value, labels->data, format, out);
	else
		exposition_value(out, metric->name, "", labels->data, number_of(metric, value));
	buf_clear(labels);
}

static void print_samples(const struct metric *metric, const json_t *status, enum exposition_format format,
			  struct buf *out)
{
	CLEANUP(buf_release) struct buf labels = BUF_INIT;
	const json_t *list = metric->list ? find(status, metric->list) : NULL;

	if (!metric->list)
		print_sample(metric, status, format, &labels, out);
	for (size_t i = 0; i < json_array_size(list); i++)
		print_sample(metric, json_array_get(list, i), format, &labels, out);
}

static const struct metric build = {
	.name = "pilotfish_build_info", .kind = GAUGE, .label = "version", .help = "1, with the version as a label.",
};

static void print_build(const json_t *status, enum exposition_format format, struct buf *out)
{
	CLEANUP(buf_release) struct buf labels = BUF_INIT;

	add_label(&labels, build.label, json_object_get(status, build.label));
	exposition_head(out, format, build.name, kind_names[build.kind], build.help);
	exposition_value(out, build.name, "", labels.data, 1);
}

void metrics_print(const json_t *status, enum exposition_format format, struct buf *out)
{
	print_build(status, format, out);
	for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
		const struct metric *metric = &metrics[i];

		if (!i || strcmp(metric->name, metrics[i - 1].name) != 0)
			exposition_head(out, format, metric->name, kind_names[metric->kind], metric->help);
		print_samples(metric, status, format, out);
	}
}

/* ---- the manual ---- */

/* " by job, result" */
static void add_label_names(const struct metric *metric, struct buf *out)
{
	if (metric->label)
		buf_print(out, " by %s", metric->label);
	if (metric->extra)
		buf_print(out, "%s%.*s", metric->label ? ", " : " by ", (int)strcspn(metric->extra, "="),
			  metric->extra);
}

static void print_entry(const struct metric *metric, bool mdoc, struct buf *out)
{
	buf_print(out, mdoc ? ".It Cm %s No (%s" : "%s (%s", metric->name, kind_names[metric->kind]);
	add_label_names(metric, out);
	buf_add(out, ")\n");
	paragraph_print(out, metric->help, 4, mdoc);
}

void metrics_print_manual(bool mdoc, struct buf *out)
{
	print_entry(&build, mdoc, out);
	for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
		if (!i || strcmp(metrics[i].name, metrics[i - 1].name))
			print_entry(&metrics[i], mdoc, out);
}
