/* reload.h - from one configuration to the next, touching only what has changed.
 *
 * An unchanged job keeps its process, its counters and its registration, and so does a job whose changes
 * need no other process (adopt.h).  An unchanged watch keeps its set.  A template is unchanged if its
 * source file is, too.
 *
 * An election that has changed, or in which a changed job has a part, is left first: its leader steps
 * down.  Then the jobs that have changed or gone are stopped and removed, the new parts are added, and
 * all units are linked again.  If a job or its preStart has changed, both are replaced; so are the
 * jobs that are triggered by the stop of a job that is removed.
 *
 * All parts that can be refused are made before anything is stopped.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include "units.h"

struct reload {
	struct units *units;
	void (*on_over)(struct reload *reload);

	/* private */
	struct config *next;		/* owned while the reload is under way */
	struct staged staged;
	bool keeps_agent;
	double seconds;			/* for what has to stop */
	struct job_unit **jobs;		/* that go */
	size_t job_count;
	struct election_unit **elections;	/* that go */
	size_t election_count;
	struct deferred swap;		/* out of all callbacks of the sources that go */
	struct timer deadline;
};

void reload_init(struct reload *reload, struct units *units);
void reload_release(struct reload *reload);

/* Takes `next`.  False: it is refused, and nothing has changed. */
bool reload_prepare(struct reload *reload, struct config *next, struct error *error);
void reload_begin(struct reload *reload, double seconds);	/* what was prepared */
void reload_cancel(struct reload *reload);

/* Tells what a reload to `next` would do, and changes nothing: a new array of {"kind", "name", "action",
 * "keys" that differ} for each job, watch, template and election, with the action start, stop, restart,
 * change (its process goes on) or stay.  Takes `next`.  NULL: it is refused. */
json_t *reload_plan(struct reload *reload, struct config *next, struct error *error);

/* Once begun: a job has stopped, an election was left. */
void reload_on_stopped(struct reload *reload);
void reload_on_left(struct reload *reload);

bool reload_removes(const struct reload *reload, const struct job_unit *unit);

#endif
