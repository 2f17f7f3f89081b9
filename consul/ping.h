/* ping.h - asks an agent that gets no other request, so that its state (agent.h) is known.
 *
 * Every second while it does not answer, else every 10 s.
 */
#ifndef PING_H
#define PING_H

#include "agent.h"

struct ping {
	/* private */
	struct agent_request request;	/* zeroed: no ping */
	struct timer next;
};

void ping_start(struct ping *ping, struct agent *agent);	/* both are idempotent */
void ping_stop(struct ping *ping);

#endif
