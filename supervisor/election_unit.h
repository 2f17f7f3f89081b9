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

struct crew;
struct unit;
struct bond;

struct candidacy {
	struct list link;
	struct crew *crew;
	struct election_config *config;	/* owned */
	struct election election;
	struct bond *bonds;		/* with each unit that has a part in it */
	size_t bond_count;
	bool started;
	bool doomed;			/* a reload takes it away */
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
	struct timer departure;
};

/* Takes `config`. */
bool candidacy_init(struct candidacy *candidacy, struct crew *crew, struct election_config *config,
		    struct error *error);
void candidacy_release(struct candidacy *candidacy);

void candidacy_link(struct candidacy *candidacy);	/* to the crew's units; again after changes */
void candidacy_leave(struct candidacy *candidacy, enum election_reason reason, double patience);
bool candidacy_concerns(const struct candidacy *candidacy, const struct unit *unit);

#endif
