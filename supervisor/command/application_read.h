/* application_read.h - reads Consul's answers for application.h.  Pure: no loop, no HTTP.
 *
 * An instance that a pilotfish registered is {"name","id","node","address","port","status","output",
 * "version","started","candidate"}: "output" is the first line of the check that decides the status, or the
 * reason of a maintenance, and at most 256 bytes; "candidate" marks the entry of an election's candidate.
 */
#ifndef APPLICATION_READ_H
#define APPLICATION_READ_H

#include <jansson.h>

#include "base/error.h"
#include "base/strv.h"

/* An answer of /v1/health/service, as a set; for struct blocking_query. */
json_t *application_read_instances(const void *context, const json_t *answer, struct error *error);

/* The services in an answer of /v1/internal/ui/services or /v1/catalog/services, `most` of them.  False:
 * there are more. */
bool application_read_names(const json_t *answer, size_t most, struct strv *names);

/* The elections that a session list shows: {KEY: {"name", "candidates": [{"id","node","status"}]}}. */
json_t *application_read_elections(const json_t *answer);

#endif
