#include "job.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/log.h"
#include "config/stop_times.h"
#include "job_run.h"

enum { KILL_AGAIN = 1 };		/* seconds between SIGKILLs, should one not do */
static const double draining_limit = DRAINING_LIMIT;

/* A step returns the next state. */
typedef enum job_state step_fn(struct job *job);

const char *job_state_name(enum job_state state)
{
	static const char *const names[] = {
#define X(code, name) [JOB_##code] = name,
		JOB_STATES(X)
#undef X
	};
	return names[state];
}

static bool is_periodic(const struct job *job)
{
	return job->config->when.interval > 0;
}

static enum job_state finish(struct job *job)
{
	timer_stop(&job->deadline);
	job_unlink(job);
	source_publish(&job->source, EVENT_STOPPED);
	source_unhold(&job->hold);
	return JOB_STOPPED;
}

/* A step of a stop takes the time that it wants, but no more than half of what is left. */
static void allow(struct job *job, double wanted)
{
	double left = fmax(0, job->stop_by - monotonic_now());

	timer_set(&job->deadline, fmin(wanted, left / 2));
}

static enum job_state stop(struct job *job)
{
	source_publish(&job->source, EVENT_DRAINING);
	allow(job, draining_limit);
	return JOB_DRAINING;
}

/* The end of a job that was not stopped.  Its services leave the catalogue first. */
static enum job_state retire(struct job *job)
{
	if (!job->runs)
		return finish(job);
	job->stop_by = monotonic_now() + 2 * draining_limit;
	return stop(job);
}

/* ---- starting ---- */

static bool needs_hold(const struct job *job)
{
	for (size_t i = 0; i < job->config->need_count; i++)
		if (!job->needs[i].source ||
		    !source_holds(job->needs[i].source, job->needs[i].code))
			return false;
	return true;
}

struct log_subject job_subject(const struct job *job, enum event_code event)
{
	struct log_subject about = subject("job", job->source.name);

	about.pid = job->hook ? job->hook->pid : 0;
	about.event = event == EVENT_NONE ? NULL : event_name(event);
	return about;
}

static enum job_state after_run(struct job *job);

static void log_start(struct job *job)
{
	if (!job->hook || !job->hook->pid)
		return;
	job->pid = job->hook->pid;
	log_about(job->config->when.each || is_periodic(job) ? LEVEL_DEBUG : LEVEL_INFO,
		  job_subject(job, EVENT_RUNNING), " started, pid %d", job->pid);
}

/* A run that an event of a queue causes is no restart.  The next event becomes due. */
static void count_try(struct job *job)
{
	if (!job->config->when.queue || !job->due || !job->tries)
		job->tries++;
	job->due = job->queued > 0;
	job->queued -= job->due;
	job->queue_full = job->queue_full && job->queued;
}

static enum job_state begin(struct job *job)
{
	struct error error = ERROR_INIT;

	count_try(job);
	job->timed_out = job->run_end_asked = job->needs_waived = job->lacks_needs = false;
	job->started_at = monotonic_now();
	if (!job->runs++)
		job->next_run = job->started_at;
	if (job->hook && !job_run_start(job, &error)) {
		log_about(LEVEL_ERROR, job_subject(job, EVENT_EXIT_FAILED), " cannot start: %s", error.text);
		job->code = exit_code(job->hook->status);
		job->failed = true;
		source_publish(&job->source, EVENT_EXIT_FAILED);
		return after_run(job);
	}
	log_start(job);
	job->running = true;
	source_publish(&job->source, EVENT_RUNNING);
	timer_stop(&job->deadline);
	if (job->hook && job->config->timeout > 0)
		timer_set_awake(&job->deadline, job->config->timeout);
	return JOB_RUNNING;
}

static enum job_state begin_if_due(struct job *job)
{
	if (job->state == JOB_WAITING)
		backoff_reset(&job->backoff);
	if (job->delayed && needs_hold(job)) {
		job->delayed = false;
		timer_set(&job->deadline, job->config->when.delay);
	}
	if (!job->due)
		return job->state;
	if (job->needs_waived || needs_hold(job))
		return begin(job);
	if (job->config->needs_timeout > 0 && job->state == JOB_WAITING && !job->lacks_needs) {
		job->lacks_needs = true;
		timer_set_awake(&job->deadline, job->config->needs_timeout);
	}
	return job->state;
}

static enum job_state begin_by_hand(struct job *job)
{
	if (!job->config->when.each)
		job_consume_trigger(job);
	job->tries = 0;
	backoff_reset(&job->backoff);
	return begin(job);
}

/* A periodic job is due; any other, or one that lacks its needs, gives up. */
static enum job_state wait_is_over(struct job *job)
{
	if (is_periodic(job) && !job->lacks_needs) {
		job->due = true;
		return begin_if_due(job);
	}
	job_note_vain_wait(job);
	return finish(job);
}

/* The source of its trigger has stopped without publishing that event. */
static enum job_state give_up(struct job *job)
{
	return job->due ? begin_if_due(job) : finish(job);
}

/* ---- running ---- */

static bool may_restart(struct job *job)
{
	long restarts = job->config->restarts;

	if (restarts == UNLIMITED)
		return true;
	if (restarts == ON_FAILURE)
		return job->failed || job->run_end_asked;
	return job->tries <= restarts;
}

/* A periodic job keeps its rhythm: the runs that a long one has missed are left out. */
static enum job_state wait_again(struct job *job)
{
	double now = monotonic_now(), interval = job->config->when.interval;

	if (is_periodic(job)) {
		job->next_run += interval * fmax(1, ceil((now - job->next_run) / interval));
		timer_set(&job->deadline, fmax(0, job->next_run - now));
	}
	return JOB_WAITING;
}

static enum job_state after_run(struct job *job)
{
	const struct when_config *when = &job->config->when;
	double delay;
	char time[32];

	timer_stop(&job->deadline);
	if (job->due && when->each)
		return begin(job);
	if (may_restart(job)) {
		if (is_periodic(job))
			return wait_again(job);
		delay = backoff_next(&job->backoff);
		duration_print(delay, time);
		log_about(LEVEL_INFO, job_subject(job, EVENT_NONE), " restarts in %s", time);
		timer_set(&job->deadline, delay);
		return JOB_BACKOFF;
	}
	source_unhold(&job->hold);
	return when->each && !job->consumed ? wait_again(job) : retire(job);
}

static enum job_state ended(struct job *job)
{
	job_run_note_end(job);
	if (!job->failed) {
		json_decref(job->seen);
		job->seen = job->shown;
		job->shown = NULL;
	}
	if (monotonic_now() - job->started_at >= job->config->backoff.reset)
		backoff_reset(&job->backoff);
	return after_run(job);
}

static enum job_state time_out(struct job *job)
{
	job->timed_out = true;
	job->hook->ops->signal(job->hook, SIGKILL);
	timer_set(&job->deadline, KILL_AGAIN);
	return JOB_RUNNING;
}

/* ---- ending a run ---- */

static enum job_state run_ended(struct job *job)
{
	bool restarts = job->restart_asked && !job->config->runs;

	job_run_note_end(job);
	backoff_reset(&job->backoff);
	job->restart_asked = false;
	if (!restarts && !job->config->runs)
		return after_run(job);
	timer_stop(&job->deadline);
	if (restarts)
		job->tries = 0;
	return restarts || (job->due && needs_hold(job)) ? begin(job) : JOB_WAITING;
}

static enum job_state kill_run(struct job *job)
{
	job->end_run_by = 0;
	job->hook->ops->signal(job->hook, SIGKILL);
	timer_set(&job->deadline, KILL_AGAIN);
	return JOB_ENDING;
}

static enum job_state limit_run(struct job *job)
{
	double left = job->end_run_by - monotonic_now();

	if (left <= 0)
		return kill_run(job);
	timer_set(&job->deadline, left);
	return JOB_ENDING;
}

static enum job_state end_run(struct job *job)
{
	if (!job->hook && !job->config->runs)
		return job->state;
	job->run_end_asked = true;
	if (job->config->runs)
		source_publish(&job->source, EVENT_DRAINING);
	if (!job->hook)
		return run_ended(job);
	if (job->end_run_by > monotonic_now())
		job->hook->ops->signal(job->hook, job->config->stop_signal);
	return limit_run(job);
}

static void log_slow(const struct job *job)
{
	log_about(LEVEL_WARN, job_subject(job, EVENT_NONE), " does not end on %s: killed",
		  signal_name(job->config->stop_signal));
}

static enum job_state kill_slow_run(struct job *job)
{
	if (job->end_run_by > 0)
		log_slow(job);
	return kill_run(job);
}

/* Instead of its restart the job waits for the next trigger. */
static enum job_state end_restart(struct job *job)
{
	if (!job->config->runs)
		return job->state;
	timer_stop(&job->deadline);
	return JOB_WAITING;
}

/* ---- stopping ---- */

static enum job_state publish_stopping(struct job *job)
{
	const double limit = job_pre_stop_limit(job->config);

	if (!job->running)
		return finish(job);
	source_publish(&job->source, EVENT_STOPPING);
	allow(job, limit > 0 ? limit : INFINITY);
	return JOB_STOPPING;
}

/* The services have left the catalogue: now their clients get the drain time. */
static enum job_state drain(struct job *job)
{
	if (job->drained)
		return job->state;
	job->drained = true;
	if (!job->running || job->config->drain <= 0)
		return publish_stopping(job);
	allow(job, job->config->drain);
	return JOB_DRAINING;
}

static enum job_state kill_now(struct job *job)
{
	if (!job->hook || !job->running)
		return finish(job);
	job->killed = true;
	job->hook->ops->signal(job->hook, SIGKILL);
	timer_set(&job->deadline, KILL_AGAIN);
	return JOB_KILLING;
}

static enum job_state terminate(struct job *job)
{
	double left = fmax(0, job->stop_by - monotonic_now());
	const double limit = job->config->stop_timeout;

	if (!job->hook)
		return finish(job);
	job->hook->ops->signal(job->hook, job->config->stop_signal);
	timer_set(&job->deadline, limit > 0 ? fmin(limit, left) : left);
	return JOB_TERMINATING;
}

static enum job_state kill_slow(struct job *job)
{
	log_slow(job);
	return kill_now(job);
}

static enum job_state kill_if_run_ends_now(struct job *job)
{
	return job->end_run_by <= monotonic_now() ? kill_now(job) : job->state;
}

static enum job_state stop_waiting(struct job *job)
{
	return job->runs ? stop(job) : finish(job);
}

static enum job_state gone(struct job *job)
{
	job_run_note_end(job);
	return finish(job);
}

/* The former runs and the stop count no longer; their figures stay. */
static enum job_state rearm(struct job *job)
{
	job->due = job->delayed = job->consumed = job->needs_waived = job->lacks_needs = false;
	job->queue_full = false;
	job->queued = 0;
	job->drained = job->stop_asked = job->stopped_by_hand = job->killed = job->failed = false;
	job->tries = 0;
	job->failures = 0;
	source_forget(&job->source, GROUP_RUN);
	source_forget(&job->source, GROUP_EXIT);
	source_forget(&job->source, GROUP_HEALTH);
	return JOB_WAITING;
}

/* Rows are states, columns inputs; an empty cell ignores the input. */
static step_fn *const steps[JOB_STATE_COUNT][INPUT_COUNT] = {
	[JOB_WAITING] = {
		[INPUT_TRIGGER]  = begin_if_due,
		[INPUT_HOPELESS] = give_up,
		[INPUT_DEADLINE] = wait_is_over,	/* when.timeout, when.interval */
		[INPUT_START]    = begin_by_hand,
		[INPUT_STOP]     = stop_waiting,
		[INPUT_KILL]     = finish,
	},
	[JOB_RUNNING] = {
		[INPUT_EXITED]   = ended,
		[INPUT_DEADLINE] = time_out,	/* timeout */
		[INPUT_END_RUN]  = end_run,
		[INPUT_STOP]     = stop,
		[INPUT_KILL]     = kill_now,
	},
	[JOB_BACKOFF] = {
		[INPUT_TRIGGER]  = begin_if_due,	/* newer data */
		[INPUT_DEADLINE] = begin,
		[INPUT_START]    = begin_by_hand,
		[INPUT_END_RUN]  = end_restart,
		[INPUT_STOP]     = stop,
		[INPUT_KILL]     = finish,
	},
	[JOB_ENDING] = {
		[INPUT_EXITED]   = run_ended,
		[INPUT_DEADLINE] = kill_slow_run,
		[INPUT_END_RUN]  = limit_run,
		[INPUT_STOP]     = stop,
		[INPUT_KILL]     = kill_now,
	},
	[JOB_DRAINING] = {
		[INPUT_DELIVERED] = drain,
		[INPUT_DEADLINE] = publish_stopping,	/* drain */
		[INPUT_EXITED]   = gone,
		[INPUT_END_RUN]  = kill_if_run_ends_now,
		[INPUT_KILL]     = kill_now,
	},
	[JOB_STOPPING] = {
		[INPUT_DELIVERED] = terminate,
		[INPUT_DEADLINE] = terminate,	/* stopTimeout */
		[INPUT_EXITED]   = gone,
		[INPUT_END_RUN]  = kill_if_run_ends_now,
		[INPUT_KILL]     = kill_now,
	},
	[JOB_TERMINATING] = {
		[INPUT_EXITED]   = gone,
		[INPUT_DEADLINE] = kill_slow,	/* stopTimeout */
		[INPUT_END_RUN]  = kill_if_run_ends_now,
		[INPUT_KILL]     = kill_now,
	},
	[JOB_KILLING] = {
		[INPUT_EXITED]   = gone,
		[INPUT_DEADLINE] = kill_now,
	},
	[JOB_STOPPED] = {
		[INPUT_REARM]    = rearm,
	},
};

void job_step(struct job *job, enum job_input input)
{
	step_fn *step = steps[job->state][input];
	enum job_state before = job->state;

	if (step)
		job->state = step(job);
	if (job->state != before)
		job->state_since = monotonic_now();
}

void job_stop(struct job *job, double seconds)
{
	job->stop_asked = true;
	job->stop_by = monotonic_now() + seconds;
	job_step(job, INPUT_STOP);
}

void job_kill(struct job *job)
{
	job->stop_asked = true;
	job_step(job, INPUT_KILL);
}

bool job_is_stopping(const struct job *job)
{
	return job->state >= JOB_DRAINING && job->state < JOB_STOPPED;
}

/* A second request does not give the stop more time. */
void job_stop_by_hand(struct job *job, double seconds)
{
	job->stopped_by_hand = true;
	if (job_is_stopping(job))
		job->stop_asked = true;
	else
		job_stop(job, seconds);
}

void job_rearm(struct job *job)
{
	job_step(job, INPUT_REARM);
}

void job_start(struct job *job)
{
	job_step(job, INPUT_START);
}

void job_end_run(struct job *job, double seconds)
{
	double limit = job->config->stop_timeout;
	double by = monotonic_now() + fmin(seconds, limit > 0 ? limit : seconds);

	if (job->config->runs)
		job->due = false;		/* what has triggered it is over */
	job->end_run_by = job->state == JOB_ENDING ? fmin(by, job->end_run_by) : by;
	job_step(job, INPUT_END_RUN);
}

bool job_restart(struct job *job, double seconds)
{
	if (job->state == JOB_BACKOFF) {
		job_start(job);
		return true;
	}
	if ((job->state != JOB_RUNNING && job->state != JOB_ENDING) || !job->hook)
		return false;
	job->restart_asked = true;
	job_end_run(job, seconds);
	job->due |= job->config->runs != NULL;	/* its election has not ended */
	return true;
}

/* ---- life ---- */

static void on_done(struct hook_user *user)
{
	job_step(container_of(user, struct job, user), INPUT_EXITED);
}

static void on_deadline(struct timer *timer)
{
	job_step(container_of(timer, struct job, deadline), INPUT_DEADLINE);
}

static void on_delivered(struct source *source)
{
	job_step(container_of(source, struct job, source), INPUT_DELIVERED);
}

static const struct source_ops job_source_ops = { .on_delivered = on_delivered };

void job_init(struct job *job, struct loop *loop, struct job_config *config, struct hook *hook)
{
	*job = (struct job){
		.config = config,
		.loop = loop,
		.state_since = monotonic_now(),
		.hook = hook,
		.user = { .on_done = on_done },
		.backoff = { .min = config->backoff.min, .max = config->backoff.max },
		.needs = alloc(config->need_count * sizeof *job->needs),
	};
	source_init(&job->source, &loop->bus, config->name, &job_source_ops);
	timer_init(&job->deadline, loop, on_deadline);
	if (!hook)
		return;
	hook->user = &job->user;
	hook->group = config->stop_group;
}

void job_release(struct job *job)
{
	timer_stop(&job->deadline);
	job_unlink(job);
	source_unhold(&job->hold);
	if (job->hook)
		job->hook->ops->free(job->hook);
	source_release(&job->source);
	json_decref(job->seen);
	json_decref(job->shown);
	free(job->needs);
	job_config_free(job->config);
}
