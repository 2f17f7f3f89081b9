/* spawn.h - from clone() to execve(): the only place that creates processes.
 *
 * Only process.c includes this; all other files call process_spawn().
 */
#ifndef SPAWN_H
#define SPAWN_H

#include "process.h"

struct spawned {
	pid_t pid;
	int pidfd;			/* -1: the kernel has none (before Linux 5.2) */
};

/* Returns once the program is executed.  False: *status is what a shell would report, and `error`
 * names the step that failed. */
bool spawn_start(const struct spawn *spawn, struct spawned *spawned, int *status,
		 struct error *error);

/* For process_fork(): the pid of the copy, in a group of its own.  -1: errno. */
pid_t spawn_fork(process_run_fn *run, void *argument);

#endif
