#include "app.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/output.h"
#include "units.h"
#include "reload.h"
#include "shutdown.h"

struct app {
	const struct app_call *call;
	struct loop loop;
	struct units units;
	struct reload reload;
	struct shutdown shutdown;
	struct subscription tap;
	struct timer review;		/* when what was said has been acted upon */
	double stop_timeout;
	bool reload_again;
	bool ordered;			/* the stop was asked for */
	int code;
};

/* ---- the end ---- */

static void on_shutdown_over(struct shutdown *shutdown)
{
	struct app *app = container_of(shutdown, struct app, shutdown);

	if (app->ordered && shutdown_has_killed(shutdown))
		app->code = 128 + SIGKILL;
	log_info("all is stopped, exit code %d", app->code);
	loop_stop(&app->loop);
}

static void begin_shutdown(struct app *app)
{
	reload_cancel(&app->reload);
	shutdown_begin(&app->shutdown, app->stop_timeout);
}

static void on_stopped(struct units *units, struct job_unit *unit)
{
	struct app *app = container_of(units, struct app, units);
	const struct job *job = &unit->job;

	if (app->shutdown.begun) {
		shutdown_on_stopped(&app->shutdown, unit);
		return;
	}
	reload_on_stopped(&app->reload);
	if (job->stop_asked || unit->removed)
		return;
	if (!app->code)
		app->code = job->code;
	if (job->config->essential) {
		app->code = job->code;
		log_info("%s is essential and has ended with exit code %d: stopping the others",
			 job->source.name, job->code);
		begin_shutdown(app);
	} else if (units_is_spent(units)) {
		log_info("nothing is left that could run");
		begin_shutdown(app);
	}
}

static void on_left(struct units *units)
{
	struct app *app = container_of(units, struct app, units);

	if (app->shutdown.begun)
		shutdown_on_left(&app->shutdown);
	else
		reload_on_left(&app->reload);
}

/* ---- reload ---- */

static bool open_log(struct app *app, const struct log_config *config)
{
	if (log_open(&app->loop, config->output, config->level, config->format))
		return true;
	log_error("cannot log to %s: %s", config->output, strerror(errno));
	return false;
}

/* A file that is empty may be one that is just being written: it does not mean "stop all". */
static struct config *load_next(const struct app_call *call, struct load_error *error)
{
	struct config *next = call->load(call, error);

	if (!next || json_object_size(next->tree))
		return next;
	fail(&error->error, "%s is empty", call->name);
	config_free(next);
	return NULL;
}

static void start_reload(struct app *app)
{
	struct load_error error = { .code = 0 };
	struct config *next;

	if (app->reload.next) {
		app->reload_again = true;
		return;
	}
	app->reload_again = false;
	next = load_next(app->call, &error);
	if (!next) {
		log_error("not reloaded, the old configuration stays: %s", error.error.text);
		return;
	}
	log_info("reloading %s", app->call->name);
	open_log(app, &next->logging);
	app->stop_timeout = next->stop_timeout;
	reload_begin(&app->reload, next, next->stop_timeout);
}

static void on_reloaded(struct reload *reload, const struct error *error)
{
	struct app *app = container_of(reload, struct app, reload);

	if (error)
		log_error("the new configuration does not work: %s", error->text);
	else
		log_info("reloaded");
	source_publish(&app->units.global, EVENT_RELOADED);
	if (app->reload_again)
		start_reload(app);
	else if (units_is_spent(&app->units))
		begin_shutdown(app);
}

/* ---- signals ---- */

static void on_sigchld(struct app *app, int signo)
{
	(void)signo;
	process_reap();
	if (app->shutdown.begun)
		shutdown_on_reaped(&app->shutdown);
}

static void on_sigterm(struct app *app, int signo)
{
	if (app->shutdown.begun) {
		log_warn("%s again: killing what is left", signal_name(signo));
		shutdown_kill(&app->shutdown);
		return;
	}
	log_info("%s: stopping", signal_name(signo));
	app->ordered = true;
	app->code = app->call->once ? 128 + signo : 0;	/* once: not done */
	begin_shutdown(app);
}

static void on_sighup(struct app *app, int signo)
{
	if (!app->shutdown.begun && !units_signal(&app->units, signo))
		start_reload(app);
}

static void on_sigusr1(struct app *app, int signo)
{
	log_reopen();
	units_signal(&app->units, signo);
}

static void on_sigusr2(struct app *app, int signo)
{
	struct source *global = &app->units.global;
	bool on = !source_holds(global, EVENT_ENTER_MAINTENANCE);

	if (units_signal(&app->units, signo) || app->shutdown.begun)
		return;
	log_info("maintenance %s", on ? "begins: out of service, all keeps running" : "is over");
	source_publish(global, on ? EVENT_ENTER_MAINTENANCE : EVENT_EXIT_MAINTENANCE);
}

static const struct {
	int signo;
	void (*fn)(struct app *app, int signo);
} handlers[] = {
	{ SIGCHLD, on_sigchld },
	{ SIGTERM, on_sigterm },
	{ SIGINT,  on_sigterm },
	{ SIGQUIT, on_sigterm },
	{ SIGHUP,  on_sighup },
	{ SIGUSR1, on_sigusr1 },
	{ SIGUSR2, on_sigusr2 },
};

static void on_signal(struct loop *loop, const struct signalfd_siginfo *info)
{
	struct app *app = container_of(loop, struct app, loop);
	int signo = (int)info->ssi_signo;

	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
		if (handlers[i].signo == signo) {
			handlers[i].fn(app, signo);
			return;
		}
	units_signal(&app->units, signo);
}

/* ---- once ---- */

/* Has everything been done that was to be done once?  Then *code says how. */
static bool is_done(const struct units *units, int *code)
{
	*code = 0;
	list_each(node, &units->templates) {
		const struct source *source =
		    &list_entry(node, struct template_unit, link)->render.source;

		if (source_holds(source, EVENT_UNHEALTHY)) {
			*code = 1;
			return true;
		}
		if (!source_holds(source, EVENT_RENDERED))
			return false;
	}
	list_each(node, &units->jobs) {
		const struct job *job = &list_entry(node, struct job_unit, link)->job;

		if (job->state == JOB_RUNNING)
			return false;
		if (job->failed)
			*code = job->code;
	}
	return true;
}

static void on_review(struct timer *timer)
{
	struct app *app = container_of(timer, struct app, review);

	if (app->loop.bus.used)		/* not heard by those who act upon it */
		timer_set(timer, 0);
	else if (!app->shutdown.begun && is_done(&app->units, &app->code))
		begin_shutdown(app);
}

static void on_any_event(struct subscription *sub, const struct event *event)
{
	struct app *app = container_of(sub, struct app, tap);

	if (log_wants(LEVEL_DEBUG))
		log_event(event->source->name, event_name(event->code));
	if (app->call->once)
		timer_set(&app->review, 0);
}

/* ---- the beginning ---- */

static bool start(struct app *app, struct config *config, struct error *error)
{
	sigset_t all;

	sigfillset(&all);
	process_adopt_orphans();
	if (!loop_take_signals(&app->loop, &all, on_signal))
		return fail(error, "cannot make a signalfd: %s", strerror(errno));
	if (!units_add(&app->units, config, error) || !units_link(&app->units, error))
		return false;
	source_publish(&app->units.global, EVENT_STARTUP);
	if (units_is_spent(&app->units)) {
		log_warn("%s has nothing to run", app->call->name);
		begin_shutdown(app);
	}
	return true;
}

static void init(struct app *app, const struct app_call *call)
{
	*app = (struct app){ .call = call };
	loop_init(&app->loop);
	units_init(&app->units, &app->loop);
	reload_init(&app->reload, &app->units);
	shutdown_init(&app->shutdown, &app->units);
	app->units.on_stopped = on_stopped;
	app->units.on_left = on_left;
	app->reload.on_over = on_reloaded;
	app->shutdown.on_over = on_shutdown_over;
	timer_init(&app->review, &app->loop, on_review);
	subscribe(&app->tap, &app->loop.bus.any, EVENT_ANY, on_any_event);
}

static void release(struct app *app)
{
	reload_release(&app->reload);
	units_release(&app->units);
	output_free_left();
	log_close();
	timer_stop(&app->review);
	unsubscribe(&app->tap);
	loop_release(&app->loop);
}

int app_run(const struct app_call *call)
{
	struct load_error error = { .code = 0 };
	struct config *config = call->load(call, &error);
	struct app app;

	if (!config) {
		log_error("%s", error.error.text);
		return error.code == EX_NOINPUT ? EX_NOINPUT : EX_CONFIG;
	}
	init(&app, call);
	app.stop_timeout = config->stop_timeout;
	if (!open_log(&app, &config->logging)) {
		app.code = EX_CANTCREAT;
	} else if (start(&app, config, &error.error)) {
		config_free(steal(&config));
		loop_run(&app.loop);
	} else {
		log_error("%s: %s", call->name, error.error.text);
		app.code = EX_CONFIG;
	}
	config_free(config);
	release(&app);
	return app.code;
}
