/* sugar.h - rewrite hooks, which are syntactic sugar, into plain jobs: JSON to JSON, by a table.
 *
 * `preStart` of the job "app" becomes the job "app.preStart".  That job waits for the events that
 * app waited for, and app waits for its success.  `preStop`, `postStop`, a watch's `onChange`, a
 * template's `exec` and an election's `onElected`, `onDeposed` and `onLeader` become jobs that
 * wait for an event of their owner.  A hook is a command, or a group with any key of a job except
 * `name`, `when` and `runs`.  `runs` = "election.NAME" becomes a `when` for each "elected" of the
 * election.  New jobs are appended to `jobs`, so that indexes in messages stay correct.
 *
 * Hooks, and health checks that run a program, inherit their job's user, group, env, cwd and
 * umask.  Malformed hooks are left in place for the decoder to refuse.
 */
#ifndef SUGAR_H
#define SUGAR_H

#include <jansson.h>

#include "base/strv.h"

void sugar_expand(json_t *tree, struct strv *mistakes);		/* see mistakes.h */
bool sugar_is_command(const json_t *value);	/* the value of a hook */
bool sugar_is_hook(const char *job);	/* a name such as "app.preStart" */

/* "jobs[app.preStart].exec" is written as "jobs[app].preStart.exec"; free() it.  NULL: no hook. */
char *sugar_written_path(const char *path);

#endif
