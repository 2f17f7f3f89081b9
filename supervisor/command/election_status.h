/* election_status.h - how an election stands, seen from outside: who leads, who could, what is asked for.
 *
 * Read from Consul's answers, and told to a person or, as JSON, to a program.  Sends nothing.
 */
#ifndef ELECTION_STATUS_H
#define ELECTION_STATUS_H

#include <jansson.h>

#include "consul/election/lock.h"

struct standing {
	const struct election_config *config;	/* borrowed */
	struct ballot_view view;	/* the lock, the request, the pause; its owner fills it */
	json_t *candidates;		/* a set, as digest.h has them; NULL: not read */
};

void standing_release(struct standing *standing);

/* Who is in the catalogue as a candidate.  Only with bind = "alive" anybody is. */
bool standing_read_candidates(struct standing *standing, const json_t *answer,
			      struct error *error);
const char *standing_status(const struct standing *standing, const char *id);	/* NULL: unknown */
size_t standing_rivals(const struct standing *standing);	/* that pass, but for the leader */

bool standing_has_leader(const struct standing *standing);	/* holds the lock, is promoted */
bool standing_has_request(const struct standing *standing);	/* that may still be served */

void standing_print(const struct standing *standing, struct buf *out);
void standing_print_request(const struct standing *standing, struct buf *out);
void standing_print_pause(const struct standing *standing, struct buf *out);
void standing_print_candidates(const struct standing *standing, struct buf *out);	/* in a line */
json_t *standing_json(const struct standing *standing);		/* a new reference */

double wall_now(void);			/* seconds since 1970 */

#endif
