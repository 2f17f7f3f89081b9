/* fingerprint.h - reduces a list of everything to one hash for each service and node.  Pure.
 *
 * A fingerprint is a JSON object: "service NAME" or "node NAME" -> a hash of all that the answer
 * says about it.  A service's check counts for the service, a node's own check for the node.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <jansson.h>

#include "base/error.h"

enum fingerprint_kind {
	FINGERPRINT_CHECKS,		/* of /v1/health/state/any: services and nodes */
	FINGERPRINT_CRITICAL, FINGERPRINT_WARNING,	/* ... of those in that state only */
	FINGERPRINT_SERVICES,		/* of /v1/catalog/services: services by their tags */
	FINGERPRINT_NODES,		/* of /v1/catalog/nodes */
	FINGERPRINT_KEYS,		/* of /v1/kv/?keys: always empty */
	FINGERPRINT_KINDS,
};

/* Both give new references.  `answer` NULL: Consul answered 404. */
json_t *fingerprint_read(enum fingerprint_kind kind, const json_t *answer, struct error *error);
json_t *fingerprint_changes(const json_t *before, const json_t *now);	/* new, gone or modified */

/* Does it have that name, or any name?  `what` is "service" or "node". */
bool fingerprint_has(const json_t *fingerprint, const char *what, const char *name);
bool fingerprint_has_any(const json_t *fingerprint, const char *what);

#endif
