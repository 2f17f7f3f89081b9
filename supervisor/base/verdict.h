/* verdict.h - the health of a job, as its checks found it or as it says itself.
 *
 * supervisor/health.c alone writes a verdict; the registration in Consul reads it. */
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
	bool known;			/* checks have decided since the job started */
	enum health_status status;	/* critical while unknown */
	struct buf output;		/* of the last check: UTF-8, at most 4 KiB */
	unsigned reason;		/* counts changes of status or reason (health.h) */
	double duration;		/* of the last check, seconds; 0: the job has judged itself */
};

#endif
