/* waits.h - says which jobs have waited for long, and for what.
 *
 * A job that has waited for 10 s is named in the log with the events that it waits for, and again
 * whenever these have changed, at most every 10 s.  Not named: what a job waits for without end, such as
 * the next event of `each`, an interval, an election, a signal, or the shutdown.
 */
#ifndef WAITS_H
#define WAITS_H

#include "units.h"

struct waits {
	struct units *units;

	/* private */
	struct timer timer;		/* not set: no job has waited since the last event */
};

void waits_init(struct waits *waits, struct units *units);
void waits_release(struct waits *waits);
void waits_on_event(struct waits *waits);	/* after the start, and after any event */

/* "db running, watch.db healthy"; empty: the job does not wait for an event. */
void waits_describe(const struct job *job, struct buf *out);

#endif
