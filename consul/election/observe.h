/* observe.h - turns what the lock's keys show into inputs of an election: who holds the lock, and
 * what operators request.
 *
 * A value can be written over a held lock, by any client with key:write, while the holder's session
 * stays.  The real leader then writes its own value again within milliseconds.  So another leader by
 * the same session is believed only if its value stays for 2 s; one by another session at once.
 *
 * A request is served once, and only while it is fresh by the wall clock.  The leader deletes each
 * request, served or not. */
#ifndef OBSERVE_H
#define OBSERVE_H

#include "election.h"

void observe_on_view(struct lock *lock);
void observe_on_doubt_over(struct timer *timer);
void observe_epoch(struct election *election, unsigned long epoch);	/* remember the highest */
void observe_stop(struct election *election);	/* nothing is saved any longer */

#endif
