/* watch.h - a watch of the configuration: a feed whose changes are events.
 *
 * The source `watch.NAME` publishes `changed` at the first answer and at each change of content
 * (answer_set.h).  It publishes `healthy` when the set becomes non-empty and `unhealthy` when the
 * set becomes empty, and one of both at the first answer.  With `firstEmpty` = "unhealthy" a first
 * answer that is empty is no change.
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
	unsigned long changes;		/* published */
	bool healthy;			/* as published last, */
	bool told;			/* if ever */
};

void watch_init(struct watch *watch, struct agent *agent, const struct watch_config *config);
void watch_release(struct watch *watch);

#endif
