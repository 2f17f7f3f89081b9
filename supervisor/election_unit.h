/* election_unit.h - an election, tied to the jobs that take part in it.
 *
 * The election (consul/election/election.h) decides who leads.  This file turns its orders into
 * processes.  A participant is a job in one of four roles:
 *
 *   workload   the election's `job`: leader or follower; a candidate while it runs and is healthy
 *   runner     each job with `runs`: it runs while we lead
 *   promoter   NAME.onElected: its success is the promotion
 *   demoter    NAME.onDeposed: its success is the workload's demotion
 *
 * To demote: the promoter is killed, the runners are ended, and the demoter runs.  Without a
 * demoter, or if the demoter fails, the workload's process is ended instead and restarted by its
 * own policy.  So a workload always starts as a follower.  To fence: all participants get SIGKILL.
 * Either order is done when each process that could act as leader is reaped or demoted.
 *
 * The process groups of all participants are in the election's dead-man timer.
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
	bool left;			/* for good; `units` knows */

	/* private */
	struct participant *participants;
	size_t participant_count;
	bool started;
	bool final;			/* the whole program stops */
	struct hook *can_lead;		/* NULL: always able */
	char *can_lead_name;
	struct hook_user user;
	struct timer can_lead_timeout;
	bool considering;		/* can_lead runs */
	bool outdated;			/* can_lead was started for an earlier order, and is run anew */
	bool promoting;
	bool demoting;			/* until election_demoted() */
	bool fencing;
	bool demoted;			/* the demoter succeeded, or the workload's process ended */
	struct deferred departure;
};

/* Takes `config`. */
bool election_unit_init(struct election_unit *unit, struct units *units, struct agent *agent,
			struct election_config *config, struct error *error);
void election_unit_release(struct election_unit *unit);

void election_unit_link(struct election_unit *unit);	/* finds participants; again after changes */
void election_unit_leave(struct election_unit *unit, enum election_reason reason, double limit);

bool election_unit_concerns(const struct election_unit *unit, const struct job_unit *job_unit);

/* A reload removes the job: when the election is left, the job is stopped instead of its run. */
void election_unit_lose(struct election_unit *unit, const struct job_unit *job_unit);

#endif
