#include "metrics.h"

#include <string.h>

enum metric_type { GAUGE, COUNTER };

/* The value is at `path` in each element of the list `list`, or in the document itself; its name is at
 * `label`.  A boolean is 1 or 0.  With `is`, the value is 1 if the text there is this word. */
static const struct metric {
	const char *name;
	enum metric_type type;
	const char *list, *label;	/* NULL: of the document */
	const char *path;
	const char *is;
	const char *extra;		/* another label, such as result="success"; NULL: none */
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
	{ "pilotfish_registered", GAUGE, "services", "service", "registered", NULL, NULL,
	  "1 while the service is registered in Consul." },
	{ "pilotfish_watch_healthy", GAUGE, "watches", "watch", "healthy", NULL, NULL,
	  "1 while the watch has an instance, or its key a value." },
	{ "pilotfish_watch_instances", GAUGE, "watches", "watch", "entries", NULL, NULL,
	  "The entries of the watch's last answer." },
	{ "pilotfish_watch_last_contact_seconds", GAUGE, "watches", "watch", "age", NULL, NULL,
	  "How long ago Consul last answered the watch." },
	{ "pilotfish_template_rendered", GAUGE, "templates", "template", "rendered", NULL, NULL,
	  "1 if the template's file has been rendered." },
	{ "pilotfish_template_failing", GAUGE, "templates", "template", "failing", NULL, NULL,
	  "1 while the template cannot be rendered, checked or written." },
	{ "pilotfish_leader", GAUGE, "elections", "election", "leads", NULL, NULL,
	  "1 while this instance leads." },
	{ "pilotfish_election_epoch", GAUGE, "elections", "election", "epoch", NULL, NULL,
	  "The epoch of the present leader." },
	{ "process_cpu_seconds_total", COUNTER, NULL, NULL, "process.cpu", NULL, NULL,
	  "Processor time of pilotfish itself." },
	{ "process_resident_memory_bytes", GAUGE, NULL, NULL, "process.memory", NULL, NULL,
	  "Resident memory of pilotfish itself." },
	{ "process_open_fds", GAUGE, NULL, NULL, "process.descriptors", NULL, NULL,
	  "Open descriptors of pilotfish itself." },
	{ "process_max_fds", GAUGE, NULL, NULL, "process.descriptorLimit", NULL, NULL,
	  "The limit of open descriptors." },
};

static const char *const type_names[] = { [GAUGE] = "gauge", [COUNTER] = "counter" };

/* "a.b" in an object; NULL: there is none. */
static const json_t *find(const json_t *object, const char *path)
{
	const char *dot = strchr(path, '.');

	if (!dot)
		return json_object_get(object, path);
	return find(json_object_getn(object, path, (size_t)(dot - path)), dot + 1);
}

static void add_label(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_add(out, "\\n");
		else if (strchr("\\\"", *text))
			buf_print(out, "\\%c", *text);
		else
			buf_add_char(out, *text);
	}
}

static void print_sample(const struct metric *metric, const json_t *element, struct buf *out)
{
	const json_t *value = find(element, metric->path);

	if (!value || json_is_null(value))
		return;
	buf_add(out, metric->name);
	if (metric->label || metric->extra)
		buf_add_char(out, '{');
	if (metric->label) {
		buf_print(out, "%s=\"", metric->label);
		add_label(out, json_string_value(json_object_get(element, "name")));
		buf_print(out, "\"%s", metric->extra ? "," : "");
	}
	if (metric->extra)
		buf_add(out, metric->extra);
	if (metric->label || metric->extra)
		buf_add_char(out, '}');
	if (metric->is)
		buf_print(out, " %d\n", !strcmp(json_string_value(value), metric->is));
	else if (json_is_boolean(value))
		buf_print(out, " %d\n", json_is_true(value));
	else if (json_is_real(value))
		buf_print(out, " %.3f\n", json_real_value(value));
	else
		buf_print(out, " %lld\n", (long long)json_integer_value(value));
}

static void print_samples(const struct metric *metric, const json_t *status, struct buf *out)
{
	const json_t *list = metric->list ? json_object_get(status, metric->list) : NULL;

	if (!metric->list)
		print_sample(metric, status, out);
	for (size_t i = 0; i < json_array_size(list); i++)
		print_sample(metric, json_array_get(list, i), out);
}

/* The family of a counter has no _total in OpenMetrics. */
static void print_head(const struct metric *metric, enum metrics_format format, struct buf *out)
{
	static const char total[] = "_total";
	size_t length = strlen(metric->name);

	if (format == METRICS_OPEN && metric->type == COUNTER)
		length -= strlen(total);
	buf_print(out, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)length, metric->name, metric->help,
		  (int)length, metric->name, type_names[metric->type]);
}

void metrics_print(const json_t *status, enum metrics_format format, struct buf *out)
{
	buf_add(out, "# HELP pilotfish_build_info 1, with the version as a label.\n"
		     "# TYPE pilotfish_build_info gauge\npilotfish_build_info{version=\"");
	add_label(out, json_string_value(json_object_get(status, "version")));
	buf_add(out, "\"} 1\n");
	for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
		if (metrics[i].help)
			print_head(&metrics[i], format, out);
		print_samples(&metrics[i], status, out);
	}
	if (format == METRICS_OPEN)
		buf_add(out, "# EOF\n");
}

const char *metrics_content_type(enum metrics_format format)
{
	return format == METRICS_OPEN ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
				      : "text/plain; version=0.0.4; charset=utf-8";
}
