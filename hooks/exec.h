/* exec.h - the hook that runs a program.
 *
 * PILOTFISH_EVENT, PILOTFISH_SOURCE and PILOTFISH_JOB tell the program what happened, and so does
 * its standard input: a sealed memory file (memfd_create(2)), which the program need not read.  The
 * program runs in its own process group; the hook is done when the whole group is gone (process.h).
 */
#ifndef EXEC_H
#define EXEC_H

#include "config/config.h"
#include "hook.h"

/* Borrows `config` and `name` until it is freed. */
struct hook *exec_new(struct loop *loop, const char *name, const struct exec_config *config);

#endif
