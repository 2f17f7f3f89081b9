/* spawn.h - from clone() to execve(): the one place where processes are made.
 *
 * For process.c alone; everybody else calls process_spawn().
 */
#ifndef SPAWN_H
#define SPAWN_H

#include "process.h"

/* The pid, when the program is being executed.  -1: *status as a shell has it, and why. */
pid_t spawn_start(const struct spawn *spawn, int *status, struct error *error);

#endif
