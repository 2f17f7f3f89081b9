#include "tables.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "address.h"
#include "config.h"
#include "decode.h"
#include "rules.h"

static bool decode_socket(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	struct control_config *control = slot;
	const char *text = json_string_value(value);
	bool off = text && !strcmp(text, "off");

	(void)field, (void)error;
	if (!text || (*text != '/' && !off))
		return false;
	control->socket = off ? NULL : copy_string(text);
	control->chosen = strcmp(text, CONTROL_SOCKET) != 0;
	return true;
}

static const struct field control_fields[] = {
	{ "socket", CUSTOM_WHOLE(decode_socket), .json = "string", .env = "PILOTFISH_SOCKET", .initial = CONTROL_SOCKET,
	  .must_be = "an absolute path or \"off\"",
	  .help = "The path of the socket, or \"off\". If the default cannot be made, the log says so "
		  "and everything else starts; any other path is an error then. In a container with a "
		  "read-only root, mount a tmpfs there." },
	{ "mode", CUSTOM(control_config, mode, decode_mode), .json = "string", .initial = "0600",
	  .must_be = "octal digits in quotes, such as \"0600\"",
	  .help = "The mode of the socket: who may write to it may ask and change everything." },
	{ "group", CUSTOM(control_config, group, decode_group), .json = "string integer", .initial = "inherited",
	  .must_be = "a group's name or number",
	  .help = "The group of the socket, for mode \"0660\"." },
	{ 0 }
};
static const struct record control_table = {
	.title = "control", .fields = control_fields,
};

const struct record *control_record(void)
{
	return &control_table;
}

static bool telemetry_rules(void *object, const json_t *tree, struct error *error)
{
	const struct telemetry_config *telemetry = object;
	unsigned char bytes[sizeof(struct in6_addr)];

	if (json_object_get(tree, "interfaces") && json_object_get(tree, "address"))
		return fail(error, ".interfaces: only one of address and interfaces may be given");
	for (size_t i = 0; i < telemetry->interfaces.count; i++)
		if (!address_check(telemetry->interfaces.items[i], error))
			return fail_in(error, ".interfaces");
	if (inet_pton(AF_INET, telemetry->address, bytes) == 1 ||
	    inet_pton(AF_INET6, telemetry->address, bytes) == 1)
		return metrics_are_distinct(telemetry, error);
	return fail(error, ".address: must be a numeric address such as \"0.0.0.0\" or \"::\", found "
		    "\"%.64s\"", telemetry->address);
}

static const struct field telemetry_fields[] = {
	{ "port", INT(telemetry_config, port), .min = 1, .max = 65535, .flags = REQUIRED,
	  .help = "The TCP port, such as 9464." },
	{ "address", STRING(telemetry_config, address), .flags = TRIMMED, .initial = "0.0.0.0",
	  .help = "The address to listen on: \"0.0.0.0\" and \"::\" are all of the container." },
	{ "interfaces", STRINGS(telemetry_config, interfaces), .flags = TRIMMED,
	  .help = "Listen on exactly one address instead, in order of preference, as interfaces of a "
		  "job. It is chosen when the port is opened, and again at a reload." },
	{ "page", BOOL(telemetry_config, page), .initial = "false",
	  .help = "Also serve a page for browsers at /, which shows the state live, with the /graph and the "
		  "/events that it needs." },
	{ "metrics", POINTERS_OF(telemetry_config, metrics, metric_count, metric_record),
	  .help = "Metrics of the application, which pilotfish metric set sets." },
	{ 0 }
};
static const struct record telemetry_table = {
	.title = "telemetry",
	.about = "A TCP port for reading only: /metrics for Prometheus, /status with the document of "
		 "pilotfish status, /livez, and /readyz, which is 200 while all jobs are healthy and the "
		 "services in traffic. Without this group there is no port.",
	.fields = telemetry_fields, .finish = telemetry_rules,
};

const struct record *telemetry_record(void)
{
	return &telemetry_table;
}
