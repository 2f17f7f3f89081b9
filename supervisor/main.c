#include <getopt.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/process.h"
#include "config/schema.h"
#include "containerpilot.h"
#include "init.h"
#include "init_options.h"
#include "verbs.h"

/* The values of getopt_long() for options without a letter: this and their place in the table. */
enum { LONG_ONLY = 256, OPTIONS_MOST = 64 };

/* The table of options as getopt_long() wants it. */
struct syntax {
	struct option longs[OPTIONS_MOST + 1];
	char letters[2 * OPTIONS_MOST + 2];
};

/* The options of the command line. */
struct given {
	const struct call_option *options[OPTIONS_MOST];
	size_t count;
};

static void call_release(struct call *call)
{
	strv_release(&call->args.templates);
	strv_release(&call->filters);
	strv_release(&call->words);
}

static void make_syntax(struct syntax *syntax)
{
	const struct call_option *options = call_options();
	char *letter = syntax->letters;

	*syntax = (struct syntax){ .longs = { { 0 } } };
	*letter++ = '-';			/* words are delivered as options of the value 1 */
	for (int i = 0; options[i].name; i++) {
		const struct call_option *option = &options[i];

		syntax->longs[i] = (struct option){
			.name = option->name, .val = option->letter ? option->letter : LONG_ONLY + i,
			.has_arg = !option->value ? no_argument :
				   option->preset ? optional_argument : required_argument,
		};
		if (option->letter) {
			*letter++ = option->letter;
			if (option->value)
				*letter++ = ':';
		}
	}
}

/* The row of the table; NULL: none, as getopt_long() reports a mistake. */
static const struct call_option *option_of(int value)
{
	const struct call_option *options = call_options();

	if (value >= LONG_ONLY)
		return &options[value - LONG_ONLY];
	for (const struct call_option *option = options; option->name; option++)
		if (option->letter && option->letter == value)
			return option;
	return NULL;
}

/* The option that the verb does not take, or that it needs and that is missing; NULL: none. */
static const struct call_option *misfit(const struct verb *verb, const struct given *given)
{
	bool needed = !verb->needs;

	for (size_t i = 0; i < given->count; i++) {
		if (!verb_takes(verb, given->options[i]))
			return given->options[i];
		needed = needed || !strcmp(given->options[i]->name, verb->needs);
	}
	return needed ? NULL : call_option_find(verb->needs, strlen(verb->needs));
}

/* The row of this name that all given options fit. */
static const struct verb *find_verb(const char *name, const struct given *given)
{
	for (const struct verb *verb = verb_table(); verb->name; verb++)
		if (!strcmp(verb->name, name) && !misfit(verb, given))
			return verb;
	return NULL;
}

static int refuse_options(const char *name, const struct given *given)
{
	const char *wrong = "";

	for (const struct verb *verb = verb_table(); verb->name; verb++) {
		const struct call_option *option = misfit(verb, given);

		if (!option || strcmp(verb->name, name))
			continue;
		wrong = option->name;
		if (verb->needs && !strcmp(wrong, verb->needs))
			return command_usage("%s: these options need --%s", name, wrong);
	}
	return command_usage("%s does not take --%s", name, wrong);
}

/* "; did you mean '--json'?", of those that the verb takes. */
static struct suggestion suggest_option(const char *name, const char *wrong)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	AUTOFREE char *bare = copy_bytes(wrong, strcspn(wrong, "="));

	for (const struct verb *verb = verb_table(); verb->name; verb++)
		for (const struct call_option *option = call_options(); option->name; option++)
			if (!strcmp(verb->name, name) && verb_takes(verb, option))
				strv_push_taken(&names, format_string("--%s", option->name));
	return suggest(bare, &names);
}

static int wrong_option(int argc, char **argv, const char *name)
{
	const char *command = init_options_are_nearly_meant(argc, argv), *last = argv[optind - 1];
	const struct call_option *option = option_of(optopt);
	bool is_long = !strncmp(last, "--", 2);

	if (command)
		return command_usage("`--` is missing before \"%s\"", command);
	if (option && is_long && strchr(last, '='))
		return command_usage("--%s takes no value", option->name);
	if (option && option->value)
		return command_usage("%s: its value is missing", last);
	if (is_long)
		return command_usage("%s: there is no such option%s", last, suggest_option(name, last).text);
	return command_usage("-%c: there is no such option", optopt);
}

static int wrong_value(const struct call_option *option, const char *last)
{
	CLEANUP(strv_release) struct strv choices = { 0 };
	AUTOFREE char *list = option->value ? copy_string(option->value) : NULL;

	if (!list || !strchr(list, '|'))
		return command_usage("\"%s\": this value is wrong", last);
	for (char *rest = list, *word; (word = strsep(&rest, "|")); )
		strv_push(&choices, word);
	return command_usage("--%s: one of %s is expected, found \"%s\"%s", option->name, option->value, optarg,
			     suggest(optarg, &choices).text);
}

static int show_help(const char *name)
{
	struct call call = { .verbs = verb_table() };
	int code;

	if (name)
		strv_push(&call.words, name);
	code = cmd_help(&call);
	call_release(&call);
	return code;
}

static int run_verb(const char *name, const struct given *given, struct call *call)
{
	const struct verb *verb = find_verb(name, given);
	struct argument argument;

	if (!verb)
		return refuse_options(name, given);
	if (!verb_accepts(verb, &call->words))
		return EX_USAGE;
	if (argument_at(verb->arguments, 0, &argument) && argument_is(&argument, "FILE") && call->words.count) {
		if (call->config)
			return argument_unexpected(call->words.items[0]);
		call->config = call->words.items[0];
	}
	return verb->fn(call);
}

static int dispatch(int argc, char **argv)
{
	const char *verb = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
	const char *name = verb ? verb : verb_table()->name;
	CLEANUP(call_release) struct call call = { .verbs = verb_table() };
	struct given given = { .count = 0 };
	struct syntax syntax;
	int value;

	if (!find_verb(name, &given))
		return verb_unknown(call.verbs, name);
	argc -= !!verb;
	argv += !!verb;
	opterr = 0;
	make_syntax(&syntax);
	while ((value = getopt_long(argc, argv, syntax.letters, syntax.longs, NULL)) != -1) {
		const struct call_option *option = option_of(value);

		if (value == 1)
			strv_push(&call.words, optarg);
		else if (!option)
			return wrong_option(argc, argv, name);
		else if (!call_option_take(option, &call, optarg))
			return wrong_value(option, argv[optind - 1]);
		else if (given.count < OPTIONS_MOST)
			given.options[given.count++] = option;
	}
	if (call.help)
		return show_help(verb);
	if (call.version)
		return cmd_version(&call);
	for (; argv[optind]; optind++)		/* behind "--" */
		strv_push(&call.words, argv[optind]);
	return run_verb(name, &given, &call);
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
	bool replaces = containerpilot_is_meant(argc, argv);

	/* No exit(): nothing is to be flushed, and the exit handlers of libraries only delay a restart. */
	if (!replaces && init_options_are_meant(argc, argv))
		_exit(init_main(argc, argv));
	process_setup(false);
	mallopt(M_MXFAST, 0);		/* else each large allocation unites what is free of these bins */
	json_set_alloc_funcs(alloc_raw, free);
	return replaces ? containerpilot_main(argv) : dispatch(argc, argv);
}
