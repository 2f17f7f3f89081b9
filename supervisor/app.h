/* app.h - the composition root: from a configuration to jobs on a loop, and to an exit code.
 *
 * Signals: TERM, INT and QUIT stop in order, and a second one at once; HUP reloads and USR2 begins or
 * ends maintenance, unless a job listens to them; USR1 opens the log file again; any signal is an
 * event for the jobs that listen.
 */
#ifndef APP_H
#define APP_H

/* Run the configuration at `path` to its end.  Returns the exit code: 0 after an ordered stop, 137 if
 * that took SIGKILL, the essential job's, or 66 or 78 if nothing was started. */
int app_run(const char *path);

#endif
