#include "render.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/env.h"
#include "base/log.h"
#include "template/dependency.h"
#include "exec.h"

enum { SHOWN_MISSING = 10, RENDER_SECONDS = 10 };
static const double report_after = 10;	/* seconds without data */
static const double retry_pause = 0.05;	/* between renders while data is missing */
static const double gather_pause = 0.02, gather_limit = 5;

static const char *name_of(const struct render *render)
{
	return render->source.name;
}

static struct log_subject subject_of(const struct render *render)
{
	return subject("template", render->config->name);
}

static void set_due(struct render *render, double delay)
{
	timer_set(&render->due, delay);
	render->due_at = monotonic_now() + delay;
}

/* ---- trouble, logged once ---- */

static void report(struct render *render, const struct error *error)
{
	if (render->complaint && !strcmp(render->complaint, error->text))
		return;
	log_about(LEVEL_WARN, subject_of(render), ": %s", error->text);
	free(render->complaint);
	render->complaint = copy_string(error->text);
}

static void complain(struct render *render, const struct error *error)
{
	report(render, error);
	if (!source_holds(&render->source, EVENT_UNHEALTHY))
		source_publish(&render->source, EVENT_UNHEALTHY);
}

static void content(struct render *render)
{
	if (render->complaint)
		log_about(LEVEL_INFO, subject_of(render), " is healthy again");
	if (!source_holds(&render->source, EVENT_HEALTHY))
		source_publish(&render->source, EVENT_HEALTHY);
	free(steal(&render->complaint));
	backoff_reset(&render->backoff);
}

/* Keeps the present file and retries after a pause. */
static void retry_later(struct render *render, const struct error *error)
{
	complain(render, error);
	placement_free(steal(&render->placement));
	set_due(render, backoff_next(&render->backoff));
}

static void print_missing(const struct render *render, struct buf *text)
{
	const struct template_output *output = &render->output;

	for (size_t i = 0; i < output->missing.count && i < SHOWN_MISSING; i++)
		buf_print(text, "%s%s (%s)", i ? ", " : "", output->missing.items[i],
			  output->places.items[i]);
	if (output->missing.count > SHOWN_MISSING)
		buf_print(text, " and %zu more", output->missing.count - SHOWN_MISSING);
}

/* All values are there, but some have fewer entries than the configuration demands. */
static void keep(struct render *render)
{
	CLEANUP(buf_release) struct buf missing = BUF_INIT;
	struct error error = ERROR_INIT;

	print_missing(render, &missing);
	fail(&error, "%s is kept, because there are too few entries of %s",
	     render->config->target.destination, missing.data);
	report(render, &error);
}

/* ---- the group ---- */

static bool is_alone(const struct render *first)
{
	return first->members.next == first->members.prev;
}

/* Its text is being made, checked or written. */
static bool is_busy(const struct render *render)
{
	return task_is_running(&render->task) || render->checking ||
	       side_files_are_busy(&render->side_files) ||
	       placement_is_busy(render->placement);
}

/* It may soon be written.  Later renders that `wait` puts off are not awaited. */
static bool is_pending(const struct render *render)
{
	return is_busy(render) || render->plugins.running ||
	       (timer_is_set(&render->due) && render->due_at - monotonic_now() < gather_pause);
}

static void publish_settled(struct render *first)
{
	first->dirty_since = 0;
	source_publish(&first->source, EVENT_SETTLED);
}

static void on_gather(struct timer *timer)
{
	struct render *first = container_of(timer, struct render, gather);
	bool pending = false;

	list_each(node, &first->members)
		pending |= is_pending(list_entry(node, struct render, of_group));
	if (pending && monotonic_now() - first->dirty_since < gather_limit)
		timer_set(&first->gather, gather_pause);
	else
		publish_settled(first);
}

static void gather(struct render *first)
{
	if (!first->dirty_since)
		first->dirty_since = monotonic_now();
	if (!timer_is_set(&first->gather))
		timer_set(&first->gather, gather_pause);
}

void render_join(struct render *render, struct render *first)
{
	list_remove(&render->of_group);
	list_append(&first->members, &render->of_group);
	render->first = first;
	if (render == first || !render->dirty_since)
		return;
	render->dirty_since = 0;		/* it was the first until a reload */
	timer_stop(&render->gather);
	gather(first);
}

bool render_is_settled(const struct render *render)
{
	return !render->dirty_since;
}

/* ---- the file ---- */

static void settle(struct render *render, bool changed)
{
	content(render);
	if (changed || render->side_files.changed) {
		source_publish(&render->source, EVENT_CHANGED);
		if (is_alone(render->first))
			publish_settled(render);
		else
			gather(render->first);
	}
	if (!render->rendered)
		source_publish(&render->source, EVENT_RENDERED);
	render->rendered = true;
	render->side_files.changed = false;
}

/* Renders what has changed while it was busy. */
static void catch_up(struct render *render)
{
	if (is_busy(render))
		return;
	if (render->stale)
		set_due(render, 0);
	render->stale = false;
}

static void report_written(struct render *render)
{
	const struct placement *placement = render->placement;
	const char *destination = render->config->target.destination;

	if (placement->in_place && !render->in_place)
		log_about(LEVEL_WARN, subject_of(render),
			  ": %s is a mount point and cannot be replaced: overwriting it in place",
			  destination);
	render->in_place |= placement->in_place;
	log_about(LEVEL_INFO, subject_of(render), ": wrote %s, %zu bytes", destination,
		  placement->text.used);
	render->changed = monotonic_now();
}

static void on_committed(struct placement *placement)
{
	struct render *render = placement->owner;

	if (placement->good) {
		report_written(render);
		settle(render, placement->state == TARGET_DIFFERS || render->config->new_is_change);
	} else {
		retry_later(render, &placement->error);
	}
	catch_up(render);
}

/* Replaces each %f by the path of the staged file. */
static void add_argument(struct strv *argv, const char *argument, const char *path)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	const char *found;

	while ((found = strstr(argument, "%f"))) {
		buf_append(&text, argument, (size_t)(found - argument));
		buf_add(&text, path);
		argument = found + strlen("%f");
	}
	buf_add(&text, argument);
	strv_push(argv, text.data);
}

static void release_check(struct render *render)
{
	timer_stop(&render->limit);
	if (render->check)
		render->check->ops->free(steal(&render->check));
	strv_release(&render->check_exec.argv);
	strv_release(&render->check_exec.env);
	buf_clear(&render->check_output);
}

static void prepare_check(struct render *render)
{
	const struct exec_config *config = &render->config->check.exec;
	const char *staged = render->placement->target.staged;

	release_check(render);
	render->check_exec = *config;
	render->check_exec.argv = render->check_exec.env = (struct strv){ 0 };
	for (size_t i = 0; i < config->argv.count; i++)
		add_argument(&render->check_exec.argv, config->argv.items[i], staged);
	strv_copy(&render->check_exec.env, config->env.items);
	strv_set(&render->check_exec.env, "PILOTFISH_FILE", staged);
	render->check = exec_new(render->loop, name_of(render), &render->check_exec);
	render->check->user = &render->check_user;
	render->check->excerpt = &render->check_output;
	render->checking = true;
	render->timed_out = false;
}

static void start_check(struct render *render)
{
	AUTOFREE char *job = format_string("%s.check", render->config->name);
	struct hook_context context = { .job = job, .source = name_of(render) };
	struct error error = ERROR_INIT;

	prepare_check(render);
	if (render->check->ops->start(render->check, &context, &error)) {
		timer_set_awake(&render->limit, render->config->check.timeout);
		return;
	}
	render->checking = false;
	fail_in(&error, "cannot start its check");
	retry_later(render, &error);
}

static void refuse(struct render *render)
{
	const struct buf *output = &render->check_output;
	char status[64];
	struct error error = ERROR_INIT;

	if (render->timed_out)
		snprintf(status, sizeof status, "took too long");
	else
		status_print(render->check->status, status);
	fail(&error, "the check refused it (%s), %s is kept: %.*s", status,
	     render->config->target.destination, (int)utf8_cut(output->data, output->used, 300),
	     output->data);
	retry_later(render, &error);
}

static void on_check_done(struct hook_user *user)
{
	struct render *render = container_of(user, struct render, check_user);

	timer_stop(&render->limit);
	render->checking = false;
	if (render->check->status || render->timed_out)
		refuse(render);
	else
		placement_commit(render->placement, on_committed);
	catch_up(render);
}

/* The verdict does not wait for the end of the check: it may not be possible to kill it. */
static void on_check_too_long(struct timer *timer)
{
	struct render *render = container_of(timer, struct render, limit);

	render->check->ops->signal(render->check, SIGKILL);
	if (render->check->sweeping)
		return;				/* it has ended in time */
	render->timed_out = true;
	on_check_done(&render->check_user);
	release_check(render);
}

static void print(struct render *render)
{
	if (render->config->print == PRINT_TITLED)
		printf("> %s\n", render->config->target.destination);
	fwrite(render->output.text.data, 1, render->output.text.used, stdout);
	fflush(stdout);
	settle(render, false);
}

static void on_staged(struct placement *placement)
{
	struct render *render = placement->owner;

	if (!placement->good)
		retry_later(render, &placement->error);
	else if (placement->state == TARGET_SAME)
		settle(render, false);
	else if (render->config->check.exec.argv.count)
		start_check(render);
	else
		placement_commit(placement, on_committed);
	catch_up(render);
}

static void place_text(struct render *render)
{
	placement_free(render->placement);
	render->placement = placement_new(render->loop, &render->config->target,
					  &render->output.text);
	render->placement->owner = render;
	placement_stage(render->placement, on_staged);
}

static void on_side_files(struct side_files *files, const struct error *error)
{
	struct render *render = files->owner;

	if (error)
		retry_later(render, error);
	else
		place_text(render);
	catch_up(render);
}

static void place(struct render *render)
{
	if (render->config->print)
		print(render);
	else
		side_files_start(&render->side_files, render->loop, &render->output);
}

/* ---- the text ---- */

/* The least number of entries that an answer needs. */
static size_t least_entries(const struct template_config *config, enum dependency_kind kind)
{
	size_t few = config->on_empty == ON_EMPTY_KEEP;

	if ((kind == DEPENDENCY_SERVICE || kind == DEPENDENCY_CONNECT) &&
	    config->min_instances > (long)few)
		return (size_t)config->min_instances;
	return few;
}

static bool look_up(struct template_provider *self, const struct dependency *dependency,
		    const char *name, json_t **value)
{
	struct render *render = container_of(self, struct render, bounded);
	struct template_provider *data = &render->provider->data;

	return data->lookup(data, dependency, name, value) &&
	       (!json_is_array(*value) ||
		json_array_size(*value) >= least_entries(render->config, dependency->kind));
}

static void run_text(struct task *task)
{
	struct render *render = container_of(task, struct render, task);
	CLEANUP(strv_release) struct strv env = { 0 };

	env_copy(&env);
	render->input.env = env.items;
	render->changes = render->provider->changes;
	render->made = template_render(render->config->template, &render->input, &render->output,
				       &render->error);
}

static void start_text(struct render *render)
{
	render->input = (struct template_input){
		.data = &render->bounded, .plugins = &render->plugins.provider,
		.now = time(NULL), .task = &render->task,
		.limits.seconds = RENDER_SECONDS,
	};
	render->error.text[0] = '\0';
	task_start(&render->task);
}

static void report_missing(struct render *render)
{
	CLEANUP(buf_release) struct buf missing = BUF_INIT;
	struct error error = ERROR_INIT;

	print_missing(render, &missing);
	fail(&error, "waiting for %s", missing.data);
	report(render, &error);
	render->report_missing = false;
}

/* False: the text is not right yet; the reason is logged. */
static bool accept_text(struct render *render)
{
	struct error error = ERROR_INIT;
	bool outdated;

	if (!render->provider->want(render->provider, &render->user, &render->output.used, &error)) {
		render->user.awaited = 0;
		render->made = false;
		render->error = error;
	}
	if (render->user.awaited && render->report_missing)
		report_missing(render);
	else if (render->user.awaited && !timer_is_set(&render->slow))
		timer_set(&render->slow, report_after);
	if (render->user.awaited)
		return false;
	timer_stop(&render->slow);
	if (render->output.pending)
		return false;
	outdated = render->changes != render->provider->changes;
	render->stale |= outdated;
	if (outdated && (!render->made || render->output.missing.count))
		return false;
	if (!render->made)
		complain(render, &render->error);
	else if (render->output.missing.count)
		keep(render);
	return render->made && !render->output.missing.count;
}

static void on_text(struct task *task)
{
	struct render *render = container_of(task, struct render, task);
	bool accepted = accept_text(render), failed = !render->made && render->plugins.failed;

	if (accepted || failed)
		plugins_forget(&render->plugins);	/* the next text runs them again */
	if (accepted)
		place(render);
	else if (failed)
		set_due(render, backoff_next(&render->backoff));
	catch_up(render);
}

static void on_plugins_ended(struct plugins *plugins)
{
	set_due(container_of(plugins, struct render, plugins), 0);
}

/* Renders once more, to know what is missing now. */
static void on_slow(struct timer *timer)
{
	struct render *render = container_of(timer, struct render, slow);

	render->report_missing = true;
	set_due(render, 0);
}

static void on_due(struct timer *timer)
{
	struct render *render = container_of(timer, struct render, due);

	render->wait_end = 0;
	if (is_busy(render))
		render->stale = true;
	else
		start_text(render);
}

/* Renders the first text at once, later ones when the changes pause. */
static void on_news(struct data_user *user)
{
	struct render *render = container_of(user, struct render, user);
	const struct wait_config *wait = &render->config->wait;
	double now = monotonic_now();

	if (user->awaited) {
		if (!timer_is_set(&render->due))
			set_due(render, retry_pause);
		return;
	}
	if (!render->rendered || !wait->min) {
		set_due(render, 0);
		return;
	}
	if (!render->wait_end)
		render->wait_end = now + wait->max;
	set_due(render, fmax(0, fmin(wait->min, render->wait_end - now)));
}

static json_t *describe(struct source *source, enum event_code code, const json_t *since,
			json_t **now)
{
	struct render *render = container_of(source, struct render, source);

	(void)since;
	*now = NULL;
	return json_pack("{ss ss ss}", "source", source->name, "event", event_name(code),
			 "destination", render->config->target.destination);
}

static const struct source_ops ops = { .describe = describe };

void render_init(struct render *render, struct loop *loop, struct data_provider *provider,
		 const struct template_config *config)
{
	AUTOFREE char *name = format_string("template.%s", config->name);

	*render = (struct render){
		.config = config,
		.loop = loop,
		.provider = provider,
		.bounded = { look_up },
		.output = { .text = BUF_INIT },
		.check_user = { on_check_done },
		.side_files = {
			.template = config->name, .new_is_change = config->new_is_change,
			.owner = render, .on_done = on_side_files,
		},
		.check_output = BUF_INIT,
		.backoff = { .min = 0.25, .max = 30 },
	};
	source_init(&render->source, &loop->bus, name, &ops);
	list_init(&render->members);
	list_init(&render->of_group);
	render_join(render, render);
	data_user_init(&render->user, on_news);
	plugins_init(&render->plugins, loop, config->name, on_plugins_ended);
	task_init(&render->task, loop, run_text, on_text);
	timer_init(&render->due, loop, on_due);
	timer_init(&render->limit, loop, on_check_too_long);
	timer_init(&render->slow, loop, on_slow);
	timer_init(&render->gather, loop, on_gather);
	set_due(render, 0);
}

/* Units group the others again. */
static void disband(struct render *first)
{
	while (!list_empty(&first->members)) {
		struct render *render = list_entry(first->members.next, struct render, of_group);

		render_join(render, render);
		if (first->dirty_since)
			gather(render);
		first->dirty_since = 0;
	}
}

void render_release(struct render *render)
{
	struct strv nothing = { 0 };
	struct error error = ERROR_INIT;

	task_cancel(&render->task);
	render->provider->want(render->provider, &render->user, &nothing, &error);
	release_check(render);
	plugins_forget(&render->plugins);
	side_files_release(&render->side_files);
	placement_free(render->placement);
	timer_stop(&render->due);
	timer_stop(&render->slow);
	timer_stop(&render->gather);
	list_remove(&render->of_group);
	disband(render);
	template_output_release(&render->output);
	buf_release(&render->check_output);
	free(render->complaint);
	source_release(&render->source);
}
