/* health.h - is the job fit for traffic?
 *
 * Runs the job's check every `interval` while the job runs, and believes what it says after
 * `failures` or `successes` in a row.  Transitions are events of the job: healthy, warning,
 * unhealthy.  Each check's own end is an event of the source `JOB.health`: exitSuccess, exitFailed.
 *
 * Until the first belief, checks come sooner than every interval, so that a job is in service as soon
 * as it can be; failures within `startPeriod` are not counted.  A check that outlives its
 * timeout is killed and has failed; it delays nothing but itself.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "base/verdict.h"
#include "hooks/hook.h"
#include "job.h"

struct health {
	struct source source;
	const struct health_config *config;	/* borrowed from the job's */
	struct job *job;
	struct subscription on_job;
	struct hook *hook;		/* the check; owned */
	struct hook_user user;
	struct timer due, limit;
	struct buf output;		/* of the check that runs, or ran last */
	struct verdict verdict;
	bool checking, timed_out;
	bool active;			/* the job runs */
	double job_started, check_started;	/* monotonic */
	unsigned eager;			/* checks since the start without a belief */
	long failures, successes;	/* in a row */
};

/* Takes the hook. */
void health_init(struct health *health, struct job *job, struct hook *check);
void health_release(struct health *health);

#endif
