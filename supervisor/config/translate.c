#include "translate.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "mistakes.h"

enum { MINUTE = 60, DEFAULT_STOP = 5, SPARE_STOP = 3, DEFAULT_TELEMETRY_PORT = 9090 };

/* ---- messages ---- */

static void __attribute__((format(printf, 2, 0))) add(struct strv *messages, const char *format, va_list args)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	buf_vprint(&text, format, args);
	strv_push(messages, text.data);
}

void note(struct translation *translation, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(translation->notes, format, args);
	va_end(args);
}

void refuse(struct translation *translation, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(translation->mistakes, format, args);
	va_end(args);
}

/* ---- groups ---- */

void carry(json_t *to, const char *new_name, const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);

	if (value)
		json_object_set(to, new_name, value);
}

void set_default(json_t *group, const char *name, json_t *value)
{
	if (!json_object_get(group, name))
		json_object_set(group, name, value);
	json_decref(value);
}

const char *text_at(const json_t *group, const char *name)
{
	const char *text = json_string_value(json_object_get(group, name));

	return text && *text ? text : NULL;
}

json_int_t number_at(const json_t *group, const char *name)
{
	return json_integer_value(json_object_get(group, name));
}

json_t *list_at(json_t *group, const char *name)
{
	set_default(group, name, json_array());
	return json_object_get(group, name);
}

bool has_period(struct translation *translation, const json_t *group, const char *key, const char *path)
{
	if (json_object_get(group, key) && number_at(group, key) >= 1)
		return true;
	refuse(translation, "%s.%s: must be at least 1, a whole number of seconds%s", path, key,
	       json_object_get(group, key) ? "" : ", and is missing");
	return false;
}

/* ---- names ---- */

char *unique_name(struct translation *translation, const char *name)
{
	json_int_t number = number_at(translation->names, name) + 1;
	char *unique;

	json_object_set_new(translation->names, name, json_integer(number));
	if (number == 1)
		return copy_string(name);
	unique = format_string("%s-%lld", name, (long long)number);
	note(translation, "jobs[%s]: another job is named \"%s\", so this one has a number; its events do not "
	     "come from \"%s\", and its service has an ID of its own", unique, name, name);
	return unique;
}

void set_watch_name(struct translation *translation, json_t *watch, const char *name, bool repeated)
{
	json_int_t number = number_at(translation->watches, name) + 1;
	AUTOFREE char *unique = repeated ? format_string("%s-%lld", name, (long long)number) : copy_string(name);

	json_object_set_new(translation->watches, name, json_integer(number));
	json_object_set_new(watch, "name", json_string(unique));
	if (repeated) {
		json_object_set_new(watch, "service", json_string(name));
		note(translation, "watches[%s]: a watch of \"%s\" stands before this one, and in ContainerPilot the two "
		     "overwrite each other; the source of this one is watch.%s", unique, name, unique);
	}
	if (translation->first_events)
		json_object_set_new(watch, "firstEmpty", json_string("unhealthy"));
}

/* ---- services ---- */

static void translate_registration(struct translation *translation, json_t *service, const json_t *from,
				   const char *path)
{
	const json_t *consul = json_object_get(from, "consul");
	json_t *result = json_object();

	carry(result, "enableTagOverride", consul, "enableTagOverride");
	carry(result, "deregisterCriticalServiceAfter", consul, "deregisterCriticalServiceAfter");
	if (json_is_integer(json_object_get(consul, "deregisterCriticalServiceAfter")) &&
	    number_at(consul, "deregisterCriticalServiceAfter") < MINUTE) {
		json_object_set_new(result, "deregisterCriticalServiceAfter", json_integer(MINUTE));
		note(translation, "%s.consul.deregisterCriticalServiceAfter: a minute is the least for Consul", path);
	}
	set_default(result, "deregisterCriticalServiceAfter", json_integer(0));
	json_object_set_new(service, "consul", result);
}

/* ContainerPilot's choice of an address. */
static json_t *default_interfaces(const struct translation *translation)
{
	return translation->version == 2 ? json_pack("[s]", "eth0:inet") : json_pack("[ss]", "eth0:inet", "inet");
}

void translate_service(struct translation *translation, json_t *service, const json_t *from, const char *path)
{
	if (json_array_size(json_object_get(from, "tags")))
		carry(service, "tags", from, "tags");
	if (json_array_size(json_object_get(from, "interfaces")))
		carry(service, "interfaces", from, "interfaces");
	set_default(service, "interfaces", default_interfaces(translation));
	translate_registration(translation, service, from, path);
}

/* ---- consul ---- */

/* Without the scheme, which `scheme` gets if it is there. */
static const char *split_scheme(const char *address, const char **scheme)
{
	if (!strncmp(address, "https://", 8))
		*scheme = "https";
	else if (!strncmp(address, "http://", 7))
		*scheme = "http";
	else
		return address;
	return strstr(address, "://") + 3;
}

static json_t *consul_group(const json_t *from)
{
	const char *address = text_at(from, "address"), *scheme = text_at(from, "scheme");
	json_t *result = json_object();

	if (address)
		address = split_scheme(address, &scheme);
	if (address && *address)
		json_object_set_new(result, "address", json_string(address));
	if (scheme)
		json_object_set_new(result, "scheme", json_string(scheme));
	if (text_at(from, "token"))
		carry(result, "token", from, "token");
	carry(result, "tls", from, "tls");
	return result;
}

static json_t *consul_address(const char *text)
{
	const char *scheme = NULL, *host = split_scheme(text, &scheme);
	json_t *group;

	if (!*host)
		return json_object();
	group = json_pack("{s:o}", "address", json_string(host));
	if (scheme)
		json_object_set_new(group, "scheme", json_string(scheme));
	return group;
}

static void drop_empty_texts(json_t *group)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(group, next, name, value)
		if (json_is_string(value) && !json_string_length(value))
			json_object_del(group, name);
}

static json_t *consul_from_group(struct translation *translation, const json_t *consul)
{
	size_t before = translation->mistakes->count;
	json_t *group = weak_read(consul_keys(), consul, translation->mistakes), *result;
	const char *scheme;

	mistakes_in(translation->mistakes, before, "consul");
	drop_empty_texts(json_object_get(group, "tls"));
	result = consul_group(group);
	scheme = text_at(result, "scheme");
	if (scheme && !strcmp(scheme, "https") &&
	    !json_object_get(json_object_get(result, "tls"), "verify"))
		note(translation, "consul.tls: Consul's certificate is verified here; ContainerPilot did so only with "
		     "verify: true");
	json_decref(group);
	return result;
}

static void translate_consul(struct translation *translation)
{
	const json_t *consul = json_object_get(translation->from, "consul");
	json_t *result = NULL;

	if (json_object_get(translation->from, "etcd"))
		refuse(translation, "etcd: Consul is the only discovery backend that pilotfish has");
	else if (json_is_string(consul))
		result = consul_address(json_string_value(consul));
	else if (json_is_object(consul))
		result = consul_from_group(translation, consul);
	else
		refuse(translation, "consul: no discovery backend is defined: must be \"host:port\" or a group with address%s",
		       consul ? "" : ", and is missing");
	if (result)
		json_object_set_new(translation->to, "consul", result);
}

/* ---- logging ---- */

static void translate_logging(struct translation *translation)
{
	const json_t *from = json_object_get(translation->from, "logging");
	const char *format = text_at(from, "format");
	json_t *logging = json_object();

	if (text_at(from, "level"))
		carry(logging, "level", from, "level");
	if (text_at(from, "output"))
		carry(logging, "output", from, "output");
	if (format && !strcasecmp(format, "text"))
		format = "logfmt";
	json_object_set_new(logging, "format", json_string(format ? format : "default"));
	json_object_set_new(translation->to, "logging", logging);
}

void translate_common(struct translation *translation)
{
	translate_consul(translation);
	translate_logging(translation);
}

/* ---- telemetry ---- */

json_t *metric_name(const json_t *metric)
{
	static const char *const parts[] = { "namespace", "subsystem", "name" };
	CLEANUP(buf_release) struct buf name = BUF_INIT;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (text_at(metric, parts[i]))
			buf_print(&name, "%s%s", name.used ? "_" : "", text_at(metric, parts[i]));
	return json_string(name.data);
}

static json_t *translate_metrics(const json_t *from)
{
	json_t *metrics = json_array(), *metric;
	size_t i;

	json_array_foreach(from, i, metric) {
		json_t *result = json_pack("{s:o}", "name", metric_name(metric));

		json_object_set_new(result, "exactName", json_true());
		carry(result, "type", metric, "type");
		carry(result, "help", metric, "help");
		json_array_append_new(metrics, result);
	}
	return metrics;
}

/* A service with the name of its job, which ContainerPilot registers for its telemetry. */
static json_t *register_telemetry(struct translation *translation, const json_t *from, json_int_t port)
{
	json_t *job;

	if (json_object_get(translation->names, "containerpilot")) {
		note(translation, "telemetry: a job is named containerpilot, so the port is not registered under this name");
		return NULL;
	}
	job = json_pack("{s:s, s:I, s:{s:i, s:i}}", "name", "containerpilot", "port", port,
			"health", "interval", 5, "ttl", 15);
	translate_service(translation, job, from, "telemetry");
	json_array_append_new(list_at(translation->to, "jobs"), job);
	return job;
}

json_t *translate_telemetry(struct translation *translation, const char *metrics)
{
	const json_t *from = json_object_get(translation->from, "telemetry");
	json_int_t port = json_object_get(from, "port") ? number_at(from, "port") : DEFAULT_TELEMETRY_PORT;
	json_t *telemetry;

	if (!from)
		return NULL;
	telemetry = json_pack("{s:I}", "port", port);
	if (json_array_size(json_object_get(from, "interfaces")))
		carry(telemetry, "interfaces", from, "interfaces");
	set_default(telemetry, "interfaces", default_interfaces(translation));
	if (json_array_size(json_object_get(from, metrics)))
		json_object_set_new(telemetry, "metrics", translate_metrics(json_object_get(from, metrics)));
	json_object_set_new(translation->to, "telemetry", telemetry);
	return register_telemetry(translation, from, port);
}

/* ---- stopTimeout ---- */

void translate_stop_times(struct translation *translation)
{
	json_int_t seconds = number_at(translation->from, "stopTimeout");
	json_t *job;
	size_t i;

	if (!seconds)
		seconds = DEFAULT_STOP;
	json_object_set_new(translation->to, "stopTimeout", translation->stops_slowly ? json_string(LONG_STOP) :
			    json_integer((seconds < 0 ? 0 : seconds) + SPARE_STOP));
	json_array_foreach(json_object_get(translation->to, "jobs"), i, job)
		if (json_array_size(json_object_get(job, "exec")))
			set_default(job, "stopTimeout", seconds < 0 ? json_string("1ms") : json_integer(seconds));
}
