#include "waits.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/log.h"

static const double long_wait = 10;

static void add(struct buf *out, const char *source, enum event_code code)
{
	buf_print(out, "%s%s %s", out->used ? ", " : "", source, event_name(code));
}

/* It may come or not, so a job that waits for it lacks nothing. */
static bool is_optional(const struct when_config *when)
{
	return when->each || when->interval > 0 || when->code == EVENT_ENTER_MAINTENANCE ||
	       when->code == EVENT_EXIT_MAINTENANCE || when->code == EVENT_SIGNALLED ||
	       when->code == EVENT_RELOADED || when->code == EVENT_TIMER_EXPIRED;
}

static bool is_waiting(const struct job *job)
{
	return job->state == JOB_WAITING ||
	       (job->state == JOB_BACKOFF && !timer_is_set(&job->deadline));
}

void waits_describe(const struct job *job, struct buf *out)
{
	if (!is_waiting(job) || (!job->due && (job->consumed || job->config->runs ||
	    job_is_stop_hook(job) || is_optional(&job->config->when))))
		return;
	if (!job->due && job->when.source)
		add(out, job->when.source->name, job->when.code);
	for (size_t i = 0; i < job->config->need_count; i++)
		if (job->needs[i].source && !source_holds(job->needs[i].source, job->needs[i].code))
			add(out, job->needs[i].source->name, job->needs[i].code);
}

static void say(struct job_unit *unit, double waited)
{
	char span[32];

	duration_print((double)(long)(waited + 0.5), span);
	log_about(LEVEL_WARN, job_subject(&unit->job, EVENT_NONE), " has waited %s for: %s", span,
		  unit->awaited);
}

/* Returns whether the job waits. */
static bool review(struct job_unit *unit, double now)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	double waited = now - unit->job.state_since;

	waits_describe(&unit->job, &text);
	if (!text.used) {
		free(steal(&unit->awaited));
		return false;
	}
	if (waited < long_wait - 0.1 || (unit->awaited && !strcmp(unit->awaited, text.data)))
		return true;
	free(unit->awaited);
	unit->awaited = buf_take(&text);
	say(unit, waited);
	return true;
}

static void on_timer(struct timer *timer)
{
	struct waits *waits = container_of(timer, struct waits, timer);
	double now = monotonic_now();
	bool any = false;

	list_each(node, &waits->units->jobs)
		any |= review(list_entry(node, struct job_unit, link), now);
	if (any)
		timer_set(&waits->timer, long_wait);
}

void waits_init(struct waits *waits, struct units *units)
{
	*waits = (struct waits){ .units = units };
	timer_init(&waits->timer, units->loop, on_timer);
}

void waits_release(struct waits *waits)
{
	timer_stop(&waits->timer);
}

void waits_on_event(struct waits *waits)
{
	if (!timer_is_set(&waits->timer))
		timer_set(&waits->timer, long_wait);
}
