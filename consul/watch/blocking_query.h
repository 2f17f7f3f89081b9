/* blocking_query.h - what Consul is asked, again and again.  Pure: no loop, no HTTP.
 *
 * An answer, as `read` gives it, is a set or one value.  A set is a JSON array of entries that are
 * told apart by their identity: some of their members.
 */
#ifndef BLOCKING_QUERY_H
#define BLOCKING_QUERY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* What it is about: so it is known which alarms tell that the answer may be another (crowd.h), and
 * which rights the answer takes. */
enum topic {
	TOPIC_SERVICE,			/* instances of a service; their first identity is the node */
	TOPIC_CONNECT,			/* ... that speak for a service under names of their own */
	TOPIC_NODE,
	TOPIC_KEYS,			/* a key or those below a prefix; the first identity is the key */
	TOPIC_NAMES,			/* a catalogue: services, nodes, datacentres */
};

/* Made and owned by who asks; unchanged while a feed has it. */
struct blocking_query {
	const char *name;		/* for the log; NULL: the path */
	const char *path;		/* "/v1/health/service/web?passing=1": all but index and wait,
					 * and what agent.h adds */
	enum topic topic;
	const char *subject;		/* the service, node, key or prefix */
	const char *dc;			/* as in `path`; NULL: the agent's own */
	bool prefix;			/* TOPIC_KEYS: all keys below `subject` */
	const char *const *identity;	/* of an entry, NULL-terminated; NULL: the answer is no set */

	/* A new reference, never altered once made, in one order whatever Consul's.  `answer` NULL:
	 * there is no such thing.  NULL without an error: no answer yet. */
	json_t *(*read)(const struct blocking_query *query, const json_t *answer,
			struct error *error);
	bool (*equal)(const json_t *a, const json_t *b);	/* NULL: json_equal() */
};

bool blocking_query_equal(const struct blocking_query *query, const json_t *a, const json_t *b);

/* Of what both have, now's, in now's order. */
json_t *blocking_query_union(const struct blocking_query *query, const json_t *old,
			     const json_t *now);

/* The rights that it took to see `set`, as /v1/internal/acl/authorize wants to be asked. */
json_t *blocking_query_rights(const struct blocking_query *query, const json_t *set);

#endif
