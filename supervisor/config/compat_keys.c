#include "translate.h"

/* ---- of both versions ---- */

static const struct weak_key tls_keys[] = {
	{ "cafile", WEAK_STRING, NULL }, { "capath", WEAK_STRING, NULL }, { "clientcert", WEAK_STRING, NULL },
	{ "clientkey", WEAK_STRING, NULL }, { "servername", WEAK_STRING, NULL }, { "verify", WEAK_BOOL, NULL },
	{ 0 }
};
static const struct weak_key logging_keys[] = {
	{ "level", WEAK_STRING, NULL }, { "format", WEAK_STRING, NULL }, { "output", WEAK_STRING, NULL }, { 0 }
};
static const struct weak_key registration_keys[] = {
	{ "enableTagOverride", WEAK_BOOL, NULL }, { "deregisterCriticalServiceAfter", WEAK_DURATION, NULL }, { 0 }
};
static const struct weak_key metric_keys[] = {
	{ "namespace", WEAK_STRING, NULL }, { "subsystem", WEAK_STRING, NULL }, { "name", WEAK_STRING, NULL },
	{ "help", WEAK_STRING, NULL }, { "type", WEAK_STRING, NULL }, { 0 }
};

/* ---- version 3 ---- */

static const struct weak_key control_keys[] = { { "socket", WEAK_STRING, NULL }, { 0 } };
static const struct weak_key raw_keys[] = { { "raw", WEAK_BOOL, NULL }, { 0 } };

static const struct weak_key when_keys[] = {
	{ "source", WEAK_STRING, NULL }, { "once", WEAK_STRING, NULL }, { "each", WEAK_STRING, NULL },
	{ "interval", WEAK_DURATION, NULL }, { "timeout", WEAK_DURATION, NULL }, { 0 }
};
static const struct weak_key health_keys[] = {
	{ "exec", WEAK_COMMAND, NULL }, { "interval", WEAK_INT, NULL }, { "ttl", WEAK_INT, NULL },
	{ "timeout", WEAK_DURATION, NULL }, { "logging", WEAK_GROUP, raw_keys }, { 0 }
};
static const struct weak_key job_keys[] = {
	{ "name", WEAK_STRING, NULL }, { "exec", WEAK_COMMAND, NULL }, { "when", WEAK_GROUP, when_keys },
	{ "timeout", WEAK_DURATION, NULL }, { "stopTimeout", WEAK_DURATION, NULL }, { "restarts", WEAK_ANY, NULL },
	{ "health", WEAK_GROUP, health_keys }, { "port", WEAK_INT, NULL }, { "initial_status", WEAK_STRING, NULL },
	{ "tags", WEAK_STRINGS, NULL }, { "interfaces", WEAK_STRINGS, NULL },
	{ "consul", WEAK_GROUP, registration_keys }, { "logging", WEAK_GROUP, raw_keys }, { 0 }
};
static const struct weak_key watch_keys[] = {
	{ "name", WEAK_STRING, NULL }, { "interval", WEAK_INT, NULL }, { "tag", WEAK_STRING, NULL },
	{ "dc", WEAK_STRING, NULL }, { 0 }
};
static const struct weak_key telemetry_keys[] = {
	{ "port", WEAK_INT, NULL }, { "interfaces", WEAK_STRINGS, NULL }, { "tags", WEAK_STRINGS, NULL },
	{ "metrics", WEAK_GROUPS, metric_keys }, { 0 }
};
static const struct weak_key keys_of_3[] = {
	{ "consul", WEAK_ANY, NULL }, { "logging", WEAK_GROUP, logging_keys }, { "stopTimeout", WEAK_INT, NULL },
	{ "jobs", WEAK_GROUPS, job_keys }, { "watches", WEAK_GROUPS, watch_keys },
	{ "control", WEAK_GROUP, control_keys }, { "telemetry", WEAK_GROUP, telemetry_keys },
	{ "compat", WEAK_ANY, NULL }, { 0 }
};

const struct weak_key *version3_keys(void)
{
	return keys_of_3;
}

/* ---- version 2 ---- */

static const struct weak_key service_keys[] = {
	{ "name", WEAK_STRING, NULL }, { "port", WEAK_INT, NULL }, { "health", WEAK_COMMAND, NULL },
	{ "poll", WEAK_INT, NULL }, { "ttl", WEAK_INT, NULL }, { "interfaces", WEAK_STRINGS, NULL },
	{ "tags", WEAK_STRINGS, NULL }, { "timeout", WEAK_DURATION, NULL },
	{ "consul", WEAK_GROUP, registration_keys }, { 0 }
};
static const struct weak_key backend_keys[] = {
	{ "name", WEAK_STRING, NULL }, { "poll", WEAK_INT, NULL }, { "onChange", WEAK_COMMAND, NULL },
	{ "tag", WEAK_STRING, NULL }, { "timeout", WEAK_DURATION, NULL }, { 0 }
};
static const struct weak_key task_keys[] = {
	{ "name", WEAK_STRING, NULL }, { "command", WEAK_COMMAND, NULL }, { "frequency", WEAK_DURATION, NULL },
	{ "timeout", WEAK_DURATION, NULL }, { 0 }
};
static const struct weak_key coprocess_keys[] = {
	{ "name", WEAK_STRING, NULL }, { "command", WEAK_COMMAND, NULL }, { "restarts", WEAK_ANY, NULL }, { 0 }
};
static const struct weak_key sensor_keys[] = {
	{ "namespace", WEAK_STRING, NULL }, { "subsystem", WEAK_STRING, NULL }, { "name", WEAK_STRING, NULL },
	{ "help", WEAK_STRING, NULL }, { "type", WEAK_STRING, NULL }, { "poll", WEAK_INT, NULL },
	{ "check", WEAK_COMMAND, NULL }, { "timeout", WEAK_DURATION, NULL }, { 0 }
};
static const struct weak_key sensing_keys[] = {
	{ "port", WEAK_INT, NULL }, { "interfaces", WEAK_STRINGS, NULL }, { "tags", WEAK_STRINGS, NULL },
	{ "sensors", WEAK_GROUPS, sensor_keys }, { 0 }
};
static const struct weak_key keys_of_2[] = {
	{ "consul", WEAK_ANY, NULL }, { "etcd", WEAK_ANY, NULL }, { "logging", WEAK_GROUP, logging_keys },
	{ "onStart", WEAK_COMMAND, NULL }, { "preStart", WEAK_COMMAND, NULL }, { "preStop", WEAK_COMMAND, NULL },
	{ "postStop", WEAK_COMMAND, NULL }, { "stopTimeout", WEAK_INT, NULL },
	{ "services", WEAK_GROUPS, service_keys }, { "backends", WEAK_GROUPS, backend_keys },
	{ "tasks", WEAK_GROUPS, task_keys }, { "coprocesses", WEAK_GROUPS, coprocess_keys },
	{ "telemetry", WEAK_GROUP, sensing_keys }, { "compat", WEAK_ANY, NULL }, { 0 }
};

const struct weak_key *version2_keys(void)
{
	return keys_of_2;
}

/* ---- consul as a group ---- */

static const struct weak_key consul_keys_of_3[] = {
	{ "address", WEAK_STRING, NULL }, { "scheme", WEAK_STRING, NULL }, { "token", WEAK_STRING, NULL },
	{ "tls", WEAK_GROUP, tls_keys }, { 0 }
};

const struct weak_key *consul_keys(void)
{
	return consul_keys_of_3;
}
