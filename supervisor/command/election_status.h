/* election_status.h - how an election stands, seen from outside: who leads, who could, what is asked for.
 *
 * Read from Consul's answers, and told to a person or, as JSON, to a program.  Sends nothing.
 */
#ifndef ELECTION_STATUS_H
#define ELECTION_STATUS_H

#include <jansson.h>

#include "consul/election/lock.h"

struct election_status {
	const struct election_config *config;	/* borrowed */
	struct lock_view view;	/* the lock, the request, the pause; its owner fills it */
	json_t *candidates;		/* a set, as digest.h has them; NULL: not read */
};

void election_status_release(struct election_status *status);

/* Who is in the catalogue as a candidate.  Only with bind = "alive" anybody is. */
bool election_status_read_candidates(struct election_status *status, const json_t *answer,
			      struct error *error);
/* The status of a candidate in the catalogue; NULL: unknown. */
const char *election_status_of_candidate(const struct election_status *status, const char *id);
size_t election_status_rivals(const struct election_status *status);	/* that pass, but for the leader */

bool election_status_has_leader(const struct election_status *status);	/* holds the lock, is promoted */
bool election_status_has_request(const struct election_status *status);	/* that may still be served */

void election_status_print(const struct election_status *status, struct buf *out);
void election_status_print_request(const struct election_status *status, struct buf *out);
void election_status_print_pause(const struct election_status *status, struct buf *out);
void election_status_print_candidates(const struct election_status *status, struct buf *out);
json_t *election_status_json(const struct election_status *status);		/* a new reference */

double wall_now(void);			/* seconds since 1970 */

#endif
