#include "followed.h"

#include "base/alloc.h"

#define PAUSE 0.1			/* between answers, however often Consul has news */

/* The first question of all waits for nothing, so it is none of the blocking queries that may be queued. */
static void on_next(struct timer *timer)
{
	struct followed *followed = container_of(timer, struct followed, next);

	if (followed->index)
		agent_wait(&followed->request, followed->path, followed->index);
	else
		agent_get_consistent(&followed->request, followed->path);
}

static void on_good(struct followed *followed)
{
	unsigned long index = followed->request.http.index;

	/* An index that goes backwards comes from a Consul that has lost its data. */
	followed->index = index < followed->index ? 0 : index;
	followed->trouble = (struct error)ERROR_INIT;
	followed->known = true;
	backoff_reset(&followed->backoff);
}

static void on_bad(struct followed *followed, enum agent_answer answer)
{
	followed->index = 0;
	followed->trouble = (struct error)ERROR_INIT;
	agent_explain(&followed->request, &followed->trouble);
	followed->known = followed->known || answer != ANSWER_TROUBLE;
}

static void on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct followed *followed = container_of(request, struct followed, request);
	bool good = answer == ANSWER_OK || answer == ANSWER_MISSING;

	if (good)
		on_good(followed);
	else
		on_bad(followed, answer);
	if (!request->agent->config->once || !followed->known)
		timer_set(&followed->next, good ? PAUSE : backoff_next(&followed->backoff));
	followed->on_answer(followed, answer);
}

void followed_start(struct followed *followed, struct agent *agent, struct http *connections,
		    char *path, followed_fn *on_answer)
{
	*followed = (struct followed){
		.on_answer = on_answer,
		.path = path,
		.backoff = { .min = 0.25, .max = 5 },
	};
	agent_request_init(&followed->request, agent, path, on_reply);
	followed->request.own_http = connections;
	timer_init(&followed->next, agent->http.loop, on_next);
	timer_set(&followed->next, 0);
}

void followed_stop(struct followed *followed)
{
	if (!followed->path)
		return;
	agent_request_release(&followed->request);
	timer_stop(&followed->next);
	free(steal(&followed->path));
}

void followed_change_path(struct followed *followed, char *path)
{
	free(followed->path);
	followed->path = path;
	followed->index = 0;
	timer_set(&followed->next, 0);
}
