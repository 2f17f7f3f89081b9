/* adopt.h - what a job takes from its next configuration while its process goes on.
 *
 * A change of times, restarts, the health check, or what Consul is told of its services (but for their
 * names, IDs and ports) needs no new process.  A running check is ended and begun anew, the verdict stays,
 * and the services register again in place.
 */
#ifndef ADOPT_H
#define ADOPT_H

#include "units.h"

enum adoption { ADOPT_NOTHING, ADOPT_KEYS, ADOPT_IMPOSSIBLE };

/* Adds the names of the keys that differ. */
enum adoption adopt_compare(const struct job_unit *unit, const struct job_config *next,
			    struct strv *keys);

/* `next` gets what the job had.  The keys are those that differ, of ADOPT_KEYS. */
void adopt(struct job_unit *unit, struct job_config *next, const struct strv *keys);

#endif
