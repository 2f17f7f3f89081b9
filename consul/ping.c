#include "ping.h"

static const double pause_up = 10, pause_down = 1;

static void on_next(struct timer *timer)
{
	struct ping *ping = container_of(timer, struct ping, next);

	agent_get(&ping->request, "/v1/status/leader", AGENT_TIMEOUT);
}

static void on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct ping *ping = container_of(request, struct ping, request);

	(void)answer;
	timer_set(&ping->next, request->agent->state == AGENT_UP ? pause_up : pause_down);
}

void ping_start(struct ping *ping, struct agent *agent)
{
	if (ping->request.agent)
		return;
	agent_request_init(&ping->request, agent, "the state of its cluster", on_reply);
	timer_init(&ping->next, agent->http.loop, on_next);
	timer_set(&ping->next, 0);
}

void ping_stop(struct ping *ping)
{
	if (!ping->request.agent)
		return;
	timer_stop(&ping->next);
	agent_request_release(&ping->request);
}
