/* job_requests.h - changes of jobs that clients ask for (job_change.h), and the answers to them.
 *
 * A client may wait until the change has reached its end, or cannot reach it any more, for a limited time:
 * it is not noticed when a client that waits goes away.
 */
#ifndef JOB_REQUESTS_H
#define JOB_REQUESTS_H

#include "base/loop.h"
#include "control/responder.h"
#include "job_change.h"

struct job_requests {
	struct units *units;

	/* private */
	struct list waiting;
	struct subscription on_event;
	struct deferred review;		/* when all events have been delivered */
};

void job_requests_init(struct job_requests *requests, struct units *units);
void job_requests_release(struct job_requests *requests);	/* when no client waits; idempotent */

/* Answers at once, or with `wait=DURATION` in the query within that time.  True: the change has begun. */
bool job_requests_serve(struct job_requests *requests, struct exchange *exchange, struct job_unit *unit,
			enum job_change change, double seconds);

#endif
