/* deadman.h - kills process groups at a deadline, even if the loop is stuck.
 *
 * A timer of the kernel (timer_create(2)) on CLOCK_BOOTTIME counts suspended time and ignores
 * changes of the wall clock.  Its signal has a handler that does nothing but kill(-group, SIGKILL),
 * so it works while a callback spins or blocks.  While this whole process is stopped (SIGSTOP, a
 * debugger) it does not work: the groups are killed when the process continues, before its next
 * instruction. When a container is frozen its workload is frozen, too.  When the container thaws
 * both continue at once, and the workload may run for an instant.  Only a resource that checks
 * epochs is safe then.
 *
 * The timer repeats every 20 ms until it is set again or stopped, so a group that is gone must be
 * removed.  The signal is SIGRTMAX, which the loop then does not get.  Children inherit nothing of
 * this.
 *
 * Any process of our uid can send that signal, and forge all that siginfo says.  So the handler reads
 * nothing from the signal: it kills the groups of those deadmen whose own deadline is over by the
 * clock.  All changes to what the handler reads are made with the signal blocked.
 */
#ifndef DEADMAN_H
#define DEADMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "error.h"
#include "list.h"

struct deadman {
	bool made;

	/* private */
	timer_t timer;
	bool armed;
	struct timespec deadline;	/* of CLOCK_BOOTTIME */
	pid_t *groups;
	size_t count, capacity;
	struct list link;
};

bool deadman_init(struct deadman *deadman, struct error *error);
void deadman_release(struct deadman *deadman);		/* idempotent; zeroed is fine */

/* Fires at `deadline`, in seconds of CLOCK_BOOTTIME: at once if that is over. */
void deadman_set(struct deadman *deadman, double deadline);
void deadman_stop(struct deadman *deadman);		/* idempotent */

/* Register a group after its leader was spawned, unregister it after the leader was reaped. */
void deadman_add(struct deadman *deadman, pid_t group);		/* idempotent; any number */
void deadman_remove(struct deadman *deadman, pid_t group);	/* idempotent */

#endif
