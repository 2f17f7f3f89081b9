#include "tables.h"

#include "config.h"
#include "decode.h"
#include "rules.h"

enum { MAX_PORT = 65535 };

/* Tables of choices come from where the choices are defined. */

static const struct choice statuses[] = {
#define X(code, name) { name, STATUS_##code },
	HEALTH_STATUSES(X)
#undef X
	{ 0 }
};
static const struct choice levels[] = {
#define X(code, name) { name, LEVEL_##code },
	LOG_LEVELS(X)
#undef X
	{ "warning", LEVEL_WARN }, { "fatal", LEVEL_ERROR }, { "panic", LEVEL_ERROR }, { 0 }
};
static const struct choice formats[] = {
#define X(code, name) { name, FORMAT_##code },
	LOG_FORMATS(X)
#undef X
	{ 0 }
};

/* How a program is run. */

static const struct field raw_fields[] = {
	{ "raw", BOOL(exec_config, raw), .initial = "false",
	  .help = "Do not log the output: it goes unchanged to pilotfish's own standard output "
		  "and error." },
	{ 0 }
};
static const struct record raw_record = {
	.title = "logging of a job or a health check", .fields = raw_fields,
};

static const struct field paths_fields[] = {
	{ "read", STRINGS(exec_config, confinement.read),
	  .help = "Files and directories to read, with everything below, and programs to run." },
	{ "write", STRINGS(exec_config, confinement.write),
	  .help = "Files and directories to read, write, create and remove, with everything "
		  "below." },
	{ "optional", BOOL(exec_config, confinement.paths_optional), .initial = "false",
	  .help = "If the kernel has no Landlock, start the program without this restriction. "
		  "Without this key the start fails." },
	{ 0 }
};
static const struct record paths_record = {
	.title = "paths",
	.about = "All other paths are inaccessible, by Landlock (Linux 5.13 and later). Each path "
		 "must be absolute and exist. The program, its interpreter and its libraries must "
		 "be among them. /dev/null, zero, full, random and urandom are always accessible. "
		 "Already open descriptors, sockets and stat(2) are not restricted.",
	.fields = paths_fields, .finish = paths_rules,
};

static const struct field exec_fields[] = {
	{ "exec", COMMAND(exec_config, argv),
	  .help = "The program and its arguments. A string is split into words as a shell "
		  "would split it, but no shell runs and nothing is expanded." },
	{ "user", CUSTOM_WHOLE(decode_user), .json = "string integer", .must_be = "the name or number of a user",
	  .help = "The user to run as. A name also selects the user's groups. \"user:group\" "
		  "sets both." },
	{ "group", CUSTOM_WHOLE(decode_user), .json = "string integer", .must_be = "the name or number of a group",
	  .help = "The group to run with. With this key there are no supplementary groups." },
	{ "cwd", STRING(exec_config, cwd),
	  .help = "The directory to run in." },
	{ "env", MAP(exec_config, env),
	  .help = "Variables that are added to pilotfish's own environment." },
	{ "unsetEnv", STRINGS(exec_config, unset_env), .flags = TRIMMED,
	  .help = "Names of variables that the program does not get, such as \"HTTP_PROXY\"." },
	{ "umask", CUSTOM(exec_config, umask, decode_umask), .json = "string", .initial = "inherited",
	  .must_be = "an octal number in quotes such as \"022\"",
	  .help = "The permissions that new files do not get." },
	{ "rlimits", CUSTOM_WHOLE(decode_rlimits), .json = "object",
	  .must_be = "a group such as { nofile = \"1024:4096\"; core = 0; }",
	  .help = "Resource limits, \"soft:hard\" or one value for both. A value is a number "
		  "or \"unlimited\". The limits are as, core, cpu, data, fsize, locks, "
		  "memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending and "
		  "stack." },
	{ "nice", INT(exec_config, nice), .min = -20, .max = 19, .initial = "0",
	  .help = "The niceness, relative to pilotfish's own." },
	{ "oomScoreAdj", CUSTOM(exec_config, oom_score, decode_oom_score), .json = "string integer", .initial = "inherited",
	  .must_be = "a whole number from -1000 to 1000",
	  .help = "When memory runs out, the kernel kills processes with a higher value first, "
		  "and never one with -1000." },
	{ "noNewPrivs", BOOL(exec_config, no_new_privs),
	  .help = "Set-user-ID programs and file capabilities give the program no privileges. "
		  "Default: true with a user other than root, capabilities, restrict or paths; "
		  "else false." },
	{ "capabilities", CUSTOM_WHOLE(decode_capabilities), .json = "array",
	  .must_be = "a list of capabilities such as [ \"NET_BIND_SERVICE\" ]",
	  .help = "The only capabilities that the program has, by their names in "
		  "capabilities(7), with or without CAP_; [ ] is none. The bounding set is "
		  "reduced to them. Default: none with a user other than root, else "
		  "pilotfish's own." },
	{ "restrict", CUSTOM_WHOLE(decode_restrict), .json = "array",
	  .must_be = "a list of \"no-network\", \"no-namespaces\", \"no-mount\", \"no-debug\" and "
		     "\"no-kernel\"",
	  .help = "System calls that fail for the program and its children. no-network: "
		  "sockets other than Unix sockets. no-namespaces: new namespaces, and setns. "
		  "no-mount: mounts, chroot and pivot_root. no-debug: ptrace, and access to the "
		  "memory and descriptors of other processes. no-kernel: kernel modules, BPF, "
		  "io_uring, kexec, keys, swap, the clock and similar. A program of another "
		  "architecture, such as a 32-bit one, is killed. For amd64 and arm64." },
	{ "paths", GROUP(paths_record),
	  .help = "The files and directories that the program and its children can open." },
	{ "passToken", BOOL(exec_config, pass_token),
	  .help = "Leave the variables CONSUL_HTTP_TOKEN, CONSUL_HTTP_TOKEN_FILE, "
		  "CONSUL_HTTP_AUTH and CONSUL_HTTP_AUTH_FILE in the environment, and the user "
		  "and password in CONSUL_HTTP_ADDR. The commands of Consul need them. Default: "
		  "false with user, else true. Variables in env are not affected." },
	{ "logging", GROUP(raw_record),
	  .help = "How the output is logged." },
	{ 0 }
};
static const struct record exec_table = { .fields = exec_fields, .finish = exec_rules };

/* When it is run. */

static const struct field when_fields[] = {
	{ "source", STRING(when_config, source), .flags = TRIMMED,
	  .help = "The source whose event starts the job: a job, \"watch.NAME\", "
		  "\"template.NAME\", \"election.NAME\", \"consul\", \"global\" (pilotfish "
		  "itself, the default), or a signal such as \"SIGUSR1\". A signal needs "
		  "neither once nor each: the job runs on every signal." },
	{ "once", CUSTOM_WHOLE(decode_once), .json = "string", .must_be = "the name of an event",
	  .help = "Run on the first such event: startup, shutdown, running, draining, "
		  "stopping, stopped, exitSuccess, exitFailed, healthy, warning, unhealthy, "
		  "changed, settled, rendered, elected, deposed, leader, timerExpired, "
		  "enterMaintenance, exitMaintenance, signalled or reloaded. If the event is a "
		  "state, such as healthy, and holds already, the job runs at once." },
	{ "each", CUSTOM_WHOLE(decode_each), .json = "string", .must_be = "the name of an event",
	  .help = "Run on every such event. Events during a run cause one more run." },
	{ "queue", BOOL(when_config, queue), .initial = "false",
	  .help = "With each, or a signal: each event during a run causes one more run, for at "
		  "most 1,000 events that wait. A number of restarts then is one for all runs "
		  "together, not for each event." },
	{ "interval", SECONDS(when_config, interval), .min = 0.001,
	  .help = "Run at once and then this often. Cannot be combined with source, once or "
		  "each." },
	{ "delay", SECONDS(when_config, delay), .initial = "0",
	  .help = "With interval: the time from the start, or from when the needs hold, to the first run." },
	{ "timeout", SECONDS(when_config, timeout),
	  .help = "If the event does not come within this time, the job stops without a run." },
	{ 0 }
};
static const struct record when_record = {
	.title = "when",
	.about = "The event that starts a job. Without this group the job starts with "
		 "pilotfish.",
	.fields = when_fields, .finish = when_rules,
};

static const struct field backoff_fields[] = {
	{ "min", SECONDS(backoff_config, min), .min = 0.001, .initial = "100ms",
	  .help = "The pause before the first restart. It doubles with each restart." },
	{ "max", SECONDS(backoff_config, max), .min = 0.001, .initial = "30s",
	  .help = "The longest pause." },
	{ "reset", SECONDS(backoff_config, reset), .initial = "10s",
	  .help = "After a run of at least this length the pause is min again." },
	{ 0 }
};
static const struct record backoff_record = {
	.title = "backoff", .about = "The pauses between restarts.",
	.fields = backoff_fields, .finish = backoff_rules,
};

/* How it is checked. */

static const struct choice health_events[] = {
	{ "change", EVENTS_OF_CHANGES }, { "check", EVENTS_OF_CHECKS }, { 0 }
};

static const struct field health_fields[] = {
	{ "http", STRING(health_config, http), .flags = TRIMMED,
	  .help = "Send a request to this URL, http:// or https://." },
	{ "method", STRING(health_config, method), .flags = TRIMMED, .initial = "GET",
	  .help = "The method of the HTTP request." },
	{ "headers", MAP(health_config, headers),
	  .help = "Headers of the HTTP request, such as { Host = \"example.com\"; }." },
	{ "cafile", STRING(health_config, ca_file), .flags = TRIMMED,
	  .help = "The certificate authorities to trust, a PEM file. Default: the system's." },
	{ "verify", BOOL(health_config, verify), .initial = "true",
	  .help = "Verify the certificate of an https URL. If false, any certificate will do, "
		  "as for a local server that signs its own." },
	{ "tcp", STRING(health_config, tcp), .flags = TRIMMED, .must_be = "\"host:port\"",
	  .help = "Connect to this \"host:port\"." },
	{ "unixSocket", STRING(health_config, socket), .flags = TRIMMED,
	  .help = "Send the http request through this unix socket. The URL's host then only "
		  "fills the Host header." },
	{ "status", CUSTOM_WHOLE(decode_status), .json = "string integer", .initial = "200-399",
	  .must_be = "an HTTP status such as 200 or a range such as \"200-399\"",
	  .help = "The HTTP statuses that pass." },
	{ "body", STRING(health_config, body),
	  .help = "Text that the HTTP answer must contain." },
	{ "interval", SECONDS(health_config, interval), .min = 0.001,
	  .help = "The time from the start of one check to the start of the next. Required "
		  "with exec, http and tcp." },
	{ "timeout", SECONDS(health_config, timeout), .min = 0.001,
	  .help = "A check that takes longer has failed, and is killed. Default: the interval. "
		  "It may be longer: checks never overlap, and the next one begins as soon as a "
		  "slow one has ended. The time in which pilotfish is stopped or gets no CPU does "
		  "not count." },
	{ "ttl", SECONDS(health_config, ttl), .min = 1,
	  .help = "If Consul receives no result for this long, the service becomes critical. "
		  "Pilotfish reports changes at once, and repeats the result every third of "
		  "this time. Default: three intervals, but at least 10s." },
	{ "failures", INT(health_config, failures), .min = 1, .initial = "1",
	  .help = "The job becomes unhealthy after this many failures in a row." },
	{ "successes", INT(health_config, successes), .min = 1, .initial = "1",
	  .help = "The job becomes healthy after this many successes in a row." },
	{ "startPeriod", SECONDS(health_config, start_period), .initial = "0",
	  .help = "Failures do not count during this time after the start." },
	{ "warning", BOOL(health_config, warning), .initial = "false",
	  .help = "Exit code 1 of exec is a warning, not a failure." },
	{ "logOutput", BOOL(health_config, log_output), .initial = "false",
	  .help = "Log each line that the program of exec prints, unless logging.raw is true." },
	{ "events", CHOICE(health_config, events, health_events), .initial = "change",
	  .help = "\"change\": the job is healthy, warning or unhealthy once for each change. "
		  "\"check\": again after each check that confirms it." },
	{ "", EMBED(health_config, exec, exec_table) },
	{ 0 }
};
static const struct record health_record = {
	.title = "health",
	.about = "How to find out whether a job is healthy: by one of exec, http and tcp. With "
		 "none of them the job is healthy while it runs. The program of exec inherits "
		 "the job's user, group, cwd, env and umask. Its output goes to Consul and to "
		 "pilotfish status; the log has it when the verdict changes.",
	.fields = health_fields, .finish = health_rules,
};

/* How it is found. */

static const struct field weights_fields[] = {
	{ "passing", INT(service_config, weight_passing), .min = 1, .max = MAX_PORT, .initial = "1",
	  .help = "The weight while the service is passing." },
	{ "warning", INT(service_config, weight_warning), .max = MAX_PORT, .initial = "1",
	  .help = "The weight while the service is in the state warning." },
	{ 0 }
};
static const struct record weights_record = {
	.title = "weights", .about = "The weight of the service in Consul's DNS answers.",
	.fields = weights_fields,
};

static const struct field service_consul_fields[] = {
	{ "enableTagOverride", BOOL(service_config, enable_tag_override), .initial = "false",
	  .help = "Others may change the tags in the catalogue." },
	{ "deregisterCriticalServiceAfter", SECONDS(service_config, deregister_after),
	  .initial = "1h",
	  .help = "Consul removes the service after it has been critical for this long, for "
		  "instance because its container was killed; a minute or more. 0: never." },
	{ 0 }
};
static const struct record service_consul_record = {
	.title = "consul of a service", .fields = service_consul_fields,
};

static const struct field registration_fields[] = {
	{ "port", INT(service_config, port), .min = 1, .max = MAX_PORT,
	  .help = "While the job runs, register a service at this port." },
	{ "id", STRING(service_config, id), .flags = TRIMMED,
	  .help = "The service's ID, unique at its agent. Containers with one host name need "
		  "different ones. Default: the service's name, '-' and the host's name." },
	{ "tags", STRINGS(service_config, tags), .flags = TRIMMED,
	  .help = "The service's tags in the catalogue." },
	{ "meta", MAP(service_config, meta),
	  .help = "The service's metadata: at most 64 pairs, with values of at most 512 bytes." },
	{ "weights", GROUP(weights_record),
	  .help = "The service's weights in DNS answers." },
	{ "interfaces", STRINGS(service_config, interfaces), .flags = TRIMMED,
	  .help = "The address to register, in order of preference: \"eth0\", \"eth0:inet6\", "
		  "\"eth0[1]\", \"default\" (that of the default route), \"inet\", \"inet6\", "
		  "\"10.0.0.0/16\", \"static:192.0.2.1\". Link-local addresses only with static. "
		  "Default: the local address of the connection to Consul; if Consul is on "
		  "this host, eth0:inet, default:inet, inet, default:inet6, then inet6. When the "
		  "address changes, it is registered again." },
	{ "initialStatus", CHOICE(service_config, initial_status, statuses),
	  .alias = "initial_status", .initial = "critical",
	  .help = "The service's status until the first health check has ended." },
	{ "consul", GROUP(service_consul_record),
	  .help = "Further settings of the registration." },
	{ 0 }
};
static const struct record registration_record = {
	.fields = registration_fields, .finish = registration_rules,
};

static const struct field service_fields[] = {
	{ "name", STRING(service_config, name), .flags = REQUIRED | TRIMMED,
	  .help = "The service's name. Consul's DNS finds it only if it has letters, digits and "
		  "'-' alone." },
	{ "", EMBED_WHOLE(registration_record) },
	{ 0 }
};
static const struct record service_record = {
	.title = "services",
	.about = "Further services of one job. All of them follow the job's health.",
	.fields = service_fields, .size = sizeof(struct service_config), .finish = service_rules,
};

/* A job. */

static const struct field job_fields[] = {
	{ "name", STRING(job_config, name), .flags = REQUIRED | TRIMMED,
	  .help = "The job's name as a source. With port it is also the service's name." },
	{ "", EMBED(job_config, exec, exec_table) },
	{ "when", TABLE(job_config, when, when_record),
	  .help = "The event that starts the job." },
	{ "runs", STRING(job_config, runs), .must_be = "\"election.NAME\"",
	  .help = "Run only while this pilotfish leads the election. The job starts when "
		  "elected. When deposed, it is stopped, by stopSignal or as fast as safety "
		  "requires, and waits for the next time. Cannot be combined with when." },
	{ "needs", CUSTOM_WHOLE(decode_needs), .json = "string array", .must_be = "a list such as [ \"db healthy\" ]",
	  .help = "States of other sources, \"SOURCE EVENT\". The job starts when all of them "
		  "hold at the same time and the event of when has come." },
	{ "needsTimeout", SECONDS(job_config, needs_timeout),
	  .help = "If the needs do not hold within this time after the event of when, the job fails with exit "
		  "code 69 and stops without a run. The log says what is missing. Default: no limit." },
	{ "restarts", CUSTOM(job_config, restarts, decode_restarts), .json = "string integer", .initial = "never",
	  .must_be = "\"never\", \"unlimited\", \"onFailure\" or a number",
	  .help = "How often the job is restarted after it has ended. With when.interval this "
		  "is the number of further runs. Default with when.interval or runs: "
		  "\"unlimited\"." },
	{ "backoff", TABLE(job_config, backoff, backoff_record),
	  .help = "The pauses between restarts." },
	{ "timeout", SECONDS(job_config, timeout),
	  .help = "A run that takes longer is killed and has failed; 0 is no limit. Default: "
		  "with when.interval the interval, else no limit." },
	{ "drain", SECONDS(job_config, drain), .initial = "0",
	  .help = "Before a stop, the time between the deregistration from Consul and preStop, "
		  "in which requests under way can end." },
	{ "stopSignal", SIGNAL(job_config, stop_signal), .initial = "SIGTERM",
	  .help = "The signal that asks the program to stop." },
	{ "stopGroup", BOOL(job_config, stop_group), .initial = "false",
	  .help = "Send the stop signal to the job's whole process group, not to its first "
		  "process alone." },
	{ "stopTimeout", SECONDS(job_config, stop_timeout), .min = 0.001,
	  .help = "The time from the stop signal to SIGKILL. SIGKILL comes at the latest at "
		  "the end of the top level's stopTimeout." },
	{ "preStopTimeout", SECONDS(job_config, pre_stop_timeout), .min = 0.001,
	  .help = "The time that preStop, or another job that waits for \"stopping\" of this one, has "
		  "before the stop signal. Default: stopTimeout." },
	{ "metric", STRING(job_config, metric), .flags = TRIMMED,
	  .help = "A metric of telemetry.metrics. The output of each successful run, a number, is added to a "
		  "counter, replaces that of a gauge, and is observed by a histogram or summary. It is not "
		  "logged." },
	{ "essential", BOOL(job_config, essential),
	  .help = "When this job has ended for good, pilotfish stops the others and exits with "
		  "the job's exit code. Default: true for a job without when, if there is "
		  "exactly one and its exit starts no other job." },
	{ "health", TABLE(job_config, health, health_record),
	  .help = "How the job is checked." },
	{ "readiness", TABLE_OF(job_config, readiness, readiness_record),
	  .help = "How the job says itself that it is ready." },
	{ "", EMBED(job_config, own, registration_record) },
	{ "services", LIST(job_config, services, service_count, service_record),
	  .help = "Further services of the job." },
	{ "preStart", HOOK,
	  .help = "Run before the job, which starts only if this succeeds. Becomes the job "
		  "NAME.preStart, which waits for the job's own when and needs. Its default "
		  "timeout is 5m." },
	{ "preStop", HOOK,
	  .help = "Run before the stop signal. The signal waits for its end, within "
		  "preStopTimeout. Becomes the job NAME.preStop." },
	{ "postStop", HOOK,
	  .help = "Run after the job has stopped. Becomes the job NAME.postStop. Its default "
		  "timeout is 10s." },
	{ 0 }
};
static const struct record job_record = {
	.title = "jobs",
	.about = "A program to run. A job may also have a port and no program: it then only "
		 "registers the service. With exec = [ ] it needs neither: it then runs without "
		 "end from its event on, for others to wait for, for instance by its health. The "
		 "hooks preStart, preStop and postStop become jobs, "
		 "which inherit the job's user, group, cwd, env and umask; pilotfish expand "
		 "prints them.",
	.fields = job_fields, .size = sizeof(struct job_config), .finish = job_rules,
};

/* A watch. */

static const struct choice first_empty[] = {
	{ "changed", FIRST_EMPTY_CHANGED }, { "unhealthy", FIRST_EMPTY_UNHEALTHY }, { 0 }
};

static const struct field watch_fields[] = {
	{ "name", STRING(watch_config, name), .flags = REQUIRED | TRIMMED,
	  .help = "The watch's name; as a source it is watch.NAME." },
	{ "service", STRING(watch_config, service), .flags = TRIMMED,
	  .help = "The service to watch. Default: the watch's name." },
	{ "key", STRING(watch_config, key),
	  .help = "Watch this key of Consul's key-value store, not a service." },
	{ "prefix", STRING(watch_config, prefix),
	  .help = "Watch all keys that begin with this text, not a service." },
	{ "tag", STRINGS(watch_config, tags), .alias = "tags", .flags = TRIMMED,
	  .help = "Only instances that have this tag, or all of these tags." },
	{ "passing", BOOL(watch_config, passing), .initial = "true",
	  .help = "Only instances whose checks all pass; a warning does not pass. If false, "
		  "all instances." },
	{ "near", STRING(watch_config, near), .flags = TRIMMED,
	  .help = "Sort instances by their distance from this node; \"_agent\" is the agent's "
		  "own node. A change of the order alone is no event." },
	{ "dc", STRING(watch_config, dc), .flags = TRIMMED,
	  .help = "The datacenter to ask. Default: the agent's own." },
	{ "settle", SECONDS(watch_config, settle),
	  .help = "Overrides consul.settle for this watch." },
	{ "firstEmpty", CHOICE(watch_config, first_empty, first_empty), .initial = "changed",
	  .help = "If the set is empty at the first answer: \"changed\" publishes changed and "
		  "unhealthy, \"unhealthy\" that alone." },
	{ "interval", CUSTOM_WHOLE(decode_unused), .json = "string integer", .must_be = "a duration",
	  .help = "Without effect, because nothing is polled: changes arrive at once. Accepted "
		  "for files written for ContainerPilot." },
	{ "onChange", HOOK,
	  .help = "Run after every change, with the new state as JSON on standard input. The "
		  "first answer is a change. Becomes the job NAME.onChange, which is restarted "
		  "until it succeeds. Its default timeout is 30s." },
	{ 0 }
};
static const struct record watch_record = {
	.title = "watches",
	.about = "A service, key or prefix in Consul whose changes are events: changed, "
		 "healthy (the set is not empty) and unhealthy (the set is empty).",
	.fields = watch_fields, .size = sizeof(struct watch_config), .finish = watch_rules,
};

/* A template. */

static const struct field check_fields[] = {
	{ "", EMBED(bounded_command, exec, exec_table) },
	{ "timeout", SECONDS(bounded_command, timeout), .min = 0.001, .initial = "30s",
	  .help = "A check that takes longer is killed and has failed." },
	{ 0 }
};
static const struct record check_record = {
	.title = "check of a template",
	.about = "A program whose exit code says whether the new file is valid.",
	.fields = check_fields, .finish = check_rules,
};

static const struct field wait_fields[] = {
	{ "min", SECONDS(wait_config, min), .initial = "0",
	  .help = "Render after this much time without a change." },
	{ "max", SECONDS(wait_config, max),
	  .help = "Render at the latest after this time. Default: four times min." },
	{ 0 }
};
static const struct record wait_record = {
	.title = "wait of a template",
	.about = "Changes that follow each other closely result in one new file. The first "
		 "file is written as soon as all data is there.",
	.fields = wait_fields, .finish = wait_rules,
};

static const struct choice on_empty[] = {
	{ "render", ON_EMPTY_RENDER }, { "keep", ON_EMPTY_KEEP }, { 0 }
};

static const struct field template_fields[] = {
	{ "name", STRING(template_config, name), .flags = REQUIRED | TRIMMED,
	  .help = "The template's name; as a source it is template.NAME." },
	{ "source", STRING(template_config, source),
	  .help = "The file with the template. It is read at the start and on a reload." },
	{ "contents", STRING(template_config, contents),
	  .help = "The template's text, in place of source. Since {{ in a configuration "
		  "belongs to the configuration's own rendering, the text needs other "
		  "delimiters." },
	{ "destination", STRING(template_config, target.destination), .flags = REQUIRED,
	  .help = "The file to write. It is replaced atomically, and only if the content "
		  "differs. If the file itself is a mount, it is overwritten in place. It must "
		  "not be a symbolic link." },
	{ "perms", CUSTOM(template_config, target.perms, decode_perms), .json = "string", .initial = "keep",
	  .must_be = "an octal number in quotes such as \"0640\"",
	  .help = "The file's permissions. Default: those of the existing file, else 0644." },
	{ "user", CUSTOM_WHOLE(decode_user), .json = "string integer", .must_be = "the name or number of a user",
	  .help = "The file's owner. Default: that of the existing file. In a directory that "
		  "others can write to, only if that is root or pilotfish's own user." },
	{ "group", CUSTOM_WHOLE(decode_user), .json = "string integer", .must_be = "the name or number of a group",
	  .help = "The file's group." },
	{ "backup", BOOL(template_config, target.backup), .initial = "false",
	  .help = "Keep the previous file as DESTINATION.bak." },
	{ "createDestDirs", BOOL(template_config, target.create_dirs), .initial = "true",
	  .help = "Create missing directories, with permissions 0755." },
	{ "leftDelimiter", STRING(template_config, left), .initial = "{{",
	  .help = "The beginning of an action." },
	{ "rightDelimiter", STRING(template_config, right), .initial = "}}",
	  .help = "The end of an action." },
	{ "errorOnMissingKey", BOOL(template_config, error_on_missing_key), .initial = "false",
	  .help = "A key that a map does not have is an error, not an empty value." },
	{ "wait", TABLE(template_config, wait, wait_record),
	  .help = "How long changes are collected." },
	{ "onEmpty", CHOICE(template_config, on_empty, on_empty), .initial = "render",
	  .help = "\"keep\": while a service has no instances or a prefix has no keys, and the "
		  "template asks for it, the file stays as it is." },
	{ "minInstances", INT(template_config, min_instances), .initial = "0",
	  .help = "While a service that the template asks for has fewer instances, the file "
		  "stays as it is." },
	{ "check", FORMS(template_config, check, widen_check), .json = "string array", .record = &check_record,
	  .must_be = "a command, or a group { exec = ...; timeout = ...; }",
	  .help = "Run before the file is replaced; %f and PILOTFISH_FILE name the new file. "
		  "If the check fails, the old file stays and pilotfish retries after a pause." },
	{ "exec", HOOK,
	  .help = "Run after each change of an existing file, once for all templates with the "
		  "same exec that change together. Becomes the job NAME.exec, which is restarted "
		  "until it succeeds. Its default timeout is 30s." },
	{ 0 }
};
static const struct record template_record = {
	.title = "templates",
	.about = "A file that is rendered from data in Consul, in the language of "
		 "consul-template, whenever that data changes. Its events: rendered, when the "
		 "file exists for the first time; changed, when the file has been replaced; "
		 "settled, when the files of all templates with the same exec are written; "
		 "unhealthy, when it cannot be rendered, written or checked; and healthy.",
	.fields = template_fields, .size = sizeof(struct template_config), .finish = template_rules,
};

/* The whole. */

static const struct field log_fields[] = {
	{ "level", CHOICE(log_config, level, levels), .env = "PILOTFISH_LOG_LEVEL",
	  .initial = "info",
	  .help = "The least severe level that is logged; debug includes every event." },
	{ "format", CHOICE(log_config, format, formats), .env = "PILOTFISH_LOG_FORMAT",
	  .initial = "text",
	  .help = "The format of the log's lines; \"default\" is ContainerPilot's. Control sequences "
		  "are escaped in all formats; colours of jobs pass in text and default. In logfmt "
		  "and json, lines have fields: job, service, election or template, pid, event, and "
		  "stream for lines of a job. In json, a job's line that is a JSON object is the "
		  "member data instead of msg." },
	{ "output", STRING(log_config, output), .initial = "stdout",
	  .help = "\"stdout\", \"stderr\" or the path of a file. A FIFO needs no reader: it is filled, "
		  "and pilotfish continues when it is read." },
	{ 0 }
};
static const struct record log_record = { .title = "logging", .fields = log_fields };

static const struct field config_fields[] = {
	{ "logging", TABLE(config, logging, log_record),
	  .help = "The log." },
	{ "control", TABLE_OF(config, control, control_record),
	  .help = "The socket by which a running pilotfish is asked and changed." },
	{ "telemetry", TABLE_OF(config, telemetry, telemetry_record),
	  .help = "A TCP port for metrics and health." },
	{ "consul", FORMS(config, consul, widen_consul), .json = "string boolean", .record_of = consul_record,
	  .must_be = "\"host:port\", a group { address = ...; } or false",
	  .help = "How to reach Consul, or false." },
	{ "stopTimeout", SECONDS(config, stop_timeout), .initial = "8s",
	  .help = "The time for the whole shutdown, drain included. Then pilotfish kills the "
		  "remaining processes. Note that docker stop waits 10 seconds." },
	{ "compat", TABLE_OF(config, compat, compat_record),
	  .help = "Habits of ContainerPilot." },
	{ "jobs", POINTERS(config, jobs, job_count, job_record),
	  .help = "The programs to run." },
	{ "watches", POINTERS(config, watches, watch_count, watch_record),
	  .help = "The services and keys to watch in Consul." },
	{ "templates", POINTERS(config, templates, template_count, template_record),
	  .help = "The files to write from data in Consul." },
	{ "elections", POINTERS_OF(config, elections, election_count, election_record),
	  .help = "The elections in which one of several containers becomes the leader." },
	{ 0 }
};
static const struct record config_table = {
	.title = "top level", .fields = config_fields,
};

const struct record *config_record(void)
{
	return &config_table;
}

const struct record *exec_record(void)
{
	return &exec_table;
}
