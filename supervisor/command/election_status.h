/* election_status.h - the status of an election, seen from outside: leader, candidates, requests.
 *
 * Reads Consul's answers, and prints the status as text or as JSON.  Sends nothing.
 */
#ifndef ELECTION_STATUS_H
#define ELECTION_STATUS_H

#include <jansson.h>

#include "consul/election/lock.h"

struct election_status {
	const struct election_config *config;	/* borrowed */
	struct lock_view view;		/* the lock, the request, the pause; the owner fills it */
	json_t *candidates;		/* a set as in answer_set.h; NULL: not read */
};

void election_status_release(struct election_status *status);

/* The candidates in the catalogue; only with bind = "alive" they are there. */
bool election_status_read_candidates(struct election_status *status, const json_t *answer,
			      struct error *error);
/* The status of a candidate in the catalogue; NULL: unknown. */
const char *election_status_of_candidate(const struct election_status *status, const char *id);
size_t election_status_rivals(const struct election_status *status);	/* passing, without the leader */

bool election_status_has_leader(const struct election_status *status);	/* promoted holder of the lock */
bool election_status_has_request(const struct election_status *status);	/* may still be served */

void election_status_print(const struct election_status *status, struct buf *out);
void election_status_print_request(const struct election_status *status, struct buf *out);
void election_status_print_pause(const struct election_status *status, struct buf *out);
void election_status_print_candidates(const struct election_status *status, struct buf *out);
json_t *election_status_json(const struct election_status *status);		/* a new reference */

double wall_now(void);			/* seconds since 1970 */

#endif
