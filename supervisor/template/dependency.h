/* dependency.h - what data functions ask for: "[tag.]name[?k=v&...][@dc][~near][|filter,...]" and the like.
 *
 * Each has a canonical name, by which it is watched once however often it is asked for, and an HTTP
 * request by which Consul tells it.
 */
#ifndef DEPENDENCY_H
#define DEPENDENCY_H

#include "base/buf.h"
#include "base/error.h"

enum dependency_kind {
	DEPENDENCY_SERVICE,
	DEPENDENCY_CONNECT,
	DEPENDENCY_SERVICES,
	DEPENDENCY_NODES,
	DEPENDENCY_NODE,
	DEPENDENCY_DATACENTERS,
	DEPENDENCY_KEY, /* waits till it is there */
	DEPENDENCY_GET, /* does not */
	DEPENDENCY_LIST,
	DEPENDENCY_FILE,
};

#define DEPENDENCY_LIMIT 512		/* bytes of an argument */

struct dependency {
	enum dependency_kind kind;
	char *tag, *name, *dc, *near, *filters;		/* name: also a path; "": not given */
	char *namespace, *partition, *peer, *group;
	char text[2 * DEPENDENCY_LIMIT + 16];		/* where they lie */
};

bool dependency_parse(enum dependency_kind kind, const char *argument,
		      struct dependency *dependency, struct error *error);
void dependency_copy(struct dependency *to, const struct dependency *from);
void dependency_name(const struct dependency *dependency, struct buf *name);

/* The path, and parameters after `?` (only those of the question itself). */
void dependency_request(const struct dependency *dependency, struct buf *request);

#endif
