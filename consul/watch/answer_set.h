/* answer_set.h - Consul's answers as sets, and what differs between two sets.  Pure: no loop, no HTTP.
 *
 * A set is a JSON array in one order, whatever the order and the noise of Consul's answer:
 *   of a service, by node and id: {"id","node","address","port","tags","meta","status"}, where
 *     status is the worst of its checks: passing, warning, critical or maintenance;
 *   of keys, by key: {"key","value","encoding","modifyIndex"}, where encoding is "utf-8", or
 *     "base64" for a value that is no text.
 * Entries are the same entry when node and id, or key, are the same.  They are equal when all but
 * the modifyIndex is: an index alone is no change.
 *
 * Sets are never altered once made, so they may be shared.
 */
#ifndef ANSWER_SET_H
#define ANSWER_SET_H

#include "config/config.h"

/* All give new references.  `answer` NULL: a key that is not there, the empty set. */
json_t *answer_set_read(enum watch_kind kind, const json_t *answer, struct error *error);
bool answer_set_equal(const json_t *a, const json_t *b);
const char *const *answer_set_identity(enum watch_kind kind);	/* NULL-terminated */

/* What a hook gets: {"source","event","instances" or "keys","added","removed","modified"}.
 * `before` NULL: there was nothing. */
json_t *answer_set_document(const struct event *event, enum watch_kind kind, const json_t *before,
			const json_t *now);

#endif
