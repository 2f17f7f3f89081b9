#include "base/alloc.h"
#include "translate.h"

/* The application's job, and the hook that runs before all else. */
static const char app_name[] = "app", pre_start[] = "preStart";

/* The name of the preStart job; NULL: there is none. */
static const char *pre_start_job(const struct translation *translation)
{
	if (!json_object_get(translation->from, pre_start))
		return NULL;
	return translation->call->command ? "app.preStart" : pre_start;
}

/* Nothing polls before preStart has succeeded. */
static void wait_for_pre_start(const struct translation *translation, json_t *job)
{
	const char *hook = pre_start_job(translation);

	if (hook)
		json_array_append_new(list_at(job, "needs"), json_sprintf("%s exitSuccess", hook));
}

static json_t *job_new(struct translation *translation, const char *name)
{
	json_t *job = json_pack("{s:s}", "name", name);

	json_array_append_new(list_at(translation->to, "jobs"), job);
	return job;
}

static bool has_command(struct translation *translation, const json_t *from, const char *key,
			const char *path)
{
	if (json_object_get(from, key))
		return true;
	refuse(translation, "%s.%s: missing", path, key);
	return false;
}

/* ---- the application and its hooks ---- */

static json_t *hook_new(const struct translation *translation, const char *key, const char *timeout)
{
	json_t *exec = json_object_get(translation->from, key);

	return json_pack("{s:O, s:s, s:{s:b}}", "exec", exec, "timeout", timeout, "logging", "raw", true);
}

static json_t *words_of(char *const *words)
{
	json_t *list = json_array();

	for (; *words; words++)
		json_array_append_new(list, json_string(*words));
	return list;
}

static void translate_app(struct translation *translation)
{
	json_t *job = job_new(translation, app_name);

	json_object_set_new(translation->names, app_name, json_integer(1));
	json_object_set_new(job, "exec", words_of(translation->call->command));
	json_object_set_new(job, "logging", json_pack("{s:b}", "raw", true));
	json_object_set_new(job, "essential", json_true());
	if (json_object_get(translation->from, pre_start))
		json_object_set_new(job, pre_start, hook_new(translation, pre_start, "0"));
	if (json_object_get(translation->from, "preStop")) {
		json_object_set_new(job, "preStop", hook_new(translation, "preStop", LONG_STOP));
		json_object_set_new(job, "preStopTimeout", json_string(LONG_STOP));
	}
	if (json_object_get(translation->from, "postStop"))
		json_object_set_new(job, "postStop", hook_new(translation, "postStop", LONG_STOP));
}

/* Without an application, preStop runs at the shutdown, and postStop never did. */
static void translate_lone_hooks(struct translation *translation)
{
	static const struct { const char *key, *event; } hooks[] = { { pre_start, NULL }, { "preStop", "shutdown" } };

	for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
		json_t *hook;

		if (!json_object_get(translation->from, hooks[i].key))
			continue;
		hook = hook_new(translation, hooks[i].key, "0");
		json_object_set_new(hook, "name", json_string(hooks[i].key));
		if (hooks[i].event)
			json_object_set_new(hook, "when",
					    json_pack("{s:s, s:s}", "source", "global", "once", hooks[i].event));
		json_array_append_new(list_at(translation->to, "jobs"), hook);
	}
	if (json_object_get(translation->from, "postStop"))
		note(translation, "jobs: postStop is left out: it runs when the application has ended, and there is none");
}

/* onStart is the older name of preStart. */
static void translate_hooks(struct translation *translation)
{
	json_t *from = translation->from;

	if (json_object_get(from, "onStart") && !json_object_get(from, pre_start))
		carry(from, pre_start, from, "onStart");
	translation->stops_slowly = json_object_get(from, "preStop") || json_object_get(from, "postStop");
	if (translation->call->command)
		translate_app(translation);
	else
		translate_lone_hooks(translation);
}

/* ---- services ---- */

/* Of several services with their own checks each is a job without a program.  It leaves Consul before the
 * application stops, because it needs the application. */
static void translate_one_service(struct translation *translation, const json_t *from, const char *path)
{
	AUTOFREE char *name = unique_name(translation, text_at(from, "name"));
	json_t *job = job_new(translation, name), *health;

	if (number_at(from, "port") < 1)
		refuse(translation, "%s.port: must be at least 1", path);
	if (!has_period(translation, from, "poll", path) || !has_period(translation, from, "ttl", path))
		return;
	carry(job, "port", from, "port");
	translate_service(translation, job, from, path);
	health = json_object();
	json_object_set_new(job, "health", health);
	carry(health, "interval", from, "poll");
	carry(health, "ttl", from, "ttl");
	if (json_object_get(from, "health")) {
		carry(health, "exec", from, "health");
		if (translation->check_output)
			json_object_set_new(health, "logOutput", json_true());
		carry(health, "timeout", from, json_object_get(from, "timeout") ? "timeout" : "ttl");
	}
	if (translation->call->command)
		json_object_set_new(job, "needs", json_pack("[s]", "app running"));
	else
		wait_for_pre_start(translation, job);
}

/* ---- what is polled ---- */

static void translate_backend(struct translation *translation, const json_t *from, const char *path)
{
	const char *name = text_at(from, "name");
	json_t *watch = json_object(), *hook;

	if (!has_period(translation, from, "poll", path) || !has_command(translation, from, "onChange", path)) {
		json_decref(watch);
		return;
	}
	set_watch_name(translation, watch, name, json_object_get(translation->watches, name));
	carry(watch, "tag", from, "tag");
	hook = json_pack("{s:O, s:s, s:i}", "exec", json_object_get(from, "onChange"), "restarts", "never", "timeout", 0);
	carry(hook, "timeout", from, "timeout");
	wait_for_pre_start(translation, hook);
	json_object_set_new(watch, "onChange", hook);
	json_array_append_new(list_at(translation->to, "watches"), watch);
}

static void translate_task(struct translation *translation, const json_t *from, const char *path)
{
	AUTOFREE char *name = unique_name(translation, text_at(from, "name"));
	json_t *job = job_new(translation, name), *frequency = json_object_get(from, "frequency");

	if (!frequency)
		refuse(translation, "%s.frequency: missing", path);
	if (!has_command(translation, from, "command", path) || !frequency)
		return;
	carry(job, "exec", from, "command");
	json_object_set_new(job, "when", json_pack("{s:O, s:O}", "interval", frequency, "delay", frequency));
	carry(job, "timeout", from, "timeout");
	wait_for_pre_start(translation, job);
}

static void translate_coprocess(struct translation *translation, const json_t *from, const char *path)
{
	AUTOFREE char *name = unique_name(translation, text_at(from, "name"));
	json_t *job = job_new(translation, name);

	if (!has_command(translation, from, "command", path))
		return;
	carry(job, "exec", from, "command");
	carry(job, "restarts", from, "restarts");
	wait_for_pre_start(translation, job);
}

static void translate_sensor(struct translation *translation, const json_t *from, const char *path)
{
	json_t *metric = metric_name(from), *job;
	AUTOFREE char *name = format_string("sensor.%s", json_string_value(metric));

	job = job_new(translation, name);
	json_object_set_new(job, "metric", metric);
	if (!has_period(translation, from, "poll", path) || !has_command(translation, from, "check", path))
		return;
	carry(job, "exec", from, "check");
	json_object_set_new(job, "when", json_pack("{s:O, s:O}", "interval", json_object_get(from, "poll"),
						   "delay", json_object_get(from, "poll")));
	carry(job, "timeout", from, "timeout");
	wait_for_pre_start(translation, job);
}

/* A coprocess without a name has that of its command line. */
static void name_coprocesses(const json_t *coprocesses)
{
	json_t *from, *word;
	size_t i, k;

	json_array_foreach(coprocesses, i, from) {
		CLEANUP(strv_release) struct strv words = { 0 };
		AUTOFREE char *line = NULL;

		json_array_foreach(json_object_get(from, "command"), k, word) {
			strv_push(&words, json_string_value(word));
		}
		line = strv_join(&words, " ");
		set_default(from, "name", json_string(line));
	}
}

typedef void translate_fn(struct translation *translation, const json_t *from, const char *path);

static void translate_each(struct translation *translation, const json_t *list, const char *key,
			   translate_fn *translate)
{
	json_t *from;
	size_t i;

	json_array_foreach(list, i, from) {
		const char *name = text_at(from, "name");
		AUTOFREE char *path = format_string("%s[%s]", key, name);

		if (name)
			translate(translation, from, path);
		else
			refuse(translation, "%s[%zu].name: must not be blank", key, i);
	}
}

void version2_translate(struct translation *translation)
{
	static const struct { const char *key; translate_fn *translate; } lists[] = {
		{ "services", translate_one_service }, { "backends", translate_backend },
		{ "tasks", translate_task }, { "coprocesses", translate_coprocess },
	};
	const json_t *from = translation->from;
	json_t *job;

	translate_common(translation);
	translate_hooks(translation);
	name_coprocesses(json_object_get(from, "coprocesses"));
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		translate_each(translation, json_object_get(from, lists[i].key), lists[i].key,
			       lists[i].translate);
	job = translate_telemetry(translation, "sensors");
	if (job)
		wait_for_pre_start(translation, job);
	translate_each(translation, json_object_get(json_object_get(from, "telemetry"), "sensors"), "telemetry.sensors",
		       translate_sensor);
	translate_stop_times(translation);
}
