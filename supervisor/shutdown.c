#include "shutdown.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

static const double reserve = 0.5;	/* seconds before the deadline for SIGKILL to work */

static struct job_unit *unit_at(struct list *node)
{
	return list_entry(node, struct job_unit, link);
}

/* ---- who has to outlive whom ---- */

/* Consul's own agent, as a job of ours, goes last: the others deregister with its help. */
static bool is_consul_itself(const struct job_unit *unit)
{
	const struct strv *argv = &unit->job.config->exec.argv;
	const char *slash = argv->count ? strrchr(argv->items[0], '/') : NULL;

	return argv->count && !strcmp(slash ? slash + 1 : argv->items[0], "consul");
}

/* The unit that a source's name stands for: "app" and "app.health" both mean app. */
static struct job_unit *unit_of_source(const struct units *units, const char *name)
{
	const char *suffix = name ? strrchr(name, '.') : NULL;
	struct job_unit *unit = name ? units_find_job(units, name) : NULL;

	if (!unit && suffix && !strcmp(suffix, ".health")) {
		AUTOFREE char *owner = copy_bytes(name, (size_t)(suffix - name));

		unit = units_find_job(units, owner);
	}
	return unit;
}

static void add_dependency(struct job_unit *unit, struct job_unit *on)
{
	if (!on || on == unit || on->job.state == JOB_STOPPED)
		return;
	unit->dependencies = alloc_resize(unit->dependencies,
				      (unit->dependency_count + 1) * sizeof(struct job_unit *));
	unit->dependencies[unit->dependency_count++] = on;
	on->awaited++;
}

static void find_dependencies(struct units *units, struct job_unit *unit)
{
	const struct job_config *config = unit->job.config;

	if (unit->job.state == JOB_STOPPED || job_is_stop_hook(&unit->job))
		return;
	add_dependency(unit, unit_of_source(units, config->when.source));
	for (size_t i = 0; i < config->need_count; i++)
		add_dependency(unit, unit_of_source(units, config->needs[i].source));
	if (is_consul_itself(unit))
		return;
	list_each(node, &units->jobs)
		if (is_consul_itself(unit_at(node)))
			add_dependency(unit, unit_at(node));
}

/* Configurations have no cycles (config.h), so this ends. */
static int depth(struct job_unit *unit)
{
	int below = 0;

	if (unit->depth)
		return unit->depth;
	for (size_t i = 0; i < unit->dependency_count; i++) {
		int one = depth(unit->dependencies[i]);

		below = one > below ? one : below;
	}
	return unit->depth = below + 1;
}

/* ---- stopping ---- */

static double remaining(const struct shutdown *shutdown)
{
	return fmax(0, shutdown->deadline - reserve - monotonic_now());
}

static void stop_if_free(struct shutdown *shutdown, struct job_unit *unit)
{
	if (shutdown->stopping && !unit->awaited && !job_is_stop_hook(&unit->job))
		job_stop(&unit->job, remaining(shutdown) / depth(unit));
}

static void stop_all_free(struct shutdown *shutdown)
{
	timer_set(&shutdown->review, 0);
	if (shutdown->stopping)
		return;
	shutdown->stopping = true;
	timer_stop(&shutdown->patience);
	list_each(node, &shutdown->units->jobs)
		stop_if_free(shutdown, unit_at(node));
}

static void on_patience(struct timer *timer)
{
	struct shutdown *shutdown = container_of(timer, struct shutdown, patience);

	log_warn("an election is not left in time: not waiting for it");
	stop_all_free(shutdown);
}

void shutdown_on_left(struct shutdown *shutdown)
{
	if (!units_has_left(shutdown->units, REASON_SHUTDOWN))
		return;
	stop_all_free(shutdown);
}

/* Those who attend a leaving that will not come any more have nothing to wait for. */
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
	timer_stop(&shutdown->patience);
	timer_stop(&shutdown->review);
	if (!shutdown->over)
		shutdown->on_over(shutdown);
	shutdown->over = true;
}

/*
 * All jobs are gone: who else is our child?  Those who came into the container from outside are
 * not (docker exec, and Docker's own health check, again and again): nothing waits for them.
 */
static void sweep(struct shutdown *shutdown)
{
	bool left = process_has_children();

	if (left && !shutdown->sweeping) {
		process_signal_descendants(SIGTERM);
		log_info("waiting for processes that others have left behind");
	}
	shutdown->sweeping = true;
	if (!left)
		end(shutdown);
}

static void on_review(struct timer *timer)
{
	struct shutdown *shutdown = container_of(timer, struct shutdown, review);

	if (shutdown->units->loop->bus.used) {	/* not all have heard all */
		timer_set(timer, 0);
		return;
	}
	if (!shutdown->stopping)	/* an election is still to be left */
		return;
	stop_stop_hooks(shutdown);
	if (units_is_idle(shutdown->units) && units_has_left(shutdown->units, REASON_SHUTDOWN))
		sweep(shutdown);
}

static void on_deadline(struct timer *timer)
{
	struct shutdown *shutdown = container_of(timer, struct shutdown, timer);
	unsigned left;

	if (shutdown->killed) {
		left = process_signal_descendants(SIGKILL);
		if (left)
			log_error("%u processes do not end, not even killed", left);
		end(shutdown);
		return;
	}
	log_warn("the stop timeout is over: killing what is left");
	shutdown_kill(shutdown);
}

void shutdown_init(struct shutdown *shutdown, struct units *units)
{
	*shutdown = (struct shutdown){ .units = units };
	timer_init(&shutdown->timer, units->loop, on_deadline);
	timer_init(&shutdown->patience, units->loop, on_patience);
	timer_init(&shutdown->review, units->loop, on_review);
}

void shutdown_begin(struct shutdown *shutdown, double patience)
{
	struct units *units = shutdown->units;

	if (shutdown->begun)
		return;
	shutdown->begun = true;
	shutdown->deadline = monotonic_now() + patience;
	timer_set(&shutdown->timer, fmax(patience - reserve, patience / 2));
	source_publish(&units->global, EVENT_SHUTDOWN);
	list_each(node, &units->jobs)
		find_dependencies(units, unit_at(node));
	timer_set(&shutdown->patience, patience / 2 + 1);	/* and to give the lock back */
	units_leave_elections(units, REASON_SHUTDOWN, patience / 2);
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
	for (size_t i = 0; i < unit->dependency_count; i++) {
		unit->dependencies[i]->awaited--;
		stop_if_free(shutdown, unit->dependencies[i]);
	}
	unit->dependency_count = 0;
	timer_set(&shutdown->review, 0);
}

void shutdown_on_reaped(struct shutdown *shutdown)
{
	if (shutdown->sweeping && !process_has_children())
		end(shutdown);
}

bool shutdown_has_killed(const struct shutdown *shutdown)
{
	list_each(node, &shutdown->units->jobs)
		if (unit_at(node)->job.killed)
			return true;
	return shutdown->killed;
}
