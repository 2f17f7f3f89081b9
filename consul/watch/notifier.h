/* notifier.h - a blocking query about everything of one kind, which reports changes.
 *
 * It misses no change: it keeps its index between queries, and feeds rely on it only after its
 * first answer.
 *
 * Rate: as in feed.h, and an answer costs more the larger it is: 1.4 tokens for 350 KB.
 */
#ifndef NOTIFIER_H
#define NOTIFIER_H

#include "base/backoff.h"
#include "consul/agent.h"
#include "pace.h"
#include "fingerprint.h"

enum notification {
	NOTIFY_READY,		/* first answer: changes are reported from now on */
	NOTIFY_CHANGED,		/* `changes` names what changed, as far as known */
	NOTIFY_RECOVERED,	/* after trouble: anything may have changed or be lost */
	NOTIFY_UNAVAILABLE,	/* refused: changes go unreported, so read now */
};

struct notifier {
	enum fingerprint_kind kind;
	char *dc;			/* NULL: the agent's */
	size_t users;			/* its owner's count */
	bool ready;			/* it reports every change */
	bool unavailable;			/* Consul refuses it; it notifies at every try */
	/* May free the notifier.  `changes`: a fingerprint. */
	void (*on_notify)(struct notifier *notifier, enum notification notification,
			  const json_t *changes);
	struct list link;		/* its owner's */

	/* private */
	char *path;
	struct agent_request request;
	struct subscription on_consul;
	unsigned long index;
	bool polled;
	bool lost;			/* trouble since the last answer */
	json_t *fingerprint;
	struct pace pace;
	struct backoff backoff;
	struct timer retry;
};

/* Asks at once.  `polled`: asks every 15 s and holds no connection in between. */
struct notifier *notifier_new(struct agent *agent, enum fingerprint_kind kind, const char *dc,
			      bool polled);
void notifier_free(struct notifier *notifier);

#endif
