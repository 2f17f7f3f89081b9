#include "job.h"

#include <sysexits.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/log.h"
#include "waits.h"

enum { QUEUE_MOST = 1000 };		/* events that wait for a job with `queue` */

bool job_is_stop_hook(const struct job *job)
{
	return job_config_is_stop_hook(job->config);
}

static void trigger_release(struct trigger *trigger)
{
	unsubscribe(&trigger->on_event);
	unsubscribe(&trigger->on_stopped);
}

void job_consume_trigger(struct job *job)
{
	job->consumed = true;
	trigger_release(&job->when);
}

void job_note_vain_wait(struct job *job)
{
	const struct when_config *when = &job->config->when;
	CLEANUP(buf_release) struct buf awaited = BUF_INIT;
	char time[32];

	if (job->lacks_needs)
		waits_describe(job, &awaited);
	else
		buf_print(&awaited, "%s %s", when->source, event_name(when->code));
	duration_print(job->lacks_needs ? job->config->needs_timeout : when->timeout, time);
	log_about(LEVEL_WARN, job_subject(job, EVENT_TIMER_EXPIRED), " gives up: %s did not come within %s",
		  awaited.data, time);
	source_publish(&job->source, EVENT_TIMER_EXPIRED);
	job->failed = true;
	job->code = job->lacks_needs ? EX_UNAVAILABLE : 1;
}

static void add_to_queue(struct job *job)
{
	if (job->queued < QUEUE_MOST) {
		job->queued++;
		return;
	}
	if (!job->queue_full)
		log_about(LEVEL_WARN, job_subject(job, EVENT_NONE),
			  " is too slow: %d events wait for it, further ones are left out", QUEUE_MOST);
	job->queue_full = true;
}

static void on_when(struct subscription *sub, const struct event *event)
{
	struct trigger *trigger = container_of(sub, struct trigger, on_event);
	struct job *job = trigger->job;
	const struct when_config *when = &job->config->when;

	if (job->config->runs && !source_holds(event->source, event->code))
		return;			/* the event is outdated */
	if (!when->queue)
		job->tries = 0;
	else if (job->due)
		add_to_queue(job);
	job->due = when->delay <= 0;
	job->cause = event->source;
	job->cause_code = event->code;
	if (job_is_stop_hook(job) && job->state == JOB_WAITING)
		source_hold(event->source, &job->hold);
	if (!when->each)
		job_consume_trigger(job);
	job->delayed = !job->due;
	job_step(job, INPUT_TRIGGER);
}

static void on_need(struct subscription *sub, const struct event *event)
{
	(void)event;
	job_step(container_of(sub, struct trigger, on_event)->job, INPUT_TRIGGER);
}

/* The source, a job, has stopped; its last events were delivered before.  The exit code of a failure
 * is handed on: a job whose preStart failed has the code of that. */
static void on_stopped(struct subscription *sub, const struct event *event)
{
	struct trigger *trigger = container_of(sub, struct trigger, on_stopped);
	const struct job *other = container_of(event->source, struct job, source);
	struct job *job = trigger->job;

	if (other->stopped_by_hand || other->state != JOB_STOPPED)
		return;			/* it can be started again, or has been */
	if (trigger != &job->when) {
		if (source_holds(event->source, trigger->code))
			return;
		job->due = false;
	}
	if (!job->runs && other->failed) {
		job->failed = true;
		job->code = other->code;
	}
	job->consumed = true;
	job_step(job, INPUT_HOPELESS);
}

/* A job may wait for STOPPED itself: then the order of the two subscriptions matters.  A new job with
 * `runs` runs if we lead already; a job that has run since was triggered by that. */
static void trigger_set(struct trigger *trigger, struct job *job, struct source *source,
			enum event_code code)
{
	bool is_when = trigger == &job->when, once = is_when && !job->config->when.each;
	bool holds = once || (is_when && job->config->runs && !job->tries);

	trigger_release(trigger);
	trigger->job = job;
	trigger->code = code;
	if (holds)
		subscribe_level(&trigger->on_event, source, code, on_when);
	else
		subscribe(&trigger->on_event, source, is_when ? code : EVENT_ANY,
			  is_when ? on_when : on_need);
	subscribe_level(&trigger->on_stopped, source, EVENT_STOPPED, on_stopped);
}

static struct source *find_or_fail(const char *name, find_source_fn *find, void *context,
				   struct error *error)
{
	struct source *source = find(context, name);

	if (!source)
		fail(error, "there is no source \"%s\"", name);
	return source;
}

bool job_link(struct job *job, find_source_fn *find, void *context, struct error *error)
{
	const struct job_config *config = job->config;
	const char *name = config->when.source ? config->when.source : "global";
	enum event_code code = config->when.code == EVENT_NONE ? EVENT_STARTUP : config->when.code;
	struct source *source = find_or_fail(name, find, context, error);

	for (size_t i = 0; i < config->need_count; i++)
		job->needs[i].source = NULL;
	job->when.source = source;
	if (!source)
		return false;
	if (job->cause)
		job->cause = source;
	if (!job->consumed && job->state != JOB_STOPPED) {
		trigger_set(&job->when, job, source, code);
		if (job->state == JOB_WAITING && config->when.interval <= 0 &&
		    config->when.timeout > 0)
			timer_set_awake(&job->deadline, config->when.timeout);
	}
	for (size_t i = 0; i < config->need_count; i++) {
		source = find_or_fail(config->needs[i].source, find, context, error);
		if (!source)
			return false;
		job->needs[i].source = source;
		if (job->state != JOB_STOPPED)
			trigger_set(&job->needs[i], job, source, config->needs[i].code);
	}
	return true;
}

void job_unlink(struct job *job)
{
	trigger_release(&job->when);
	for (size_t i = 0; i < job->config->need_count; i++)
		trigger_release(&job->needs[i]);
}

static void ignore_end(struct trigger *trigger, const struct source *source)
{
	if (trigger->on_stopped.source == source)
		unsubscribe(&trigger->on_stopped);
}

void job_ignore_end_of(struct job *job, const struct source *source)
{
	ignore_end(&job->when, source);
	for (size_t i = 0; i < job->config->need_count; i++)
		ignore_end(&job->needs[i], source);
}
