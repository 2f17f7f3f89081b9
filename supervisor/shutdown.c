#include "shutdown.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "config/stop_times.h"

static const double reserve = STOP_RESERVE;

struct leaving {
	struct job_unit *unit;
	size_t awaited;			/* jobs that depend on this one and have not stopped */
	bool holds;			/* the jobs that it depends on wait for it */
	int depth;			/* of the chain of dependencies from here; 0: not yet known */
};

static struct job_unit *unit_at(struct list *node)
{
	return list_entry(node, struct job_unit, link);
}

static struct leaving *leaving_of(const struct shutdown *shutdown, const struct job_unit *unit)
{
	struct leaving *leaving = shutdown->jobs;

	while (leaving->unit != unit)
		leaving++;
	return leaving;
}

static struct leaving *dependency(const struct shutdown *shutdown, const struct leaving *leaving,
				  size_t i)
{
	return leaving_of(shutdown, leaving->unit->dependencies[i]);
}

/* ---- which job waits for which ---- */

static void note_jobs(struct shutdown *shutdown)
{
	size_t i = 0;

	list_each(node, &shutdown->units->jobs)
		shutdown->job_count++;
	shutdown->jobs = alloc(shutdown->job_count * sizeof *shutdown->jobs);
	list_each(node, &shutdown->units->jobs)
		shutdown->jobs[i++].unit = unit_at(node);
}

static void count_awaited(struct shutdown *shutdown, struct leaving *leaving)
{
	leaving->holds = leaving->unit->job.state != JOB_STOPPED;
	for (size_t i = 0; leaving->holds && i < leaving->unit->dependency_count; i++)
		dependency(shutdown, leaving, i)->awaited++;
}

static int depth(const struct shutdown *shutdown, struct leaving *leaving)
{
	int below = 0;

	if (leaving->depth)
		return leaving->depth;
	for (size_t i = 0; i < leaving->unit->dependency_count; i++) {
		struct leaving *on = dependency(shutdown, leaving, i);
		int one = on->holds ? depth(shutdown, on) : 0;

		below = one > below ? one : below;
	}
	return leaving->depth = below + 1;
}

/* ---- stopping ---- */

static double remaining(const struct shutdown *shutdown)
{
	return fmax(0, shutdown->deadline - reserve - monotonic_now());
}

static void stop_if_free(struct shutdown *shutdown, struct leaving *leaving)
{
	struct job *job = &leaving->unit->job;

	if (shutdown->stopping && !leaving->awaited && !job_is_stop_hook(job))
		job_stop(job, remaining(shutdown) / depth(shutdown, leaving));
}

static void stop_all_free(struct shutdown *shutdown)
{
	defer(&shutdown->review);
	if (shutdown->stopping)
		return;
	shutdown->stopping = true;
	timer_stop(&shutdown->election_limit);
	for (size_t i = 0; i < shutdown->job_count; i++)
		stop_if_free(shutdown, &shutdown->jobs[i]);
}

static void on_election_limit(struct timer *timer)
{
	struct shutdown *shutdown = container_of(timer, struct shutdown, election_limit);

	log_warn("an election is not left in time: not waiting for it");
	stop_all_free(shutdown);
}

static bool has_left_elections(const struct shutdown *shutdown)
{
	list_each(node, &shutdown->units->elections)
		if (!list_entry(node, struct election_unit, link)->left)
			return false;
	return true;
}

void shutdown_on_left(struct shutdown *shutdown)
{
	if (has_left_elections(shutdown))
		stop_all_free(shutdown);
}

/* A stop that has not come by now never comes: a job that waits for it has nothing to wait for. */
static void stop_stop_hooks(struct shutdown *shutdown)
{
	list_each(node, &shutdown->units->jobs)
		if (!job_is_stop_hook(&unit_at(node)->job) &&
		    unit_at(node)->job.state != JOB_STOPPED)
			return;
	list_each(node, &shutdown->units->jobs) {
		struct job *job = &unit_at(node)->job;

		if (job->state == JOB_WAITING && !job->hold.source)
			job_stop(job, remaining(shutdown));
	}
}

static void end(struct shutdown *shutdown)
{
	timer_stop(&shutdown->timer);
	timer_stop(&shutdown->election_limit);
	deferred_cancel(&shutdown->review);
	if (!shutdown->over)
		shutdown->on_over(shutdown);
	shutdown->over = true;
}

/*
 * All jobs are gone: are there other children?  Processes that came into the container from outside
 * (docker exec, and Docker's own health check, again and again) are none: nothing waits for them.
 */
static void sweep(struct shutdown *shutdown)
{
	bool left = process_has_children();

	if (left && !shutdown->sweeping) {
		process_signal_descendants(SIGTERM);
		log_info("waiting for processes that were left behind");
	}
	shutdown->sweeping = true;
	if (!left)
		end(shutdown);
}

static bool has_stopped(const struct shutdown *shutdown)
{
	return units_is_idle(shutdown->units) && has_left_elections(shutdown);
}

static void on_review(struct deferred *deferred)
{
	struct shutdown *shutdown = container_of(deferred, struct shutdown, review);

	if (!shutdown->stopping)	/* an election is still to be left */
		return;
	stop_stop_hooks(shutdown);
	if (has_stopped(shutdown) &&
	    (shutdown->killed || list_empty(&shutdown->units->global.holds)))
		sweep(shutdown);
}

void shutdown_on_unheld(struct shutdown *shutdown)
{
	defer(&shutdown->review);
}

static void on_deadline(struct timer *timer)
{
	struct shutdown *shutdown = container_of(timer, struct shutdown, timer);
	unsigned left;

	if (shutdown->killed) {
		left = process_signal_descendants(SIGKILL);
		if (left)
			log_error("%u processes do not end, although they were killed", left);
		end(shutdown);
		return;
	}
	if (has_stopped(shutdown) && !shutdown->sweeping) {
		log_warn("the stop timeout is over: not waiting until consul has deregistered all");
		timer_set(&shutdown->timer, reserve);
		sweep(shutdown);
		return;
	}
	log_warn("the stop timeout is over: killing what is left");
	shutdown_kill(shutdown);
}

void shutdown_init(struct shutdown *shutdown, struct units *units)
{
	*shutdown = (struct shutdown){ .units = units };
	timer_init(&shutdown->timer, units->loop, on_deadline);
	timer_init(&shutdown->election_limit, units->loop, on_election_limit);
	deferred_init(&shutdown->review, units->loop, on_review);
}

void shutdown_release(struct shutdown *shutdown)
{
	timer_stop(&shutdown->timer);
	timer_stop(&shutdown->election_limit);
	deferred_cancel(&shutdown->review);
	free(shutdown->jobs);
}

void shutdown_begin(struct shutdown *shutdown, double seconds)
{
	struct units *units = shutdown->units;

	shutdown->deadline = monotonic_now() + seconds;
	timer_set(&shutdown->timer, fmax(seconds - reserve, seconds / 2));
	source_publish(&units->global, EVENT_SHUTDOWN);
	note_jobs(shutdown);
	for (size_t i = 0; i < shutdown->job_count; i++)
		count_awaited(shutdown, &shutdown->jobs[i]);
	timer_set(&shutdown->election_limit, seconds / 2 + 1);	/* 1 s: to release the lock */
	list_each(node, &units->elections)
		election_unit_leave(list_entry(node, struct election_unit, link), REASON_SHUTDOWN,
				    seconds / 2);
	shutdown_on_left(shutdown);
}

void shutdown_kill(struct shutdown *shutdown)
{
	shutdown->killed = true;
	timer_set(&shutdown->timer, reserve);
	stop_all_free(shutdown);
	list_each(node, &shutdown->units->jobs)
		job_kill(&unit_at(node)->job);
	if (shutdown->sweeping)
		process_signal_descendants(SIGKILL);
}

void shutdown_on_stopped(struct shutdown *shutdown, struct job_unit *unit)
{
	struct leaving *leaving = leaving_of(shutdown, unit);

	for (size_t i = 0; leaving->holds && i < unit->dependency_count; i++) {
		struct leaving *on = dependency(shutdown, leaving, i);

		on->awaited--;
		stop_if_free(shutdown, on);
	}
	leaving->holds = false;
	defer(&shutdown->review);
}

void shutdown_on_reaped(struct shutdown *shutdown)
{
	if (shutdown->sweeping && !process_has_children())
		end(shutdown);
}

bool shutdown_has_killed(const struct shutdown *shutdown)
{
	list_each(node, &shutdown->units->jobs)
		if (unit_at(node)->job.killed && !unit_at(node)->job.stopped_by_hand)
			return true;
	return shutdown->killed;
}
