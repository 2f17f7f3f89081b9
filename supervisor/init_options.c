#include "init_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/process.h"

#define STOP_TIMEOUT 8.0		/* docker stop waits 10 seconds */

static const struct option own_longs[] = { { 0 } }, other_longs[] = {
	{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
	{ "verbose", no_argument, NULL, 'v' }, { "single-child", no_argument, NULL, 'c' },
	{ "rewrite", required_argument, NULL, 'r' }, { 0 }
};

/* The programs that the init stands in for; the first is itself.  Dockerd and others parse the versions. */
static const struct program {
	const char *name, *prefix;	/* of its variables */
	const char *letters, *version, *usage;
	bool group;			/* signals go to the group, unless an option says otherwise */
	int usage_code;
} programs[] = {
	{ "pilotfish", NULL, "+:gse:r:p:", NULL, NULL, false, EX_USAGE },
	{ "tini", "TINI_", "+:hvwslge:p:", "tini version 0.19.0 - pilotfish " VERSION,
	  "usage: tini [-g] [-w] [-e CODE]... [-p SIG] [--] COMMAND [ARGUMENT]...", false, EXIT_FAILURE },
	{ "docker-init", "TINI_", "+:hvwslge:p:", "tini version 0.19.0 - pilotfish " VERSION,
	  "usage: docker-init [-g] [-w] [-e CODE]... [-p SIG] [--] COMMAND [ARGUMENT]...", false, EXIT_FAILURE },
	{ "dumb-init", "DUMB_INIT_", "+:hVvcr:", "dumb-init v1.2.5 (pilotfish " VERSION ")",
	  "usage: dumb-init [-c] [-r A:B]... [--] COMMAND [ARGUMENT]...", true, EXIT_FAILURE },
	{ "catatonit", NULL, "+:ghPVL", "tini version 0.2.1_catatonit (pilotfish " VERSION ")",
	  "usage: catatonit [-g] [--] COMMAND [ARGUMENT]..., or catatonit -P", false, EXIT_FAILURE },
};

static const struct program *find_program(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;

	for (size_t i = 1; name && i < sizeof programs / sizeof *programs; i++)
		if (!strcmp(programs[i].name, name))
			return &programs[i];
	return &programs[0];
}

/* The index of the first argument that is neither an option nor the value of one. */
static int find_word(int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--"); i++) {
		const char *with_value = strpbrk(argv[i] + 1, "erp");

		if (argv[i][1] != '-' && with_value && !with_value[1])
			i++;		/* its value is the next argument */
	}
	return i;
}

static bool has_own_option(char **argv, int count)
{
	for (int i = 1; i < count; i++)
		if (argv[i][0] == '-' && argv[i][1] && strchr("gserp", argv[i][1]))
			return true;
	return false;
}

bool init_options_are_meant(int argc, char **argv)
{
	int word = find_word(argc, argv);

	return find_program(argv[0]) != programs || (word < argc && !strcmp(argv[word], "--"));
}

const char *init_options_are_nearly_meant(int argc, char **argv)
{
	int word = find_word(argc, argv);

	return word < argc && has_own_option(argv, word) ? argv[word] : NULL;
}

/* ---- one option ---- */

struct reading {
	struct init_options *options;
	const struct program *program;
	struct error *error;
};

static bool add_success(struct reading *reading, const char *text)
{
	size_t length = strspn(text, "0123456789");
	int code = atoi(text);

	if (!length || length > 3 || text[length] || code > 255)
		return fail(reading->error, "-e %s: must be an exit code, 0 to 255", text);
	reading->options->success[code] = true;
	return true;
}

static bool add_rewrite(struct reading *reading, const char *text)
{
	char from[16];
	const char *colon = strchr(text, ':');
	int caught, sent;

	if (!colon || colon - text >= (int)sizeof from)
		return fail(reading->error, "-r %s: must be two signals, as in TERM:QUIT", text);
	snprintf(from, sizeof from, "%.*s", (int)(colon - text), text);
	caught = signal_parse(from);
	sent = signal_parse(colon + 1);
	if (!caught || (!sent && strcmp(colon + 1, "0") != 0))
		return fail(reading->error, "-r %s: there is no signal \"%s\"", text,
			    caught ? colon + 1 : from);
	if (caught == SIGKILL || caught == SIGSTOP || caught == SIGCHLD)
		return fail(reading->error, "-r %s: %s is never passed on", text, signal_name(caught));
	reading->options->rewrite[caught] = sent;
	return true;
}

static bool set_death_signal(struct reading *reading, const char *text)
{
	reading->options->death_signal = signal_parse(text);
	return reading->options->death_signal || fail(reading->error, "-p %s: there is no such signal", text);
}

static bool signal_group(struct reading *reading, const char *text)
{
	(void)text;
	reading->options->group = true;
	return true;
}

static bool signal_child_alone(struct reading *reading, const char *text)
{
	(void)text;
	reading->options->group = false;
	return true;
}

static bool tell_orphans(struct reading *reading, const char *text)
{
	(void)text;
	reading->options->tells_orphans = true;
	return true;
}

static bool pause_alone(struct reading *reading, const char *text)
{
	(void)text;
	reading->options->pauses = true;
	return true;
}

static bool show_usage(struct reading *reading, const char *text)
{
	(void)text;
	reading->options->shown = reading->program->usage;
	return true;
}

static bool show_version(struct reading *reading, const char *text)
{
	(void)text;
	reading->options->shown = reading->program->version;
	return true;
}

static bool show_licence(struct reading *reading, const char *text)
{
	(void)text;
	reading->options->shown = "This is pilotfish, under the MIT licence.";
	return true;
}

/* The init does so in any case, or has no use for it. */
static bool do_nothing(struct reading *reading, const char *text)
{
	(void)reading;
	(void)text;
	return true;
}

static const struct {
	char letter;
	bool (*take)(struct reading *reading, const char *text);
} options_table[] = {
	{ 'g', signal_group }, { 'c', signal_child_alone }, { 'e', add_success }, { 'r', add_rewrite },
	{ 'p', set_death_signal }, { 'w', tell_orphans }, { 's', do_nothing }, { 'v', do_nothing },
	{ 'P', pause_alone }, { 'h', show_usage }, { 'V', show_version }, { 'l', show_licence },
	{ 'L', show_licence },
};

static bool take_option(struct reading *reading, int letter)
{
	if (letter == ':')
		return fail(reading->error, "-%c: its value is missing", optopt);
	for (size_t i = 0; letter != '?' && i < sizeof options_table / sizeof *options_table; i++)
		if (options_table[i].letter == letter)
			return options_table[i].take(reading, optarg);
	return fail(reading->error, "-%c: there is no such option", optopt);
}

/* ---- the environment ---- */

static const struct variable {
	const char *name;
	const char *value;		/* that has a meaning; NULL: any */
	bool (*take)(struct reading *reading, const char *text);
} variables[] = {
	{ "TINI_KILL_PROCESS_GROUP", NULL, signal_group }, { "TINI_SUBREAPER", NULL, do_nothing },
	{ "TINI_VERBOSITY", NULL, do_nothing }, { "DUMB_INIT_SETSID", "0", signal_child_alone },
};

static bool reads(const struct program *program, const struct variable *variable)
{
	return program->prefix && !strncmp(variable->name, program->prefix, strlen(program->prefix));
}

static void read_environment(struct reading *reading)
{
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		const char *value = getenv(variables[i].name);

		if (value && reads(reading->program, &variables[i]) &&
		    (!variables[i].value || !strcmp(value, variables[i].value)))
			variables[i].take(reading, value);
	}
}

const char *init_options_ignored_variable(const struct init_options *options)
{
	const struct program *program = find_program(options->name);

	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		if (getenv(variables[i].name) && !reads(program, &variables[i]))
			return variables[i].name;
	return NULL;
}

static bool parse_stop_timeout(struct init_options *options, struct error *error)
{
	static const char name[] = "PILOTFISH_STOP_TIMEOUT";
	const char *text = getenv(name);

	options->stop_timeout = STOP_TIMEOUT;
	if (!text || !*text)
		return true;
	if (!duration_parse(text, &options->stop_timeout) || options->stop_timeout < 0)
		return fail(error, "%s: \"%.64s\" is not a duration from 0 to 277777h, such as 8s",
			    name, text);
	return true;
}

bool init_options_parse(struct init_options *options, int argc, char **argv, struct error *error)
{
	const struct program *program = find_program(argv[0]);
	struct reading reading = { .options = options, .program = program, .error = error };
	int letter;

	*options = (struct init_options){
		.name = program->name, .group = program->group, .usage_code = program->usage_code,
	};
	for (int signo = 1; signo <= SIGNALS; signo++)
		options->rewrite[signo] = signo;
	read_environment(&reading);
	opterr = 0;
	while ((letter = getopt_long(argc, argv, program->letters,
				     program == programs ? own_longs : other_longs, NULL)) != -1)
		if (!take_option(&reading, letter))
			return false;
	options->argv = argv + optind;
	if (!options->argv[0] && !options->shown && !options->pauses)
		return fail(error, program == programs ? "there is no command after --" : "there is no command");
	return parse_stop_timeout(options, error);
}
