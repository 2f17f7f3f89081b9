/* notifier.h - a blocking query about everything of one kind, to hear that something has changed.
 *
 * It rings when it has an answer, is without one, or its answer has become another.  A change is
 * never missed: the index is kept between the queries, and only what was read after the first
 * answer relies on the alarm.
 *
 * How often it asks: as feed.h says, and more tokens the larger the answer is, 1.4 for 350 KB.
 */
#ifndef NOTIFIER_H
#define NOTIFIER_H

#include "base/backoff.h"
#include "consul/agent.h"
#include "pace.h"
#include "fingerprint.h"

enum ring {
	RING_SET,			/* the first answer: from now on changes are heard */
	RING_CHANGED,			/* something is another; perhaps it knows whose */
	RING_BACK,			/* after trouble: anything may be another, and may be lost */
	RING_BLIND,			/* it may not know: read what you need yourself, now and then */
};

struct alarm {
	enum tally_kind kind;
	char *dc;			/* NULL: the agent's */
	size_t users;			/* its owner's count */
	bool set;			/* it rings at every change */
	bool blind;			/* it will not, and rings at every try */
	/* As the last act of what calls it: may free the alarm.  `changes`: a tally. */
	void (*on_ring)(struct alarm *alarm, enum ring ring, const json_t *changes);
	struct list link;		/* its owner's */

	/* private */
	char *path;
	struct agent_request query;
	struct subscription on_consul;
	unsigned long index;
	bool polled;
	bool lost;			/* there was trouble since the last answer */
	json_t *tally;
	struct pace pace;
	struct backoff backoff;
	struct timer retry;
};

/* Asks at once.  `polled`: every 15 s only, without a connection in between. */
struct alarm *alarm_new(struct agent *agent, enum tally_kind kind, const char *dc, bool polled);
void alarm_free(struct alarm *alarm);

#endif
