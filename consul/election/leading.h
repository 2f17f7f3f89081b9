/* leading.h - the steps of an election from the lock's possession to its release, and the lease
 * that bounds them (election.h, lease.h). */
#ifndef LEADING_H
#define LEADING_H

#include "election.h"

void leading_init(struct election *election);	/* not its timers and the dead-man timer */
void leading_release(struct election *election);
void leading_arm_lease(struct election *election);	/* by the newest confirmation */
void leading_limit_demotion(struct election *election, double seconds);	/* while the lock is ours */
void leading_name_successor(struct election *election, const char *id);	/* "": any candidate */
void leading_accept_lower_epoch(struct election *election);

enum election_state leading_won(struct election *election);
enum election_state leading_inherit(struct election *election);
enum election_state leading_promote(struct election *election);	/* the epoch is saved */
enum election_state leading_save_timeout(struct election *election);
enum election_state leading_leave_unpromoted(struct election *election);
enum election_state leading_promoted(struct election *election);
enum election_state leading_check_value(struct election *election);

enum election_state leading_resign(struct election *election);
enum election_state leading_leave(struct election *election);
enum election_state leading_leave_while_demoting(struct election *election);
enum election_state leading_promotion_failed(struct election *election);
enum election_state leading_soft_deadline(struct election *election);
enum election_state leading_hard_deadline(struct election *election);
enum election_state leading_lock_lost(struct election *election);
enum election_state leading_key_gone(struct election *election);
enum election_state leading_lost_while_demoting(struct election *election);
enum election_state leading_fence(struct election *election);

enum election_state leading_unlock(struct election *election);
enum election_state leading_leave_while_unlocking(struct election *election);
enum election_state leading_unlocked(struct election *election);
enum election_state leading_session_gone(struct election *election);
enum election_state leading_close_session(struct election *election);
enum election_state leading_stop(struct election *election);

#endif
