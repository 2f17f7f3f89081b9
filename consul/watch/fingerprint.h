/* fingerprint.h - an answer about everything, boiled down to what tells whose part has changed.  Pure.
 *
 * A tally is a JSON object of numbers: "service NAME" and "node NAME" -> a digest of all that the
 * answer said of it.  Of a check of a service that is its service, of a node's own its node.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <jansson.h>

#include "base/error.h"

enum tally_kind {
	TALLY_CHECKS,			/* of /v1/health/state/any: services and nodes */
	TALLY_CRITICAL, TALLY_WARNING,	/* ... of those in that state only */
	TALLY_SERVICES,			/* of /v1/catalog/services: services by their tags */
	TALLY_NODES,			/* of /v1/catalog/nodes */
	TALLY_KEYS,			/* of /v1/kv/?keys: nothing; it only knows that something changed */
	TALLY_KINDS,
};

/* Both give new references.  `answer` NULL: there is nothing (404). */
json_t *tally_read(enum tally_kind kind, const json_t *answer, struct error *error);
json_t *tally_changes(const json_t *before, const json_t *now);	/* what is new, gone, or other */

/* Is that name in it, or any?  `what` is "service" or "node". */
bool tally_has(const json_t *tally, const char *what, const char *name);
bool tally_has_any(const json_t *tally, const char *what);

#endif
