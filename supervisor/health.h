/* health.h - the health of a job, by its check, its own word (hooks/readiness.h), or both.
 *
 * While the job runs, its check runs every `interval`.  The job's status changes after `failures`
 * or `successes` equal results in a row.  A change of the status is an event of the job: healthy,
 * warning, unhealthy; with `events` = "check", each further result that confirms it is one, too.  The
 * end of each check is an event of the source `JOB.health`: exitSuccess,
 * exitFailed.
 *
 * Until the first verdict, checks run more often than every `interval`, so that a job enters
 * service without delay.  Failures within `startPeriod` do not count.  A check that exceeds its
 * timeout has failed and is killed; it delays nothing else.  The verdict does not wait for the end
 * of the killed process; while that process lives, each interval counts as one more failure.
 *
 * While the status stays, a change of the reason (the first line of the output) is counted in
 * verdict.reason, at once at first.  If it changes all the time, it is counted at most once a minute,
 * or every five minutes while passing.  Unless passing, it is also logged.
 *
 * A job with readiness has no verdict until it says that it is ready, or its time for that is over.  Then
 * its word is the verdict, and the reason what it says of itself; a new reason is an event of `JOB.health`,
 * too.  If it also has a check, that runs only while the job is ready, and decides then.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "base/backoff.h"
#include "base/verdict.h"
#include "hooks/hook.h"
#include "hooks/readiness.h"
#include "job.h"

enum { REASON_MOST = 200 };		/* bytes */

struct health {
	struct source source;
	const struct health_config *config;	/* borrowed from the job's */
	struct job *job;
	struct subscription on_job;
	struct hook *hook;		/* the check; owned; NULL: none */
	struct readiness readiness;	/* config NULL: none */
	struct hook_user user;
	struct timer due, limit;
	struct buf output;		/* of the running or the last check */
	struct verdict verdict;
	bool checking, timed_out;
	bool again;			/* check once more as soon as this check has ended */
	double ending;			/* monotonic: the check was killed then; 0: it was not */
	char reason[REASON_MOST + 1];	/* the one last reported */
	struct backoff reason_pace;
	double reason_due;		/* monotonic: no sooner is a changed reason reported */
	bool active;			/* the job runs */
	bool ready;			/* so it said last */
	bool proven;			/* it was healthy since it started, or the log has warned */
	double job_started, check_started;	/* monotonic */
	unsigned eager;			/* checks without a verdict since the job started */
	long failures, successes;	/* in a row */
	long passed, failed;		/* checks, since the start */
	double last_passed;		/* monotonic; 0: none has */
	struct histogram durations;	/* of checks */
};

/* Takes ownership of `check`; NULL: the job has its readiness alone. */
void health_init(struct health *health, struct job *job, struct hook *check);
void health_release(struct health *health);

/* Takes `check`, which is made from the changed configuration.  A running check ends and counts for
 * nothing; the verdict stays. */
void health_renew(struct health *health, struct hook *check);

/* The next check is due: what it finds has probably changed, and its reason is reported. */
void health_check_now(struct health *health);

#endif
