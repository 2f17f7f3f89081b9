/* app.h - the composition root: from a configuration to jobs on a loop, and to an exit code.
 *
 * Signals: TERM, INT and QUIT stop in order, and a second one at once; HUP reloads and USR2 begins or
 * ends maintenance, unless a job listens to them; USR1 opens the log file again; any signal is an
 * event for the jobs that listen.
 */
#ifndef APP_H
#define APP_H

#include "config/load.h"

/* What is to be run. */
struct app_call {
	const char *name;		/* in messages: the path of the configuration */
	struct config *(*load)(const struct app_call *call, struct load_error *error);
	bool once;			/* stop when all templates are rendered and nothing runs */
};

/* Run it to its end.  Returns the exit code: 0 after an ordered stop, 137 if that took SIGKILL, the
 * essential job's, 66 or 78 if nothing was started; with `once` 1 if a template cannot be rendered,
 * or the code of the command that failed. */
int app_run(const struct app_call *call);

#endif
