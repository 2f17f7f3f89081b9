/* app.h - the composition root: from a configuration to jobs on a loop, and to an exit code.
 *
 * app is always in one phase: running, loading, reloading or stopping.
 *
 * TERM, INT and QUIT stop all jobs in order; a second one kills them.  HUP reloads and USR2 begins or
 * ends maintenance, unless a job is triggered by that signal.  USR1 opens the log file again.  Every
 * signal is an event for the jobs that are triggered by it.
 */
#ifndef APP_H
#define APP_H

#include "config/load.h"

struct app_call {
	const char *name;		/* of the configuration, in messages: its path */
	struct config *(*load)(const struct app_call *call, struct task *task,
			       struct load_error *error);	/* `task`: see load.h */
	int failure;			/* the exit code if nothing is started; 0: 66, 73 or 78 */
	bool once;			/* stop when all templates are rendered and no job runs */
};

/* Returns the exit code: 0 after a stop by a signal, 137 if that took SIGKILL, or the essential job's
 * own.  66 or 78: nothing was started.  With `once`, 1: a template cannot be rendered, or the code of
 * the command that failed. */
int app_run(const struct app_call *call);

#endif
