#include "tables.h"

#include "config.h"

static const struct field readiness_fields[] = {
	{ "fd", INT(readiness_config, fd), .min = 3, .max = 1023,
	  .help = "The number of a descriptor that the program gets, a pipe. It writes a newline there "
		  "when it is ready, as the programs of s6 do. All other bytes are ignored." },
	{ "notify", BOOL(readiness_config, notify), .initial = "false",
	  .help = "The program uses sd_notify(3): it gets NOTIFY_SOCKET, an abstract unix socket. READY=1, "
		  "RELOADING=1, STOPPING=1, STATUS=TEXT, WATCHDOG=1 and WATCHDOG=trigger count, from the "
		  "program, its process group and its descendants. The sender must not end at once: "
		  "systemd-notify waits for its message to be read." },
	{ "watchdog", SECONDS(readiness_config, watchdog), .min = 0.001,
	  .help = "With notify: a ready program says WATCHDOG=1 at least this often, else it is unhealthy "
		  "until it does. It gets WATCHDOG_USEC and WATCHDOG_PID. The time in which pilotfish is "
		  "stopped or gets no CPU does not count." },
	{ "timeout", SECONDS(readiness_config, timeout), .min = 0.001,
	  .help = "If the program is not ready within this time after its start, it is unhealthy until it is. "
		  "Default: no limit, and neither healthy nor unhealthy before." },
	{ 0 }
};

static bool readiness_rules(void *object, const json_t *tree, struct error *error)
{
	const struct readiness_config *readiness = object;

	(void)tree;
	if (readiness->fd && readiness->notify)
		return fail(error, "only one of fd and notify may be given");
	if (!readiness_is_set(readiness))
		return fail(error, "one of fd and notify is missing, such as { notify = true; }");
	if (readiness->watchdog > 0 && !readiness->notify)
		return fail(error, ".watchdog: only possible with notify");
	return true;
}

static const struct record readiness_table = {
	.title = "readiness",
	.about = "How the job says itself that it is ready: by fd or by notify. Each run begins as not ready. "
		 "Until it is ready, the job is neither healthy nor unhealthy, and its services have their "
		 "initialStatus. A job that is ready is healthy, if it has no check; a job with a check is "
		 "checked only while it is ready, so that it is healthy if both say so. After STOPPING=1 and "
		 "without a sign of its watchdog the job is unhealthy; RELOADING=1 changes nothing but the "
		 "text. The text of STATUS is in pilotfish status, and without a check in Consul.",
	.fields = readiness_fields, .finish = readiness_rules,
};

const struct record *readiness_record(void)
{
	return &readiness_table;
}
