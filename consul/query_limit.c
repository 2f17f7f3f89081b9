#include "query_limit.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/loop.h"

static const double relaxation = 60;

void query_limit_init(struct query_limit *limit)
{
	*limit = (struct query_limit){ .most = 0 };
	list_init(&limit->queue);
}

bool query_limit_turned_away(struct query_limit *limit)
{
	double now = monotonic_now();
	size_t fewer = limit->under_way > 1 ? limit->under_way - 1 : 1;
	bool first = !limit->most || now > limit->relax_at;

	if (!limit->most || fewer < limit->most)
		limit->most = fewer;
	limit->relax_at = now + relaxation;
	return first;
}

static bool is_full(struct query_limit *limit)
{
	double now = monotonic_now();

	if (limit->most && now > limit->relax_at) {
		limit->most++;
		limit->relax_at = now + relaxation;
	}
	return limit->most && limit->under_way >= limit->most;
}

bool query_limit_admits(struct query_limit *limit, struct queued_query *query, const char *path,
			unsigned long index)
{
	if (!is_full(limit))
		return true;
	query->path = copy_string(path);
	query->index = index;
	list_append(&limit->queue, &query->link);
	return false;
}

void query_limit_enter(struct query_limit *limit, struct queued_query *query)
{
	query->counted = true;
	limit->under_way++;
}

bool query_limit_leave(struct query_limit *limit, struct queued_query *query)
{
	bool was_under_way = query->counted;

	if (query->counted)
		limit->under_way--;
	query->counted = false;
	if (query->path)
		list_remove(&query->link);
	free(steal(&query->path));
	return was_under_way;
}

struct queued_query *query_limit_next(struct query_limit *limit)
{
	if (list_empty(&limit->queue) || is_full(limit))
		return NULL;
	return list_entry(limit->queue.next, struct queued_query, link);
}

bool query_limit_is_queued(const struct queued_query *query)
{
	return query->path;
}
