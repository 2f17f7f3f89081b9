/* stop_times.h - what a stop of each job really takes, before anything runs.
 *
 * A shutdown has one deadline, the top level's stopTimeout.  Half a second of it is reserved for
 * SIGKILL.  A job shares the rest with the jobs below it in the chain of dependencies.  Each step
 * before the stop signal takes at most half of what is left of that share (job.h).
 */
#ifndef STOP_TIMES_H
#define STOP_TIMES_H

#include "config.h"

#define STOP_RESERVE 0.5		/* seconds before the deadline for SIGKILL to work */
#define DRAINING_LIMIT 1.0		/* seconds for the services of a job to deregister */
#define DOCKER_GRACE 10.0		/* seconds from SIGTERM to SIGKILL of `docker stop` */

/* One line for each job that has drain, preStop or stopTimeout, and one if Docker waits too short
 * a time. */
void stop_times_print(const struct config *config, struct buf *out);

/* Adds a warning for each time that is cut. */
void stop_times_warn(struct config *config);

#endif
