/* query_limit.h - how many blocking queries may be under way when the agent takes no more connections.
 *
 * An agent closes each connection beyond limits.http_max_conns_per_client (200 unless set) from one
 * address.  It does not see that we close one while a blocking query waits on it, so giving a query up
 * gains nothing.  Hence, from the first connection that is turned away, one blocking query less than
 * there are now may be under way: when the next one ends, its connection stays free for the other
 * requests, such as registrations.  The queued queries take turns, with short waits.  Every minute without
 * trouble one more is allowed.
 */
#ifndef QUERY_LIMIT_H
#define QUERY_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct query_limit {
	size_t under_way, most;		/* most 0: any number */
	double relax_at;		/* monotonic */
	struct list queue;
};

/* Part of a request.  Zeroed: not queued, and not under way. */
struct queued_query {
	bool counted;			/* under way */
	char *path;			/* NULL: not queued */
	unsigned long index;
	struct list link;
};

void query_limit_init(struct query_limit *limit);

/* A connection was turned away.  True: it is the first one for a minute. */
bool query_limit_turned_away(struct query_limit *limit);

/* False: it is queued, with these. */
bool query_limit_admits(struct query_limit *limit, struct queued_query *query, const char *path,
			unsigned long index);
void query_limit_enter(struct query_limit *limit, struct queued_query *query);	/* it is under way */
/* Also if it is queued.  Idempotent.  True: it was under way. */
bool query_limit_leave(struct query_limit *limit, struct queued_query *query);

/* One that may go now, and is no longer queued; or NULL. */
struct queued_query *query_limit_next(struct query_limit *limit);
bool query_limit_is_queued(const struct queued_query *query);

#endif
