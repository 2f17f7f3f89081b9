/* dependency.h - an argument of a data function: "[tag.]name[?k=v&...][@dc][~near][|filter,...]".
 *
 * A dependency has a canonical name and an HTTP request.  Dependencies of equal names share one
 * watch, however many templates use them.
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
	DEPENDENCY_KEY, /* waits until the key exists */
	DEPENDENCY_GET, /* the key may be missing */
	DEPENDENCY_LIST,
	DEPENDENCY_ROOTS,	/* certificates of Connect's authority */
	DEPENDENCY_LEAF,	/* a service's certificate, and its key */
	DEPENDENCY_FILE,
};

#define DEPENDENCY_LIMIT 512		/* bytes of an argument */

struct dependency {
	enum dependency_kind kind;
	char *tag, *name, *dc, *near, *filters;		/* "": not given; name may be a path */
	char *namespace, *partition, *peer, *group;
	char text[2 * DEPENDENCY_LIMIT + 16];		/* what the pointers point into */
};

bool dependency_parse(enum dependency_kind kind, const char *argument,
		      struct dependency *dependency, struct error *error);
void dependency_copy(struct dependency *to, const struct dependency *from);
void dependency_name(const struct dependency *dependency, struct buf *name);

/* The name that the request asks for; of a key, the path as Consul reads it. */
void dependency_subject(const struct dependency *dependency, char subject[DEPENDENCY_LIMIT]);

/* The path and, after `?`, the parameters of the dependency; those of blocking are the caller's. */
void dependency_request(const struct dependency *dependency, struct buf *request);

#endif
