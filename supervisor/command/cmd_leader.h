/* cmd_leader.h - `pilotfish leader`: the status of an election, and requests to it.
 *
 * Works without a running pilotfish: it reads the election's keys in Consul, and writes KEY/request
 * and KEY/pause (lock.h) by compare-and-set.  Each action first asks Consul whether our token has the
 * rights for it, so that an error can name the missing rule.
 *
 *     status        prints leader, candidates and requests
 *     step-down     requests it from the leader; done when another epoch leads
 *     pause         no candidate is elected from now on; a leader goes on leading
 *     resume        ends the pause
 *     accept-epoch  requests candidates to lead although they have seen higher epochs
 *
 * One request at a time, on a loop that ends with the answer.  Exit codes: 0; 1 if the action was
 * refused or without effect (status: without a leader); 64 wrong usage; 65 and 66 as `check`; 69
 * Consul cannot serve us; 77 our token lacks a right.
 */
#ifndef CMD_LEADER_H
#define CMD_LEADER_H

#include <stdbool.h>

struct leader_args {
	const char *path;		/* of the configuration */
	const char *action;
	const char *election;		/* NULL: the only one */
	const char *to;			/* step-down: the successor; NULL: any candidate */
	double timeout;			/* how long to wait for the effect */
	bool json;
};

#endif
