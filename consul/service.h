/* service.h - registers one service of a job with Consul and keeps its check up to date.
 *
 * Compares the wanted state with the state that Consul was told, and sends the first request that
 * is due of a table of steps (sync.c), one at a time.  No step has to be remembered across
 * trouble: a service retries for ever with a backoff, and at once if its job has news or Consul
 * answers again.
 *
 * - The job's `running` registers the service under the ID NAME-HOSTNAME.  If that ID is passing at
 *   another address or port, it belongs to another instance, and ours gets the suffix `-ADDRESS` or
 *   `-PORT`.  An `id` of the configuration is used as it is, with a warning.  Entries with our name,
 *   address and port under another ID are left from earlier processes of ours; they are removed.
 * - Every sixth heartbeat, the service looks whether the entry at its ID is still its own.  If not,
 *   it warns, and leaves that entry to the other instance.
 * - The verdicts `healthy`, `warning` and `unhealthy` are sent at once, and the last one is sent
 *   again every ttl/3.  One request registers service and TTL check.  If Consul does not know
 *   the check, the service registers again.  Before the first verdict the status is initialStatus.  A job
 *   without a health check passes while its process runs.  A restart of the process keeps the
 *   registration.
 * - When our address changes, the service registers again under its ID.  While there is none, its
 *   last address stays.
 * - An agent writes a service to the catalogue with the token of its registration.  When our token
 *   changes, the service therefore registers again, before a deregistration, too.  After a
 *   deregistration with a token the service looks whether the catalogue has followed, for 1 s.
 * - `draining` deregisters, and holds the job's source until Consul has answered, for 1 s at most.  Then
 *   the job stops meanwhile; and if the agent has answered another question, so it is slow and not
 *   hung, the service holds the source `global` on, hence the end of pilotfish.  `stopped` deregisters if
 *   that has not succeeded.
 * - While the status stays, a change of the reason (health.h) goes to the servers by a new
 *   registration: agents send a change of the output alone after minutes.
 * - Maintenance, of all (source `global`) or of this service, takes the service out of traffic.
 *   Maintenance that an earlier process of ours left is ended.
 * - Role: while we lead, the service has the additional tag `leader_tag`.  A change of role
 *   registers again with the current verdict, so the service stays in traffic.  A service with
 *   `leader_only` is registered only while we lead; losing the role does not hold the job.
 * - Tags can be added while it is registered, and removed: each change registers again, as of a role.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "base/backoff.h"
#include "agent.h"
#include "base/verdict.h"

/* The status of the check, and the number of its reason (verdict.h; 0: none). */
struct service_report {
	enum health_status status;
	unsigned reason;
};

struct service {
	const struct service_config *config;	/* borrowed */
	struct agent *agent;
	const struct verdict *verdict;	/* NULL: passing while the job runs */
	struct source *job;
	struct address_watcher on_addresses;
	struct subscription on_job, on_check, on_global, on_consul;
	char *id, *check_id;
	char *address;			/* as registered; NULL: not known yet */
	long started;			/* seconds since the epoch */

	/* the wanted state */
	bool up;			/* the job has started and is not leaving */
	bool down;			/* its process has ended, and may restart */
	bool judged;			/* the job has had a verdict since it was up */
	bool leads;
	struct strv tags;		/* added to those of the configuration */
	bool wanted;			/* derived: to be registered */
	bool all_maintained, self_maintained;
	bool maintenance;		/* derived: all or self */

	/* the state that Consul was told */
	enum service_claim { CLAIM_NONE, CLAIM_UNCERTAIN, CLAIM_OURS } claim;	/* of the ID */
	char *elsewhere;		/* the place at which Consul has the ID; NULL: at ours */
	bool same_address;		/* ... and only the port differs */
	bool renamed;
	bool contested;			/* another instance has registered under our ID since */
	bool unverified;		/* it is time to look whether the entry is ours */
	unsigned heartbeats;
	bool present;			/* Consul may have it: a deregistration is owed */
	bool registered;		/* Consul has it as wanted */
	unsigned token, sent_token;	/* the number of that of the registration, and of one not answered */
	bool confirmed;			/* the check was updated since the registration */
	bool told_maintenance;
	bool told_leads;		/* at the last registration */
	bool dirty;			/* the verdict has not been sent */
	struct service_report sent;	/* with the last request */
	struct service_report told;	/* to the agent */
	struct service_report shown;	/* by the servers: the output of this one */
	bool kept;			/* an earlier process left our check, with the status shown */
	unsigned explained;		/* the reason that the notes count; 0: none */
	struct strv leftovers;		/* IDs to remove */

	double look_until;		/* in the catalogue for the deregistered entry; 0: no more */
	unsigned long look_index;

	struct hold hold;		/* of the job's source while it drains */
	struct hold end_hold;		/* of `global` while it is deregistered */
	struct agent_request probe;	/* while it drains: does the agent answer at all? */
	bool probed, answers;
	const struct service_step *step;	/* the request under way, or the last one */
	struct agent_request request;
	bool lacks_address;		/* we have no address, which is logged */
	bool hidden;			/* its address is loopback, Consul's is not; which is logged */
	struct backoff backoff;
	struct timer retry, heartbeat, drain_limit;
};

void service_init(struct service *service, struct agent *agent, const struct service_config *config,
		  struct source *job, const struct verdict *verdict);
void service_release(struct service *service);

/* Its configuration has changed, but not its name, ID and port: register again in place. */
void service_refresh(struct service *service);

/* All are idempotent. */
void service_tag(struct service *service, const char *tag, bool on);
void service_set_role(struct service *service, bool leads);
void service_set_maintenance(struct service *service, bool on);	/* independent of `global` */

/* Deregistered, or never registered. */
bool service_is_settled(const struct service *service);

#endif
