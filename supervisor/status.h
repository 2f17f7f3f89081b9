/* status.h - what a running pilotfish knows of itself, as one JSON document.
 *
 * Everything that reports a state reads this document: the control socket and its verbs.  Members are
 * only ever added.  pilotfish-control(7) describes them.
 */
#ifndef STATUS_H
#define STATUS_H

#include <time.h>

#include "base/answer_counts.h"
#include "units.h"

/* The part that the composition root knows. */
struct status_frame {
	const char *configuration;	/* its name */
	const char *phase;
	double started;			/* monotonic */
	time_t start_time;		/* the same, since 1970: one number, so monitoring sees restarts */
	long reloads, refusals;		/* reloads that took effect, and that did not */
	const struct answer_counts *requests;	/* to the control socket */
	unsigned long events_dropped;	/* that a client of it has missed */
	const char *refusal;		/* why the last one was refused; NULL: it was not */
};

json_t *status_document(const struct units *units, const struct status_frame *frame);	/* new */

json_t *status_text(const char *text);	/* a new string, also if `text` is no UTF-8; NULL: null */

/* Does each job do what it is there for?  One with a check has passed it; any other is not paused
 * between failures, and has not failed for good.  Jobs that were stopped by hand count only if they are
 * asked for alone.  False: `why` has the first trouble. */
bool status_is_healthy(const struct units *units, struct error *why);
bool status_job_is_healthy(const struct job_unit *unit, struct error *why);

#endif
