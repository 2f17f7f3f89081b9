/* graph.h - what starts, triggers and outlives what, as one JSON document.
 *
 *     { "live": true,
 *       "nodes": [ { "id": "job/app", "kind": "job", "name": "app", "state": "running",
 *                    "health": "passing", "condition": "ok" }, ... ],
 *       "edges": [ { "from": "watch/db", "to": "job/app", "kind": "needs", "event": "healthy" }, ... ] }
 *
 * A node is a job, watch, template or election.  A signal, "consul" (its agent), "global" and a source
 * whose event never comes (kind "unknown", compat.unknownSources) are nodes if an edge begins there.  States
 * come from the status document (status.h), edges from the linked triggers:
 *
 *     when, needs   the event starts the job, or the job waits for it; `event` of a check: kind "check"
 *     candidate     the job takes part in the election while it is healthy or, without a check, runs
 *     implicit      the job outlives the other one (dependencies.h), without an event
 *
 * The job that starts with pilotfish has no edge for that.  `condition` is what a picture needs of a state:
 * ok, warning, critical, waiting, ended, or null if there is nothing to judge.
 */
#ifndef GRAPH_H
#define GRAPH_H

#include "units.h"

/* A new document.  Not `live`: the units have only been linked, and nodes have no states. */
json_t *graph_document(const struct units *units, const json_t *status, bool live);

#endif
