/* exec.h - the hook that runs a program.
 *
 * The program learns what happened from PILOTFISH_EVENT, PILOTFISH_SOURCE and PILOTFISH_JOB, and
 * from its standard input: a sealed memory file (memfd_create(2)) that it may read or not.  It
 * runs in a group of its own, and the hook is done when the whole group is gone (process.h).
 */
#ifndef EXEC_H
#define EXEC_H

#include "config/config.h"
#include "hook.h"

/* Borrows `config` and `name` for as long as it lives.  `outlet`: how its lines are logged. */
struct hook *exec_new(struct loop *loop, const char *name, const struct exec_config *config);

#endif
