/* job.h - a hook, when to run it, and how often.
 *
 * A job waits for its trigger (`when`) and its `needs`, and runs its hook.  Then it waits again, is
 * restarted after a backoff, or stops for good.  A job is a source: it publishes running, exitSuccess,
 * exitFailed, timerExpired, draining, stopping and stopped; health.c adds healthy and unhealthy.
 *
 *     waiting -> running <-> backoff
 *                running -> ending -> waiting, backoff
 *                running -> draining -> stopping -> terminating -> killing -> stopped
 *
 * To stop, a job takes these steps:
 *   draining     wait until no subscriber holds the source (a service deregisters), then `drain`
 *   stopping     wait until no subscriber holds the source (preStop runs)
 *   terminating  send the stop signal
 *   killing      send SIGKILL
 * A step takes at most half of the time that remains until the job's deadline.  The job publishes
 * `stopped` when the process and its group are gone.
 *
 * Triggers during a run cause one more run; with `queue` each of them does, and `restarts` are counted for
 * the job's whole life.  A stop forgets them.
 *
 * A job that ends by itself publishes `draining`, so that its services deregister first, but not
 * `stopping`: its process has gone, and preStop has nothing to prepare.
 *
 * A person may stop a job, and start it again from there:
 *     stopped -> waiting -> running
 * Jobs that wait for it go on waiting meanwhile, and pilotfish does not end because of it.
 *
 * job_end_run() ends a run and not the job: stop signal, then SIGKILL.  Then a job with `runs` waits
 * for its next trigger; it publishes `draining`, so that its services leave the catalogue.  Any other
 * job follows its `restarts`.
 *
 * Each state has at most one deadline, so a job has one timer.  A job knows nothing of Consul.
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

enum run_end { RUN_SUCCEEDED, RUN_FAILED, RUN_KILLED, RUN_TIMED_OUT, RUN_END_COUNT };

enum job_input {
	INPUT_TRIGGER,		/* its trigger or one of its needs was published */
	INPUT_HOPELESS,		/* ... or never will be */
	INPUT_EXITED,		/* the hook has ended */
	INPUT_DEADLINE,		/* the state's time is over */
	INPUT_END_RUN,		/* end this run */
	INPUT_STOP,		/* stop in order */
	INPUT_DELIVERED,	/* its events have been delivered, and no hold is left */
	INPUT_KILL,		/* stop at once */
	INPUT_START,		/* run now, without the trigger and the needs */
	INPUT_REARM,		/* wait again, as after pilotfish's start */
	INPUT_COUNT
};

/* One event that a job waits for. */
struct trigger {
	struct subscription on_event, on_stopped;
	struct source *source;		/* NULL: not linked */
	struct job *job;
	enum event_code code;
};

struct job {
	struct source source;
	struct job_config *config;	/* owned */
	struct loop *loop;
	struct hook_user user;
	struct hook *hook;		/* owned; NULL: there is no program to run */
	struct timer deadline;
	enum job_state state;		/* written by job_step() alone */
	double state_since;		/* monotonic */

	struct trigger when;
	struct trigger *needs;		/* config->need_count */
	bool due;			/* triggered, and not run since */
	bool delayed;			/* triggered, and when.delay waits for the needs to begin */
	unsigned queued;		/* further runs that are due, with `queue` */
	bool queue_full;		/* which the log has told */
	bool lacks_needs;		/* triggered, and the time for its needs runs */
	bool consumed;			/* its `once` trigger has come */
	struct source *cause;		/* of the last trigger; NULL: none yet */
	enum event_code cause_code;
	struct hold hold;		/* of its cause, which stops while this job runs */
	struct json_t *seen, *shown;	/* the cause's state at the last success, and in this run */

	double started_at;		/* monotonic, as all of these */
	double next_run;		/* of a periodic job */
	double stop_by;			/* deadline of its stop */
	double end_run_by;		/* deadline of a run that ends; 0: SIGKILL was sent */
	struct backoff backoff;		/* between restarts in a row */
	long runs;
	long tries;			/* runs since the last trigger; with `queue`: restarts and 1 */
	unsigned long failures;		/* in a row */
	bool running, timed_out, drained;
	bool run_end_asked;		/* by job_end_run() */
	bool restart_asked;		/* by job_restart(): begin when the run has ended */
	bool stop_asked;		/* by job_stop() or job_kill() */
	bool stopped_by_hand;		/* by job_stop_by_hand(), until job_rearm() */
	bool needs_waived;		/* its next run does not wait for its needs */
	bool killed;			/* its stop took SIGKILL */
	pid_t pid;			/* of the last run */
	long ends[RUN_END_COUNT];	/* of its runs, since the start */
	int code;			/* exit code of the last run, as in a shell */
	bool failed;			/* the last run failed, or its trigger never came */
};

/* The source of this name, as in `when` and `needs`; NULL: there is none. */
typedef struct source *find_source_fn(void *context, const char *name);

/* Takes `config` and `hook`. */
void job_init(struct job *job, struct loop *loop, struct job_config *config, struct hook *hook);
void job_release(struct job *job);

/* Subscribe to the trigger and the needs; again after a reload has replaced sources. */
bool job_link(struct job *job, find_source_fn *find, void *context, struct error *error);
void job_unlink(struct job *job);
void job_consume_trigger(struct job *job);	/* it came once, and does not come again */

/* Its time to wait, for its trigger or its needs, is over: it has failed. */
void job_note_vain_wait(struct job *job);

/* A new source of the same name is about to replace `source`, whose end is no reason to give up. */
void job_ignore_end_of(struct job *job, const struct source *source);

void job_step(struct job *job, enum job_input input);
void job_stop(struct job *job, double seconds);		/* in order, within this time */
void job_kill(struct job *job);				/* at once */
void job_stop_by_hand(struct job *job, double seconds);	/* for a person; idempotent */
bool job_is_stopping(const struct job *job);		/* and has not stopped yet */

/* A job that has stopped waits again; then it is to be linked. */
void job_rearm(struct job *job);

/* A job that waits, also between failures, runs now: in the place of its trigger, if that comes once. */
void job_start(struct job *job);

/* End its run, but not the job.  0 s: at once, even if the job is stopping already. */
void job_end_run(struct job *job, double seconds);

/* End its run, as job_end_run() does, and begin another at once, whatever its `restarts`.  A pause after
 * a failure ends.  False: it has no run that could end. */
bool job_restart(struct job *job, double seconds);

/* Triggered by the stop of another job, or by the shutdown: a shutdown leaves it to run. */
bool job_is_stop_hook(const struct job *job);

/* For log_about(): its name, its process if it has one, and the event unless that is EVENT_NONE. */
struct log_subject job_subject(const struct job *job, enum event_code event);

const char *job_state_name(enum job_state state);

#endif
