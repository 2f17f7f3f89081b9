#include "stop_times.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"

/* The times of one job, in seconds. */
struct stop {
	const struct job_config *job;
	const struct job_config *hook;	/* its preStop; NULL: none */
	struct stop **on;		/* the jobs on which it depends */
	size_t on_count;
	bool is_step;			/* such as a preStart: it has ended when others run */
	double drain_wanted, hook_wanted;	/* by the configuration; 0: nothing */
	double needed;			/* of its share of the shutdown, so that nothing is cut */
	double needed_below;		/* ... together with the jobs on which it depends */
	int depth;			/* of the chain of dependencies from here; 0: not yet known */
	double begins;			/* at the latest, after the request to stop */
	double drain, pre_stop, signal;	/* what the steps get; signal: until SIGKILL */
};

struct stops {
	const struct config *config;
	struct stop *items;		/* as config->jobs */
	struct stop **order;		/* dependents first */
	double budget;			/* of the whole shutdown */
	double total;			/* a stopTimeout that cuts nothing, in whole seconds */
};

static void stops_release(struct stops *stops)
{
	for (size_t i = 0; i < stops->config->job_count; i++)
		free(stops->items[i].on);
	free(stops->items);
	free(stops->order);
}

/* NULL: no job publishes as `source`. */
static struct stop *find_stop(const struct stops *stops, const char *source)
{
	size_t index = source ? config_source_index(stops->config, source) : JOB_NONE;

	return index == JOB_NONE ? NULL : &stops->items[index];
}

static bool is_end(enum event_code code)
{
	return code == EVENT_EXIT_SUCCESS || code == EVENT_EXIT_FAILED || code == EVENT_STOPPED;
}

static void add_source(const struct stops *stops, struct stop *stop, const char *source,
		       enum event_code code)
{
	struct stop *on = find_stop(stops, source);

	if (!on || on == stop)
		return;
	if (is_end(code)) {
		on->is_step = true;
		return;
	}
	stop->on = alloc_resize(stop->on, (stop->on_count + 1) * sizeof(struct stop *));
	stop->on[stop->on_count++] = on;
}

/* As in dependencies.c: of a job that has ended, such as a preStart, the sources count for which
 * that job waited. */
static void add_sources(const struct stops *stops, struct stop *stop, const struct job_config *job)
{
	const char *source = job->when.unknown ? NULL : job->when.source;
	const struct stop *starter = find_stop(stops, source);

	if (job_config_is_stop_hook(job))
		return;
	add_source(stops, stop, source, job->when.code);
	for (size_t i = 0; i < job->need_count; i++)
		add_source(stops, stop, job->needs[i].source, job->needs[i].code);
	if (starter && starter->job != job && job->when.code == EVENT_EXIT_SUCCESS)
		add_sources(stops, stop, starter->job);
}

/* ---- what is wanted ---- */

static void read_wanted(const struct stops *stops, struct stop *stop)
{
	AUTOFREE char *name = format_string("%s.preStop", stop->job->name);
	double limit = stop->job->stop_timeout;

	stop->drain_wanted = stop->job->drain;
	stop->hook = config_find_job(stops->config, name);
	if (stop->hook)
		stop->hook_wanted = stop->hook->timeout > 0 ? stop->hook->timeout
							     : job_pre_stop_limit(stop->job);
	/* Backwards from the last step: each step but the last gets half of what is left. */
	stop->needed = limit;
	if (stop->hook_wanted > 0)
		stop->needed = fmax(2 * stop->hook_wanted, stop->hook_wanted + stop->needed);
	if (stop->drain_wanted > 0)
		stop->needed = fmax(2 * stop->drain_wanted, stop->drain_wanted + stop->needed);
	if (stop->needed > 0 && stop->job->service_count)
		stop->needed += DRAINING_LIMIT;
}

static void find_depth(const struct stops *stops, struct stop *stop)
{
	double below = 0;

	if (stop->depth)
		return;
	stop->depth = 1;
	for (size_t i = 0; i < stop->on_count; i++) {
		const struct stop *on = stop->on[i];

		find_depth(stops, stop->on[i]);
		stop->depth = on->depth + 1 > stop->depth ? on->depth + 1 : stop->depth;
		below = fmax(below, on->needed_below);
	}
	stop->needed_below = fmax(stop->depth * stop->needed, stop->needed + below);
}

/* ---- what there is ---- */

static int by_depth(const void *a, const void *b)
{
	const struct stop *const *left = a, *const *right = b;

	return (*right)->depth - (*left)->depth;
}

static double half_of(double left, double wanted)
{
	return fmin(wanted, left / 2);
}

/* Without a program, nothing waits for an end. */
static double signal_limit(const struct job_config *job)
{
	if (!job->exec.argv.count)
		return 0;
	return job->stop_timeout > 0 ? job->stop_timeout : INFINITY;
}

/* All jobs that depend on this one have their times. */
static void find_times(const struct stops *stops, struct stop *stop)
{
	double limit = signal_limit(stop->job);
	double hook_limit = job_pre_stop_limit(stop->job) > 0 ? job_pre_stop_limit(stop->job) : INFINITY;
	double left = fmax(0, stops->budget - stop->begins) / stop->depth, end;

	stop->drain = half_of(left, stop->drain_wanted);
	left -= stop->drain;
	if (stop->hook)
		stop->pre_stop = half_of(left, fmin(hook_limit, stop->hook_wanted > 0 ?
						    stop->hook_wanted : INFINITY));
	stop->signal = fmin(limit, left - stop->pre_stop);
	end = stop->begins + stop->drain + stop->pre_stop + stop->signal;
	for (size_t i = 0; i < stop->on_count && !stop->is_step; i++)
		stop->on[i]->begins = fmax(stop->on[i]->begins, end);
}

static struct stops stops_of(const struct config *config)
{
	struct stops stops = {
		.config = config,
		.items = alloc(config->job_count * sizeof *stops.items),
		.order = alloc(config->job_count * sizeof(struct stop *)),
		.budget = fmax(config->stop_timeout - STOP_RESERVE, config->stop_timeout / 2),
	};
	double needed = 0;

	for (size_t i = 0; i < config->job_count; i++) {
		stops.order[i] = &stops.items[i];
		stops.items[i].job = config->jobs[i];
	}
	for (size_t i = 0; i < config->job_count; i++) {
		add_sources(&stops, &stops.items[i], config->jobs[i]);
		read_wanted(&stops, &stops.items[i]);
	}
	for (size_t i = 0; i < config->job_count; i++) {
		find_depth(&stops, &stops.items[i]);
		needed = fmax(needed, stops.items[i].needed_below);
	}
	stops.total = ceil(needed + STOP_RESERVE);
	if (config->job_count)
		qsort(stops.order, config->job_count, sizeof(struct stop *), by_depth);
	for (size_t i = 0; i < config->job_count; i++)
		find_times(&stops, stops.order[i]);
	return stops;
}

/* ---- in words ---- */

static void print_time(struct buf *out, const char *before, double seconds)
{
	char text[32];

	duration_print(round(seconds * 1000) / 1000, text);
	buf_print(out, "%s%s", before, text);
}

static void print_step(struct buf *out, const char *name, double seconds, double wanted)
{
	buf_print(out, "%s up to", name);
	print_time(out, " ", seconds);
	if (seconds < wanted)
		print_time(out, " of ", wanted);
	buf_add(out, ", ");
}

static void print_stop(const struct stop *stop, struct buf *out)
{
	buf_print(out, "stop of %s: ", stop->job->name);
	if (stop->begins > 0) {
		print_time(out, "after up to ", stop->begins);
		buf_add(out, " for the jobs that depend on it, ");
	}
	if (stop->drain_wanted > 0)
		print_step(out, "drain", stop->drain, stop->drain_wanted);
	if (stop->hook)
		print_step(out, "preStop", stop->pre_stop, stop->hook_wanted);
	print_step(out, signal_name(stop->job->stop_signal), stop->signal, stop->job->stop_timeout);
	buf_add(out, "SIGKILL\n");
}

/* The whole second after the end of the shutdown. */
static double grace_for(double stop_timeout)
{
	return floor(stop_timeout) + 1;
}

void stop_times_print(const struct config *config, struct buf *out)
{
	CLEANUP(stops_release) struct stops stops = stops_of(config);

	for (size_t i = 0; i < config->job_count; i++) {
		const struct stop *stop = &stops.items[i];

		if (stop->drain_wanted > 0 || stop->hook || stop->job->stop_timeout > 0)
			print_stop(stop, out);
	}
	if (config->stop_timeout < DOCKER_GRACE || config->containerpilot)	/* there was no limit */
		return;
	print_time(out, "all within ", config->stop_timeout);
	print_time(out, ": Docker needs stop_grace_period ", grace_for(config->stop_timeout));
	print_time(out, " (its default is ", DOCKER_GRACE);
	buf_add(out, ")\n");
}

static void warn(struct config *config, const struct stops *stops, const char *where,
		 double seconds, double wanted)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	print_time(&text, where, wanted);
	print_time(&text, " is cut to ", seconds);
	print_time(&text, " by the top level's stopTimeout, ", config->stop_timeout);
	print_time(&text, "; stopTimeout = \"", stops->total);
	print_time(&text, "\" would do, and Docker then needs stop_grace_period ",
		   grace_for(stops->total));
	strv_push(&config->warnings, text.data);
}

static void warn_of(struct config *config, const struct stops *stops, const struct stop *stop)
{
	const char *name = stop->job->name;
	const double enough = 1 - 1e-9, limit = stop->job->stop_timeout;
	const double hook_limit = job_pre_stop_limit(stop->job);
	AUTOFREE char *drain = format_string("jobs[%s].drain: ", name);
	AUTOFREE char *pre_stop = format_string("jobs[%s].preStop: ", name);
	AUTOFREE char *signal = format_string("jobs[%s].stopTimeout: ", name);

	if (stop->drain < stop->drain_wanted * enough)
		warn(config, stops, drain, stop->drain, stop->drain_wanted);
	if (hook_limit > 0 && stop->hook_wanted > hook_limit)
		strv_push_taken(&config->warnings,
				format_string("%sthe job's %s is shorter than "
					      "the hook's timeout, and ends the hook", pre_stop,
					      stop->job->pre_stop_timeout > 0 ? "preStopTimeout" : "stopTimeout"));
	else if (stop->pre_stop < stop->hook_wanted * enough)
		warn(config, stops, pre_stop, stop->pre_stop, stop->hook_wanted);
	if (stop->signal < limit * enough)
		warn(config, stops, signal, stop->signal, limit);
}

void stop_times_warn(struct config *config)
{
	CLEANUP(stops_release) struct stops stops = stops_of(config);

	for (size_t i = 0; i < config->job_count; i++)
		warn_of(config, &stops, &stops.items[i]);
}
