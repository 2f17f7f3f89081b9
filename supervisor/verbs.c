#include "verbs.h"

#include <sysexits.h>

#include "base/alloc.h"
#include "app.h"
#include "cmd_graph.h"
#include "cmd_metrics.h"

/* ---- the verbs that start the daemon, or most of it ---- */

static struct config *load_file(const struct app_call *call, struct task *task,
				struct load_error *error)
{
	return load_config(call->name, task, error);
}

static int run(const struct call *call)
{
	CLEANUP(load_error_release) struct load_error error = { .code = EX_CONFIG };
	AUTOFREE char *path = command_config_path(call, &error);

	return path ? app_run(&(struct app_call){ .name = path, .load = load_file })
		    : command_fail_load(&error);
}

struct render_call {
	struct app_call app;
	struct template_args args;
};

static struct config *load_args(const struct app_call *app, struct task *task,
				struct load_error *error)
{
	const struct render_call *call = container_of(app, const struct render_call, app);

	(void)task;
	return template_args_config(&call->args, error);
}

static int render_templates(const struct call *call)
{
	struct render_call render = {
		.app = { .name = "the command line", .load = load_args },
		.args = call->args,
	};

	render.args.once |= render.args.dry;
	render.app.once = render.args.once;
	return app_run(&render.app);
}

/* ---- their rows, and those of all others ---- */

#define USAGE_EXIT { "64", "wrong usage" }
#define CONFIG_EXITS { "65", "the configuration is wrong" }, { "66", "the configuration cannot be read" }
#define CLIENT_EXITS								\
	{ "69", "no pilotfish answers, or what is asked for does not exist" },	\
	{ "75", "there was no answer in time" },				\
	{ "77", "the socket may not be used" }, { 0 }
#define CLIENT "config socket timeout"		/* options */

static const struct verb_exit run_exits[] = {
	{ "0", "an ordered stop" }, { "1-255", "as the essential job, or the first one that failed" }, USAGE_EXIT,
	{ "66", "the configuration cannot be read" }, { "73", "the log file cannot be created" },
	{ "78", "the configuration is wrong" }, { "137", "an ordered stop that needed SIGKILL" }, { 0 }
};
static const struct verb_exit config_exits[] = { { "0", "success" }, USAGE_EXIT, CONFIG_EXITS, { 0 } };
static const struct verb_exit import_exits[] = {
	{ "0", "success, also with comments" }, USAGE_EXIT,
	{ "65", "the file is wrong, or of no known format" }, { "66", "a file cannot be read" }, { 0 }
};
static const struct verb_exit once_exits[] = {
	{ "0", "the command has succeeded, now or before" }, { "1-255", "as the command" }, USAGE_EXIT, CONFIG_EXITS,
	{ "69", "Consul has refused a request" }, { "75", "the lock was not free in time, or was lost" },
	{ "77", "our token lacks a right" }, { 0 }
};
static const struct verb_exit check_exits[] = {
	{ "0", "success" }, USAGE_EXIT, CONFIG_EXITS, { "69", "with --online: Consul does not answer" },
	{ "77", "with --online: our token lacks a right, or Consul does not know it" }, { 0 }
};
static const struct verb_exit template_exits[] = {
	{ "0", "success" }, { "1", "a file cannot be made or written" }, { "1-255", "as a command that failed" },
	USAGE_EXIT, { "128+n", "signal n arrived first" }, { 0 }
};
static const struct verb_exit leader_exits[] = {
	{ "0", "success" },
	{ "1", "the request was refused or had no effect in time, or, for status, there is no leader" },
	USAGE_EXIT, CONFIG_EXITS,
	{ "69", "Consul cannot be reached, has no leader, or cannot serve us" },
	{ "77", "our token lacks a right" }, { 0 }
};
static const struct verb_exit client_exits[] = { { "0", "success" }, USAGE_EXIT, CLIENT_EXITS };
static const struct verb_exit health_exits[] = {
	{ "0", "all is well" }, { "1", "something is not healthy" }, USAGE_EXIT, CLIENT_EXITS
};
static const struct verb_exit change_exits[] = {
	{ "0", "success" }, { "1", "with --wait: the state cannot be reached any more" }, USAGE_EXIT, CLIENT_EXITS
};
static const struct verb_exit reload_exits[] = {
	{ "0", "reloaded" }, USAGE_EXIT, { "65", "the configuration is refused, and the old one stays" }, CLIENT_EXITS
};

static const struct verb_exit ps_exits[] = {
	{ "0", "all is well" }, { "1", "something is critical, or an election has no leader" }, USAGE_EXIT,
	CONFIG_EXITS, { "69", "Consul does not answer" }, { "77", "our token may see nothing" }, { 0 }
};

static const struct verb_action leader_actions[] = {
	{ "status", "[ELECTION]", "print the leader and the start of its term, the state of the lock, whether the "
	  "election is paused, pending requests, and the candidates with their health" },
	{ "step-down", "[ELECTION]", "ask the leader to hand over, and wait until another candidate leads" },
	{ "pause", "[ELECTION]", "prevent further elections; the present leader goes on leading" },
	{ "resume", "[ELECTION]", "allow elections again" },
	{ "accept-epoch", "[ELECTION]", "allow an election although the candidates have seen a higher epoch, and "
	  "wait for it" },
	{ 0 }
};
static const struct verb_action maintenance_actions[] = {
	{ "on", "", "take all services out of traffic; all jobs keep running" },
	{ "off", "", "bring them back" },
	{ 0 }
};

static const struct verb_action service_actions[] = {
	{ "tag", "JOB TAG", "add a tag to the services of a job, without taking them out of traffic" },
	{ "untag", "JOB TAG", "remove a tag that was added so" },
	{ 0 }
};

static const struct verb_action completion_actions[] = {
	{ "bash", "", "for `source <(pilotfish completion bash)`, or a file in bash-completion/completions" },
	{ "zsh", "", "for a file _pilotfish in one of the directories of $fpath" },
	{ "fish", "", "for `pilotfish completion fish | source`" },
	{ 0 }
};

static const struct verb_action env_actions[] = {
	{ "set", "NAME=VALUE...", "set variables" },
	{ "unset", "NAME...", "remove variables" },
	{ "list", "", "print that environment; values that may be secrets are shown as (secret)" },
	{ 0 }
};
static const struct verb_action metric_actions[] = {
	{ "set", "NAME=VALUE...", "set metrics; NAME VALUE sets one" },
	{ 0 }
};

static const struct verb verbs[] = {
	{ "run", "[FILE]", "start what the configuration says (the default)", run, "config",
	  .about = "SIGTERM stops all in order, and SIGHUP reloads the configuration.",
	  .example = "run -c /etc/pilotfish.conf", .exits = run_exits },
	{ "check", "[FILE]", "check the configuration and start nothing", cmd_check, "config build online",
	  .about = "For each job with drain, preStop or stopTimeout it prints how long the steps of its stop "
		   "really are, and for a long stopTimeout of the top level the stop_grace_period that Docker "
		   "needs. A setting that works, but hardly as meant, is a warning on standard error; run logs the "
		   "same warnings. With --build, for a Dockerfile's RUN, variables and secrets of the environment "
		   "may be missing: a mistake in a line of the configuration that prints one of them is a warning. "
		   "But each program that the configuration names must be there, with its interpreter if it is a "
		   "script, and so must users, working directories, templates and certificate files. "
		   "With --online it asks Consul as well whether our token has each right that the configuration needs: "
		   "for the services of its jobs, its watches, its elections, and what its templates read in any case. "
		   "Rights that are missing are printed as lines of an ACL policy, ready to paste, each with the reason. "
		   "Nothing is written to Consul.",
	  .example = "check --build /etc/pilotfish.conf", .exits = check_exits },
	{ "render", "[FILE]", "print the configuration rendered with the environment", cmd_render, "config",
	  .about = "Its secrets are hidden.",
	  .example = "render -c /etc/pilotfish.conf", .exits = config_exits },
	{ "render", "", "write files from templates and keep them up to date", render_templates,
	  "template once dry consul-addr", .needs = "template",
	  .about = "See pilotfish-template(7).",
	  .example = "render -t nginx.ctmpl:/etc/nginx.conf:'nginx -s reload'", .exits = template_exits },
	{ "expand", "[FILE]", "print the configuration as JSON, with its hooks as jobs", cmd_expand, "config",
	  .example = "expand -c /etc/pilotfish.conf", .exits = config_exits },
	{ "import", "PATH [COMMAND...]", "print a configuration made from files of another program", cmd_import, "",
	  .about = "The path is a configuration of ContainerPilot, supervisord or consul-template, or a folder of "
		   "services of s6-overlay. Behind a file of ContainerPilot 2 and \"--\" follows the command that it "
		   "ran. Comments in the result tell what has changed or could not be had, and why; see "
		   "pilotfish-migrate(7).",
	  .example = "import /etc/supervisord.conf >/etc/pilotfish.conf", .exits = import_exits },
	{ "leader", "", "act on an election", cmd_leader, "config to timeout json", .actions = leader_actions,
	  .about = "This works from any candidate, through Consul; see pilotfish-election(7). The election's name "
		   "is optional if the configuration has only one.",
	  .example = "leader step-down db --to db-2", .exits = leader_exits },
	{ "status", "[JOB...]", "show what a running pilotfish does", cmd_status, CLIENT " json watch color",
	  .about = "These are its jobs, services, watches, templates and elections; see pilotfish-control(7). With "
		   "names of jobs it shows only these, and the exit code is theirs. With --watch it starts over until "
		   "it is interrupted: in place on a terminal.",
	  .example = "status --json", .exits = health_exits },
	{ "healthcheck", "", "succeed if all jobs, or one, are healthy", cmd_healthcheck, CLIENT " job",
	  .about = "Else it prints the first trouble. It is made for the HEALTHCHECK of a Dockerfile.",
	  .example = "healthcheck --job app --timeout 2s", .exits = health_exits },
	{ "events", "", "print the events of a running pilotfish, as lines of JSON", cmd_events, "config socket filter follow json",
	  .about = "It follows them until it is interrupted, or until pilotfish ends.",
	  .example = "events --filter source=app --filter event=healthy", .exits = client_exits },
	{ "graph", "", "draw what triggers what, coloured by state", cmd_graph, CLIENT " format",
	  .about = "If no pilotfish answers, it draws the configuration that -c names, without states.",
	  .example = "graph --format dot | dot -Tsvg", .exits = client_exits },
	{ "reload", "", "reload the configuration, and wait for the outcome", cmd_reload, CLIENT " dry-run json",
	  .about = "If it is refused, the reason is printed and the old configuration stays. With --dry-run only what "
		   "would happen is printed.",
	  .example = "reload", .exits = reload_exits },
	{ "maintenance", "", "take all services out of traffic, and back", cmd_maintenance, CLIENT,
	  .actions = maintenance_actions, .example = "maintenance on", .exits = client_exits },
	{ "signal", "SIGNAL JOB", "send a signal to the process of a job", cmd_signal, CLIENT,
	  .example = "signal HUP app", .exits = client_exits },
	{ "service", "", "change how services are found in Consul", cmd_service, CLIENT,
	  .actions = service_actions, .about = "The tags stay until pilotfish ends, or a reload replaces the job.",
	  .example = "service tag db primary", .exits = client_exits },
	{ "start", "JOB", "start a job that has stopped, or that waits", cmd_start, CLIENT " wait",
	  .about = "One that waits runs now, without waiting for its trigger and its needs.",
	  .example = "start app --wait", .exits = change_exits },
	{ "stop", "JOB", "stop a job in order; the others go on", cmd_stop, CLIENT " wait",
	  .about = "Pilotfish does not end, even if the job is essential. The job stays stopped, also over a reload "
		   "that does not change it, until it is started.",
	  .example = "stop app --wait", .exits = change_exits },
	{ "restart", "JOB", "end the run of a job in order, and begin another", cmd_restart, CLIENT " wait",
	  .about = "The service stays registered.",
	  .example = "restart app", .exits = change_exits },
	{ "env", "", "change the environment of programs that start later", cmd_env, CLIENT " json show-secrets",
	  .actions = env_actions, .example = "env set LEVEL=debug", .exits = client_exits },
	{ "metric", "", "set metrics that telemetry.metrics declares", cmd_metric, CLIENT,
	  .about = "To set is to add to a counter, to set a gauge, and to observe a value in a histogram or summary. A "
		   "name may have labels. A negative value needs the form with =.",
	  .actions = metric_actions, .example = "metric set 'requests_total{code=\"200\"}' 3", .exits = client_exits },
	{ "ps", "", "show the whole application: what any pilotfish has registered in Consul", cmd_ps,
	  "config consul-addr timeout json watch color",
	  .about = "It reads Consul alone, so that it works in any container of the application, and beside a pilotfish "
		   "that does not answer: the services with their instances, and the elections. Without a "
		   "configuration, the environment or --consul-addr names Consul. An election whose sessions are bound "
		   "to no check is found if its key is the default one, or if it is in the configuration. Consul leaves "
		   "out what our token may not read; it is listed with the rule that is missing. If Consul does not "
		   "answer while --watch goes on, what was known last stays, with a line that says so.",
	  .example = "ps --watch", .exits = ps_exits },
	{ "lock", "NAME COMMAND...", "run a command under a lock of the whole cluster", cmd_lock, "config consul-addr timeout",
	  .about = "Of all that name this lock in Consul, one command runs at a time. Before the lock is lost, the "
		   "command is killed. --timeout limits the wait for the lock.",
	  .example = "lock members ./add-member.sh", .exits = once_exits },
	{ "once", "NAME COMMAND...", "run a command once in a whole cluster", cmd_once, "config consul-addr timeout",
	  .about = "It runs under a lock in Consul, and a flag there keeps its success: then it does not run again, "
		   "anywhere. If it fails, the lock is free for others, and for the next try. Before a lock is lost, the "
		   "command is killed. --timeout limits the wait for the lock. To run it again, delete the key "
		   "pilotfish/once/NAME/done.",
	  .example = "once schema ./create-schema.sh", .exits = once_exits },
	{ "options", "", "print all keys of the configuration and their meaning", cmd_options, "mdoc",
	  .example = "options | less" },
	{ "metrics", "", "print all metrics of pilotfish and their meaning", cmd_metrics, "mdoc",
	  .example = "metrics" },
	{ "schema", "", "print a JSON Schema of the configuration", cmd_schema, "",
	  .about = "It describes the JSON that expand prints, by draft 2020-12, for editors and programs that write "
		   "configurations. check knows more rules, such as those between keys.",
	  .example = "schema" },
	{ "completion", "", "print a script that completes command lines", cmd_completion, "",
	  .about = "It completes verbs, options and their values, and names of jobs from the running pilotfish.",
	  .actions = completion_actions, .example = "completion bash" },
	{ "version", "", "print the version and the commit", cmd_version, "json",
	  .about = "With --json also the compiler and the versions of the libraries.",
	  .example = "version" },
	{ "help", "[VERB]", "print this help, or that of a verb", cmd_help, "mdoc", .example = "help status" },
	{ 0 }
};

const struct verb *verb_table(void)
{
	return verbs;
}
