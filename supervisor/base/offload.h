/* offload.h - runs a function that takes long, on a thread of its own.
 *
 * It computes for long, or a disk may hold it up: open(2), stat(2), read(2), write(2) and rename(2) of
 * a file cannot be made non-blocking.  On a disk or a file server that does not answer they wait, and
 * the loop, which they would stop, with them.
 *
 * The thread touches nothing but its job: neither the log, nor the loop, nor what the job's owner
 * may change or release meanwhile.  A job that hangs cannot be ended: its owner abandons it, and the
 * job is released once the thread has returned.  Threads block all signals and never fork.
 *
 * Where the kernel makes no thread (a limit of processes counts threads, too), the loop runs the
 * function itself, and waits for it.
 */
#ifndef OFFLOAD_H
#define OFFLOAD_H

#include <stdbool.h>

#include "loop.h"

struct offload;
typedef void offload_fn(struct offload *offload);

/* The head of a job, which is allocated. */
struct offload {
	offload_fn *run;		/* on the thread */
	offload_fn *on_done;		/* in the loop: the job is the owner's again */
	offload_fn *release;		/* in the loop, instead of on_done: the job was abandoned */

	/* private */
	struct list link;		/* in loop->offloads */
	struct loop *loop;		/* NULL: released while the thread hung */
	bool running, abandoned, returned;
};

/* Takes the job until on_done, or for good. */
void offload_start(struct offload *offload, struct loop *loop);
bool offload_is_running(const struct offload *offload);
void offload_abandon(struct offload *offload);	/* while it is running */

/* Waits, `seconds` at most, and calls on_done.  False: it hangs. */
bool offload_wait(struct offload *offload, double seconds);

/* For a new loop. */
void offload_join(struct loop *loop);

/* For the release of a loop: abandons all jobs, and waits for them for a second.  Those that hang are
 * lost, with their memory. */
void offload_leave(struct loop *loop);

#endif
