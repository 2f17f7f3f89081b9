/* notifier.h - a blocking query about everything of one kind, to on_member_notified that something has changed.
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

enum notification {
	NOTIFY_READY,			/* the first answer: from now on changes are heard */
	NOTIFY_CHANGED,			/* something is another; perhaps it knows whose */
	NOTIFY_RECOVERED,			/* after trouble: anything may be another, and may be lost */
	NOTIFY_UNAVAILABLE,			/* it may not know: read what you need yourself, now and then */
};

struct notifier {
	enum fingerprint_kind kind;
	char *dc;			/* NULL: the agent's */
	size_t users;			/* its owner's count */
	bool ready;			/* it rings at every change */
	bool unavailable;			/* it will not, and rings at every try */
	/* As the last act of what calls it: may free the alarm.  `changes`: a tally. */
	void (*on_notify)(struct notifier *notifier, enum notification notification,
			  const json_t *changes);
	struct list link;		/* its owner's */

	/* private */
	char *path;
	struct agent_request request;
	struct subscription on_consul;
	unsigned long index;
	bool polled;
	bool lost;			/* there was trouble since the last answer */
	json_t *fingerprint;
	struct pace pace;
	struct backoff backoff;
	struct timer retry;
};

/* Asks at once.  `polled`: every 15 s only, without a connection in between. */
struct notifier *notifier_new(struct agent *agent, enum fingerprint_kind kind, const char *dc,
			      bool polled);
void notifier_free(struct notifier *notifier);

#endif
