/* watch.h - a watch of the configuration: a question to Consul, and what changed.
 *
 * feed.h says what is asked how often and what is believed, crowd.h how any number of watches get
 * along with less than a hundred connections, and what latency follows.  Contents are compared in
 * a canonical order (digest.h): an index alone is no change.  Events of the source `watch.NAME`:
 * `changed` (the first answer always), and `healthy`/`unhealthy` as a set becomes non-empty or
 * empty, and at the first answer.
 */
#ifndef WATCH_H
#define WATCH_H

#include "answer_set.h"
#include "feed.h"

struct watch {
	const struct watch_config *config;	/* borrowed */
	struct source source;
	struct blocking_query query;
	char *path;
	struct feed feed;
	bool told;			/* healthy or unhealthy: */
	bool healthy;
};

void watch_init(struct watch *watch, struct agent *agent, const struct watch_config *config);
void watch_release(struct watch *watch);

#endif
