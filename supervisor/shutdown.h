/* shutdown.h - everybody leaves, in reverse order of dependency, within one deadline.
 *
 * Elections are left first: who leads is demoted and gives its lock back, so that another can take
 * over; up to half of the time.  Then a job is stopped when all jobs that were started because of
 * it, or need it, have stopped; jobs that attend the leaving of another (preStop, postStop) are
 * left to do so.  Each gets an equal share of the time that remains for itself and for those that
 * it keeps waiting.  Half a second before the deadline all that is left is killed.  Then whatever
 * else descends from us, orphans that we adopted, is told to end and waited for.  It is over as
 * soon as all are gone.
 */
#ifndef SHUTDOWN_H
#define SHUTDOWN_H

#include "units.h"

struct shutdown {
	struct units *units;
	bool begun, stopping, sweeping, killed, over;
	double deadline;		/* monotonic */
	struct timer timer;
	struct timer patience;		/* with the elections */
	struct timer review;		/* after all others have heard that a job stopped */
	void (*on_over)(struct shutdown *shutdown);
};

void shutdown_init(struct shutdown *shutdown, struct units *units);
void shutdown_begin(struct shutdown *shutdown, double patience);
void shutdown_kill(struct shutdown *shutdown);		/* kill what is left, now */

void shutdown_on_left(struct shutdown *shutdown);	/* one of the elections */

/* To be told of each unit that has stopped, and of each reaping, once begun. */
void shutdown_on_stopped(struct shutdown *shutdown, struct job_unit *unit);
void shutdown_on_reaped(struct shutdown *shutdown);
bool shutdown_has_killed(const struct shutdown *shutdown);

#endif
