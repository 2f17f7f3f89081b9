/* shutdown.h - all jobs stop, in reverse order of dependency, within one deadline.
 *
 * Elections are left first: a leader is demoted and releases its lock, so that another candidate can
 * take over; this takes up to half of the time.  Then a job is stopped when all jobs that depend on it
 * (dependencies.h) have stopped; jobs that are triggered by a stop (preStop, postStop) are left to
 * run.  Each job gets an equal share of the time that remains for itself and for the jobs it depends
 * on.  Half a second before the deadline all that is left is killed.  Then the other descendants,
 * orphans that we adopted, are terminated and waited for.  The shutdown is over as soon as all are
 * gone and no subscriber holds the source `global`: services that are still being deregistered do,
 * until the deadline.
 */
#ifndef SHUTDOWN_H
#define SHUTDOWN_H

#include "units.h"

struct leaving;

struct shutdown {
	struct units *units;
	void (*on_over)(struct shutdown *shutdown);

	/* private */
	bool stopping, sweeping, killed, over;
	double deadline;		/* monotonic */
	struct timer timer;
	struct timer election_limit;
	struct deferred review;		/* when all subscribers know which jobs have stopped */
	struct leaving *jobs;
	size_t job_count;
};

void shutdown_init(struct shutdown *shutdown, struct units *units);
void shutdown_release(struct shutdown *shutdown);
void shutdown_begin(struct shutdown *shutdown, double seconds);
void shutdown_kill(struct shutdown *shutdown);		/* what is left, now */

/* Once begun: an election was left, no hold of `global` is left, a job has stopped, a process was
 * reaped. */
void shutdown_on_left(struct shutdown *shutdown);
void shutdown_on_unheld(struct shutdown *shutdown);
void shutdown_on_stopped(struct shutdown *shutdown, struct job_unit *unit);
void shutdown_on_reaped(struct shutdown *shutdown);

bool shutdown_has_killed(const struct shutdown *shutdown);

#endif
