/* spawn.h - from clone() to execve(): the only place that creates processes.
 *
 * Only process.c includes this; all other files call process_spawn().
 */
#ifndef SPAWN_H
#define SPAWN_H

#include "process.h"

/* Returns the pid once the program is executed.  -1: *status is what a shell would report, and
 * `error` names the step that failed. */
pid_t spawn_start(const struct spawn *spawn, int *status, struct error *error);

#endif
