/* candidate.h - the steps of an election from its start to the request for the lock (election.h).
 *
 * Who goes first when the lock is free: the successor that the former holder named; then by
 * priority, 10 ms a point; and none before the lock delay is over, as far as its begin was seen. */
#ifndef CANDIDATE_H
#define CANDIDATE_H

#include "election.h"

enum election_state candidate_start(struct election *election);
enum election_state candidate_session_opened(struct election *election);
enum election_state candidate_reopen_session(struct election *election);	/* another session */
enum election_state candidate_follow(struct election *election);
enum election_state candidate_lost_race(struct election *election);	/* another has the lock */
enum election_state candidate_refresh(struct election *election);	/* what is in view may be wrong */
enum election_state candidate_wait(struct election *election);
enum election_state candidate_ask(struct election *election);
enum election_state candidate_ask_later(struct election *election);
enum election_state candidate_acquire(struct election *election);
enum election_state candidate_retry_later(struct election *election);

bool candidate_is_eligible(const struct election *election);	/* may it have the lock now? */

#endif
