/* job_change.h - a person starts, stops or restarts a job.
 *
 * A job is stopped together with its preStart, and started from its preStart on.  Jobs that are triggered
 * by its stop (preStop, postStop) run then, and wait for its next stop after the next start.
 */
#ifndef JOB_CHANGE_H
#define JOB_CHANGE_H

#include "units.h"

enum job_change { CHANGE_START, CHANGE_STOP, CHANGE_RESTART, CHANGE_COUNT };

/* Begin the change; a stop has at most this time.  False: refused.  `text` says what is done, or why not. */
bool job_change(struct job_unit *unit, enum job_change change, double seconds, struct buf *text);

enum change_progress { PROGRESS_UNDER_WAY, PROGRESS_DONE, PROGRESS_IMPOSSIBLE };

/* Has a change that was begun reached its end: does the job run, and healthily if it has a check, or has
 * it stopped, with its hooks?  `ran`: its program has been started since.  `text` says what has been
 * reached, or why it will not be; nothing while the change is under way. */
enum change_progress job_change_progress(const struct job_unit *unit, enum job_change change, bool ran,
					 struct buf *text);

const char *job_change_name(enum job_change change);	/* "start" */

#endif
