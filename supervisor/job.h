/* job.h - a hook, when to run it, and how often.
 *
 * A job waits for its trigger (`when`) and for what it needs, runs its hook, and waits again, is
 * restarted after a backoff, or ends for good.  It is a source itself: running, exitSuccess,
 * exitFailed, timerExpired, draining, stopping, stopped; health.c adds healthy and unhealthy.
 *
 *     waiting -> running <-> backoff
 *                running -> recalled -> waiting, backoff
 *                running -> draining -> stopping -> terminating -> killing -> stopped
 *
 * Leaving takes these steps:  `draining` is said, and when everybody who holds the source has let
 * go (a service that deregisters) the drain time runs;  `stopping` is said and heard out (preStop);
 * the stop signal is sent; SIGKILL follows.  Each step is clipped so that half of what remains
 * until the job's deadline is left for the next ones.  `stopped` is said when the process and
 * its group are gone.
 *
 * A job that ends by itself says `draining` too, so that its services are gone before it is, but
 * not `stopping`: there is nothing left to prepare for its stop.
 *
 * Being recalled ends a run and not the job: stop signal, then SIGKILL.  Then a job that has `runs`
 * waits for its next trigger, and `draining` was said, so that its services were not in the
 * catalogue meanwhile; any other goes on by its restarts, and nothing but its end is said.
 *
 * Each state has at most one deadline, so a job has one timer.  Knows nothing of Consul.
 */
#ifndef JOB_H
#define JOB_H

#include "base/backoff.h"
#include "base/event.h"
#include "base/loop.h"
#include "config/config.h"
#include "hooks/hook.h"

#define JOB_STATES(X) \
	X(WAITING, "waiting") X(RUNNING, "running") X(BACKOFF, "backoff") X(ENDING, "ending") \
	X(DRAINING, "draining") X(STOPPING, "stopping") X(TERMINATING, "terminating") \
	X(KILLING, "killing") X(STOPPED, "stopped")

enum job_state {
#define X(code, name) JOB_##code,
	JOB_STATES(X)
#undef X
	JOB_STATE_COUNT
};

enum job_input {
	INPUT_TRIGGER,		/* what it waits for has happened */
	INPUT_HOPELESS,		/* ... or can never happen any more */
	INPUT_EXITED,		/* its hook is done */
	INPUT_DEADLINE,		/* the state's time is up */
	INPUT_END_RUN,		/* this run is to end */
	INPUT_STOP,		/* leave, in order */
	INPUT_HEARD,		/* what it said was delivered, and nobody holds it */
	INPUT_KILL,		/* leave, at once */
	INPUT_COUNT
};

/* One thing that a job waits for. */
struct trigger {
	struct subscription on_event, on_stopped;
	struct source *source;		/* NULL: not linked */
	struct job *job;
	enum event_code code;
};

struct job {
	struct source source;		/* what it says */
	struct job_config *config;	/* owned */
	struct loop *loop;
	struct hook_user user;
	struct hook *hook;		/* what it does; owned; NULL: nothing, it just is */
	struct timer deadline;
	enum job_state state;		/* written by job_step() alone */

	struct trigger when;
	struct trigger *needs;		/* config->need_count */
	bool due;			/* triggered, and not run since */
	bool consumed;			/* a `once` trigger that has come */
	struct source *cause;		/* what triggered it last; NULL: nothing did */
	enum event_code cause_code;
	struct hold hold;		/* of its cause, while we act on the leaving of that */
	struct json_t *seen, *shown;	/* its cause's state at the last success, and in this run */

	double started_at;		/* monotonic, as all of these */
	double next_run;		/* of a periodic job: its beat */
	double leave_by;		/* deadline of its leaving */
	double end_run_by;		/* ... and of a recalled run; 0: SIGKILL was sent */
	struct backoff backoff;		/* between restarts in a row */
	long runs;
	long tries;			/* of them, since it was triggered last */
	unsigned long failures;		/* in a row */
	bool running, timed_out, drained;
	bool run_end_asked;			/* this run ends because it was told to */
	bool stop_asked;		/* it ends because it was told to */
	bool killed;			/* and took SIGKILL to do so */
	int code;			/* exit code of the last run, as a shell has it */
	bool failed;			/* that run failed, or it never ran for want of its trigger */
};

/* A name in `when` and `needs` to a source; NULL: no such. */
typedef struct source *find_source_fn(void *context, const char *name);

/* Takes config and hook. */
void job_init(struct job *job, struct loop *loop, struct job_config *config, struct hook *hook);
void job_release(struct job *job);

/* Subscribe to what it waits for; again after a reload has replaced sources. */
bool job_link(struct job *job, find_source_fn *find, void *context, struct error *error);
void job_unlink(struct job *job);

/* `source` is about to be replaced by one of the same name: its end is no reason to give up. */
void job_ignore_end_of(struct job *job, const struct source *source);

void job_step(struct job *job, enum job_input input);
void job_stop(struct job *job, double patience);	/* in order, within so many seconds */
void job_kill(struct job *job);				/* at once */

/* End its run, but not the job.  patience 0: at once, even if it is leaving already. */
void job_end_run(struct job *job, double patience);

/* Triggered by the leaving or the end of another: it is not stopped before that one. */
bool job_is_stop_hook(const struct job *job);

const char *job_state_name(enum job_state state);

#endif
