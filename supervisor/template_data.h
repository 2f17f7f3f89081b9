/* template_data.h - what templates ask for: each distinct dependency once, however many templates use it.
 *
 * A dependency of Consul is a feed (consul/feed.h); `file` is looked at every two seconds.  One that
 * no template uses any more is forgotten, with its data.
 */
#ifndef TEMPLATE_DATA_H
#define TEMPLATE_DATA_H

#include "consul/agent.h"
#include "hooks/data.h"

struct fact;

struct facts {
	struct data_source source;
	struct loop *loop;
	struct agent *agent;		/* borrowed; NULL: no Consul */
	double settle;
	struct fact *all;		/* by name */
	struct agent_request self;	/* which node is the agent's? */
	struct timer ask_again;
	char *node;			/* its name; NULL: not known yet */
};

void facts_init(struct facts *facts, struct loop *loop);
void facts_release(struct facts *facts);

/* What comes from Consul comes from this one from now on; NULL: from none. */
void facts_use(struct facts *facts, struct agent *agent, double settle);

#endif
