/* verdict.h - what a job's health checks last found.  Written by supervisor/health.c alone, read by
 * whoever tells others (Consul). */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>

#include "buf.h"

#define HEALTH_STATUSES(X) X(CRITICAL, "critical") X(WARNING, "warning") X(PASSING, "passing")
enum health_status {
#define X(code, name) STATUS_##code,
	HEALTH_STATUSES(X)
#undef X
};
const char *health_status_name(enum health_status status);

struct verdict {
	bool known;			/* a check was believed since the job started */
	enum health_status status;	/* critical while not known */
	struct buf output;		/* of the last check: UTF-8, at most 4 KiB */
	double duration;		/* of the last check, seconds */
};

#endif
