/* The state table of a job, with a hook that only notes what it is told and a clock of our own:
 * the linker wraps timers and the clock (Makefile). */
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
void __wrap_timer_stop(struct timer *timer);

double __wrap_monotonic_now(void) { return now; }

void __wrap_timer_init(struct timer *timer, struct loop *loop, timer_fn *fn)
{
	*timer = (struct timer){ .loop = loop, .fn = fn };
}

/* ev.at is when it fires; 0: not set. */
void __wrap_timer_set(struct timer *timer, double seconds) { timer->ev.at = now + seconds; }
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

/* ---- the stage ---- */

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

/* Let time pass until the job's deadline, which is to be in `seconds`. */
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

static void pre_start_gates_and_hands_on_its_code(void **state)
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

static void without_its_pre_start_a_job_never_runs(void **state)
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

static void a_failed_on_change_is_retried_until_newer_data(void **state)
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

static void periodic_keeps_its_beat(void **state)
{
	struct job *task = new_job("task", at_start, UNLIMITED);

	(void)state;
	task->config->when.interval = 10;
	begin_all();
	expect(task, "running", "task+ task:running ");
	now += 4;
	exits(task, 0);
	deadline(task, 6, 6);
	now += 13;			/* longer than its interval: that beat is left out */
	exits(task, 0);
	deadline(task, 7, 7);
	assert_int_equal(task->runs, 3);
}

static void periodic_runs_once_more_than_it_restarts(void **state)
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

static void a_run_that_takes_too_long_is_killed(void **state)
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

static void leaves_in_order(void **state)
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

static void each_step_of_leaving_is_clipped(void **state)
{
	struct job *app = new_job("app", at_start, 0);
	struct job *bye = new_job("app.preStop", (struct when_config){
		.source = (char *)"app", .code = EVENT_STOPPING }, 0);

	(void)state;
	app->config->drain = 100;
	begin_all();
	job_stop(app, 8);
	drain();
	deadline(app, 4, 4);		/* of a drain of 100 s */
	assert_string_equal(job_state_name(bye->state), "running");
	deadline(app, 2, 2);		/* preStop does not end */
	buf_clear(&did);
	deadline(app, 2, 2);		/* nor does the workload */
	expect(app, "killing", "app!9 ");
	assert_true(app->killed);
}

static struct hold deregistration;

static void on_draining(struct subscription *sub, const struct event *event)
{
	(void)sub;
	source_hold(event->source, &deregistration);
}

static void who_leaves_waits_for_its_services(void **state)
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

static void stop_comes_at_any_time(void **state)
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

static void kill_skips_what_is_left(void **state)
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

static void a_late_job_hears_of_a_level(void **state)
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

static void an_unknown_source_is_an_error(void **state)
{
	struct error error = ERROR_INIT;
	struct job *job = new_job("job", (struct when_config){
		.source = (char *)"watch.dbb", .code = EVENT_HEALTHY }, 0);

	(void)state;
	assert_false(job_link(job, find, NULL, &error));
	assert_string_equal(error.text, "no source 'watch.dbb'");
}

/* ---- being recalled ---- */

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
	struct job *beat = new_runner("beat", UNLIMITED);

	begin_all();
	assert_string_equal(job_state_name(beat->state), "waiting");
	say(&election, EVENT_ELECTED);
	expect(beat, "running", "beat+ SAID=elected beat:running ");
	return beat;
}

static void end_run(struct job *job, double patience)
{
	job_end_run(job, patience);
	drain();
}

static void it_runs_from_election_to_recall(void **state)
{
	struct job *beat = elected_runner();

	(void)state;
	say(&election, EVENT_DEPOSED);
	end_run(beat, 8);
	expect(beat, "ending", "beat!15 beat:draining ");
	exits(beat, 143);
	expect(beat, "waiting", "beat:exitFailed ");
	assert_int_equal(beat->failures, 0);
	assert_true(beat->deadline.ev.at <= 0);
	say(&election, EVENT_ELECTED);
	expect(beat, "running", "beat+ SAID=elected beat:running ");
}

static void while_it_leads_it_is_restarted(void **state)
{
	struct job *beat = elected_runner();

	(void)state;
	for (int i = 0; i < 3; i++) {
		exits(beat, 0);
		expect(beat, "backoff", "beat:exitSuccess ");
		deadline(beat, 0.5, 8);
		expect(beat, "running", "beat+ SAID=elected beat:running ");
	}
}

static void restarts_are_counted_from_each_election(void **state)
{
	struct job *beat = new_runner("beat", 1);

	(void)state;
	begin_all();
	for (int i = 0; i < 2; i++) {
		say(&election, EVENT_ELECTED);
		exits(beat, 1);
		deadline(beat, 0.5, 2);
		exits(beat, 1);
		assert_string_equal(job_state_name(beat->state), "waiting");
		say(&election, EVENT_DEPOSED);
	}
	assert_int_equal(beat->runs, 4);
}

static void who_does_not_heed_the_recall_is_killed(void **state)
{
	struct job *beat = elected_runner();

	(void)state;
	end_run(beat, 8);
	buf_clear(&did);
	deadline(beat, 5, 5);		/* stopTimeout */
	expect(beat, "ending", "beat!9 ");
	deadline(beat, 1, 1);
	expect(beat, "ending", "beat!9 ");
	exits(beat, 137);
	expect(beat, "waiting", "beat:exitFailed ");
	assert_false(beat->killed);
}

static void a_recall_can_become_more_urgent_only(void **state)
{
	struct job *beat = elected_runner();

	(void)state;
	end_run(beat, 4);
	now += 1;
	end_run(beat, 2);
	end_run(beat, 100);
	buf_clear(&did);
	deadline(beat, 2, 2);
	expect(beat, "ending", "beat!9 ");
	exits(beat, 137);
	say(&election, EVENT_ELECTED);
	buf_clear(&did);
	end_run(beat, 3);
	end_run(beat, 0);
	expect(beat, "ending", "beat!15 beat:draining beat!9 ");
}

static void a_recall_without_patience_kills(void **state)
{
	struct job *beat = elected_runner();

	(void)state;
	end_run(beat, 0);
	expect(beat, "ending", "beat!9 beat:draining ");
	deadline(beat, 1, 1);
	expect(beat, "ending", "beat!9 ");
}

static void a_recall_ends_backoff(void **state)
{
	struct job *beat = elected_runner();

	(void)state;
	exits(beat, 1);
	buf_clear(&did);
	end_run(beat, 8);
	expect(beat, "waiting", "");
	assert_true(beat->deadline.ev.at <= 0);
}

static void an_election_while_it_is_recalled_is_not_lost(void **state)
{
	struct job *beat = elected_runner();

	(void)state;
	end_run(beat, 8);
	say(&election, EVENT_DEPOSED);
	say(&election, EVENT_ELECTED);
	buf_clear(&did);
	exits(beat, 143);
	expect(beat, "running", "beat+ SAID=elected beat:exitFailed beat:running ");
	end_run(beat, 8);
	say(&election, EVENT_DEPOSED);
	say(&election, EVENT_ELECTED);
	end_run(beat, 8);		/* that is over, too */
	exits(beat, 143);
	assert_string_equal(job_state_name(beat->state), "waiting");
}

static void an_election_that_is_over_starts_nothing(void **state)
{
	struct job *beat = new_runner("beat", UNLIMITED);

	(void)state;
	begin_all();
	source_publish(&election, EVENT_ELECTED);
	source_publish(&election, EVENT_DEPOSED);
	end_run(beat, 0);		/* before it has heard of anything */
	expect(beat, "waiting", "");
	need(beat, "watch.db", EVENT_HEALTHY);
	begin_all();
	say(&election, EVENT_ELECTED);
	end_run(beat, 8);
	say(&watch, EVENT_HEALTHY);
	expect(beat, "waiting", "");
}

static void a_new_job_runs_if_we_lead_already(void **state)
{
	struct job *beat;
	struct error error = ERROR_INIT;

	(void)state;
	say(&election, EVENT_ELECTED);
	beat = new_runner("beat", UNLIMITED);
	begin_all();
	expect(beat, "running", "beat+ SAID=elected beat:running ");
	assert_true(job_link(beat, find, NULL, &error));	/* after a reload */
	drain();
	exits(beat, 1);
	expect(beat, "backoff", "beat:exitFailed ");
}

static void without_a_hook_it_is_recalled_at_once(void **state)
{
	struct job *beat = elected_runner();
	struct hook *hook = steal(&beat->hook);

	(void)state;
	end_run(beat, 8);
	expect(beat, "waiting", "beat:draining ");
	beat->hook = hook;
}

static void a_primary_is_recalled_to_be_restarted(void **state)
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

static void a_primary_that_waits_is_not_held_up_by_a_recall(void **state)
{
	struct job *db = new_job("db", at_start, UNLIMITED);

	(void)state;
	need(db, "watch.db", EVENT_HEALTHY);
	begin_all();
	end_run(db, 0);
	say(&watch, EVENT_HEALTHY);
	expect(db, "running", "db+ db:running ");
}

static void who_is_recalled_can_leave(void **state)
{
	struct job *beat = elected_runner();

	(void)state;
	end_run(beat, 8);
	buf_clear(&did);
	job_stop(beat, 8);
	drain();
	expect(beat, "terminating", "beat:draining beat:stopping beat!15 ");
	end_run(beat, 3);
	expect(beat, "terminating", "");
	end_run(beat, 0);
	expect(beat, "killing", "beat!9 ");
	exits(beat, 137);
	expect(beat, "stopped", "beat:exitFailed beat:stopped ");
}

static void who_is_recalled_can_be_killed(void **state)
{
	struct job *beat = elected_runner();

	(void)state;
	end_run(beat, 8);
	buf_clear(&did);
	job_kill(beat);
	expect(beat, "killing", "beat!9 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_once_and_ends),
		TEST(restarts_with_growing_backoff),
		TEST(backoff_is_capped_and_forgotten),
		TEST(a_start_that_fails_is_an_exit),
		TEST(pre_start_gates_and_hands_on_its_code),
		TEST(without_its_pre_start_a_job_never_runs),
		TEST(needs_are_levels),
		TEST(triggers_coalesce),
		TEST(a_failed_on_change_is_retried_until_newer_data),
		TEST(periodic_keeps_its_beat),
		TEST(periodic_runs_once_more_than_it_restarts),
		TEST(a_run_that_takes_too_long_is_killed),
		TEST(waiting_has_a_limit),
		TEST(leaves_in_order),
		TEST(each_step_of_leaving_is_clipped),
		TEST(who_leaves_waits_for_its_services),
		TEST(stop_comes_at_any_time),
		TEST(kill_skips_what_is_left),
		TEST(a_late_job_hears_of_a_level),
		TEST(an_unknown_source_is_an_error),
		TEST(it_runs_from_election_to_recall),
		TEST(while_it_leads_it_is_restarted),
		TEST(restarts_are_counted_from_each_election),
		TEST(who_does_not_heed_the_recall_is_killed),
		TEST(a_recall_can_become_more_urgent_only),
		TEST(a_recall_without_patience_kills),
		TEST(a_recall_ends_backoff),
		TEST(an_election_while_it_is_recalled_is_not_lost),
		TEST(an_election_that_is_over_starts_nothing),
		TEST(a_new_job_runs_if_we_lead_already),
		TEST(without_a_hook_it_is_recalled_at_once),
		TEST(a_primary_is_recalled_to_be_restarted),
		TEST(a_primary_that_waits_is_not_held_up_by_a_recall),
		TEST(who_is_recalled_can_leave),
		TEST(who_is_recalled_can_be_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
