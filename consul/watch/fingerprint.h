/* fingerprint.h - an answer about everything, boiled down to what tells whose part has changed.  Pure.
 *
 * A tally is a JSON object of numbers: "service NAME" and "node NAME" -> a digest of all that the
 * answer said of it.  Of a check of a service that is its service, of a node's own its node.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <jansson.h>

#include "base/error.h"

enum fingerprint_kind {
	FINGERPRINT_CHECKS,			/* of /v1/health/state/any: services and nodes */
	FINGERPRINT_CRITICAL, FINGERPRINT_WARNING,	/* ... of those in that state only */
	FINGERPRINT_SERVICES,			/* of /v1/catalog/services: services by their tags */
	FINGERPRINT_NODES,			/* of /v1/catalog/nodes */
	FINGERPRINT_KEYS,		/* of /v1/kv/?keys: empty; it tells only that something changed */
	FINGERPRINT_KINDS,
};

/* Both give new references.  `answer` NULL: there is nothing (404). */
json_t *fingerprint_read(enum fingerprint_kind kind, const json_t *answer, struct error *error);
json_t *fingerprint_changes(const json_t *before, const json_t *now);	/* what is new, gone, or other */

/* Is that name in it, or any?  `what` is "service" or "node". */
bool fingerprint_has(const json_t *fingerprint, const char *what, const char *name);
bool fingerprint_has_any(const json_t *fingerprint, const char *what);

#endif
