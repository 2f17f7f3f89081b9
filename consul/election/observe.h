/* observe.h - what comes into view of an election's lock, as inputs of its state machine: who holds
 * it, and what operators ask for.
 *
 * A request is served once, and only while it is fresh by the wall clock; who leads deletes it,
 * served or not. */
#ifndef OBSERVE_H
#define OBSERVE_H

#include "election.h"

void observe_on_view(struct lock *lock);

#endif
