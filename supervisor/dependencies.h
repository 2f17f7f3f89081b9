/* dependencies.h - which job has to outlive which at a shutdown.
 *
 * A job depends on the job of its `when` and on the jobs that it needs.  In addition every job depends
 * on Consul's own agent, if that is a job of ours: services deregister with its help.  An implicit
 * dependency that would close a cycle is left out: what the configuration says counts for more.
 */
#ifndef DEPENDENCIES_H
#define DEPENDENCIES_H

#include "units.h"

/* Find the dependencies of all jobs, which have been linked.  False: explicit ones form a cycle. */
bool dependencies_link(struct units *units, struct error *error);

#endif
