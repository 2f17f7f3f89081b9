/* reload.h - from one configuration to the next, touching only what changed.
 *
 * An unchanged job keeps its process, its counters and its registration; an unchanged watch its set; a
 * template is unchanged if its file is, too.
 * An election that changed, or has a part in a change, is left first, and its leader steps down.
 * What changed or went is stopped in order then, then taken away, then the new parts are added
 * and everything is linked again.  A job and its preStart are one in this: if either changed,
 * both are new.  Jobs that attend the leaving of a job that goes are new as well.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include "units.h"

struct reload {
	struct units *units;
	struct config *next;		/* owned while it is under way; NULL: none */
	double patience;
	struct timer swap;
	struct timer deadline;		/* of those who have to stop */
	void (*on_over)(struct reload *reload, const struct error *error);	/* NULL: it worked */
};

void reload_init(struct reload *reload, struct units *units);
void reload_release(struct reload *reload);

/* Takes `next`.  `patience`: seconds for what has to stop. */
void reload_begin(struct reload *reload, struct config *next, double patience);
void reload_cancel(struct reload *reload);
void reload_on_stopped(struct reload *reload);	/* one of the jobs has stopped */
void reload_on_left(struct reload *reload);	/* one of the elections is left */

#endif
