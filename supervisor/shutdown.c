#include "shutdown.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

static const double reserve = 0.5;	/* seconds before the deadline for SIGKILL to work */

static struct unit *unit_at(struct list *node)
{
	return list_entry(node, struct unit, link);
}

/* ---- who has to outlive whom ---- */

/* Consul's own agent, as a job of ours, goes last: the others deregister with its help. */
static bool is_consul_itself(const struct unit *unit)
{
	const struct strv *argv = &unit->job.config->exec.argv;
	const char *slash = argv->count ? strrchr(argv->items[0], '/') : NULL;

	return argv->count && !strcmp(slash ? slash + 1 : argv->items[0], "consul");
}

/* The unit that a source's name stands for: "app" and "app.health" both mean app. */
static struct unit *unit_of_source(const struct crew *crew, const char *name)
{
	const char *suffix = name ? strrchr(name, '.') : NULL;
	struct unit *unit = name ? crew_find_unit(crew, name) : NULL;

	if (!unit && suffix && !strcmp(suffix, ".health")) {
		AUTOFREE char *owner = copy_bytes(name, (size_t)(suffix - name));

		unit = crew_find_unit(crew, owner);
	}
	return unit;
}

static void add_support(struct unit *unit, struct unit *on)
{
	if (!on || on == unit || on->job.state == JOB_STOPPED)
		return;
	unit->supports = alloc_resize(unit->supports,
				      (unit->support_count + 1) * sizeof(struct unit *));
	unit->supports[unit->support_count++] = on;
	on->awaited++;
}

static void find_supports(struct crew *crew, struct unit *unit)
{
	const struct job_config *config = unit->job.config;

	if (unit->job.state == JOB_STOPPED || job_attends_leaving(&unit->job))
		return;
	add_support(unit, unit_of_source(crew, config->when.source));
	for (size_t i = 0; i < config->need_count; i++)
		add_support(unit, unit_of_source(crew, config->needs[i].source));
	if (is_consul_itself(unit))
		return;
	list_each(node, &crew->units)
		if (is_consul_itself(unit_at(node)))
			add_support(unit, unit_at(node));
}

/* Configurations have no cycles (config.h), so this ends. */
static int depth(struct unit *unit)
{
	int below = 0;

	if (unit->depth)
		return unit->depth;
	for (size_t i = 0; i < unit->support_count; i++) {
		int one = depth(unit->supports[i]);

		below = one > below ? one : below;
	}
	return unit->depth = below + 1;
}

/* ---- stopping ---- */

static double remaining(const struct shutdown *shutdown)
{
	return fmax(0, shutdown->deadline - reserve - monotonic_now());
}

static void stop_if_free(struct shutdown *shutdown, struct unit *unit)
{
	if (shutdown->stopping && !unit->awaited && !job_attends_leaving(&unit->job))
		job_stop(&unit->job, remaining(shutdown) / depth(unit));
}

static void stop_all_free(struct shutdown *shutdown)
{
	timer_set(&shutdown->review, 0);
	if (shutdown->stopping)
		return;
	shutdown->stopping = true;
	timer_stop(&shutdown->patience);
	list_each(node, &shutdown->crew->units)
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
	if (!crew_has_left(shutdown->crew, REASON_SHUTDOWN))
		return;
	stop_all_free(shutdown);
}

/* Those who attend a leaving that will not come any more have nothing to wait for. */
static void dismiss_attendants(struct shutdown *shutdown)
{
	list_each(node, &shutdown->crew->units)
		if (!job_attends_leaving(&unit_at(node)->job) &&
		    unit_at(node)->job.state != JOB_STOPPED)
			return;
	list_each(node, &shutdown->crew->units) {
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

	if (shutdown->crew->loop->bus.used) {	/* not all have heard all */
		timer_set(timer, 0);
		return;
	}
	if (!shutdown->stopping)	/* an election is still to be left */
		return;
	dismiss_attendants(shutdown);
	if (crew_is_idle(shutdown->crew) && crew_has_left(shutdown->crew, REASON_SHUTDOWN))
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
	shutdown_hurry(shutdown);
}

void shutdown_init(struct shutdown *shutdown, struct crew *crew)
{
	*shutdown = (struct shutdown){ .crew = crew };
	timer_init(&shutdown->timer, crew->loop, on_deadline);
	timer_init(&shutdown->patience, crew->loop, on_patience);
	timer_init(&shutdown->review, crew->loop, on_review);
}

void shutdown_begin(struct shutdown *shutdown, double patience)
{
	struct crew *crew = shutdown->crew;

	if (shutdown->begun)
		return;
	shutdown->begun = true;
	shutdown->deadline = monotonic_now() + patience;
	timer_set(&shutdown->timer, fmax(patience - reserve, patience / 2));
	source_publish(&crew->global, EVENT_SHUTDOWN);
	list_each(node, &crew->units)
		find_supports(crew, unit_at(node));
	timer_set(&shutdown->patience, patience / 2 + 1);	/* and to give the lock back */
	crew_leave_elections(crew, REASON_SHUTDOWN, patience / 2);
	shutdown_on_left(shutdown);
}

void shutdown_hurry(struct shutdown *shutdown)
{
	shutdown->killed = true;
	timer_set(&shutdown->timer, reserve);
	stop_all_free(shutdown);
	list_each(node, &shutdown->crew->units)
		job_kill(&unit_at(node)->job);
	if (shutdown->sweeping)
		process_signal_descendants(SIGKILL);
}

void shutdown_on_stopped(struct shutdown *shutdown, struct unit *unit)
{
	for (size_t i = 0; i < unit->support_count; i++) {
		unit->supports[i]->awaited--;
		stop_if_free(shutdown, unit->supports[i]);
	}
	unit->support_count = 0;
	timer_set(&shutdown->review, 0);
}

void shutdown_on_reaped(struct shutdown *shutdown)
{
	if (shutdown->sweeping && !process_has_children())
		end(shutdown);
}

bool shutdown_has_killed(const struct shutdown *shutdown)
{
	list_each(node, &shutdown->crew->units)
		if (unit_at(node)->job.killed)
			return true;
	return shutdown->killed;
}
