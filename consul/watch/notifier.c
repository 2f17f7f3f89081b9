#include "notifier.h"

#include "base/alloc.h"
#include "base/url.h"

enum { POLL = 15 };			/* seconds */
#define COST_OF_NEWS 0.1
#define COST_OF_BYTE (1.0 / 270e3)

static void ask(struct alarm *alarm)
{
	if (alarm->polled)
		agent_get(&alarm->query, alarm->path, AGENT_PATIENCE);
	else
		agent_wait(&alarm->query, alarm->path, alarm->index);
}

static void on_retry(struct timer *timer)
{
	ask(container_of(timer, struct alarm, retry));
}

static void on_consul_back(struct subscription *self, const struct event *event)
{
	struct alarm *alarm = container_of(self, struct alarm, on_consul);

	(void)event;
	if (alarm->lost && timer_is_set(&alarm->retry)) {
		timer_stop(&alarm->retry);
		ask(alarm);
	}
}

static void on_trouble(struct alarm *alarm)
{
	alarm->set = alarm->blind = false;
	alarm->lost = true;
	timer_set(&alarm->retry, backoff_next(&alarm->backoff));
}

static void on_blindness(struct alarm *alarm)
{
	alarm->set = false;
	alarm->blind = true;
	timer_set(&alarm->retry, backoff_next(&alarm->backoff));
	alarm->on_ring(alarm, RING_BLIND, NULL);
}

static void ask_again(struct alarm *alarm, bool news)
{
	double size = (double)alarm->query.http.reply.used;
	double delay = pace_spend(&alarm->pace, (news ? COST_OF_NEWS : 1) + size * COST_OF_BYTE);

	agent_forget_answer(&alarm->query);
	if (alarm->polled || delay > 0)
		timer_set(&alarm->retry, alarm->polled ? POLL : delay);
	else
		ask(alarm);
}

/* Takes `tally`: a good answer. */
static void take(struct alarm *alarm, json_t *tally)
{
	CLEANUP(json_decrefp) json_t *changes = tally_changes(alarm->tally, tally);
	unsigned long index = alarm->query.http.index, last = alarm->index;
	bool back = alarm->lost || index < last, was_set = alarm->set;

	json_decref(alarm->tally);
	alarm->tally = tally;
	alarm->index = index;
	alarm->set = true;
	alarm->blind = alarm->lost = false;
	backoff_reset(&alarm->backoff);
	ask_again(alarm, back || !was_set || index > last);
	if (back)
		alarm->on_ring(alarm, RING_BACK, changes);
	else if (!was_set)
		alarm->on_ring(alarm, RING_SET, changes);
	else if (index > last)
		alarm->on_ring(alarm, RING_CHANGED, changes);
}

static void on_reply(struct agent_request *query, enum agent_answer answer)
{
	struct alarm *alarm = container_of(query, struct alarm, query);
	bool nothing = answer == ANSWER_MISSING && alarm->kind == TALLY_KEYS;
	struct error error = { "" };
	json_t *tally = NULL;

	if (answer == ANSWER_OK || nothing)
		tally = tally_read(alarm->kind, query->json, &error);
	else
		agent_explain(query, &error);
	if (tally && !query->http.index)
		fail(&error, "an answer without an index");
	if (!error.text[0]) {
		agent_content(query);
		take(alarm, tally);
		return;
	}
	agent_complain(query, answer == ANSWER_OK ? ANSWER_TROUBLE : answer, &error);
	alarm->index = 0;
	if (tally || answer == ANSWER_DENIED || answer == ANSWER_REFUSED)
		on_blindness(alarm);
	else
		on_trouble(alarm);
	json_decref(tally);
}

static char *make_path(enum tally_kind kind, const char *dc)
{
	static const char *const paths[] = {
		[TALLY_CHECKS] = "/v1/health/state/any",
		[TALLY_CRITICAL] = "/v1/health/state/critical",
		[TALLY_WARNING] = "/v1/health/state/warning",
		[TALLY_SERVICES] = "/v1/catalog/services",
		[TALLY_NODES] = "/v1/catalog/nodes",
		[TALLY_KEYS] = "/v1/kv/?keys&separator=/",
	};
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, paths[kind]);
	url_add(&path, "dc", dc);
	return buf_take(&path);
}

struct alarm *alarm_new(struct agent *agent, enum tally_kind kind, const char *dc, bool polled)
{
	struct alarm *alarm = NEW(struct alarm);
	struct loop *loop = agent->http.loop;

	*alarm = (struct alarm){
		.kind = kind,
		.dc = copy_string(dc),
		.path = make_path(kind, dc),
		.polled = polled,
		.backoff = { .min = 0.25, .max = 30 },
	};
	pace_init(&alarm->pace, 10, 10);
	list_init(&alarm->link);
	agent_request_init(&alarm->query, agent, alarm->path, on_reply);
	timer_init(&alarm->retry, loop, on_retry);
	subscribe(&alarm->on_consul, &agent->source, EVENT_HEALTHY, on_consul_back);
	ask(alarm);
	return alarm;
}

void alarm_free(struct alarm *alarm)
{
	list_remove(&alarm->link);
	unsubscribe(&alarm->on_consul);
	timer_stop(&alarm->retry);
	agent_request_release(&alarm->query);
	json_decref(alarm->tally);
	free(alarm->path);
	free(alarm->dc);
	free(alarm);
}
