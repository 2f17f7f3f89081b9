#include "app.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/output.h"
#include "base/process.h"
#include "announcer.h"
#include "unit_variables.h"
#include "endpoints.h"
#include "loader.h"
#include "units.h"
#include "reload.h"
#include "shutdown.h"
#include "signals.h"
#include "waits.h"

struct app;

/* How a phase (running, loading, reloading, stopping) reacts.  NULL: not at all. */
struct phase {
	void (*on_stopped)(struct app *app, struct job_unit *unit);	/* for good */
	void (*on_left)(struct app *app);		/* an election, for good */
	void (*on_unheld)(struct app *app);		/* nothing is owed before the end */
	void (*on_reaped)(struct app *app);
	void (*on_stop_signal)(struct app *app, int signo);
	void (*on_reload_signal)(struct app *app);
	void (*on_maintenance_signal)(struct app *app);
	void (*on_review)(struct app *app);		/* all events have been delivered */
	const char *name;
	bool forbids_changes;		/* of single jobs, by a client */
};

static const struct phase running, loading, reloading, stopping;

static const double one_request = 1;	/* seconds: stop signals within this time are one request */

struct app {
	const struct app_call *call;
	const struct phase *phase;
	struct loop loop;
	struct units units;
	struct reload reload;
	struct shutdown shutdown;
	struct endpoints endpoints;
	struct announcer announcer;
	struct waits waits;
	struct signals signals;
	struct compat_config compat;
	struct unit_variables variables;
	struct subscription tap;
	struct deferred review;
	struct loader loader;		/* of the next configuration */
	double stop_timeout;
	bool reload_again, plans;	/* plans: what is loaded is only looked at */
	double started;			/* monotonic */
	time_t start_time;		/* the same, since 1970 */
	long reloads, refusals;
	char *last_refusal;		/* NULL: the last reload was done, or there was none */
	bool ordered;			/* by a signal */
	double stop_signalled;		/* monotonic */
	int code;
};

static bool open_log(struct app *app, const struct log_config *config, struct error *error)
{
	return log_open(&app->loop, config->output, config->level, config->format) ||
	       fail(error, "cannot log to %s: %s", config->output, strerror(errno));
}

/* ---- the control socket ---- */

static void endpoints_frame(struct endpoints *endpoints, struct status_frame *frame)
{
	const struct app *app = container_of(endpoints, struct app, endpoints);

	*frame = (struct status_frame){
		.configuration = app->call->name, .phase = app->phase->name, .started = app->started,
		.start_time = app->start_time,
		.reloads = app->reloads, .refusals = app->refusals, .refusal = app->last_refusal,
	};
}

/* No plan while another configuration is loaded: the file may have changed since. */
static bool endpoints_reload(struct endpoints *endpoints, bool plan, struct error *error)
{
	struct app *app = container_of(endpoints, struct app, endpoints);

	if (!app->phase->on_reload_signal || (plan && app->phase != &running))
		return fail(error, "pilotfish is %s", app->phase->name);
	if (!plan) {
		app->phase->on_reload_signal(app);
		return true;
	}
	app->plans = true;
	app->phase = &loading;
	loader_start(&app->loader);
	return true;
}

static void set_maintenance(struct app *app, bool on)
{
	struct source *global = &app->units.global;

	if (on == source_holds(global, EVENT_ENTER_MAINTENANCE))
		return;
	log_info("maintenance %s", on ? "begins: out of service, all jobs keep running" : "is over");
	source_publish(global, on ? EVENT_ENTER_MAINTENANCE : EVENT_EXIT_MAINTENANCE);
}

static void endpoints_maintain(struct endpoints *endpoints, bool on)
{
	set_maintenance(container_of(endpoints, struct app, endpoints), on);
}

/* A job that a reload replaces would be started in vain. */
static bool endpoints_may_change(struct endpoints *endpoints, double *stop_timeout, struct error *error)
{
	const struct app *app = container_of(endpoints, struct app, endpoints);

	*stop_timeout = app->stop_timeout;
	return !app->phase->forbids_changes ||
	       fail(error, "pilotfish is %s: no job can be started or stopped now", app->phase->name);
}

static const struct endpoints_ops endpoints_ops = {
	.frame = endpoints_frame, .reload = endpoints_reload, .maintain = endpoints_maintain,
	.may_change = endpoints_may_change,
};

static void on_stopped(struct units *units, struct job_unit *unit)
{
	struct app *app = container_of(units, struct app, units);

	app->phase->on_stopped(app, unit);
}

static void on_left(struct units *units)
{
	struct app *app = container_of(units, struct app, units);

	if (app->phase->on_left)
		app->phase->on_left(app);
}

static void on_unheld(struct units *units)
{
	struct app *app = container_of(units, struct app, units);

	if (app->phase->on_unheld)
		app->phase->on_unheld(app);
}

static void on_addresses(struct units *units)
{
	struct app *app = container_of(units, struct app, units);

	unit_variables_renew(&app->variables, app->compat.variables);
}

static void take_compat(struct app *app, const struct config *config)
{
	app->compat = config->compat;
	app->signals.mode = config->compat.signals;
}

/* ---- stopping ---- */

static void begin_shutdown(struct app *app)
{
	loader_cancel(&app->loader);
	reload_cancel(&app->reload);
	app->phase = &stopping;
	endpoints_reloaded(&app->endpoints, "pilotfish is stopping");
	endpoints_planned(&app->endpoints, NULL, "pilotfish is stopping");
	shutdown_begin(&app->shutdown, app->stop_timeout);
}

static void on_shutdown_over(struct shutdown *shutdown)
{
	struct app *app = container_of(shutdown, struct app, shutdown);

	if (app->ordered && shutdown_has_killed(shutdown))
		app->code = 128 + SIGKILL;
	if (app->compat.exit_status == EXIT_STATUS_ZERO && !app->call->once)
		app->code = 0;
	log_info("all is stopped, exit code %d", app->code);
	loop_stop(&app->loop);
}

static void stopping_on_stopped(struct app *app, struct job_unit *unit)
{
	const struct job *job = &unit->job;

	if (!app->code && !app->ordered && job->failed &&
	    units_ends_essential(&app->units, job))
		app->code = job->code;
	shutdown_on_stopped(&app->shutdown, unit);
}

static void stopping_on_left(struct app *app)
{
	shutdown_on_left(&app->shutdown);
}

static void stopping_on_unheld(struct app *app)
{
	shutdown_on_unheld(&app->shutdown);
}

static void stopping_on_reaped(struct app *app)
{
	shutdown_on_reaped(&app->shutdown);
}

/* timeout(1), and a terminal's Ctrl-C beside a wrapper that forwards it, signal twice at once. */
static void stopping_on_stop_signal(struct app *app, int signo)
{
	if (monotonic_now() - app->stop_signalled < one_request)
		return;
	log_warn("%s again: killing what is left", signal_name(signo));
	shutdown_kill(&app->shutdown);
}

static const struct phase stopping = {
	.name = "stopping",
	.forbids_changes = true,
	.on_stopped = stopping_on_stopped,
	.on_left = stopping_on_left,
	.on_unheld = stopping_on_unheld,
	.on_reaped = stopping_on_reaped,
	.on_stop_signal = stopping_on_stop_signal,
};

/* ---- running ---- */

static void running_on_stopped(struct app *app, struct job_unit *unit)
{
	const struct job *job = &unit->job;

	if (job->stop_asked)
		return;
	if (!app->code)
		app->code = job->code;
	if (job->config->essential) {
		app->code = job->code;
		log_info("%s is essential and has ended with exit code %d: stopping the others",
			 job->source.name, job->code);
		begin_shutdown(app);
	} else if (units_is_spent(&app->units)) {
		log_info("no job is left that could run");
		begin_shutdown(app);
	}
}

static void running_on_stop_signal(struct app *app, int signo)
{
	log_info("%s: stopping", signal_name(signo));
	app->stop_signalled = monotonic_now();
	app->ordered = true;
	app->code = app->call->once ? 128 + signo : 0;	/* once: not done */
	begin_shutdown(app);
}

static void running_on_maintenance_signal(struct app *app)
{
	set_maintenance(app, !source_holds(&app->units.global, EVENT_ENTER_MAINTENANCE));
}

static bool prepare(struct app *app, struct config *next, struct error *error)
{
	struct staged_endpoints made;

	if (!reload_prepare(&app->reload, next, error))
		return fail_in(error, "%s", app->call->name);
	if (endpoints_stage(&app->endpoints, next, &made, error)) {
		if (open_log(app, &next->logging, error)) {
			endpoints_adopt(&app->endpoints, next, &made);
			return true;
		}
		endpoints_drop(&app->endpoints, &made);
	}
	reload_cancel(&app->reload);
	return false;
}

static void start_reload(struct app *app)
{
	app->reload_again = false;
	app->phase = &loading;
	announcer_reload_begins(&app->announcer);
	loader_start(&app->loader);
}

static void refuse(struct app *app)
{
	load_error_log(&app->loader.refusal, "not reloaded, the old configuration stays: ");
	app->refusals++;
	free(app->last_refusal);
	app->last_refusal = load_error_text(&app->loader.refusal);
	endpoints_reloaded(&app->endpoints, app->last_refusal);
	announcer_reload_ends(&app->announcer);
}

static bool is_acceptable(struct app *app, struct config *next)
{
	struct error error = ERROR_INIT;

	return next && (prepare(app, next, &error) || load_error_add(&app->loader.refusal, &error));
}

/* False: a reload has been asked for meanwhile. */
static bool tell_plan(struct app *app, struct config *next)
{
	struct error error = ERROR_INIT;
	json_t *plan = next ? reload_plan(&app->reload, next, &error) : NULL;
	AUTOFREE char *refusal = NULL;

	app->plans = false;
	if (next && !plan)
		load_error_add(&app->loader.refusal, &error);
	refusal = plan ? NULL : load_error_text(&app->loader.refusal);
	endpoints_planned(&app->endpoints, plan, refusal);
	return !app->reload_again;
}

static void on_loaded(struct loader *loader, struct config *next)
{
	struct app *app = container_of(loader, struct app, loader);

	app->phase = &running;
	if (app->plans && tell_plan(app, steal(&next)))
		return;
	if (app->reload_again) {	/* the file may have changed since */
		config_free(next);
		start_reload(app);
	} else if (!is_acceptable(app, next)) {
		refuse(app);
	} else {
		log_info("reloading %s", app->call->name);
		loader_log(next);
		app->stop_timeout = next->stop_timeout;
		take_compat(app, next);
		app->phase = &reloading;
		reload_begin(&app->reload, next->stop_timeout);
	}
}

static void running_on_review(struct app *app)
{
	if (units_is_done(&app->units, &app->code))
		begin_shutdown(app);
}

static const struct phase running = {
	.name = "running",
	.on_stopped = running_on_stopped,
	.on_stop_signal = running_on_stop_signal,
	.on_reload_signal = start_reload,
	.on_maintenance_signal = running_on_maintenance_signal,
	.on_review = running_on_review,
};

/* ---- loading, reloading ---- */

static void reload_later(struct app *app)
{
	app->reload_again = true;
}

static const struct phase loading = {
	.name = "loading",
	.on_stopped = running_on_stopped,
	.on_stop_signal = running_on_stop_signal,
	.on_reload_signal = reload_later,
	.on_maintenance_signal = running_on_maintenance_signal,
	.on_review = running_on_review,
};

static void on_reloaded(struct reload *reload)
{
	struct app *app = container_of(reload, struct app, reload);

	app->phase = &running;
	log_info("reloaded");
	app->reloads++;
	unit_variables_renew(&app->variables, app->compat.variables);
	free(steal(&app->last_refusal));
	source_publish(&app->units.global, EVENT_RELOADED);
	if (app->reload_again) {
		start_reload(app);
		return;
	}
	endpoints_reloaded(&app->endpoints, NULL);
	announcer_reload_ends(&app->announcer);
	if (units_is_spent(&app->units))
		begin_shutdown(app);
}

static void reloading_on_stopped(struct app *app, struct job_unit *unit)
{
	reload_on_stopped(&app->reload);
	if (!reload_removes(&app->reload, unit))
		running_on_stopped(app, unit);
}

static void reloading_on_left(struct app *app)
{
	reload_on_left(&app->reload);
}

static const struct phase reloading = {
	.name = "reloading",
	.forbids_changes = true,
	.on_stopped = reloading_on_stopped,
	.on_left = reloading_on_left,
	.on_stop_signal = running_on_stop_signal,
	.on_reload_signal = reload_later,
	.on_maintenance_signal = running_on_maintenance_signal,
	.on_review = running_on_review,
};

/* ---- signals ---- */

static void on_order(struct signals *signals, enum signal_order order, int signo)
{
	struct app *app = container_of(signals, struct app, signals);
	const struct phase *phase = app->phase;
	void (*const steps[])(struct app *app) = {
		[ORDER_REAPED] = phase->on_reaped, [ORDER_RELOAD] = phase->on_reload_signal,
		[ORDER_MAINTENANCE] = phase->on_maintenance_signal,
	};

	if (order == ORDER_STOP)
		phase->on_stop_signal(app, signo);
	else if (steps[order])
		steps[order](app);
}

static void on_signal(struct loop *loop, const struct signalfd_siginfo *info)
{
	signals_handle(&container_of(loop, struct app, loop)->signals, (int)info->ssi_signo);
}

/* ---- the beginning and the end ---- */

static void on_review(struct deferred *deferred)
{
	struct app *app = container_of(deferred, struct app, review);

	if (app->phase->on_review)
		app->phase->on_review(app);
}

static void on_any_event(struct subscription *sub, const struct event *event)
{
	struct app *app = container_of(sub, struct app, tap);

	if (log_wants(LEVEL_DEBUG))
		log_event(event->source->name, event_name(event->code));
	waits_on_event(&app->waits);
	if (app->call->once)
		defer(&app->review);
}

static bool start(struct app *app, struct config *config, struct error *error)
{
	CLEANUP(staged_release) struct staged staged = { .agent = NULL };
	sigset_t all;

	sigfillset(&all);
	process_adopt_orphans();
	if (!loop_take_signals(&app->loop, &all, on_signal))
		return fail(error, "cannot make a signalfd: %s", strerror(errno));
	if (!units_stage(&app->units, config, &staged, error))
		return false;
	units_add(&app->units, config, &staged);
	if (!units_link(&app->units, error))
		return false;
	unit_variables_renew(&app->variables, app->compat.variables);
	source_publish(&app->units.global, EVENT_STARTUP);
	if (units_is_spent(&app->units)) {
		log_warn("%s has nothing to run", app->call->name);
		begin_shutdown(app);
	}
	return true;
}

static void init(struct app *app, const struct app_call *call)
{
	*app = (struct app){
		.call = call, .phase = &running, .started = monotonic_now(), .start_time = time(NULL),
	};
	loop_init(&app->loop);
	units_init(&app->units, &app->loop);
	reload_init(&app->reload, &app->units);
	shutdown_init(&app->shutdown, &app->units);
	waits_init(&app->waits, &app->units);
	signals_init(&app->signals, &app->units, on_order);
	unit_variables_init(&app->variables, &app->units);
	endpoints_init(&app->endpoints, &app->units, &endpoints_ops);
	announcer_init(&app->announcer, &app->units, &app->endpoints);
	app->units.on_stopped = on_stopped;
	app->units.on_left = on_left;
	app->units.on_unheld = on_unheld;
	app->units.on_addresses = on_addresses;
	app->reload.on_over = on_reloaded;
	app->shutdown.on_over = on_shutdown_over;
	deferred_init(&app->review, &app->loop, on_review);
	loader_init(&app->loader, &app->loop, call, on_loaded);
	subscribe(&app->tap, &app->loop.bus.any, EVENT_ANY, on_any_event);
}

static void release(struct app *app)
{
	endpoints_close(&app->endpoints);
	announcer_release(&app->announcer);
	loader_release(&app->loader);
	free(app->last_refusal);
	reload_release(&app->reload);
	shutdown_release(&app->shutdown);
	waits_release(&app->waits);
	unit_variables_release(&app->variables);
	units_release(&app->units);
	output_free_left();
	log_close();
	deferred_cancel(&app->review);
	unsubscribe(&app->tap);
	loop_release(&app->loop);
}

/* The log and the control socket. */
static bool open_outside(struct app *app, struct config *config, struct error *error)
{
	struct staged_endpoints made;

	if (!open_log(app, &config->logging, error))
		return false;
	loader_log(config);
	if (app->call->once)
		return true;
	if (!endpoints_stage(&app->endpoints, config, &made, error))
		return fail_in(error, "%s", app->call->name);
	endpoints_adopt(&app->endpoints, config, &made);
	return true;
}

static int failure(const struct app_call *call, int code)
{
	return call->failure ? call->failure : code;
}

static int refuse_start(const struct app_call *call, struct load_error *error)
{
	int code = error->code == EX_NOINPUT ? EX_NOINPUT : EX_CONFIG;

	load_error_log(error, "");
	load_error_release(error);
	return failure(call, code);
}

int app_run(const struct app_call *call)
{
	struct load_error refusal = { .code = 0 };
	struct error error = ERROR_INIT;
	struct config *config = call->load(call, NULL, &refusal);
	struct app app;

	if (!config)
		return refuse_start(call, &refusal);
	if (config->has_secrets)
		process_forbid_dump();
	init(&app, call);
	app.stop_timeout = config->stop_timeout;
	take_compat(&app, config);
	if (!open_outside(&app, config, &error)) {
		log_error("%s", error.text);
		app.code = failure(call, EX_CANTCREAT);
	} else if (start(&app, config, &error)) {
		config_free(steal(&config));
		file_wait_no_more();
		loop_run(&app.loop);
	} else {
		log_error("%s: %s", call->name, error.text);
		app.code = failure(call, EX_CONFIG);
	}
	config_free(config);
	release(&app);
	return app.code;
}
