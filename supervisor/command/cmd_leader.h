/* cmd_leader.h - `pilotfish leader`: how an election stands, and a word in it, from any member.
 *
 * Needs no pilotfish that runs: it reads the election's keys in Consul, and writes KEY/request and
 * KEY/pause (ballot.h) by compare-and-set.  Of each action the first thing is to ask whether our
 * token has the rights for it, so that the one which is missing can be named.
 *
 *     status        who leads, who could, what is asked for
 *     step-down     the leader is asked to; over when another epoch leads
 *     pause         nobody is elected from now on; a leader goes on leading
 *     resume
 *     accept-epoch  candidates are asked to lead although they have seen higher epochs
 *
 * One request at a time, on a loop that ends with the answer.  Exit codes: 0, 1 if it was refused or
 * did not come about (status: if nobody leads), 64 wrong usage, 65 and 66 as `check`, 69 Consul cannot
 * serve us, 77 our token may not.
 */
#ifndef CMD_LEADER_H
#define CMD_LEADER_H

#include <stdbool.h>

struct leader_args {
	const char *path;		/* of the configuration: the election, and how to reach Consul */
	const char *action;
	const char *election;		/* NULL: the only one */
	const char *to;			/* step-down: who is to lead; NULL: anybody */
	double timeout;			/* how long to wait for what was asked for */
	bool json;
};

#endif
