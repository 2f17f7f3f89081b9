/* lease.h - how long a leader may believe that it leads.
 *
 * All times are seconds of CLOCK_BOOTTIME, counted from r: the moment just *before* the newest
 * request was sent that the servers answered by confirming the lock.  The servers' clock starts
 * later, so errors are on the safe side.
 *
 *     r ............ soft ............... hard ........................ r + P
 *       confirmed    onDeposed has D      SIGKILL and reaping take K,    the earliest moment at
 *                                         M is for clocks and delays     which another can lead
 *
 *     P  protected: lockDelay, as any program may end the session at any time after r.  With
 *        bind = "session": min(ttl, lockDelay), or ttl if lockDelay is 0
 *     M  margin: max(1 s, P/10)          K  1 s          D  demoteTimeout
 *     a renewal every P/4, each takes P/8 at most: P/4 + P/8 + D + K + M < P
 */
#ifndef LEASE_H
#define LEASE_H

#include "base/error.h"
#include "config.h"

struct lease {
	double protected, margin, kill, demote;
	double renew, attempt;		/* the interval of renewals, the time limit of each */
};

struct lease lease_of(const struct election_config *config);
double lease_soft(const struct lease *lease);	/* from r */
double lease_hard(const struct lease *lease);

/* False: these timings cannot be safe.  The error has the inequality and the nearest safe value. */
bool lease_check(const struct election_config *config, struct error *error);

#endif
