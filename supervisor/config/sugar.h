/* sugar.h - hooks become jobs: JSON to JSON, by a table of rows.
 *
 * `preStart` of the job "app" becomes the job "app.preStart" that waits for what app waited for,
 * and app waits for its success.  `preStop`, `postStop`, a watch's `onChange`, a template's
 * `exec` and an election's `onElected`, `onDeposed` and `onLeader` become jobs that wait for an
 * event of their owner.  A hook is a command or a group with any key of a job but `name`, `when`
 * and `runs`.  `runs` = "election.NAME" is `when` each "elected" of that.  New jobs are appended
 * to `jobs`, so that positions in messages stay true.
 *
 * Hooks, and health checks that run a program, get user, group, env, cwd and umask of their job
 * unless they say otherwise.  What is malformed is left for the decoder to complain about.
 */
#ifndef SUGAR_H
#define SUGAR_H

#include <jansson.h>

#include "base/error.h"

bool sugar_expand(json_t *tree, struct error *error);

#endif
