/* verdict.h - what a job's health checks last found.  Written by supervisor/health.c alone, read by
 * whoever tells others (Consul). */
#ifndef VERDICT_H
#define VERDICT_H

#include "base/buf.h"
#include "config.h"

struct verdict {
	bool known;			/* a check was believed since the job started */
	enum health_status status;	/* critical while not known */
	struct buf output;		/* of the last check: UTF-8, at most 4 KiB */
	double duration;		/* of the last check, seconds */
};

#endif
