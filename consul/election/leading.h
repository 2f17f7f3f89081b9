/* leading.h - the steps of an election from the lock's possession to its release, and the lease that
 * bounds them (election.h, lease.h). */
#ifndef LEADING_H
#define LEADING_H

#include "election.h"

void tenure_arm(struct election *election);	/* the deadlines, by the newest confirmation */

enum election_state tenure_won(struct election *election);
enum election_state tenure_inherit(struct election *election);
enum election_state tenure_lead(struct election *election);
enum election_state tenure_check_value(struct election *election);

enum election_state tenure_resign(struct election *election);
enum election_state tenure_leave(struct election *election);
enum election_state tenure_leave_later(struct election *election);
enum election_state tenure_give_up(struct election *election);
enum election_state tenure_run_out(struct election *election);
enum election_state tenure_out_of_time(struct election *election);
enum election_state tenure_lose(struct election *election);
enum election_state tenure_lose_at_once(struct election *election);
enum election_state tenure_lose_meanwhile(struct election *election);
enum election_state tenure_fence(struct election *election);

enum election_state tenure_give_back(struct election *election);
enum election_state tenure_leave_soon(struct election *election);
enum election_state tenure_released(struct election *election);
enum election_state tenure_forget_session(struct election *election);
enum election_state tenure_close(struct election *election);
enum election_state tenure_stop(struct election *election);

#endif
