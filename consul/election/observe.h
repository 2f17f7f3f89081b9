/* observe.h - turns what the lock's keys show into inputs of an election: who holds the lock, and
 * what operators request.
 *
 * A request is served once, and only while it is fresh by the wall clock.  The leader deletes each
 * request, served or not. */
#ifndef OBSERVE_H
#define OBSERVE_H

#include "election.h"

void observe_on_view(struct lock *lock);
void observe_epoch(struct election *election, unsigned long epoch);	/* remember the highest */
void observe_stop(struct election *election);	/* nothing is saved any longer */

#endif
