/* dependency.h - what data functions ask for: "[tag.]name[?k=v&...][@dc][~near][|filter,...]" and the like.
 *
 * Each has a canonical name, by which it is watched once however often it is asked for, and an HTTP
 * request by which Consul tells it.
 */
#ifndef DEPENDENCY_H
#define DEPENDENCY_H

#include "base/buf.h"
#include "base/error.h"

enum query_kind {
	QUERY_SERVICE, QUERY_CONNECT, QUERY_SERVICES, QUERY_NODES, QUERY_NODE, QUERY_DATACENTERS,
	QUERY_KEY,		/* waits till it is there */
	QUERY_GET,		/* does not */
	QUERY_LIST, QUERY_FILE,
};

#define QUERY_LIMIT 512		/* bytes of an argument */

struct query {
	enum query_kind kind;
	char *tag, *name, *dc, *near, *filters;		/* name: also a path; "": not given */
	char *namespace, *partition, *peer, *group;
	char text[2 * QUERY_LIMIT + 16];		/* where they lie */
};

bool query_parse(enum query_kind kind, const char *argument, struct query *query,
		 struct error *error);
void query_copy(struct query *to, const struct query *from);
void query_name(const struct query *query, struct buf *name);

/* The path, and parameters after `?` (only those of the question itself). */
void query_request(const struct query *query, struct buf *request);

#endif
