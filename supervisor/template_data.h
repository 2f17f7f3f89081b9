/* template_data.h - what templates ask for: each distinct dependency once, however many templates use it.
 *
 * A dependency of Consul is a feed (consul/feed.h); `file` is looked at every two seconds.  One that
 * no template uses any more is forgotten, with its data.
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
	struct watched_dependency *all;		/* by name */
	struct agent_request self;	/* which node is the agent's? */
	struct timer ask_again;
	char *node;			/* its name; NULL: not known yet */
};

void template_data_init(struct template_data *data, struct loop *loop);
void template_data_release(struct template_data *data);

/* What comes from Consul comes from this one from now on; NULL: from none. */
void template_data_use(struct template_data *data, struct agent *agent, double settle);

#endif
