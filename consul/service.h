/* service.h - one service of ours in the catalogue, following one job.
 *
 * Compares what is wanted with what Consul was told, and sends what is missing: one request at a
 * time, the first that is due of a table of steps (service.c).  So nothing has to be remembered
 * across trouble: it is retried for ever with backoff, or at once when there is news or Consul is
 * back.
 *
 * - The job's `running` registers, under the ID NAME-HOSTNAME.  If that ID is passing at another
 *   address it is somebody else's, and `-ADDRESS` is appended to ours.  Entries of our name at our
 *   own address and port under another ID are left over from former lives and removed.
 * - `healthy`, `warning` and `unhealthy` are told at once, and a timer at ttl/3 repeats the last
 *   verdict.  Registration and TTL check are one request; an unknown check means: register again.
 *   Before the first verdict the status is initialStatus.  A job without health check is passing
 *   while its process runs.  A restart of the process keeps the registration.
 * - `draining` deregisters and holds the source until that is answered, 1 s at most; `stopped`
 *   makes sure.
 * - Maintenance (of the source `global`, or of this service alone) takes the service out of traffic.
 *   One that a former life left behind is ended.
 * - Its role: `leader_tag` is one more tag while we lead; to show or to hide it is another
 *   registration, with the verdict of the moment, so that the service never leaves traffic for it.
 *   One that is `leader_only` is there only while we lead, and nobody waits for it to go then.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "base/backoff.h"
#include "agent.h"
#include "base/verdict.h"

struct service {
	const struct service_config *config;	/* borrowed */
	struct agent *agent;
	const struct verdict *verdict;	/* NULL: passing as long as the job runs */
	struct source *job;
	struct subscription on_job, on_global, on_consul;
	char *id, *check_id;
	char *address;			/* of the last registration; NULL: not known yet */
	long started;			/* seconds since the epoch */

	/* what is wanted */
	bool up;			/* the job is there and not leaving */
	bool down;			/* but its process is not */
	bool judged;			/* it had a verdict since it was up */
	bool leads;
	bool wanted;			/* hence: it is to be there */
	bool all_maintained, self_maintained;
	bool maintenance;		/* hence: one of them */

	/* what Consul was told */
	enum service_claim { CLAIM_NONE, CLAIM_UNCERTAIN, CLAIM_OURS } claim;	/* of the ID */
	bool elsewhere;			/* the ID was found at another address */
	bool renamed;
	bool present;			/* it may be there: a deregistration is owed */
	bool registered;		/* it is there, as we want it */
	bool confirmed;			/* and its check has been updated since */
	bool told_maintenance;
	bool told_leads;		/* at the last registration */
	bool dirty;			/* the verdict is not yet told */
	struct strv leftovers;		/* IDs to be removed */

	struct hold hold;		/* of the job's source, while it drains */
	const struct service_step *step;	/* the request under way, or the last one */
	struct agent_request request;
	bool lacks_address;			/* we have no address; said so already */
	struct backoff backoff;
	struct timer retry, heartbeat, drain_limit;
};

void service_init(struct service *service, struct agent *agent, const struct service_config *config,
		  struct source *job, const struct verdict *verdict);
void service_release(struct service *service);

/* Both are idempotent. */
void service_set_role(struct service *service, bool leads);
void service_set_maintenance(struct service *service, bool on);	/* whatever `global` says */

/* Gone from Consul, or never there. */
bool service_is_settled(const struct service *service);

#endif
