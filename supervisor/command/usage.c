#include "usage.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/paragraph.h"

enum { NAME_WIDTH = 11, ARGUMENTS_WIDTH = 21, INDENT = 6, LIST_MOST = 16 };

/* "-c FILE", "--timeout TIME", "--watch[=TIME]" */
static void add_option(const struct call_option *option, struct buf *out)
{
	if (option->letter)
		buf_print(out, "-%c", option->letter);
	else
		buf_print(out, "--%s", option->name);
	if (option->value)
		buf_print(out, option->preset ? "[=%s]" : " %s", option->value);
}

static void add_action_names(const struct verb *verb, const char *between, struct buf *out)
{
	for (const struct verb_action *action = verb->actions; action && action->name; action++)
		buf_print(out, "%s%s", action == verb->actions ? "" : between, action->name);
}

/* The text behind the name: "-t IN[:OUT[:COMMAND]]", "on|off", "ACTION", "[FILE]". */
static void add_arguments(const struct verb *verb, struct buf *out)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT;

	if (verb->needs)
		add_option(call_option_find(verb->needs, strlen(verb->needs)), out);
	add_action_names(verb, "|", &names);
	if (names.used)
		buf_add(out, names.used > LIST_MOST ? "ACTION" : names.data);
	else
		buf_add(out, verb->arguments);
}

static void print_row(const struct verb *verb, struct buf *out)
{
	CLEANUP(buf_release) struct buf arguments = BUF_INIT;

	add_arguments(verb, &arguments);
	buf_print(out, "  %-*s %-*s %s", NAME_WIDTH, verb->name, ARGUMENTS_WIDTH, arguments.data, verb->help);
	if (!strcmp(arguments.data, "ACTION")) {
		buf_add(out, ": ");
		add_action_names(verb, ", ", out);
	}
	buf_add_char(out, '\n');
}

void usage_print(const struct verb *verbs, struct buf *out)
{
	buf_add(out, "usage: pilotfish [VERB] [OPTIONS] [ARGUMENTS]\n"
		"       pilotfish [-g] [-s] [-e CODE] [-r A:B] [-p SIG] -- COMMAND [ARGUMENTS]\n\n");
	for (const struct verb *verb = verbs; verb->name; verb++)
		print_row(verb, out);
	buf_add(out, "\n`pilotfish VERB --help` tells more of each.\n"
		"The configuration is FILE or -c FILE, else $PILOTFISH_CONFIG, else " DEFAULT_CONFIG ".\n"
		"A command after -- runs under an init without any configuration:\n"
		"  -g        send signals to its whole process group\n"
		"  -s        adopt orphans even if not PID 1 (the default)\n"
		"  -e CODE   treat this exit code as success; may be repeated\n"
		"  -r A:B    forward signal A as B, or not at all if B is 0; may be repeated\n"
		"  -p SIG    receive SIG when our own parent ends\n\n"
		"Signals: TERM stops in order, a second TERM at once; HUP reloads; USR1 reopens the log file;\n"
		"USR2 begins or ends maintenance.\n"
		"See pilotfish(1), pilotfish.conf(5), and `pilotfish options`.\n");
}

/* ---- one verb, or the manual ---- */

/* A clause of a table as a sentence, and what follows it. */
static void print_sentence(const char *clause, const char *more, int indent, bool mdoc, struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	buf_print(&text, "%c%s. %s", toupper((unsigned char)*clause), clause + 1, more ? more : "");
	paragraph_print(out, text.data, indent, mdoc);
}

static void print_actions(const struct verb *verb, bool mdoc, struct buf *out)
{
	if (!verb->actions)
		return;
	buf_add(out, mdoc ? ".Bl -tag -width Ds\n" : "\nActions:\n");
	for (const struct verb_action *action = verb->actions; action->name; action++) {
		const char *between = !*action->arguments ? "" : mdoc ? " Ar " : " ";

		buf_print(out, "%s%s%s%s\n", mdoc ? ".It Cm " : "  ", action->name, between, action->arguments);
		print_sentence(action->help, NULL, INDENT, mdoc, out);
	}
	if (mdoc)
		buf_add(out, ".El\n");
}

static void print_option(const struct call_option *option, struct buf *out)
{
	buf_add(out, "  ");
	if (option->letter)
		buf_print(out, "-%c, ", option->letter);
	buf_print(out, "--%s", option->name);
	if (option->value)
		buf_print(out, option->preset ? "[=%s]" : " %s", option->value);
	buf_add_char(out, '\n');
	paragraph_print(out, option->help, INDENT, false);
}

static void print_exits(const struct verb *verb, struct buf *out)
{
	static const struct verb_exit usual[] = { { "0", "success" }, { "64", "wrong usage" }, { 0 } };

	buf_add(out, "\nExit codes:\n");
	for (const struct verb_exit *exit = verb->exits ? verb->exits : usual; exit->code; exit++)
		buf_print(out, "  %-7s %s\n", exit->code, exit->help);
}

void usage_print_verb(const struct verb *verb, struct buf *out)
{
	CLEANUP(buf_release) struct buf arguments = BUF_INIT;

	add_arguments(verb, &arguments);
	buf_print(out, "usage: pilotfish %s%s%s [OPTIONS]\n\n", verb->name, arguments.used ? " " : "", arguments.data);
	print_sentence(verb->help, verb->about, 0, false, out);
	print_actions(verb, false, out);
	buf_add(out, "\nOptions:\n");
	for (const struct call_option *option = call_options(); option->name; option++)
		if (verb_takes(verb, option))
			print_option(option, out);
	if (verb->example)
		buf_print(out, "\nExample:\n  pilotfish %s\n", verb->example);
	print_exits(verb, out);
}

/* "Options: --socket, --json." */
static void print_option_names(const struct verb *verb, struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	for (const struct call_option *option = call_options(); option->name; option++)
		if (verb_takes(verb, option) && !option->common)
			buf_print(&text, "%s--%s", text.used ? ", " : "Options: ", option->name);
	if (!text.used)
		return;
	buf_add_char(&text, '.');
	paragraph_print(out, text.data, 0, true);
}

static void print_verb_mdoc(const struct verb *verb, struct buf *out)
{
	CLEANUP(buf_release) struct buf arguments = BUF_INIT;

	add_arguments(verb, &arguments);
	buf_print(out, ".It Cm %s%s%s\n", verb->name, arguments.used ? " Ar " : "", arguments.data);
	print_sentence(verb->help, verb->about, 0, true, out);
	print_actions(verb, true, out);
	print_option_names(verb, out);
	for (const struct verb_exit *exit = verb->exits; exit && exit->code; exit++)
		if (!strcmp(exit->code, "1"))
			buf_print(out, "The exit code is 1 if %s.\n", exit->help);
	if (verb->example)
		buf_print(out, ".Dl pilotfish %s\n", verb->example);
}

static void print_option_mdoc(const struct call_option *option, struct buf *out)
{
	buf_add(out, ".It ");
	if (option->letter)
		buf_print(out, "Fl %c , ", option->letter);
	buf_print(out, "Fl -%s", option->name);
	if (option->value)
		buf_print(out, option->preset ? " Ns Op = Ns Ar %s" : " Ar %s", option->value);
	buf_add_char(out, '\n');
	paragraph_print(out, option->help, 0, true);
}

void usage_print_mdoc(const struct verb *verbs, struct buf *out)
{
	buf_add(out, ".Bl -tag -width Ds\n");
	for (const struct verb *verb = verbs; verb->name; verb++)
		print_verb_mdoc(verb, out);
	buf_add(out, ".El\n.Pp\nTheir options:\n.Bl -tag -width Ds\n");
	for (const struct call_option *option = call_options(); option->name; option++)
		print_option_mdoc(option, out);
	buf_add(out, ".El\n");
}
