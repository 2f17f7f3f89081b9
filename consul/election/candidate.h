/* candidate.h - the steps of an election from its start to the request for the lock (election.h).
 *
 * The order of candidates when the lock is free: first the successor that the former leader named,
 * then by priority, 10 ms a point.  No candidate asks before the lock delay is over, as far as its
 * begin was seen. */
#ifndef CANDIDATE_H
#define CANDIDATE_H

#include "election.h"

void candidate_init(struct election *election);

enum election_state candidate_start(struct election *election);
enum election_state candidate_session_opened(struct election *election);
enum election_state candidate_reopen_session(struct election *election);	/* drops the old one */
enum election_state candidate_follow(struct election *election);
enum election_state candidate_lost_race(struct election *election);	/* another has the lock */
enum election_state candidate_refresh(struct election *election);	/* the view may be stale */
enum election_state candidate_wait(struct election *election);
enum election_state candidate_ask(struct election *election);
enum election_state candidate_ask_later(struct election *election);
enum election_state candidate_acquire(struct election *election);
enum election_state candidate_retry_later(struct election *election);

void candidate_set_able(struct election *election, bool able, enum election_reason why_not);
void candidate_rest(struct election *election, double seconds);	/* let others contend first */
bool candidate_is_eligible(const struct election *election);	/* may have the lock now */

#endif
