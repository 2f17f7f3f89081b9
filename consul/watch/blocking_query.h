/* blocking_query.h - describes a query to Consul and compares its answers.  Pure: no loop, no HTTP.
 *
 * `read` turns an answer into a set or a single value.  A set is a JSON array whose entries are
 * identified by some of their members (`identity`).
 */
#ifndef BLOCKING_QUERY_H
#define BLOCKING_QUERY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* The topic decides which notifiers report changes (query_pool.h), and which ACL rights the answer
 * depends on. */
enum topic {
	TOPIC_SERVICE,			/* instances of one; their first identity is the node */
	TOPIC_CONNECT,			/* Connect proxies of a service, under their own names */
	TOPIC_NODE,
	TOPIC_KEYS,			/* a key or a prefix; the first identity is the key */
	TOPIC_NAMES,			/* a catalogue: services, nodes, datacentres */
	TOPIC_AUTHORITY,		/* certificates of Connect, from the agent's cache */
};

/* Owned by the feed's owner; constant while a feed uses it. */
struct blocking_query {
	const char *name;		/* for the log; NULL: the path */
	const char *path;		/* "/v1/health/service/web?passing=1": without index, wait
					 * and the parameters that agent.c adds */
	enum topic topic;
	const char *subject;		/* the service, node, key or prefix */
	const char *dc;			/* as in `path`; NULL: the agent's own */
	bool prefix;			/* TOPIC_KEYS: all keys below `subject` */
	const char *const *identity;	/* NULL-terminated; NULL: the answer is a single value */

	/* Both may run on a thread, and use nothing but their arguments.
	 *
	 * `read` gives a new reference to an immutable value in a canonical order.  `answer` NULL:
	 * Consul has no such object.  Returns NULL without an error if there is no answer yet. */
	json_t *(*read)(const void *context, const json_t *answer, struct error *error);
	bool (*equal)(const json_t *a, const json_t *b);	/* NULL: json_equal() */

	void *(*copy_context)(const struct blocking_query *query);	/* for free(); NULL: none */
};

bool blocking_query_equal(const struct blocking_query *query, const json_t *a, const json_t *b);

/* `now`, and what it has lost: of sets the entries of both; where both have an identity, the entry of
 * `now`; in the order of `now`. */
json_t *blocking_query_keep(const struct blocking_query *query, json_t *old, json_t *now);

/* The rights needed to read `set`, as the body of a request to /v1/internal/acl/authorize. */
json_t *blocking_query_rights(const struct blocking_query *query, const json_t *set);

#endif
