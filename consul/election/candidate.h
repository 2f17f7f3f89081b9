/* candidate.h - the steps of an election from its start to the request for the lock (election.h).
 *
 * Who goes first when the lock is free: the successor that the former holder named; then by
 * priority, 10 ms a point; and none before the lock delay is over, as far as its begin was seen. */
#ifndef CANDIDATE_H
#define CANDIDATE_H

#include "election.h"

enum election_state contest_start(struct election *election);
enum election_state contest_opened(struct election *election);
enum election_state contest_reopen(struct election *election);	/* another session */
enum election_state contest_follow(struct election *election);
enum election_state contest_lose(struct election *election);	/* another has the lock */
enum election_state contest_doubt(struct election *election);	/* what is in view may be wrong */
enum election_state contest_enter(struct election *election);
enum election_state contest_ask(struct election *election);
enum election_state contest_ask_later(struct election *election);
enum election_state contest_acquire(struct election *election);
enum election_state contest_knock_later(struct election *election);

bool contest_is_open_to(const struct election *election);	/* may it have the lock now? */

#endif
