#include "tables.h"

#include "config.h"
#include "decode.h"
#include "rules.h"

enum { MINUTE = 60, MAX_PORT = 65535 };

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
	  .help = "Leave the output alone: it goes to pilotfish's own standard output and error as "
		  "it is, not line by line to the log." },
	{ 0 }
};
static const struct record raw_record = {
	.title = "logging of a job or a health check", .fields = raw_fields,
};

static const struct field exec_fields[] = {
	{ "exec", COMMAND(exec_config, argv),
	  .help = "The program and its arguments. A string is split as a shell would do it, but no "
		  "shell runs and nothing is expanded." },
	{ "user", CUSTOM_WHOLE(decode_user), .form = "the name or number of a user",
	  .help = "Run as this user, with the user's groups. A number needs no /etc/passwd. "
		  "\"user:group\" says both." },
	{ "group", CUSTOM_WHOLE(decode_user), .form = "the name or number of a group",
	  .help = "Run with this group and no other." },
	{ "cwd", STRING(exec_config, cwd),
	  .help = "The directory to run in." },
	{ "env", MAP(exec_config, env),
	  .help = "Variables to set on top of pilotfish's own environment." },
	{ "umask", CUSTOM(exec_config, umask, decode_umask), .initial = "inherited",
	  .form = "an octal number in quotes such as \"022\"",
	  .help = "The permissions that new files do not get." },
	{ "rlimits", CUSTOM_WHOLE(decode_rlimits),
	  .form = "a group such as { nofile = \"1024:4096\"; core = 0; }",
	  .help = "Resource limits, \"soft:hard\" or one value for both; \"unlimited\" is a value "
		  "too. The names: as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, "
		  "nofile, nproc, rss, rtprio, rttime, sigpending, stack." },
	{ "nice", INT(exec_config, nice), .min = -20, .max = 19, .initial = "0",
	  .help = "Is added to pilotfish's own niceness." },
	{ "oomScoreAdj", CUSTOM(exec_config, oom_score, decode_oom_score), .initial = "inherited",
	  .form = "a whole number from -1000 to 1000",
	  .help = "How readily the kernel ends the program when memory runs out; -1000 is never." },
	{ "noNewPrivs", BOOL(exec_config, no_new_privs), .initial = "false",
	  .help = "Programs with the set-user-ID bit give it no privileges." },
	{ "logging", GROUP(raw_record),
	  .help = "How its output is logged." },
	{ 0 }
};
static const struct record exec_table = { .fields = exec_fields, .finish = exec_rules };

/* When it is run. */

static const struct field when_fields[] = {
	{ "source", STRING(when_config, source),
	  .help = "Whose event it is: a job, \"watch.NAME\", \"template.NAME\", \"election.NAME\", "
		  "\"consul\", \"global\" (pilotfish itself, and what it is unless given), or a "
		  "signal such as \"SIGUSR1\". A signal needs neither once nor each: the job runs "
		  "every time." },
	{ "once", CUSTOM_WHOLE(decode_once), .form = "the name of an event",
	  .help = "Run after the first such event: startup, shutdown, running, draining, stopping, "
		  "stopped, exitSuccess, exitFailed, healthy, warning, unhealthy, changed, rendered, "
		  "elected, deposed, leader, timerExpired, enterMaintenance, exitMaintenance, "
		  "signalled or reloaded. A state that holds already, such as healthy, counts." },
	{ "each", CUSTOM_WHOLE(decode_each), .form = "the name of an event",
	  .help = "Run after every such event. Events that come during a run are one more run." },
	{ "interval", SECONDS(when_config, interval), .min = 0.001,
	  .help = "Run at once and then this often. It goes without source, once and each." },
	{ "timeout", SECONDS(when_config, timeout),
	  .help = "Wait this long for the event; then the job stops without having run." },
	{ 0 }
};
static const struct record when_record = {
	.title = "when",
	.about = "What a job waits for. Without it the job starts with pilotfish.",
	.fields = when_fields, .finish = when_rules,
};

static const struct field backoff_fields[] = {
	{ "min", SECONDS(backoff_config, min), .min = 0.001, .initial = "100ms",
	  .help = "The pause before the first restart. It doubles each time." },
	{ "max", SECONDS(backoff_config, max), .min = 0.001, .initial = "30s",
	  .help = "The longest pause." },
	{ "reset", SECONDS(backoff_config, reset), .initial = "10s",
	  .help = "After a run that lasted so long the pauses begin at min again." },
	{ 0 }
};
static const struct record backoff_record = {
	.title = "backoff", .about = "The pauses between restarts.",
	.fields = backoff_fields, .finish = backoff_rules,
};

/* How it is checked. */

static const struct field health_fields[] = {
	{ "http", STRING(health_config, http),
	  .help = "Ask this URL, http:// or https://." },
	{ "tcp", STRING(health_config, tcp), .form = "\"host:port\"",
	  .help = "Only connect to this \"host:port\"." },
	{ "unixSocket", STRING(health_config, socket),
	  .help = "Ask http over this unix socket; the URL's host is only a name then." },
	{ "status", CUSTOM_WHOLE(decode_status), .initial = "200-399",
	  .form = "an HTTP status such as 200 or a range such as \"200-399\"",
	  .help = "The answers to http that pass." },
	{ "body", STRING(health_config, body),
	  .help = "Text that an answer to http must contain." },
	{ "interval", SECONDS(health_config, interval), .min = 0.001,
	  .help = "The time from the start of one check to that of the next. Needed for exec, http "
		  "and tcp." },
	{ "timeout", SECONDS(health_config, timeout), .min = 0.001,
	  .help = "A check that takes longer has failed. The interval unless given, and never more "
		  "than it." },
	{ "ttl", SECONDS(health_config, ttl), .min = 1,
	  .help = "If Consul hears nothing for so long the service is critical. Consul is told of "
		  "changes at once and reminded every third of this. Three intervals unless given, "
		  "but at least 10s." },
	{ "failures", INT(health_config, failures), .min = 1, .initial = "1",
	  .help = "So many failures in a row make the job unhealthy." },
	{ "successes", INT(health_config, successes), .min = 1, .initial = "1",
	  .help = "So many successes in a row make it healthy." },
	{ "startPeriod", SECONDS(health_config, start_period), .initial = "0",
	  .help = "Failures in this time after the start do not count." },
	{ "warning", BOOL(health_config, warning), .initial = "false",
	  .help = "An exec that ends with exit code 1 is a warning, not a failure." },
	{ "", EMBED(health_config, exec, exec_table) },
	{ 0 }
};
static const struct record health_record = {
	.title = "health",
	.about = "How to find out if a job is well: by one of exec, http and tcp. With none of them "
		 "it is healthy as long as it runs. The program of exec runs with the job's user, "
		 "group, cwd, env and umask unless it has its own.",
	.fields = health_fields, .finish = health_rules,
};

/* How it is found. */

static const struct field weights_fields[] = {
	{ "passing", INT(service_config, weight_passing), .min = 1, .max = MAX_PORT, .initial = "1",
	  .help = "While it is passing." },
	{ "warning", INT(service_config, weight_warning), .max = MAX_PORT, .initial = "1",
	  .help = "While it is in the state of warning." },
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
	  .min = MINUTE,
	  .help = "Consul removes the service when it was critical for so long." },
	{ 0 }
};
static const struct record service_consul_record = {
	.title = "consul of a service", .fields = service_consul_fields,
};

static const struct field registration_fields[] = {
	{ "port", INT(service_config, port), .min = 1, .max = MAX_PORT,
	  .help = "Register a service at this port while the job runs." },
	{ "tags", STRINGS(service_config, tags),
	  .help = "Its tags in the catalogue." },
	{ "meta", MAP(service_config, meta),
	  .help = "Its metadata: at most 64 pairs, with values of at most 512 bytes." },
	{ "weights", GROUP(weights_record),
	  .help = "Its weights in DNS answers." },
	{ "interfaces", STRINGS(service_config, interfaces),
	  .help = "Which address to register, in order of preference: \"eth0\", \"eth0:inet6\", "
		  "\"eth0[1]\", \"inet\", \"inet6\", \"10.0.0.0/16\", \"static:192.0.2.1\". Unless "
		  "given: the address from which Consul is reached, or, if Consul is on this host, "
		  "eth0:inet, then inet, then inet6." },
	{ "initialStatus", CHOICE(service_config, initial_status, statuses),
	  .alias = "initial_status", .initial = "critical",
	  .help = "Its status until the first health check is done." },
	{ "consul", GROUP(service_consul_record),
	  .help = "What else Consul is told." },
	{ 0 }
};
static const struct record registration_record = {
	.fields = registration_fields, .finish = registration_rules,
};

static const struct field service_fields[] = {
	{ "name", STRING(service_config, name), .flags = REQUIRED,
	  .help = "Its name: letters, digits and '-'." },
	{ "", EMBED_WHOLE(registration_record) },
	{ 0 }
};
static const struct record service_record = {
	.title = "services",
	.about = "Further services of one job; all follow the job's health.",
	.fields = service_fields, .size = sizeof(struct service_config), .finish = service_rules,
};

/* A job. */

static const struct field job_fields[] = {
	{ "name", STRING(job_config, name), .flags = REQUIRED,
	  .help = "What others call it. With a port also the service's name: letters, digits, '-'." },
	{ "", EMBED(job_config, exec, exec_table) },
	{ "when", TABLE(job_config, when, when_record),
	  .help = "What it waits for." },
	{ "runs", STRING(job_config, runs), .form = "\"election.NAME\"",
	  .help = "Run only while this pilotfish leads the election: the job starts when it is "
		  "elected, is stopped when it is deposed, by stopSignal or as fast as safety needs, "
		  "and then waits for the next time. Goes without when." },
	{ "needs", CUSTOM_WHOLE(decode_needs), .form = "a list such as [ \"db healthy\" ]",
	  .help = "States of others, \"SOURCE EVENT\", that must all hold at one time before it "
		  "starts, on top of when." },
	{ "restarts", CUSTOM(job_config, restarts, decode_restarts), .initial = "never",
	  .form = "\"never\", \"unlimited\", \"onFailure\" or a number",
	  .help = "How often it is started again after it has ended. With when.interval this is the "
		  "number of further runs, and \"unlimited\" unless given; so it is with runs." },
	{ "backoff", TABLE(job_config, backoff, backoff_record),
	  .help = "The pauses between restarts." },
	{ "timeout", SECONDS(job_config, timeout),
	  .help = "A run that takes longer is killed and has failed. With when.interval the "
		  "interval unless given, else none; 0 is none." },
	{ "drain", SECONDS(job_config, drain), .initial = "0",
	  .help = "On its way out, the time from its leaving Consul to preStop, so that requests "
		  "under way can end." },
	{ "stopSignal", SIGNAL(job_config, stop_signal), .initial = "SIGTERM",
	  .help = "The signal that asks it to stop." },
	{ "stopGroup", BOOL(job_config, stop_group), .initial = "false",
	  .help = "Send that signal to its whole process group, not to its first process alone." },
	{ "stopTimeout", SECONDS(job_config, stop_timeout), .min = 0.001,
	  .help = "SIGKILL follows the stop signal after this time, and in any case at the end of "
		  "the whole shutdown's stopTimeout." },
	{ "essential", BOOL(job_config, essential),
	  .help = "When it has ended for good, pilotfish stops the others and exits with its exit "
		  "code. True unless given for the job without when, if there is just one and no other "
		  "job begins with its exit." },
	{ "health", TABLE(job_config, health, health_record),
	  .help = "How it is checked." },
	{ "", EMBED(job_config, own, registration_record) },
	{ "services", LIST(job_config, services, service_count, service_record),
	  .help = "Services besides the one that port and name make." },
	{ "preStart", HOOK,
	  .help = "Run before the job, which starts only if this succeeds. Becomes the job "
		  "NAME.preStart that waits for what the job would wait for; its timeout is 5m "
		  "unless given." },
	{ "preStop", HOOK,
	  .help = "Run before the stop signal is sent, which waits for the end of this as long as "
		  "stopTimeout allows. Becomes the job NAME.preStop." },
	{ "postStop", HOOK,
	  .help = "Run after the job has stopped. Becomes the job NAME.postStop; its timeout is 10s "
		  "unless given." },
	{ 0 }
};
static const struct record job_record = {
	.title = "jobs",
	.about = "Something to run, or with a port alone something to advertise. The hooks preStart, "
		 "preStop and postStop become jobs of their own, with the job's user, group, cwd, "
		 "env and umask unless they have their own: pilotfish expand shows them.",
	.fields = job_fields, .size = sizeof(struct job_config), .finish = job_rules,
};

/* A watch. */

static const struct field watch_fields[] = {
	{ "name", STRING(watch_config, name), .flags = REQUIRED,
	  .help = "Others call it watch.NAME." },
	{ "service", STRING(watch_config, service),
	  .help = "The service to watch. The watch's name unless given." },
	{ "key", STRING(watch_config, key),
	  .help = "Watch this key of Consul's key-value store instead." },
	{ "prefix", STRING(watch_config, prefix),
	  .help = "Watch all keys that begin with this instead." },
	{ "tag", STRINGS(watch_config, tags), .alias = "tags",
	  .help = "Only instances that have this tag, or all of these tags." },
	{ "passing", BOOL(watch_config, passing), .initial = "true",
	  .help = "Only instances whose checks all pass; a warning does not. Else any instance." },
	{ "near", STRING(watch_config, near),
	  .help = "Sort instances by their distance to this node; \"_agent\" is ours." },
	{ "dc", STRING(watch_config, dc),
	  .help = "The datacenter to ask. The agent's own unless given." },
	{ "settle", SECONDS(watch_config, settle),
	  .help = "As consul.settle, which it is unless given." },
	{ "interval", CUSTOM_WHOLE(decode_unused), .form = "a duration",
	  .help = "Without effect: changes are seen at once, nothing is polled. Accepted for "
		  "files written for ContainerPilot." },
	{ "onChange", HOOK,
	  .help = "Run after every change, with the new state as JSON on standard input; the first "
		  "answer is a change. Becomes the job NAME.onChange, tried again until it succeeds; "
		  "its timeout is 30s unless given." },
	{ 0 }
};
static const struct record watch_record = {
	.title = "watches",
	.about = "Something in Consul whose changes are events: changed, and healthy or unhealthy "
		 "(there is something in the set, or nothing).",
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
	.about = "A program that says by its exit code whether a file is right.",
	.fields = check_fields, .finish = check_rules,
};

static const struct field wait_fields[] = {
	{ "min", SECONDS(wait_config, min), .initial = "0",
	  .help = "Render when nothing has changed for so long." },
	{ "max", SECONDS(wait_config, max),
	  .help = "But do not put it off for longer than this. Four times min unless given." },
	{ 0 }
};
static const struct record wait_record = {
	.title = "wait of a template",
	.about = "Changes that come close together make one new file. The first one is written as "
		 "soon as all data is there.",
	.fields = wait_fields, .finish = wait_rules,
};

static const struct choice on_empty[] = {
	{ "render", ON_EMPTY_RENDER }, { "keep", ON_EMPTY_KEEP }, { 0 }
};

static const struct field template_fields[] = {
	{ "name", STRING(template_config, name), .flags = REQUIRED,
	  .help = "Others call it template.NAME." },
	{ "source", STRING(template_config, source),
	  .help = "The file with the template. It is read at the start and at a reload." },
	{ "contents", STRING(template_config, contents),
	  .help = "The template itself instead. As {{ in a configuration is for its own rendering, "
		  "this needs other delimiters." },
	{ "destination", STRING(template_config, target.destination), .flags = REQUIRED,
	  .help = "The file to write. It is replaced in one step, and only if it differs; a file "
		  "that is mounted itself is overwritten in place. Never a symbolic link." },
	{ "perms", CUSTOM(template_config, target.perms, decode_perms), .initial = "keep",
	  .form = "an octal number in quotes such as \"0640\"",
	  .help = "Its permissions. Those of the file that is there unless given, else 0644." },
	{ "user", CUSTOM_WHOLE(decode_user), .form = "the name or number of a user",
	  .help = "Its owner. That of the file that is there unless given." },
	{ "group", CUSTOM_WHOLE(decode_user), .form = "the name or number of a group",
	  .help = "Its group." },
	{ "backup", BOOL(template_config, target.backup), .initial = "false",
	  .help = "Keep the former file as DESTINATION.bak." },
	{ "createDestDirs", BOOL(template_config, target.create_dirs), .initial = "true",
	  .help = "Make directories that are missing, with permissions 0755." },
	{ "leftDelimiter", STRING(template_config, left), .initial = "{{",
	  .help = "What begins an action." },
	{ "rightDelimiter", STRING(template_config, right), .initial = "}}",
	  .help = "What ends it." },
	{ "errorOnMissingKey", BOOL(template_config, error_on_missing_key), .initial = "false",
	  .help = "A key that is not in a map is an error, not empty." },
	{ "wait", TABLE(template_config, wait, wait_record),
	  .help = "How long changes are collected." },
	{ "onEmpty", CHOICE(template_config, on_empty, on_empty), .initial = "render",
	  .help = "\"keep\": while something that the template asks for is empty, a service without "
		  "instances or a prefix without keys, the file stays as it is." },
	{ "minInstances", INT(template_config, min_instances), .initial = "0",
	  .help = "While a service that the template asks for has fewer instances, the file stays "
		  "as it is." },
	{ "check", CUSTOM(template_config, check, decode_check), .record = &check_record,
	  .form = "a command, or a group { exec = ...; timeout = ...; }",
	  .help = "Run before the file is replaced, with %f, and PILOTFISH_FILE, for the new one. "
		  "If it fails the old file stays, and it is tried again, with pauses." },
	{ "exec", HOOK,
	  .help = "Run after each change of a file that was there before. Becomes the job NAME.exec, "
		  "tried again until it succeeds; its timeout is 30s unless given." },
	{ 0 }
};
static const struct record template_record = {
	.title = "templates",
	.about = "A file that is written from data in Consul, in the language of consul-template, and "
		 "again whenever that data changes. Its events: rendered, when the file is there for "
		 "the first time; changed, when it has replaced another; unhealthy, when it cannot "
		 "be made, written or checked, and healthy.",
	.fields = template_fields, .size = sizeof(struct template_config), .finish = template_rules,
};

/* The whole. */

static const struct field tls_fields[] = {
	{ "cafile", STRING(tls_config, ca_file), .env = "CONSUL_CACERT",
	  .help = "The authorities to trust, a PEM file. The system's unless given." },
	{ "capath", STRING(tls_config, ca_path), .env = "CONSUL_CAPATH",
	  .help = "The same as a directory." },
	{ "clientcert", STRING(tls_config, client_cert), .env = "CONSUL_CLIENT_CERT",
	  .help = "The certificate to show, a PEM file." },
	{ "clientkey", STRING(tls_config, client_key), .env = "CONSUL_CLIENT_KEY",
	  .help = "Its key, a PEM file." },
	{ "servername", STRING(tls_config, server_name), .env = "CONSUL_TLS_SERVER_NAME",
	  .help = "The name that Consul's certificate must be for. The address's unless given." },
	{ "verify", BOOL(tls_config, verify), .env = "CONSUL_HTTP_SSL_VERIFY", .initial = "true",
	  .help = "Without this anybody can pretend to be Consul." },
	{ 0 }
};
static const struct record tls_record = {
	.title = "tls", .about = "For https. The environment wins over the file.",
	.fields = tls_fields,
};

static const struct field consul_fields[] = {
	{ "address", STRING(consul_config, address), .flags = ENV_FILLS,
	  .env = "CONSUL_HTTP_ADDR", .initial = "127.0.0.1:8500",
	  .help = "\"host:port\", \"http://host:port\", \"https://host:port\" or \"unix:///path\". "
		  "A host alone means port 8500, over https 8501. The environment speaks only where "
		  "the file does not." },
	{ "scheme", STRING(consul_config, scheme), .form = "\"http\" or \"https\"",
	  .help = "For an address that says neither. CONSUL_HTTP_SSL=true in the environment makes "
		  "it https unless given." },
	{ "token", STRING(consul_config, token), .flags = SECRET,
	  .help = "The ACL token; better in a file of its own. CONSUL_HTTP_TOKEN in the environment "
		  "wins over token and tokenFile." },
	{ "tokenFile", STRING(consul_config, token_file),
	  .help = "A file with the ACL token. It is read again when it changes. "
		  "CONSUL_HTTP_TOKEN_FILE in the environment wins over token and tokenFile." },
	{ "auth", STRING(consul_config, auth), .env = "CONSUL_HTTP_AUTH", .flags = SECRET,
	  .form = "\"user:password\"",
	  .help = "\"user:password\" for a proxy in front of Consul." },
	{ "datacenter", STRING(consul_config, datacenter), .env = "CONSUL_DATACENTER",
	  .help = "The datacenter that watches ask. The agent's own unless given." },
	{ "namespace", STRING(consul_config, namespace), .env = "CONSUL_NAMESPACE",
	  .help = "Of Consul Enterprise." },
	{ "partition", STRING(consul_config, partition), .env = "CONSUL_PARTITION",
	  .help = "Of Consul Enterprise." },
	{ "settle", SECONDS(consul_config, settle), .initial = "10s",
	  .help = "After trouble with Consul the sets that are watched only grow for so long, since "
		  "others may still be coming back." },
	{ "tls", TABLE(consul_config, tls, tls_record),
	  .help = "Certificates." },
	{ 0 }
};
static const struct record consul_table = {
	.title = "consul",
	.about = "How to reach the Consul agent. A string is the address. False, or no such key and "
		 "no CONSUL_HTTP_ADDR in the environment: no discovery.",
	.fields = consul_fields, .finish = consul_rules,
};

static const struct field log_fields[] = {
	{ "level", CHOICE(log_config, level, levels), .env = "PILOTFISH_LOG_LEVEL",
	  .initial = "info",
	  .help = "The least that is logged; debug has every event. The environment wins." },
	{ "format", CHOICE(log_config, format, formats), .env = "PILOTFISH_LOG_FORMAT",
	  .initial = "text",
	  .help = "\"default\" is ContainerPilot's. The environment wins. Control sequences are "
		  "escaped in all formats; colours of jobs pass in text and default." },
	{ "output", STRING(log_config, output), .initial = "stdout",
	  .help = "\"stdout\", \"stderr\" or the path of a file." },
	{ 0 }
};
static const struct record log_record = { .title = "logging", .fields = log_fields };

static const struct field config_fields[] = {
	{ "logging", TABLE(config, logging, log_record),
	  .help = "Where the log goes." },
	{ "consul", CUSTOM(config, consul, decode_consul), .record = &consul_table,
	  .form = "\"host:port\", a group { address = ...; } or false",
	  .help = "How to reach Consul, if at all." },
	{ "stopTimeout", SECONDS(config, stop_timeout), .initial = "8s",
	  .help = "The time for the whole shutdown, drain included; what is left then is killed. "
		  "docker stop waits 10 seconds." },
	{ "jobs", POINTERS(config, jobs, job_count, job_record),
	  .help = "What to run." },
	{ "watches", POINTERS(config, watches, watch_count, watch_record),
	  .help = "What to watch in Consul." },
	{ "templates", POINTERS(config, templates, template_count, template_record),
	  .help = "Files to write from what is in Consul." },
	{ "elections", POINTERS_OF(config, elections, election_count, election_record),
	  .help = "Who of several containers leads." },
	{ 0 }
};
static const struct record config_table = {
	.title = "top level", .fields = config_fields,
};

const struct record *config_record(void)
{
	return &config_table;
}

const struct record *consul_record(void)
{
	return &consul_table;
}

const struct record *exec_record(void)
{
	return &exec_table;
}
