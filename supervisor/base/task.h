/* task.h - a long computation that does not hold up the loop.
 *
 * A task runs on a stack of its own.  It calls task_pause() again and again; when its slice of time is
 * over, the call switches to the loop, and returns in a later turn.  All tasks together have one slice
 * of 4 ms at a time, and as long a rest between two slices.  A task runs in the loop's thread: no other
 * code runs at the same time, but everything may have changed after a pause.
 *
 * Functions that may run in a task or outside of one call task_yield(), and need no task to do so.
 */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>
#include <ucontext.h>

#include "list.h"

struct loop;
struct task;
typedef void task_fn(struct task *task);

struct task {
	struct loop *loop;
	task_fn *run;			/* on the task's stack */
	task_fn *on_done;		/* from the loop, after `run` has returned */

	/* private */
	struct list link;		/* in loop->tasks */
	ucontext_t own, caller;
	char *stack;
	double slice_end, slice_start;	/* monotonic; of the thread's processor time */
	double spent;
	bool queued, begun, ended, cancelled;
};

void task_init(struct task *task, struct loop *loop, task_fn *run, task_fn *on_done);
void task_start(struct task *task);
bool task_is_running(const struct task *task);	/* from task_start() to on_done */

/* Ends it without on_done: task_pause() returns false, and `run` has to return then. */
void task_cancel(struct task *task);

/* To be called by `run`. */
bool task_pause(struct task *task);	/* false: cancelled */
bool task_yield(void);		/* the same for the task that runs now; true outside of tasks */
double task_spent(const struct task *task);	/* processor time, in seconds */

double processor_now(void);			/* of this thread */

#endif
