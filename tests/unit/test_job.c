/* The state table of a job, with a hook that only records calls, and a simulated clock: the linker
 * wraps timers and the clock (Makefile). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail			/* ours is a function (base/error.h) */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/strv.h"
#include "job.h"

/* ---- the clock ---- */

static double now;

double __wrap_monotonic_now(void);
void __wrap_timer_init(struct timer *timer, struct loop *loop, timer_fn *fn);
void __wrap_timer_set(struct timer *timer, double seconds);
void __wrap_timer_set_awake(struct timer *timer, double seconds);
void __wrap_timer_stop(struct timer *timer);

double __wrap_monotonic_now(void) { return now; }

void __wrap_timer_init(struct timer *timer, struct loop *loop, timer_fn *fn)
{
	*timer = (struct timer){ .loop = loop, .fn = fn };
}

/* ev.at: when the timer fires; 0: not set. */
void __wrap_timer_set(struct timer *timer, double seconds) { timer->ev.at = now + seconds; }
void __wrap_timer_set_awake(struct timer *timer, double seconds) { timer->ev.at = now + seconds; }
void __wrap_timer_stop(struct timer *timer) { timer->ev.at = 0; }

/* ---- the hook ---- */

struct fake { struct hook hook; bool refuses; char name[32]; };

static struct buf did = BUF_INIT;

static bool fake_start(struct hook *hook, const struct hook_context *context, struct error *error)
{
	struct fake *fake = container_of(hook, struct fake, hook);

	if (fake->refuses) {
		hook->status = 127 << 8;
		return fail(error, "no such program");
	}
	buf_print(&did, "%s+ ", fake->name);
	for (size_t i = 0; i < context->env->count; i++)
		buf_print(&did, "%s ", context->env->items[i]);
	return true;
}

static void fake_signal(struct hook *hook, int signo)
{
	buf_print(&did, "%s!%d ", container_of(hook, struct fake, hook)->name, signo);
}

static void fake_free(struct hook *hook)
{
	free(container_of(hook, struct fake, hook));
}

static const struct hook_ops fake_ops = {
	.start = fake_start, .signal = fake_signal, .free = fake_free,
};

/* ---- fixture ---- */

enum { MOST_JOBS = 4 };

static struct loop loop;
static struct source global, watch, election;
static struct job jobs[MOST_JOBS];
static size_t job_count;
static struct subscription tap;

static void add_env(struct source *source, enum event_code code, struct strv *env)
{
	(void)source;
	strv_set(env, "SAID", event_name(code));
}

static const struct source_ops election_ops = { .add_env = add_env };

static void on_any(struct subscription *sub, const struct event *event)
{
	(void)sub;
	if (event->source != &global && event->source != &watch && event->source != &election)
		buf_print(&did, "%s:%s ", event->source->name, event_name(event->code));
}

static int set_up(void **state)
{
	(void)state;
	now = 1000;
	job_count = 0;
	loop = (struct loop){ 0 };
	bus_init(&loop.bus);
	source_init(&global, &loop.bus, "global", NULL);
	source_init(&watch, &loop.bus, "watch.db", NULL);
	source_init(&election, &loop.bus, "election.db", &election_ops);
	subscribe(&tap, &loop.bus.any, EVENT_ANY, on_any);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	while (job_count) {
		struct job *job = &jobs[--job_count];

		free(steal(&job->config->runs));
		job_release(job);
	}
	unsubscribe(&tap);
	source_release(&election);
	source_release(&watch);
	source_release(&global);
	bus_release(&loop.bus);
	buf_release(&did);
	return 0;
}

static struct job *new_job(const char *name, struct when_config when, long restarts)
{
	struct job *job = &jobs[job_count++];
	struct job_config *config = calloc(1, sizeof *config);
	struct fake *fake = calloc(1, sizeof *fake);

	assert_true(job_count <= MOST_JOBS);
	*config = (struct job_config){
		.name = strdup(name),
		.when = when,
		.restarts = restarts,
		.backoff = { .min = 1, .max = 8, .reset = 60 },
		.stop_signal = SIGTERM,
	};
	if (!when.source)
		config->when.code = EVENT_NONE;
	else
		config->when.source = strdup(when.source);
	fake->hook.ops = &fake_ops;
	snprintf(fake->name, sizeof fake->name, "%s", name);
	job_init(job, &loop, config, &fake->hook);
	return job;
}

static void need(struct job *job, const char *source, enum event_code code)
{
	struct job_config *config = job->config;

	config->need_count = 1;
	config->needs = calloc(1, sizeof *config->needs);
	config->needs[0] = (struct need_config){ .source = strdup(source), .code = code };
	free(job->needs);
	job->needs = calloc(1, sizeof *job->needs);
}

static struct source *find(void *context, const char *name)
{
	(void)context;
	return bus_find(&loop.bus, name);
}

static void drain(void)
{
	while (bus_drain(&loop.bus))
		;
}

static void begin_all(void)
{
	struct error error = ERROR_INIT;

	for (size_t i = 0; i < job_count; i++)
		assert_true(job_link(&jobs[i], find, NULL, &error));
	source_publish(&global, EVENT_STARTUP);
	drain();
}

static void say(struct source *source, enum event_code code)
{
	source_publish(source, code);
	drain();
}

static void exits(struct job *job, int code)
{
	job->hook->status = code << 8;
	job->user.on_done(&job->user);
	drain();
}

/* Advances the clock to the job's deadline, which must be in `seconds`. */
static void deadline(struct job *job, double least, double most)
{
	double in = job->deadline.ev.at - now;

	assert_true(job->deadline.ev.at > 0);
	assert_true(in >= least - 1e-9 && in <= most + 1e-9);
	now = job->deadline.ev.at;
	job->deadline.ev.at = 0;
	job->deadline.fn(&job->deadline);
	drain();
}

#define expect(job, in, what) do {						\
	assert_string_equal(job_state_name((job)->state), in);			\
	assert_string_equal(did.data, what);					\
	buf_clear(&did);							\
} while (0)

/* ---- the tests ---- */

static const struct when_config at_start = { .code = EVENT_NONE };

static void runs_once_and_ends(void **state)
{
	struct job *app = new_job("app", at_start, 0);

	(void)state;
	begin_all();
	expect(app, "running", "app+ app:running ");
	exits(app, 3);
	expect(app, "stopped", "app:exitFailed app:draining app:stopped ");
	assert_int_equal(app->code, 3);
}

static void restarts_with_growing_backoff(void **state)
{
	struct job *app = new_job("app", at_start, 2);

	(void)state;
	begin_all();
	exits(app, 1);
	deadline(app, 0.5, 1);
	exits(app, 1);
	deadline(app, 1, 2);
	buf_clear(&did);
	exits(app, 1);
	expect(app, "stopped", "app:exitFailed app:draining app:stopped ");
}

static void backoff_is_capped_and_forgotten(void **state)
{
	struct job *app = new_job("app", at_start, UNLIMITED);

	(void)state;
	begin_all();
	for (int i = 0; i < 6; i++) {
		exits(app, 1);
		deadline(app, 0.5, 8);
	}
	exits(app, 1);
	deadline(app, 4, 8);
	now += 61;
	exits(app, 1);
	deadline(app, 0.5, 1);
}

static void a_start_that_fails_is_an_exit(void **state)
{
	struct job *app = new_job("app", at_start, 0);

	(void)state;
	container_of(app->hook, struct fake, hook)->refuses = true;
	begin_all();
	expect(app, "stopped", "app:exitFailed app:draining app:stopped ");
	assert_int_equal(app->code, 127);
}

static void failed_pre_start_ends_the_job_with_its_code(void **state)
{
	struct job *pre = new_job("app.preStart", at_start, 0);
	struct job *app = new_job("app", (struct when_config){
		.source = (char *)"app.preStart", .code = EVENT_EXIT_SUCCESS }, 0);

	(void)state;
	begin_all();
	expect(app, "waiting", "app.preStart+ app.preStart:running ");
	exits(pre, 0);
	expect(app, "running", "app.preStart:exitSuccess app+ app.preStart:draining "
	       "app:running app.preStart:stopped ");
	exits(app, 0);
	assert_int_equal(app->code, 0);
}

static void job_never_runs_without_its_pre_start(void **state)
{
	struct job *pre = new_job("app.preStart", at_start, 0);
	struct job *app = new_job("app", (struct when_config){
		.source = (char *)"app.preStart", .code = EVENT_EXIT_SUCCESS }, 0);

	(void)state;
	begin_all();
	buf_clear(&did);
	exits(pre, 7);
	expect(app, "stopped", "app.preStart:exitFailed app.preStart:draining "
	       "app.preStart:stopped app:stopped ");
	assert_int_equal(app->code, 7);
	assert_true(app->failed);
}

static void needs_are_levels(void **state)
{
	struct job *app = new_job("app", at_start, 0);

	(void)state;
	need(app, "watch.db", EVENT_HEALTHY);
	begin_all();
	expect(app, "waiting", "");
	say(&watch, EVENT_UNHEALTHY);
	expect(app, "waiting", "");
	say(&watch, EVENT_HEALTHY);
	expect(app, "running", "app+ app:running ");
}

static void needs_are_awaited_for_a_time(void **state)
{
	struct job *app = new_job("app", at_start, 0);

	(void)state;
	need(app, "watch.db", EVENT_HEALTHY);
	app->config->needs_timeout = 30;
	begin_all();
	deadline(app, 30, 30);
	expect(app, "stopped", "app:timerExpired app:stopped ");
	assert_true(app->failed);
	assert_int_equal(app->code, 69);
}

static void needs_that_come_in_time_end_the_wait(void **state)
{
	struct job *app = new_job("app", at_start, 0);

	(void)state;
	need(app, "watch.db", EVENT_HEALTHY);
	app->config->needs_timeout = 30;
	begin_all();
	say(&watch, EVENT_HEALTHY);
	expect(app, "running", "app+ app:running ");
	assert_true(app->deadline.ev.at <= 0);
}

static void triggers_coalesce(void **state)
{
	struct job *hook = new_job("onChange", (struct when_config){
		.source = (char *)"watch.db", .code = EVENT_CHANGED, .each = true }, ON_FAILURE);

	(void)state;
	begin_all();
	say(&watch, EVENT_CHANGED);
	expect(hook, "running", "onChange+ onChange:running ");
	for (int i = 0; i < 5; i++)
		say(&watch, EVENT_CHANGED);
	exits(hook, 0);
	expect(hook, "running", "onChange+ onChange:exitSuccess onChange:running ");
	exits(hook, 0);
	expect(hook, "waiting", "onChange:exitSuccess ");
}

static struct job *new_queue(long restarts)
{
	return new_job("hook", (struct when_config){ .source = (char *)"watch.db",
		.code = EVENT_CHANGED, .each = true, .queue = true }, restarts);
}

static void each_event_of_a_queue_is_a_run(void **state)
{
	struct job *hook = new_queue(0);

	(void)state;
	begin_all();
	for (int i = 0; i < 3; i++)
		say(&watch, EVENT_CHANGED);
	expect(hook, "running", "hook+ hook:running ");
	for (int i = 0; i < 2; i++) {
		exits(hook, 0);
		expect(hook, "running", "hook+ hook:exitSuccess hook:running ");
	}
	exits(hook, 0);
	expect(hook, "waiting", "hook:exitSuccess ");
}

static void a_queue_has_a_limit(void **state)
{
	struct job *hook = new_queue(0);

	(void)state;
	begin_all();
	for (int i = 0; i < 1500; i++)
		say(&watch, EVENT_CHANGED);
	while (hook->state == JOB_RUNNING)
		exits(hook, 0);
	assert_int_equal(hook->runs, 1002);	/* the one that ran, the next one, and 1000 */
}

static void restarts_of_a_queue_are_for_life(void **state)
{
	struct job *hook = new_queue(1);

	(void)state;
	begin_all();
	say(&watch, EVENT_CHANGED);
	say(&watch, EVENT_CHANGED);
	exits(hook, 1);
	assert_int_equal(hook->runs, 2);	/* of the other event */
	exits(hook, 1);
	deadline(hook, 0.5, 1);			/* the restart */
	exits(hook, 1);
	assert_string_equal(job_state_name(hook->state), "waiting");
	say(&watch, EVENT_CHANGED);
	exits(hook, 1);
	assert_string_equal(job_state_name(hook->state), "waiting");
	assert_int_equal(hook->runs, 4);
}

static void a_stop_forgets_the_queue(void **state)
{
	struct job *hook = new_queue(0);
	struct error error = ERROR_INIT;

	(void)state;
	begin_all();
	for (int i = 0; i < 3; i++)
		say(&watch, EVENT_CHANGED);
	job_stop_by_hand(hook, 5);
	drain();
	exits(hook, 0);
	assert_string_equal(job_state_name(hook->state), "stopped");
	job_rearm(hook);
	assert_true(job_link(hook, find, NULL, &error));
	say(&watch, EVENT_CHANGED);
	exits(hook, 0);
	assert_string_equal(job_state_name(hook->state), "waiting");
	assert_int_equal(hook->runs, 2);
}

static void failed_on_change_retries_until_newer_data(void **state)
{
	struct job *hook = new_job("onChange", (struct when_config){
		.source = (char *)"watch.db", .code = EVENT_CHANGED, .each = true }, ON_FAILURE);

	(void)state;
	begin_all();
	say(&watch, EVENT_CHANGED);
	exits(hook, 1);
	assert_string_equal(job_state_name(hook->state), "backoff");
	deadline(hook, 0.5, 1);
	exits(hook, 1);
	buf_clear(&did);
	say(&watch, EVENT_CHANGED);
	expect(hook, "running", "onChange+ onChange:running ");
	exits(hook, 0);
	expect(hook, "waiting", "onChange:exitSuccess ");
}

static void periodic_job_keeps_its_interval(void **state)
{
	struct job *task = new_job("task", at_start, UNLIMITED);

	(void)state;
	task->config->when.interval = 10;
	begin_all();
	expect(task, "running", "task+ task:running ");
	now += 4;
	exits(task, 0);
	deadline(task, 6, 6);
	now += 13;			/* longer than the interval: one run is skipped */
	exits(task, 0);
	deadline(task, 7, 7);
	assert_int_equal(task->runs, 3);
}

static void the_first_run_can_be_delayed(void **state)
{
	struct job *task = new_job("task", at_start, UNLIMITED);

	(void)state;
	task->config->when.interval = 10;
	task->config->when.delay = 3;
	begin_all();
	expect(task, "waiting", "");
	deadline(task, 3, 3);
	expect(task, "running", "task+ task:running ");
	exits(task, 0);
	deadline(task, 10, 10);
	assert_int_equal(task->runs, 2);
}

static void a_delay_begins_when_the_needs_hold(void **state)
{
	struct job *task = new_job("task", at_start, UNLIMITED);

	(void)state;
	task->config->when.interval = 10;
	task->config->when.delay = 3;
	need(task, "watch.db", EVENT_HEALTHY);
	begin_all();
	assert_true(task->deadline.ev.at <= 0);
	say(&watch, EVENT_HEALTHY);
	expect(task, "waiting", "");
	deadline(task, 3, 3);
	expect(task, "running", "task+ task:running ");
}

static void a_delayed_job_stops_at_once(void **state)
{
	struct job *task = new_job("task", at_start, UNLIMITED);

	(void)state;
	task->config->when.interval = 10;
	task->config->when.delay = 3;
	begin_all();
	job_stop(task, 5);
	drain();
	expect(task, "stopped", "task:stopped ");
	assert_true(task->deadline.ev.at <= 0);
}

static void periodic_job_runs_once_more_than_it_restarts(void **state)
{
	struct job *task = new_job("task", at_start, 1);

	(void)state;
	task->config->when.interval = 10;
	begin_all();
	exits(task, 0);
	deadline(task, 10, 10);
	exits(task, 0);
	assert_string_equal(job_state_name(task->state), "stopped");
}

static void run_is_killed_after_its_timeout(void **state)
{
	struct job *task = new_job("task", at_start, 0);

	(void)state;
	task->config->timeout = 5;
	begin_all();
	buf_clear(&did);
	deadline(task, 5, 5);
	expect(task, "running", "task!9 ");
	task->hook->status = SIGKILL;
	task->user.on_done(&task->user);
	drain();
	assert_int_equal(task->code, 137);
}

static void waiting_has_a_limit(void **state)
{
	struct job *job = new_job("job", (struct when_config){
		.source = (char *)"watch.db", .code = EVENT_HEALTHY, .timeout = 3 }, 0);

	(void)state;
	begin_all();
	deadline(job, 3, 3);
	expect(job, "stopped", "job:timerExpired job:stopped ");
	assert_true(job->failed);
}

static void stop_follows_its_steps_in_order(void **state)
{
	struct job *app = new_job("app", at_start, 0);
	struct job *bye = new_job("app.preStop", (struct when_config){
		.source = (char *)"app", .code = EVENT_STOPPING }, 0);
	struct job *after = new_job("app.postStop", (struct when_config){
		.source = (char *)"app", .code = EVENT_STOPPED }, 0);

	(void)state;
	app->config->drain = 2;
	begin_all();
	buf_clear(&did);
	job_stop(app, 8);
	drain();
	expect(app, "draining", "app:draining ");
	deadline(app, 2, 2);
	expect(app, "stopping", "app:stopping app.preStop+ app.preStop:running ");
	exits(bye, 0);
	expect(app, "terminating", "app!15 app.preStop:exitSuccess app.preStop:draining "
	       "app.preStop:stopped ");
	exits(app, 0);
	expect(app, "stopped", "app:exitSuccess app:stopped app.postStop+ app.postStop:running ");
	exits(after, 0);
	assert_string_equal(job_state_name(after->state), "stopped");
}

static void each_step_of_stop_is_limited(void **state)
{
	struct job *app = new_job("app", at_start, 0);
	struct job *bye = new_job("app.preStop", (struct when_config){
		.source = (char *)"app", .code = EVENT_STOPPING }, 0);

	(void)state;
	app->config->drain = 100;
	begin_all();
	job_stop(app, 8);
	drain();
	deadline(app, 4, 4);		/* cuts a drain of 100 s */
	assert_string_equal(job_state_name(bye->state), "running");
	deadline(app, 2, 2);		/* preStop hangs */
	buf_clear(&did);
	deadline(app, 2, 2);		/* the workload hangs */
	expect(app, "killing", "app!9 ");
	assert_true(app->killed);
}

static struct hold deregistration;

static void on_draining(struct subscription *sub, const struct event *event)
{
	(void)sub;
	source_hold(event->source, &deregistration);
}

static void stop_waits_for_services(void **state)
{
	struct job *app = new_job("app", at_start, 0);
	struct subscription service;

	(void)state;
	subscribe(&service, &app->source, EVENT_DRAINING, on_draining);
	begin_all();
	buf_clear(&did);
	job_stop(app, 8);
	drain();
	expect(app, "draining", "app:draining ");
	source_unhold(&deregistration);
	drain();
	expect(app, "terminating", "app:stopping app!15 ");
	unsubscribe(&service);
}

static void stop_works_in_each_state(void **state)
{
	struct job *waiting = new_job("waiting", (struct when_config){
		.source = (char *)"watch.db", .code = EVENT_HEALTHY }, 0);
	struct job *backoff = new_job("backoff", at_start, UNLIMITED);

	(void)state;
	begin_all();
	exits(backoff, 1);
	job_stop(waiting, 8);
	job_stop(backoff, 8);
	drain();
	assert_string_equal(job_state_name(waiting->state), "stopped");
	assert_string_equal(job_state_name(backoff->state), "stopped");
	say(&watch, EVENT_HEALTHY);
	assert_int_equal(waiting->runs, 0);
}

static void kill_skips_remaining_steps(void **state)
{
	struct job *app = new_job("app", at_start, 0);

	(void)state;
	app->config->drain = 2;
	begin_all();
	job_stop(app, 8);
	drain();
	buf_clear(&did);
	job_kill(app);
	expect(app, "killing", "app!9 ");
}

static void late_job_gets_a_level(void **state)
{
	struct error error = ERROR_INIT;
	struct job *late;

	(void)state;
	begin_all();
	say(&watch, EVENT_HEALTHY);
	late = new_job("late", (struct when_config){
		.source = (char *)"watch.db", .code = EVENT_HEALTHY }, 0);
	assert_true(job_link(late, find, NULL, &error));
	drain();
	expect(late, "running", "late+ late:running ");
}

static void unknown_source_is_an_error(void **state)
{
	struct error error = ERROR_INIT;
	struct job *job = new_job("job", (struct when_config){
		.source = (char *)"watch.dbb", .code = EVENT_HEALTHY }, 0);

	(void)state;
	assert_false(job_link(job, find, NULL, &error));
	assert_string_equal(error.text, "there is no source \"watch.dbb\"");
}

/* ---- end of a run ---- */

static struct job *new_runner(const char *name, long restarts)
{
	struct job *job = new_job(name, (struct when_config){
		.source = (char *)"election.db", .code = EVENT_ELECTED, .each = true }, restarts);

	job->config->runs = strdup("election.db");
	job->config->stop_timeout = 5;
	return job;
}

static struct job *elected_runner(void)
{
	struct job *cron = new_runner("cron", UNLIMITED);

	begin_all();
	assert_string_equal(job_state_name(cron->state), "waiting");
	say(&election, EVENT_ELECTED);
	expect(cron, "running", "cron+ SAID=elected cron:running ");
	return cron;
}

static void end_run(struct job *job, double limit)
{
	job_end_run(job, limit);
	drain();
}

static void runs_while_elected(void **state)
{
	struct job *cron = elected_runner();

	(void)state;
	say(&election, EVENT_DEPOSED);
	end_run(cron, 8);
	expect(cron, "ending", "cron!15 cron:draining ");
	exits(cron, 143);
	expect(cron, "waiting", "cron:exitFailed ");
	assert_int_equal(cron->failures, 0);
	assert_true(cron->deadline.ev.at <= 0);
	say(&election, EVENT_ELECTED);
	expect(cron, "running", "cron+ SAID=elected cron:running ");
}

static void restarts_while_leading(void **state)
{
	struct job *cron = elected_runner();

	(void)state;
	for (int i = 0; i < 3; i++) {
		exits(cron, 0);
		expect(cron, "backoff", "cron:exitSuccess ");
		deadline(cron, 0.5, 8);
		expect(cron, "running", "cron+ SAID=elected cron:running ");
	}
}

static void restarts_count_from_each_election(void **state)
{
	struct job *cron = new_runner("cron", 1);

	(void)state;
	begin_all();
	for (int i = 0; i < 2; i++) {
		say(&election, EVENT_ELECTED);
		exits(cron, 1);
		deadline(cron, 0.5, 2);
		exits(cron, 1);
		assert_string_equal(job_state_name(cron->state), "waiting");
		say(&election, EVENT_DEPOSED);
	}
	assert_int_equal(cron->runs, 4);
}

static void ignored_end_run_is_killed(void **state)
{
	struct job *cron = elected_runner();

	(void)state;
	end_run(cron, 8);
	buf_clear(&did);
	deadline(cron, 5, 5);		/* stopTimeout */
	expect(cron, "ending", "cron!9 ");
	deadline(cron, 1, 1);
	expect(cron, "ending", "cron!9 ");
	exits(cron, 137);
	expect(cron, "waiting", "cron:exitFailed ");
	assert_false(cron->killed);
}

static void deadline_of_end_run_only_shrinks(void **state)
{
	struct job *cron = elected_runner();

	(void)state;
	end_run(cron, 4);
	now += 1;
	end_run(cron, 2);
	end_run(cron, 100);
	buf_clear(&did);
	deadline(cron, 2, 2);
	expect(cron, "ending", "cron!9 ");
	exits(cron, 137);
	say(&election, EVENT_ELECTED);
	buf_clear(&did);
	end_run(cron, 3);
	end_run(cron, 0);
	expect(cron, "ending", "cron!15 cron:draining cron!9 ");
}

static void end_run_without_time_kills(void **state)
{
	struct job *cron = elected_runner();

	(void)state;
	end_run(cron, 0);
	expect(cron, "ending", "cron!9 cron:draining ");
	deadline(cron, 1, 1);
	expect(cron, "ending", "cron!9 ");
}

static void end_run_ends_backoff(void **state)
{
	struct job *cron = elected_runner();

	(void)state;
	exits(cron, 1);
	buf_clear(&did);
	end_run(cron, 8);
	expect(cron, "waiting", "");
	assert_true(cron->deadline.ev.at <= 0);
}

static void election_during_end_run_is_kept(void **state)
{
	struct job *cron = elected_runner();

	(void)state;
	end_run(cron, 8);
	say(&election, EVENT_DEPOSED);
	say(&election, EVENT_ELECTED);
	buf_clear(&did);
	exits(cron, 143);
	expect(cron, "running", "cron+ SAID=elected cron:exitFailed cron:running ");
	end_run(cron, 8);
	say(&election, EVENT_DEPOSED);
	say(&election, EVENT_ELECTED);
	end_run(cron, 8);		/* also past */
	exits(cron, 143);
	assert_string_equal(job_state_name(cron->state), "waiting");
}

static void past_election_starts_nothing(void **state)
{
	struct job *cron = new_runner("cron", UNLIMITED);

	(void)state;
	begin_all();
	source_publish(&election, EVENT_ELECTED);
	source_publish(&election, EVENT_DEPOSED);
	end_run(cron, 0);		/* before any delivery */
	expect(cron, "waiting", "");
	need(cron, "watch.db", EVENT_HEALTHY);
	begin_all();
	say(&election, EVENT_ELECTED);
	end_run(cron, 8);
	say(&watch, EVENT_HEALTHY);
	expect(cron, "waiting", "");
}

static void new_job_runs_when_already_leading(void **state)
{
	struct job *cron;
	struct error error = ERROR_INIT;

	(void)state;
	say(&election, EVENT_ELECTED);
	cron = new_runner("cron", UNLIMITED);
	begin_all();
	expect(cron, "running", "cron+ SAID=elected cron:running ");
	assert_true(job_link(cron, find, NULL, &error));	/* after a reload */
	drain();
	exits(cron, 1);
	expect(cron, "backoff", "cron:exitFailed ");
}

static void end_run_without_hook_is_immediate(void **state)
{
	struct job *cron = elected_runner();
	struct hook *hook = steal(&cron->hook);

	(void)state;
	end_run(cron, 8);
	expect(cron, "waiting", "cron:draining ");
	cron->hook = hook;
}

static void restart_of_primary_ends_its_run(void **state)
{
	static const struct { long restarts; const char *then; } policies[] = {
		{ UNLIMITED, "backoff" }, { ON_FAILURE, "backoff" }, { 1, "backoff" }, { 0, "stopped" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
		struct job *db = new_job("db", at_start, policies[i].restarts);

		begin_all();
		buf_clear(&did);
		end_run(db, 8);
		expect(db, "ending", "db!15 ");	/* its services stay */
		exits(db, 0);
		assert_string_equal(job_state_name(db->state), policies[i].then);
		end_run(db, 0);
		assert_string_equal(job_state_name(db->state), policies[i].then);
		job_release(&jobs[--job_count]);
	}
}

static void end_run_does_not_delay_waiting_primary(void **state)
{
	struct job *db = new_job("db", at_start, UNLIMITED);

	(void)state;
	need(db, "watch.db", EVENT_HEALTHY);
	begin_all();
	end_run(db, 0);
	say(&watch, EVENT_HEALTHY);
	expect(db, "running", "db+ db:running ");
}

static void stop_works_during_end_run(void **state)
{
	struct job *cron = elected_runner();

	(void)state;
	end_run(cron, 8);
	buf_clear(&did);
	job_stop(cron, 8);
	drain();
	expect(cron, "terminating", "cron:draining cron:stopping cron!15 ");
	end_run(cron, 3);
	expect(cron, "terminating", "");
	end_run(cron, 0);
	expect(cron, "killing", "cron!9 ");
	exits(cron, 137);
	expect(cron, "stopped", "cron:exitFailed cron:stopped ");
}

static void kill_works_during_end_run(void **state)
{
	struct job *cron = elected_runner();

	(void)state;
	end_run(cron, 8);
	buf_clear(&did);
	job_kill(cron);
	expect(cron, "killing", "cron!9 ");
}

static void start_by_hand_takes_the_place_of_the_trigger(void **state)
{
	struct job *app = new_job("app", (struct when_config){
		.source = (char *)"watch.db", .code = EVENT_HEALTHY }, 0);

	(void)state;
	need(app, "election.db", EVENT_LEADER);
	begin_all();
	expect(app, "waiting", "");
	job_start(app);
	drain();
	expect(app, "running", "app+ app:running ");
	job_start(app);
	drain();
	expect(app, "running", "");
	say(&watch, EVENT_HEALTHY);
	exits(app, 0);
	expect(app, "stopped", "app:exitSuccess app:draining app:stopped ");
}

static void start_by_hand_leaves_a_recurring_trigger(void **state)
{
	struct job *hook = new_job("hook", (struct when_config){
		.source = (char *)"watch.db", .code = EVENT_CHANGED, .each = true }, 0);

	(void)state;
	begin_all();
	job_start(hook);
	exits(hook, 0);
	expect(hook, "waiting", "hook+ hook:running hook:exitSuccess ");
	say(&watch, EVENT_CHANGED);
	expect(hook, "running", "hook+ hook:running ");
}

static void start_by_hand_ends_backoff(void **state)
{
	struct job *app = new_job("app", at_start, UNLIMITED);

	(void)state;
	begin_all();
	for (int i = 0; i < 3; i++) {
		exits(app, 1);
		deadline(app, 0.5, 8);
	}
	exits(app, 1);
	buf_clear(&did);
	job_start(app);
	drain();
	expect(app, "running", "app+ app:running ");
	exits(app, 1);
	deadline(app, 0.5, 1);
}

static void stopped_by_hand_waits_for_no_trigger(void **state)
{
	struct job *app = new_job("app", at_start, UNLIMITED);
	struct error error = ERROR_INIT;

	(void)state;
	begin_all();
	buf_clear(&did);
	job_rearm(app);
	expect(app, "running", "");
	job_stop_by_hand(app, 30);
	drain();
	job_start(app);
	job_rearm(app);
	drain();
	expect(app, "terminating", "app:draining app:stopping app!15 ");
	exits(app, 0);
	expect(app, "stopped", "app:exitSuccess app:stopped ");
	job_start(app);
	expect(app, "stopped", "");
	assert_true(app->stopped_by_hand);
	job_rearm(app);
	assert_false(app->stopped_by_hand);
	assert_true(job_link(app, find, NULL, &error));
	job_start(app);
	drain();
	expect(app, "running", "app+ app:running ");
}

static void second_stop_by_hand_gives_no_more_time(void **state)
{
	struct job *app = new_job("app", at_start, 0);

	(void)state;
	begin_all();
	job_stop_by_hand(app, 5);
	drain();
	now += 4;
	job_stop_by_hand(app, 5);
	drain();
	buf_clear(&did);
	deadline(app, 0, 1);
	expect(app, "killing", "app!9 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_once_and_ends),
		TEST(restarts_with_growing_backoff),
		TEST(backoff_is_capped_and_forgotten),
		TEST(a_start_that_fails_is_an_exit),
		TEST(failed_pre_start_ends_the_job_with_its_code),
		TEST(job_never_runs_without_its_pre_start),
		TEST(needs_are_levels),
		TEST(needs_are_awaited_for_a_time),
		TEST(needs_that_come_in_time_end_the_wait),
		TEST(triggers_coalesce),
		TEST(each_event_of_a_queue_is_a_run),
		TEST(a_queue_has_a_limit),
		TEST(restarts_of_a_queue_are_for_life),
		TEST(a_stop_forgets_the_queue),
		TEST(failed_on_change_retries_until_newer_data),
		TEST(periodic_job_keeps_its_interval),
		TEST(the_first_run_can_be_delayed),
		TEST(a_delay_begins_when_the_needs_hold),
		TEST(a_delayed_job_stops_at_once),
		TEST(periodic_job_runs_once_more_than_it_restarts),
		TEST(run_is_killed_after_its_timeout),
		TEST(waiting_has_a_limit),
		TEST(stop_follows_its_steps_in_order),
		TEST(each_step_of_stop_is_limited),
		TEST(stop_waits_for_services),
		TEST(stop_works_in_each_state),
		TEST(kill_skips_remaining_steps),
		TEST(late_job_gets_a_level),
		TEST(unknown_source_is_an_error),
		TEST(runs_while_elected),
		TEST(restarts_while_leading),
		TEST(restarts_count_from_each_election),
		TEST(ignored_end_run_is_killed),
		TEST(deadline_of_end_run_only_shrinks),
		TEST(end_run_without_time_kills),
		TEST(end_run_ends_backoff),
		TEST(election_during_end_run_is_kept),
		TEST(past_election_starts_nothing),
		TEST(new_job_runs_when_already_leading),
		TEST(end_run_without_hook_is_immediate),
		TEST(restart_of_primary_ends_its_run),
		TEST(end_run_does_not_delay_waiting_primary),
		TEST(stop_works_during_end_run),
		TEST(kill_works_during_end_run),
		TEST(start_by_hand_takes_the_place_of_the_trigger),
		TEST(start_by_hand_leaves_a_recurring_trigger),
		TEST(start_by_hand_ends_backoff),
		TEST(stopped_by_hand_waits_for_no_trigger),
		TEST(second_stop_by_hand_gives_no_more_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
