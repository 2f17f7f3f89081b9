/* init_options.h - the command line and the environment of the bare init.
 *
 * Under the name of a program that it replaces, by a link or a copy, the init understands that program's
 * options and environment, and needs no "--" before the command:
 *
 *	tini, docker-init	-v -w -s -g -p SIG -e CODE -l -h --version; TINI_SUBREAPER,
 *				TINI_KILL_PROCESS_GROUP, TINI_VERBOSITY
 *	dumb-init		-v -c -r A:B -h -V, and their long forms; DUMB_INIT_SETSID=0, DUMB_INIT_DEBUG
 *	catatonit		-g -P -h -V -L
 *
 * The init has no debug mode, and always adopts orphans.
 */
#ifndef INIT_OPTIONS_H
#define INIT_OPTIONS_H

#include <signal.h>
#include <stdbool.h>

#include "base/error.h"

enum { SIGNALS = _NSIG - 1 };

struct init_options {
	const char *name;		/* that we were called by, for messages: "pilotfish", "tini" */
	bool group;			/* signals go to the command's group */
	bool tells_orphans;		/* that were reaped */
	bool success[256];		/* exit codes that become 0 */
	int rewrite[SIGNALS + 1];	/* 0 drops */
	int death_signal;
	double stop_timeout;		/* seconds */
	bool pauses;			/* runs no command */
	const char *shown;		/* text to be printed, instead of a run; NULL: none */
	char **argv;			/* the command */
	int usage_code;			/* exit code of a wrong usage */
};

/* Called by another program's name, or only options of the bare init stand before a "--".  Reads nothing
 * else, so that it may be called before the signals are blocked. */
bool init_options_are_meant(int argc, char **argv);

/* Options of the bare init stand before this command, and the "--" is missing; NULL: no. */
const char *init_options_are_nearly_meant(int argc, char **argv);

/* False: wrong usage; the name and the code are set in any case. */
bool init_options_parse(struct init_options *options, int argc, char **argv, struct error *error);

/* A variable that is set and would be read under another name; NULL: none. */
const char *init_options_ignored_variable(const struct init_options *options);

#endif
