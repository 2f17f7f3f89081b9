#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "translate.h"

#define SOCKET "/var/run/containerpilot.socket"

/* No source has this name: a `when` that never comes, as ContainerPilot has several. */
static const char nothing[] = "nothing";

/* ---- when ---- */

static bool is_signal(const char *source)
{
	return source && (!strcmp(source, "SIGHUP") || !strcmp(source, "SIGUSR2"));
}

/* Events that ContainerPilot accepts and that no job can wait for. */
static bool never_comes(const char *event)
{
	static const char *const events[] = { "error", "quit", "SIGHUP", "SIGUSR2" };

	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (!strcmp(event, events[i]))
			return true;
	return false;
}

/* check.JOB is JOB.health here. */
static json_t *source_new(const char *source)
{
	return !strncmp(source, "check.", 6) ? json_sprintf("%s.health", source + 6) : json_string(source);
}

static void set_event(struct translation *translation, json_t *when, const json_t *from, const char *path)
{
	const char *source = text_at(from, "source"), *each = text_at(from, "each"), *once = text_at(from, "once");
	const char *event = each ? each : once;

	if (is_signal(source)) {
		json_object_set_new(when, "source", json_string(source));
		each = source;
	} else if (!source || !event || never_comes(event)) {
		note(translation, "%s: never comes, in ContainerPilot too: %s", path,
		     !source ? "source is missing" : !event ? "once, each and interval are missing"
							    : "no job can wait for this event");
		json_object_set_new(when, "source", json_string(nothing));
		json_object_set_new(when, "once", json_string("changed"));
		return;
	} else {
		json_object_set_new(when, "source", source_new(source));
		json_object_set_new(when, each ? "each" : "once", json_string(event));
	}
	if (each && translation->queue_events)
		json_object_set_new(when, "queue", json_true());
}

static void translate_when(struct translation *translation, json_t *job, const json_t *from, const char *path)
{
	const json_t *when = json_object_get(from, "when");
	AUTOFREE char *place = format_string("%s.when", path);
	bool has_interval = json_object_get(when, "interval");
	json_t *result;

	if (!when)
		return;
	result = json_object();
	json_object_set_new(job, "when", result);
	if (has_interval + !!text_at(when, "once") + !!text_at(when, "each") > 1)
		refuse(translation, "%s: only one of once, each and interval may be given", place);
	if (has_interval) {
		carry(result, "interval", when, "interval");
		return;
	}
	set_event(translation, result, when, place);
	if (number_at(when, "timeout") > 0 || text_at(when, "timeout"))
		carry(result, "timeout", when, "timeout");
}

/* ---- health ---- */

/* Without a limit, the ttl is one: it makes the service critical. */
static void set_check_timeout(json_t *health, const json_t *from)
{
	const json_t *timeout = json_object_get(from, "timeout");

	carry(health, "timeout", from,
	      json_is_integer(timeout) && json_integer_value(timeout) <= 0 ? "ttl" : "timeout");
}

static void translate_health(struct translation *translation, json_t *job, const json_t *from,
			     const char *path)
{
	const json_t *health = json_object_get(from, "health");
	AUTOFREE char *place = format_string("%s.health", path);
	json_t *result;

	if (!health) {
		if (number_at(from, "port") && strcmp(text_at(from, "name"), "containerpilot"))
			refuse(translation, "%s.health: missing, with a port it must be given", path);
		return;
	}
	if (!has_period(translation, health, "interval", place) || !has_period(translation, health, "ttl", place))
		return;
	result = json_object();
	json_object_set_new(job, "health", result);
	carry(result, "exec", health, "exec");
	carry(result, "interval", health, "interval");
	carry(result, "ttl", health, "ttl");
	if (!json_object_get(health, "exec"))
		return;
	set_check_timeout(result, health);
	carry(result, "logging", health, "logging");
	if (translation->check_output)
		json_object_set_new(result, "logOutput", json_true());
	if (translation->health_events)
		json_object_set_new(result, "events", json_string("check"));
}

/* ---- jobs ---- */

static json_t *own_id(const char *job)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof host - 1);
	return json_sprintf("%s-%s", job, host);
}

static void translate_port(struct translation *translation, json_t *job, const json_t *from, const char *path)
{
	const char *name = text_at(from, "name");
	bool renamed = strcmp(name, text_at(job, "name"));
	json_t *service = renamed ? json_pack("{s:s}", "name", name) : job;

	carry(service, "port", from, "port");
	translate_service(translation, service, from, path);
	carry(service, "initialStatus", from, "initial_status");
	if (!renamed)
		return;
	json_object_set_new(service, "id", own_id(text_at(job, "name")));
	json_array_append_new(list_at(job, "services"), service);
}

static void translate_restarts(json_t *job, const json_t *from)
{
	const json_t *restarts = json_object_get(from, "restarts");

	if (json_is_real(restarts))
		json_object_set_new(job, "restarts", json_integer((json_int_t)json_real_value(restarts)));
	else if (!json_is_string(restarts) || json_string_length(restarts))
		carry(job, "restarts", from, "restarts");
}

static void translate_timeout(struct translation *translation, json_t *job, const json_t *from,
			      const char *path)
{
	const json_t *timeout = json_object_get(from, "timeout");

	if (json_is_integer(timeout) && json_integer_value(timeout) <= 0)
		refuse(translation, "%s.timeout: must be at least 1ms; without the key there is no limit", path);
	carry(job, "timeout", from, "timeout");
}

/* Without a port, ContainerPilot neither checks nor uses these. */
static void drop_registration(struct translation *translation, const json_t *from, const char *path)
{
	static const char *const keys[] = { "tags", "interfaces", "initial_status", "consul" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (json_object_get(from, keys[i]))
			note(translation, "%s: %s is left out: without a port it has no effect", path, keys[i]);
}

static void translate_job(struct translation *translation, const json_t *from, size_t index)
{
	const char *name = text_at(from, "name");
	AUTOFREE char *unique = NULL, *path = NULL;
	json_t *job;

	if (!name) {
		refuse(translation, "jobs[%zu].name: must not be blank", index);
		return;
	}
	unique = unique_name(translation, name);
	path = format_string("jobs[%s]", unique);
	job = json_pack("{s:s}", "name", unique);
	json_array_append_new(list_at(translation->to, "jobs"), job);
	carry(job, "exec", from, "exec");
	if (!json_object_get(from, "exec") && !number_at(from, "port"))
		json_object_set_new(job, "exec", json_array());
	translate_when(translation, job, from, path);
	translate_restarts(job, from);
	translate_timeout(translation, job, from, path);
	translate_health(translation, job, from, path);
	if (number_at(from, "port"))
		translate_port(translation, job, from, path);
	else
		drop_registration(translation, from, path);
	carry(job, "logging", from, "logging");
}

/* ---- how jobs stop ---- */

/* The job that this one waits for until it stops (`event` "stopping"), or has stopped; NULL: none. */
static const char *stop_source(const json_t *job, const char *event)
{
	const json_t *when = json_object_get(job, "when");
	const char *once = text_at(when, "once"), *each = text_at(when, "each"), *awaited = once ? once : each;

	return awaited && !strcmp(awaited, event) ? text_at(when, "source") : NULL;
}

/* 0 is no limit. */
static void add_limit(json_t *limits, const json_t *job)
{
	if (number_at(job, "stopTimeout") > 0 || text_at(job, "stopTimeout"))
		carry(limits, text_at(job, "name"), job, "stopTimeout");
}

/* Else a job that runs before another one stops would delay the end when that waits no longer. */
static void limit_hook(json_t *job, const json_t *limits)
{
	const char *source = stop_source(job, "stopping");
	json_t *limit = source ? json_object_get(limits, source) : NULL;

	if (limit)
		set_default(job, "timeout", json_incref(limit));
}

/* A job's own stopTimeout limits the time that it waits for the job that runs before it stops. */
static void translate_stops(struct translation *translation)
{
	const json_t *jobs = json_object_get(translation->to, "jobs");
	json_t *limits = json_object(), *job;
	size_t i;

	json_array_foreach(json_object_get(translation->from, "jobs"), i, job)
		if (text_at(job, "name"))
			add_limit(limits, job);
	json_array_foreach(jobs, i, job) {
		limit_hook(job, limits);
	}
	json_array_foreach(jobs, i, job) {
		const char *source = stop_source(job, "stopping");

		translation->stops_slowly |= source || stop_source(job, "stopped");
		if (source)
			set_default(limits, source, json_string(LONG_STOP));
	}
	json_array_foreach(jobs, i, job) {
		carry(job, "preStopTimeout", limits, text_at(job, "name"));
	}
	json_decref(limits);
}

/* The supervisor runs on until all jobs have ended, also if one job alone starts by itself. */
static void forbid_essential(struct translation *translation)
{
	const json_t *jobs = json_object_get(translation->to, "jobs");
	json_t *job, *first = NULL;
	size_t i;

	json_array_foreach(jobs, i, job)
		if (!json_object_get(job, "when"))
			first = first ? first : job;
	if (first && json_array_size(jobs) > 1)
		json_object_set_new(first, "essential", json_false());
}

/* ---- the whole ---- */

static void translate_jobs(struct translation *translation)
{
	const json_t *jobs = json_object_get(translation->from, "jobs");
	json_t *job;
	size_t i;

	json_array_foreach(jobs, i, job) {
		translate_job(translation, job, i);
	}
	translate_stops(translation);
}

static bool is_same_watch(const json_t *a, const json_t *b)
{
	return text_equal(text_at(a, "tag"), text_at(b, "tag")) && text_equal(text_at(a, "dc"), text_at(b, "dc"));
}

static void translate_watch(struct translation *translation, const json_t *from, size_t index, json_t *known)
{
	const char *name = text_at(from, "name");
	const json_t *earlier = name ? json_object_get(known, name) : NULL;
	AUTOFREE char *path = format_string("watches[%s]", name ? name : "?");
	json_t *watch;

	if (!name)
		refuse(translation, "watches[%zu].name: must not be blank", index);
	if (!name || !has_period(translation, from, "interval", path) || (earlier && is_same_watch(earlier, from)))
		return;
	watch = json_object();
	set_watch_name(translation, watch, name, earlier);
	if (!earlier)
		json_object_set(known, name, (json_t *)from);
	carry(watch, "tag", from, "tag");
	carry(watch, "dc", from, "dc");
	json_array_append_new(list_at(translation->to, "watches"), watch);
}

static void translate_watches(struct translation *translation)
{
	json_t *known = json_object(), *watch;
	size_t i;

	json_array_foreach(json_object_get(translation->from, "watches"), i, watch) {
		translate_watch(translation, watch, i, known);
	}
	json_decref(known);
}

static void translate_control(struct translation *translation)
{
	const json_t *control = json_object_get(translation->from, "control");
	const char *socket = text_at(control, "socket");

	if (json_object_get(control, "socket") && !socket)
		refuse(translation, "control.socket: must be a path, found \"\"");
	json_object_set_new(translation->to, "control", json_pack("{s:s}", "socket", socket ? socket : SOCKET));
}

void version3_translate(struct translation *translation)
{
	translate_common(translation);
	translate_control(translation);
	translate_jobs(translation);
	translate_watches(translation);
	translate_telemetry(translation, "metrics");
	forbid_essential(translation);
	translate_stop_times(translation);
}
