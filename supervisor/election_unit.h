/* election_unit.h - an election, tied to the jobs that it is about.
 *
 * The election (consul/election.h) decides who leads; here that becomes processes:
 *
 *   workload   its `job`: primary or not; a candidate as long as it runs and is healthy
 *   runner     each job with `runs`: it runs while we lead
 *   promoter   NAME.onElected: its success is the promotion
 *   demoter    NAME.onDeposed: its success is the workload's demotion
 *
 * To demote: the promoter is killed, the runners are told to end, and the demoter runs.  Where there
 * is none, or it fails, the workload's process is ended instead, and restarted by its own policy: so
 * a workload always starts as a follower.  To fence: all of them get SIGKILL.  Either is over when
 * whatever could act as primary is reaped or demoted.
 *
 * All their process groups are in the election's dead-man timer.
 */
#ifndef ELECTION_UNIT_H
#define ELECTION_UNIT_H

#include "consul/election/election.h"
#include "hooks/hook.h"

struct units;
struct job_unit;
struct participant;

struct election_unit {
	struct list link;
	struct units *units;
	struct election_config *config;	/* owned */
	struct election election;
	struct participant *participants;		/* with each unit that has a part in it */
	size_t participant_count;
	bool started;
	bool left;			/* for good; the crew was told */
	bool final;			/* everything stops */

	struct hook *can_lead;		/* NULL: always */
	char *can_lead_name;
	struct hook_user user;
	struct timer patience;		/* of can_lead */
	bool asking, asked_again;	/* it runs; and its answer is for a former question */

	bool promoting;
	bool demoting;			/* until election_demoted() */
	bool fencing;
	bool demoted;			/* the demoter succeeded, or the workload's process ended */
	struct deferred departure;
};

/* Takes `config`. */
bool election_unit_init(struct election_unit *unit, struct units *units,
			struct election_config *config, struct error *error);
void election_unit_release(struct election_unit *unit);

void election_unit_link(struct election_unit *unit);	/* to the crew's units; again after changes */
void election_unit_leave(struct election_unit *unit, enum election_reason reason, double patience);

/* A reload takes the job away: when the election is left, the job is stopped instead of its run.
 * False: the job has no part in the election. */
bool election_unit_lose(struct election_unit *unit, const struct job_unit *job_unit);

#endif
