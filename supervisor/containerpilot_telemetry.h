/* containerpilot_telemetry.h - what ContainerPilot tells of itself: members of /status, and three metrics.
 *
 *     {"Version": ..., "Jobs": [{"Name", "Status"}], "Services": [{"Name", "Address", "Port", "Status"}],
 *      "Watches": ["NAME"]}
 *
 * A job with a service is among the services alone; an empty list is null.  A status is unknown, healthy,
 * unhealthy or maintenance.  All of this is told while the configuration is one of ContainerPilot.
 */
#ifndef CONTAINERPILOT_TELEMETRY_H
#define CONTAINERPILOT_TELEMETRY_H

#include "base/answer_counts.h"
#include "exposition.h"
#include "units.h"

struct containerpilot_telemetry {
	const struct units *units;
	struct subscription tap;
	struct answer_counts events;	/* by the source, and their code + 1; 0: other */
	bool on;
};

void containerpilot_telemetry_init(struct containerpilot_telemetry *telemetry, struct units *units);
void containerpilot_telemetry_release(struct containerpilot_telemetry *telemetry);	/* idempotent */
void containerpilot_telemetry_switch(struct containerpilot_telemetry *telemetry, bool on);

/* Both do nothing unless it is on. */
void containerpilot_telemetry_add_status(const struct containerpilot_telemetry *telemetry, json_t *document);
void containerpilot_telemetry_print(const struct containerpilot_telemetry *telemetry,
				    const struct answer_counts *requests, enum exposition_format format,
				    struct buf *out);

#endif
