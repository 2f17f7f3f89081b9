/* template_data.h - provides the data that templates ask for.
 *
 * Templates share dependencies: each distinct one is fetched once.  A dependency on Consul is a
 * feed (consul/watch/feed.h); one on a file looks at the file every two seconds.  A dependency
 * that no template uses any more is freed with its data.
 */
#ifndef TEMPLATE_DATA_H
#define TEMPLATE_DATA_H

#include "consul/agent.h"
#include "hooks/data.h"

struct watched_dependency;

struct template_data {
	struct data_provider source;
	struct loop *loop;
	struct agent *agent;		/* borrowed; NULL: no Consul */
	double settle;
	struct watched_dependency *all;	/* by name */
	struct agent_request self;	/* /v1/agent/self, for the name of the agent's node */
	struct timer ask_again;
	char *node;			/* the agent's; NULL: not known yet */
};

void template_data_init(struct template_data *data, struct loop *loop);
void template_data_release(struct template_data *data);

/* From now on data come from this agent; NULL: there is no Consul. */
void template_data_use(struct template_data *data, struct agent *agent, double settle);

#endif
