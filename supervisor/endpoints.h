/* endpoints.h - what the control socket offers: the table of methods and paths, and their answers.
 *
 *     GET  /v4/status                 the document of status.h
 *     GET  /v4/health[?job=NAME]      200: healthy; 503: not, with the reason as text
 *     GET  /v4/events                 a stream of events (event_stream.h)
 *     GET  /v4/graph                  the document of graph.h
 *     POST /v4/reload[?dry-run]       once it is known: 200, or 422 with the reason as text; dry-run: the
 *                                     plan (reload.h), and nothing changes
 *     POST /v4/maintenance            body "on" or "off"
 *     POST /v4/jobs/NAME/signal       body: the signal's name
 *     POST /v4/jobs/NAME/start        job_change.h; with ?wait=DURATION, once that has reached its end
 *     POST /v4/jobs/NAME/stop
 *     POST /v4/jobs/NAME/restart      its run ends in order, and another begins
 *     POST /v4/jobs/NAME/tag          body: a tag for its services, until it is taken back or pilotfish ends
 *     POST /v4/jobs/NAME/untag
 *     GET  /v4/env[?secrets=1]        the environment of later children (variables.h)
 *     POST /v4/env                    changes it
 *     POST /v4/metric                 sets metrics of the application (user_metrics.h)
 *     /v3/...                         as ContainerPilot has them (endpoints_v3.h)
 *
 * The file's mode decides which users may connect, and these may do all of it.  Each change but that of
 * a metric is logged with the client's uid and pid.  An error is a line of text for a person.
 */
#ifndef ENDPOINTS_H
#define ENDPOINTS_H

#include "control/listen.h"
#include "control/responder.h"
#include "containerpilot_telemetry.h"
#include "event_stream.h"
#include "job_requests.h"
#include "status.h"
#include "telemetry.h"
#include "user_metrics.h"

struct endpoints;

/* Done by the composition root. */
struct endpoints_ops {
	void (*frame)(struct endpoints *endpoints, struct status_frame *frame);
	/* Answered by endpoints_reloaded(); with `plan` nothing changes, and endpoints_planned() answers.
	 * False: `error` says why it cannot be asked for now. */
	bool (*reload)(struct endpoints *endpoints, bool plan, struct error *error);
	void (*maintain)(struct endpoints *endpoints, bool on);
	/* May jobs be started and stopped?  False: `error` says why not. */
	bool (*may_change)(struct endpoints *endpoints, double *stop_timeout, struct error *error);
};

struct endpoints {
	struct units *units;
	const struct endpoints_ops *ops;
	struct listening listening;
	struct responder responder;
	struct telemetry telemetry;
	struct user_metrics metrics;
	struct list waiting;		/* for the outcome of a reload */
	struct list planning;		/* for what one would do */
	bool reload_asked;		/* by a client; its outcome is not known */
	struct containerpilot_telemetry containerpilot;
	struct event_stream events;
	struct job_requests jobs;
	struct answer_counts requests;		/* answered, by their path and status */
};

void endpoints_init(struct endpoints *endpoints, struct units *units, const struct endpoints_ops *ops);

struct staged_endpoints {
	struct listening control, telemetry;
	bool page;			/* of the telemetry */
};

/* Make the socket and the port that `config` wants; then use them in the place of the present ones, and take
 * its metrics, or drop them.  A socket at the present path is only given its mode and group.  False: one is
 * refused.  The default socket was not asked for, so nothing else waits for that. */
bool endpoints_stage(struct endpoints *endpoints, const struct config *config,
		     struct staged_endpoints *made, struct error *error);
void endpoints_adopt(struct endpoints *endpoints, struct config *config, struct staged_endpoints *made);
void endpoints_drop(struct endpoints *endpoints, struct staged_endpoints *made);
void endpoints_close(struct endpoints *endpoints);		/* idempotent */

/* Running, not in maintenance, and all is healthy; false: `why` has the first trouble. */
bool endpoints_are_ready(struct endpoints *endpoints, struct error *why);

/* For the tables of paths: do what a client asks for, and log that with its uid and pid. */
void endpoints_log_change(const struct exchange *exchange, const char *what);
bool endpoints_begin_reload(struct endpoints *endpoints, const struct exchange *exchange,
			    struct error *error);
void endpoints_set_maintenance(struct endpoints *endpoints, const struct exchange *exchange, bool on);

void endpoints_reloaded(struct endpoints *endpoints, const char *refusal);	/* NULL: done */

/* Takes `plan`, see reload_plan(); NULL: `refusal` says why there is none. */
void endpoints_planned(struct endpoints *endpoints, json_t *plan, const char *refusal);

#endif
