#include "job_change.h"

#include <string.h>

#include "base/alloc.h"
#include "hooks/hook.h"

enum { RESTART_LIMIT = 10 };		/* seconds; the job's stopTimeout may be shorter */

const char *job_change_name(enum job_change change)
{
	static const char *const names[CHANGE_COUNT] = {
		[CHANGE_START] = "start", [CHANGE_STOP] = "stop", [CHANGE_RESTART] = "restart",
	};

	return names[change];
}

static const char *name_of(const struct job_unit *unit)
{
	return unit->job.config->name;
}

static const char *state_of(const struct job_unit *unit)
{
	return job_state_name(unit->job.state);
}

/* ---- the jobs that belong to it ---- */

static struct job_unit *find_pre_start(const struct job_unit *unit)
{
	AUTOFREE char *name = format_string("%s.preStart", name_of(unit));
	const char *source = unit->job.config->when.source;

	return source && !strcmp(source, name) ? units_find_job(unit->units, name) : NULL;
}

static bool is_stop_hook_of(const struct job_unit *hook, const struct job_unit *unit)
{
	return job_is_stop_hook(&hook->job) && hook->job.when.source == &unit->job.source;
}

static struct job_unit *unit_at(const struct list *node)
{
	return list_entry(node, struct job_unit, link);
}

/* A job that its stop has started, and that has not ended. */
static struct job_unit *find_running_hook(const struct job_unit *unit)
{
	list_each(node, &unit->units->jobs) {
		struct job_unit *hook = unit_at(node);

		if (is_stop_hook_of(hook, unit) && hook->job.state != JOB_WAITING &&
		    hook->job.state != JOB_STOPPED)
			return hook;
	}
	return NULL;
}

/* An election or another job's stop starts it, and nothing else may. */
static bool starts_by_event_alone(const struct job_unit *unit)
{
	return unit->job.config->runs || job_is_stop_hook(&unit->job);
}

/* ---- start ---- */

static bool refuse_state(const struct job_unit *unit, struct buf *text)
{
	buf_print(text, "%s cannot be started now: %s", name_of(unit), state_of(unit));
	return false;
}

static void rearm(struct job_unit **units, size_t count)
{
	struct error error = ERROR_INIT;

	for (size_t i = 0; i < count; i++)
		job_rearm(&units[i]->job);
	for (size_t i = 0; i < count; i++)	/* the old levels of all are forgotten now */
		units_link_job(units[i], &error);	/* as before: their sources exist */
}

static void rearm_with_hooks(struct job_unit *unit, struct job_unit *pre_start)
{
	struct job_unit **units = NULL;
	size_t count = 0;

	list_each(node, &unit->units->jobs) {
		struct job_unit *one = unit_at(node);

		if (one->job.state != JOB_STOPPED ||
		    (one != unit && one != pre_start && !is_stop_hook_of(one, unit)))
			continue;
		units = alloc_resize(units, (count + 1) * sizeof *units);
		units[count++] = one;
	}
	rearm(units, count);
	free(units);
}

/* Its preStart runs first, unless that has been done. */
static bool begin_from(struct job_unit *unit, struct job_unit *pre_start, struct buf *text)
{
	const struct job *job = &unit->job;

	if (!pre_start || job->due || job->state == JOB_BACKOFF) {
		job_start(&unit->job);
		return true;
	}
	if (job_is_stopping(&pre_start->job))
		return refuse_state(pre_start, text);
	if (pre_start->job.state == JOB_STOPPED)
		rearm(&pre_start, 1);
	unit->job.needs_waived = true;
	job_start(&pre_start->job);
	return true;
}

static bool start(struct job_unit *unit, struct buf *text)
{
	const struct job *job = &unit->job;
	struct job_unit *pre_start = find_pre_start(unit), *hook = find_running_hook(unit);

	if (job->state == JOB_RUNNING) {
		buf_print(text, "%s runs already", name_of(unit));
		return true;
	}
	if (job_is_stopping(job) || job->state == JOB_ENDING)
		return refuse_state(unit, text);
	if (hook) {
		buf_print(text, "%s cannot be started now: %s has not ended", name_of(unit), name_of(hook));
		return false;
	}
	if (job->state == JOB_STOPPED) {
		rearm_with_hooks(unit, pre_start);
	} else if (starts_by_event_alone(unit)) {
		buf_print(text, "%s waits for %s %s, and nothing else may start it", name_of(unit),
			  job->when.source->name, event_name(job->when.code));
		return false;
	}
	buf_print(text, "start of %s", name_of(unit));
	return starts_by_event_alone(unit) || begin_from(unit, pre_start, text);
}

/* ---- stop, restart ---- */

static bool stop(struct job_unit *unit, double seconds, struct buf *text)
{
	struct job_unit *pre_start = find_pre_start(unit);

	if (unit->job.state == JOB_STOPPED) {
		buf_print(text, "%s has stopped already", name_of(unit));
		return true;
	}
	buf_print(text, "stop of %s", name_of(unit));
	job_stop_by_hand(&unit->job, seconds);
	if (pre_start && pre_start->job.state != JOB_STOPPED)
		job_stop_by_hand(&pre_start->job, seconds);
	return true;
}

static bool restart(struct job_unit *unit, struct buf *text)
{
	const char *state = state_of(unit);

	if (job_restart(&unit->job, RESTART_LIMIT)) {
		buf_print(text, "restart of %s", name_of(unit));
		return true;
	}
	buf_print(text, "%s has no run that could end: %s", name_of(unit), state);
	return false;
}

bool job_change(struct job_unit *unit, enum job_change change, double seconds, struct buf *text)
{
	return change == CHANGE_START ? start(unit, text) :
	       change == CHANGE_STOP ? stop(unit, seconds, text) : restart(unit, text);
}

/* ---- how far it is ---- */

static enum change_progress stop_progress(const struct job_unit *unit, struct buf *text)
{
	const struct job_unit *pre_start = find_pre_start(unit);

	if (unit->job.state != JOB_STOPPED && !unit->job.stop_asked) {
		buf_print(text, "%s has been started again: %s", name_of(unit), state_of(unit));
		return PROGRESS_IMPOSSIBLE;
	}
	if (unit->job.state != JOB_STOPPED || (pre_start && pre_start->job.state != JOB_STOPPED) ||
	    find_running_hook(unit))
		return PROGRESS_UNDER_WAY;
	buf_print(text, "%s has stopped", name_of(unit));
	return PROGRESS_DONE;
}

static enum change_progress fail_end(const struct job_unit *unit, struct buf *text)
{
	const struct job *job = &unit->job;

	if (job->stopped_by_hand)
		buf_print(text, "%s has been stopped", name_of(unit));
	else if (job->failed)
		buf_print(text, "%s has failed with exit code %d", name_of(unit), job->code);
	else
		buf_print(text, "%s has ended", name_of(unit));
	return PROGRESS_IMPOSSIBLE;
}

static bool is_healthy(const struct job_unit *unit)
{
	const struct verdict *verdict = &unit->health->verdict;

	return unit->job.state == JOB_RUNNING && verdict->known && verdict->status != STATUS_CRITICAL;
}

static enum change_progress run_progress(const struct job_unit *unit, bool ran, struct buf *text)
{
	enum job_state state = unit->job.state;

	if (ran && (!unit->health || is_healthy(unit))) {
		buf_print(text, "%s %s", name_of(unit), unit->health ? "runs and is healthy" :
			  state == JOB_RUNNING ? "runs" : "has run");
		return PROGRESS_DONE;
	}
	return state == JOB_STOPPED || (ran && state == JOB_WAITING) ? fail_end(unit, text) :
								       PROGRESS_UNDER_WAY;
}

enum change_progress job_change_progress(const struct job_unit *unit, enum job_change change, bool ran,
					 struct buf *text)
{
	return change == CHANGE_STOP ? stop_progress(unit, text) : run_progress(unit, ran, text);
}
