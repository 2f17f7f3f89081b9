#include "containerpilot_telemetry.h"

#include <string.h>

#include "base/alloc.h"
#include "command/command.h"
#include "status.h"

/* The names of events there; NULL: they are not counted. */
static const char *const event_names[EVENT_COUNT] = {
	[EVENT_EXIT_SUCCESS] = "ExitSuccess", [EVENT_EXIT_FAILED] = "ExitFailed",
	[EVENT_STOPPING] = "Stopping", [EVENT_STOPPED] = "Stopped",
	[EVENT_HEALTHY] = "StatusHealthy", [EVENT_UNHEALTHY] = "StatusUnhealthy",
	[EVENT_CHANGED] = "StatusChanged", [EVENT_TIMER_EXPIRED] = "TimerExpired",
	[EVENT_ENTER_MAINTENANCE] = "EnterMaintenance", [EVENT_EXIT_MAINTENANCE] = "ExitMaintenance",
	[EVENT_STARTUP] = "Startup", [EVENT_SHUTDOWN] = "Shutdown", [EVENT_SIGNALLED] = "Signal",
};

static void on_event(struct subscription *sub, const struct event *event)
{
	struct containerpilot_telemetry *telemetry = container_of(sub, struct containerpilot_telemetry, tap);
	const char *source = event->source->name;

	if (event_names[event->code])
		answer_counts_add(&telemetry->events, source, strlen(source), event->code + 1);
}

void containerpilot_telemetry_init(struct containerpilot_telemetry *telemetry, struct units *units)
{
	*telemetry = (struct containerpilot_telemetry){ .units = units };
}

void containerpilot_telemetry_release(struct containerpilot_telemetry *telemetry)
{
	unsubscribe(&telemetry->tap);
	answer_counts_release(&telemetry->events);
	telemetry->on = false;
}

void containerpilot_telemetry_switch(struct containerpilot_telemetry *telemetry, bool on)
{
	if (on == telemetry->on)
		return;
	if (on)
		subscribe(&telemetry->tap, &telemetry->units->loop->bus.any, EVENT_ANY, on_event);
	else
		containerpilot_telemetry_release(telemetry);
	telemetry->on = on;
}

/* ---- /status ---- */

static const char *status_of(const struct job_unit *unit)
{
	const struct service *service = unit->service_count ? &unit->services[0] : NULL;
	const struct health *health = unit->health;
	enum health_status status;

	if (service && source_holds(&unit->units->global, EVENT_ENTER_MAINTENANCE))
		return "maintenance";
	if (health && health->verdict.known)
		status = health->verdict.status;
	else if (service && service->registered)
		status = service->told.status;
	else
		return "unknown";
	return status == STATUS_CRITICAL ? "unhealthy" : "healthy";
}

/* Takes `list`. */
static json_t *list_or_null(json_t *list)
{
	if (json_array_size(list))
		return list;
	json_decref(list);
	return json_null();
}

static json_t *jobs_json(const struct units *units)
{
	json_t *list = json_array();

	list_each(node, &units->jobs) {
		const struct job_unit *unit = list_entry(node, const struct job_unit, link);

		if (!unit->service_count)
			json_array_append_new(list, json_pack("{so ss}", "Name", status_text(unit->job.config->name),
							      "Status", status_of(unit)));
	}
	return list_or_null(list);
}

static json_t *services_json(const struct units *units)
{
	json_t *list = json_array();

	list_each(node, &units->jobs) {
		const struct job_unit *unit = list_entry(node, const struct job_unit, link);

		for (size_t i = 0; i < unit->service_count; i++) {
			const struct service *service = &unit->services[i];
			const char *address = service->address ? service->address : "";

			json_array_append_new(list, json_pack("{so so si ss}",
				"Name", status_text(service->config->name), "Address", status_text(address),
				"Port", (int)service->config->port, "Status", status_of(unit)));
		}
	}
	return list_or_null(list);
}

static json_t *watches_json(const struct units *units)
{
	json_t *list = json_array();

	list_each(node, &units->watches) {
		const struct watch_unit *unit = list_entry(node, const struct watch_unit, link);

		json_array_append_new(list, status_text(unit->config->name));
	}
	return list_or_null(list);
}

void containerpilot_telemetry_add_status(const struct containerpilot_telemetry *telemetry, json_t *document)
{
	CLEANUP(json_decrefp) json_t *version = telemetry->on ? version_document() : NULL;

	if (!version)
		return;
	json_object_set(document, "Version", json_object_get(version, "version"));
	json_object_set_new(document, "Jobs", jobs_json(telemetry->units));
	json_object_set_new(document, "Services", services_json(telemetry->units));
	json_object_set_new(document, "Watches", watches_json(telemetry->units));
}

/* ---- metrics ---- */

static void add_label(struct buf *labels, const char *name, const char *value)
{
	buf_print(labels, "%s%s=\"", labels->used ? "," : "", name);
	exposition_escape(labels, value);
	buf_add_char(labels, '"');
}

static void print_events(const struct answer_counts *events, enum exposition_format format, struct buf *out)
{
	static const char name[] = "containerpilot_events";

	exposition_head(out, format, name, "counter", "Events, by their code and source.");
	for (size_t i = 0; i < events->used; i++) {
		const struct answer_count *row = &events->rows[i];
		CLEANUP(buf_release) struct buf labels = BUF_INIT;

		add_label(&labels, "code", row->code ? event_names[row->code - 1] : "other");
		add_label(&labels, "source", row->name);
		exposition_value(out, name, "", labels.data, (double)row->count);
	}
}

static void print_requests(const struct answer_counts *requests, enum exposition_format format,
			   struct buf *out)
{
	static const char name[] = "containerpilot_control_http_requests";

	exposition_head(out, format, name, "counter", "Requests to the control socket, by their path and status.");
	for (size_t i = 0; i < requests->used; i++) {
		CLEANUP(buf_release) struct buf labels = BUF_INIT;

		buf_print(&labels, "code=\"%ld\"", requests->rows[i].code);
		add_label(&labels, "path", requests->rows[i].name);
		exposition_value(out, name, "", labels.data, (double)requests->rows[i].count);
	}
}

/* Two watches may be of one service, but a metric has each label once. */
static bool is_first(const struct units *units, const struct watch *watch)
{
	list_each(node, &units->watches) {
		const struct watch *other = &list_entry(node, struct watch_unit, link)->watch;

		if (other == watch || text_equal(other->config->service, watch->config->service))
			return other == watch;
	}
	return false;
}

static void print_watches(const struct units *units, enum exposition_format format, struct buf *out)
{
	static const char name[] = "containerpilot_watch_instances";

	exposition_head(out, format, name, "gauge", "Instances of each service that is watched.");
	list_each(node, &units->watches) {
		const struct watch *watch = &list_entry(node, struct watch_unit, link)->watch;
		CLEANUP(buf_release) struct buf labels = BUF_INIT;

		if (!watch->config->service || !is_first(units, watch))
			continue;
		add_label(&labels, "service", watch->config->service);
		exposition_value(out, name, "", labels.data, (double)json_array_size(watch->feed.state));
	}
}

void containerpilot_telemetry_print(const struct containerpilot_telemetry *telemetry,
				    const struct answer_counts *requests, enum exposition_format format,
				    struct buf *out)
{
	if (!telemetry->on)
		return;
	print_events(&telemetry->events, format, out);
	print_requests(requests, format, out);
	print_watches(telemetry->units, format, out);
}
