/* answer_set.h - turns Consul's answers into sets, and compares sets.  Pure: no loop, no HTTP.
 *
 * A set is a JSON array in a canonical order, independent of the order of Consul's answer:
 *   of a service, by node and id: {"id","node","address","port","tags","meta","status"}, where
 *     status is the worst of its checks: passing, warning, critical or maintenance;
 *   of keys, by key: {"key","value","encoding","modifyIndex"}, where encoding is "utf-8", or
 *     "base64" for a value that is not text.
 * Two entries have one identity if their node and id, or their key, agree.  They are equal if all
 * members but modifyIndex agree: a new index alone is no change.
 *
 * A set is immutable, so its users may share it.
 *
 * With `near`, Consul's order is the order by distance.  An instance then has the member "rank", its
 * place in that order.  Ranks change all the time: another rank is no difference, and the document
 * lists the instances by rank, without it.
 */
#ifndef ANSWER_SET_H
#define ANSWER_SET_H

#include "config/config.h"

/* All give new references.  `answer` NULL: the key does not exist, which is the empty set. */
json_t *answer_set_read(enum watch_kind kind, const json_t *answer, struct error *error);
json_t *answer_set_read_ranked(const json_t *answer, struct error *error);	/* instances */

/* The status of an instance by its checks, and the check that decides it; NULL: it has none. */
const char *answer_set_status(const json_t *checks, const json_t **worst);

bool answer_set_equal(const json_t *a, const json_t *b);
const char *const *answer_set_identity(enum watch_kind kind);	/* NULL-terminated */

/* The document for a hook: {"source","event","instances" or "keys","added","removed","modified"}.
 * `before` NULL: no earlier set. */
json_t *answer_set_document(const struct event *event, enum watch_kind kind, const json_t *before,
			const json_t *now);

#endif
