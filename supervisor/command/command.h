/* command.h - the verbs of the program as a client, and what they share.
 *
 * A verb gets the parsed command line and returns the exit code.  It prints its result to standard
 * output, and to standard error why it failed: codes are those of sysexits(3).  The table of verbs,
 * and those that start the daemon, are in verbs.c.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/strv.h"
#include "config/load.h"
#include "cmd_leader.h"
#include "template_args.h"

#define DEFAULT_CONFIG "/etc/pilotfish.conf"

struct verb;

/* The command line behind the verb. */
struct call {
	const struct verb *verbs;	/* the whole table (usage.h) */
	const char *config;		/* NULL: not given */
	bool help, version, mdoc;
	bool json;
	bool build;
	bool online;
	bool wait;			/* for the outcome */
	bool dry_run;
	bool show_secrets;
	double timeout;			/* seconds; 0: not given */
	double watch;			/* seconds between two; 0: not given */
	const char *color;		/* NULL: not given */
	struct strv filters;
	bool follow;
	const char *socket;		/* of a running pilotfish; NULL: not given */
	const char *job;		/* NULL: not given */
	const char *format;		/* likewise */
	struct template_args args;
	struct leader_args leader;
	struct strv words;		/* arguments that are no options */
};

typedef int verb_fn(const struct call *call);

verb_fn cmd_check, cmd_render, cmd_expand, cmd_options, cmd_leader, cmd_version, cmd_help;
verb_fn cmd_completion, cmd_schema, cmd_import;
verb_fn cmd_status, cmd_healthcheck, cmd_events, cmd_reload, cmd_maintenance, cmd_signal, cmd_service;
verb_fn cmd_ps, cmd_once, cmd_lock;
verb_fn cmd_start, cmd_stop, cmd_restart;
verb_fn cmd_env, cmd_metric;

/* The path of the configuration: -c, else $PILOTFISH_CONFIG, else a path in $CONTAINERPILOT, else the
 * default; free() it.  NULL: the environment names it in two ways. */
char *command_config_path(const struct call *call, struct load_error *error);

double command_timeout(const struct call *call, double preset);	/* seconds */
bool command_is_coloured(const struct call *call);	/* on standard output; --color, NO_COLOR, TERM */

int command_fail(int code, const struct error *error);	/* prints the error, returns `code` */
int command_fail_load(const struct load_error *error);	/* prints all mistakes, returns their code */
int command_print_json(const json_t *document);		/* for scripts; returns EX_OK */
json_t *version_document(void);		/* of the program, its commit and its libraries; new */
int command_usage(const char *format, ...)	/* prints the message, returns EX_USAGE */
	__attribute__((format(printf, 1, 2)));

#endif
