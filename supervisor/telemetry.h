/* telemetry.h - the TCP port for reading: what may be asked there, and the answers.
 *
 *     GET  /metrics            metrics.h, as OpenMetrics if the client accepts that
 *     GET  /status             the document of status.h
 *     GET  /livez              200: the loop turns
 *     GET  /readyz, /healthz   200: all jobs are healthy and the services in traffic; else 503 and why
 *
 * and only with `page`:
 *
 *     GET  /                   the page (page.h), with its parts
 *     GET  /graph              the document of graph.h
 *     GET  /events             a stream of events (event_stream.h), for at most TELEMETRY_STREAMS clients
 *
 * Nothing can be changed.  responder.h has the limits for clients.
 */
#ifndef TELEMETRY_H
#define TELEMETRY_H

#include <jansson.h>

#include "config/config.h"
#include "control/listen.h"
#include "control/responder.h"
#include "event_stream.h"
#include "exposition.h"

enum { TELEMETRY_STREAMS = 32 };

struct telemetry;

struct telemetry_ops {
	json_t *(*status)(struct telemetry *telemetry);		/* a new document */
	json_t *(*graph)(struct telemetry *telemetry);		/* likewise */
	bool (*is_ready)(struct telemetry *telemetry, struct error *why);	/* false: why not */
	/* The metrics that are not in the document. */
	void (*print_more)(struct telemetry *telemetry, enum exposition_format format, struct buf *out);
};

struct telemetry {
	const struct telemetry_ops *ops;
	struct loop *loop;
	struct listening listening;
	struct responder responder;
	struct event_stream events;
	bool page;
};

void telemetry_init(struct telemetry *telemetry, struct loop *loop, const struct telemetry_ops *ops);

/* Listen on the port that `config` wants, unless it is the present one; then use it in the place of the
 * present one, or drop it (listening_drop()). */
bool telemetry_stage(const struct telemetry *telemetry, const struct telemetry_config *config,
		     struct listening *made, struct error *error);
void telemetry_adopt(struct telemetry *telemetry, const struct listening *made, bool page);
void telemetry_close(struct telemetry *telemetry);	/* idempotent */

#endif
