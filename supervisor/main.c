#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/process.h"
#include "config/load.h"
#include "config/schema.h"
#include "command/command.h"
#include "app.h"
#include "init.h"

struct verb {
	const char *name, *arguments, *help;
	verb_fn *fn;
	const char *options;		/* the options it takes */
	size_t words;			/* the most arguments it takes */
	bool takes_file;		/* its argument may be the configuration */
};

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
	const struct template_args *args;
};

static struct config *load_args(const struct app_call *app, struct task *task,
				struct load_error *error)
{
	const struct render_call *call = container_of(app, const struct render_call, app);

	(void)task;
	return template_args_config(call->args, error);
}

static int render_templates(const struct call *call)
{
	const struct render_call render = {
		.app = {
			.name = "the command line",
			.load = load_args,
			.once = call->args.once,
		},
		.args = &call->args,
	};

	if (!call->args.templates.count)
		return command_usage("render: these options need a template, -t");
	return app_run(&render.app);
}

static int help(const struct call *call);

enum {
	OPTION_MDOC = 'm', OPTION_ONCE = '1', OPTION_DRY = 'd', OPTION_CONSUL = 'a',
	OPTION_TO = 'o', OPTION_TIMEOUT = 'w', OPTION_JSON = 'j', OPTION_SOCKET = 's', OPTION_JOB = 'b',
	OPTION_BUILD = 'B',
};

static const struct verb verbs[] = {
	{ "run",     "[FILE]",    "start what the configuration says (the default)", run, "c", 1, true },
	{ "check",   "[--build] [FILE]", "check the configuration and start nothing", cmd_check, "cB", 1, true },
	{ "render",  "[FILE]",    "print the configuration rendered with the environment", cmd_render, "c", 1, true },
	{ "render",  "-t IN[:OUT[:COMMAND]]", "write files from templates and keep them up to date", render_templates, "t1da", 0, false },
	{ "expand",  "[FILE]",    "print the configuration as JSON, with its hooks as jobs", cmd_expand, "c", 1, true },
	{ "leader",  "ACTION [ELECTION]", "act on an election: status, step-down [--to ID], pause, resume, accept-epoch", cmd_leader, "cowj", 2, false },
	{ "status",  "",          "show what a running pilotfish does", cmd_status, "cswj", 0, false },
	{ "healthcheck", "[--job JOB]", "succeed if all jobs, or this one, are healthy", cmd_healthcheck, "cswb", 0, false },
	{ "events",  "",          "print the events of a running pilotfish, as lines of JSON", cmd_events, "cs", 0, false },
	{ "reload",  "",          "reload the configuration, and wait for the outcome", cmd_reload, "csw", 0, false },
	{ "maintenance", "on|off", "take all services out of traffic, and back", cmd_maintenance, "csw", 1, false },
	{ "signal",  "SIGNAL JOB", "send a signal to a job", cmd_signal, "csw", 2, false },
	{ "restart", "JOB",       "end the run of a job in order, and begin another", cmd_restart, "csw", 1, false },
	{ "options", "[--mdoc]",  "print all keys of the configuration and their meaning", cmd_options, "m", 0, false },
	{ "version", "",          "print the version", cmd_version, "", 0, false },
	{ "help",    "",          "print this help", help, "", 0, false },
};

static int help(const struct call *call)
{
	(void)call;
	puts("usage: pilotfish [VERB] [-c FILE] [ARGUMENTS]\n"
	     "       pilotfish [-g] [-s] [-e CODE] [-r A:B] [-p SIG] -- COMMAND [ARGUMENTS]\n");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		printf("  %-11s %-10s %s\n", verbs[i].name, verbs[i].arguments, verbs[i].help);
	puts("\nThe configuration is FILE or -c FILE, else $PILOTFISH_CONFIG, else " DEFAULT_CONFIG ".\n"
	     "A command after -- runs under an init without any configuration:\n"
	     "  -g        send signals to its whole process group\n"
	     "  -s        adopt orphans even if not PID 1 (the default)\n"
	     "  -e CODE   treat this exit code as success; may be repeated\n"
	     "  -r A:B    forward signal A as B, or not at all if B is 0; may be repeated\n"
	     "  -p SIG    receive SIG when our own parent ends\n\n"
	     "Signals: TERM stops in order, a second TERM at once; HUP reloads; USR1 reopens the log file;\n"
	     "USR2 begins or ends maintenance.\n"
	     "See pilotfish(1), pilotfish.conf(5), and `pilotfish options`.");
	return EX_OK;
}

/* The verb of this name that takes all options in `given`: a name may stand in two rows. */
static const struct verb *find_verb(const char *name, const char *given)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (!strcmp(verbs[i].name, name) && !given[strspn(given, verbs[i].options)])
			return &verbs[i];
	return NULL;
}

static const struct option long_options[] = {
	{ "config",  required_argument, NULL, 'c' },
	{ "help",    no_argument,       NULL, 'h' },
	{ "version", no_argument,       NULL, 'V' },
	{ "mdoc",    no_argument,       NULL, OPTION_MDOC },
	{ "template", required_argument, NULL, 't' },
	{ "once",    no_argument,       NULL, OPTION_ONCE },
	{ "dry",     no_argument,       NULL, OPTION_DRY },
	{ "consul-addr", required_argument, NULL, OPTION_CONSUL },
	{ "to",      required_argument, NULL, OPTION_TO },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "json",    no_argument,       NULL, OPTION_JSON },
	{ "socket",  required_argument, NULL, OPTION_SOCKET },
	{ "job",     required_argument, NULL, OPTION_JOB },
	{ "build",   no_argument,       NULL, OPTION_BUILD },
	{ 0 },
};

static void call_release(struct call *call)
{
	strv_release(&call->args.templates);
	strv_release(&call->words);
}

/* False: the option is unknown, or its value is wrong. */
static bool take_option(struct call *call, int option)
{
	switch (option) {
	case 'c': call->config = optarg; return true;
	case 't': strv_push(&call->args.templates, optarg); return true;
	case OPTION_MDOC: call->mdoc = true; return true;
	case OPTION_ONCE: call->args.once = true; return true;
	case OPTION_DRY: call->args.once = call->args.dry = true; return true;
	case OPTION_CONSUL: call->args.consul = optarg; return true;
	case OPTION_TO: call->leader.to = optarg; return true;
	case OPTION_TIMEOUT:
		return duration_parse(optarg, &call->timeout) && call->timeout > 0;
	case OPTION_JSON: call->json = true; return true;
	case OPTION_SOCKET: call->socket = optarg; return true;
	case OPTION_JOB: call->job = optarg; return true;
	case OPTION_BUILD: call->build = true; return true;
	default: return false;
	}
}

static int unexpected(const char *argument)
{
	return command_usage("unexpected argument \"%s\" (a configuration is given with -c)", argument);
}

static int unknown_verb(const char *name)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	struct suggestion suggestion;

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		strv_push(&names, verbs[i].name);
	suggestion = suggest(name, &names);
	if (suggestion.text[0])
		return command_usage("unknown verb \"%s\"%s", name, suggestion.text);
	return command_usage("unknown verb \"%s\" (a configuration is given with -c, a program is run by "
			     "`pilotfish -- %s`)", name, name);
}

static int wrong_option(int argc, char **argv, int option)
{
	const char *command = init_is_nearly_meant(argc, argv), *last = argv[optind - 1];
	bool is_long = !strncmp(last, "--", 2);

	if (command)
		return command_usage("`--` is missing before \"%s\"", command);
	if (option != '?')
		return command_usage("\"%s\": this value is wrong", last);
	if (is_long ? optopt != 0 : strchr("ct", optopt) != NULL)
		return command_usage("%s: its value is missing", last);
	if (is_long)
		return command_usage("%s: there is no such option", last);
	return command_usage("-%c: there is no such option", optopt);
}

static int dispatch(int argc, char **argv)
{
	const char *name = argc > 1 && argv[1][0] != '-' ? argv[1] : verbs->name;
	CLEANUP(buf_release) struct buf given = BUF_INIT;
	CLEANUP(call_release) struct call call = { .config = NULL };
	const struct verb *verb;
	int option;

	if (!find_verb(name, ""))
		return unknown_verb(name);
	if (name == argv[1]) {
		argc--;
		argv++;
	}
	opterr = 0;
	while ((option = getopt_long(argc, argv, "-c:ht:V", long_options, NULL)) != -1) {
		if (option == 'h')
			return help(&call);
		if (option == 'V')
			return cmd_version(&call);
		if (option == 1)
			strv_push(&call.words, optarg);
		else if (take_option(&call, option))
			buf_add_char(&given, (char)option);
		else
			return wrong_option(argc, argv, option);
	}
	verb = find_verb(name, given.data);
	if (argv[optind])
		return unexpected(argv[optind]);
	if (!verb)
		return command_usage("%s does not take these options", name);
	if (call.words.count > verb->words || (verb->takes_file && call.config && call.words.count))
		return unexpected(call.words.items[call.words.count - 1]);
	if (verb->takes_file && call.words.count)
		call.config = call.words.items[0];
	return verb->fn(&call);
}

/* A SIGTERM to PID 1 is lost until signals are blocked: hence before the constructors of libraries. */
static void block_signals(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	process_block_signals();
}

__attribute__((section(".preinit_array"), used))
static void (*const before_main)(int argc, char **argv, char **envp) = block_signals;

int main(int argc, char **argv)
{
	/* No exit(): nothing is to be flushed, and the exit handlers of libraries only delay a restart. */
	if (init_is_meant(argc, argv))
		_exit(init_main(argc, argv));
	process_setup(false);
	json_set_alloc_funcs(alloc_raw, free);
	return dispatch(argc, argv);
}
