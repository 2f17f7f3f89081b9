#include "notifier.h"

#include "base/alloc.h"
#include "base/url.h"

enum { POLL = 15 };			/* seconds */
#define COST_OF_NEWS 0.1
#define COST_OF_BYTE (1.0 / 270e3)

/* Of an answer: its fingerprint, and what differs from the one before. */
struct fingerprint_reading {
	struct reading reading;
	enum fingerprint_kind kind;
	json_t *before, *fingerprint, *changes;
	struct error error;
};

static void read_fingerprint(struct reading *reading, const json_t *answer)
{
	struct fingerprint_reading *self =
		container_of(reading, struct fingerprint_reading, reading);

	self->fingerprint = fingerprint_read(self->kind, answer, &self->error);
	if (self->fingerprint)
		self->changes = fingerprint_changes(self->before, self->fingerprint);
}

static void free_reading(struct reading *reading)
{
	struct fingerprint_reading *self =
		container_of(reading, struct fingerprint_reading, reading);

	json_decref(self->before);
	json_decref(self->fingerprint);
	json_decref(self->changes);
	free(self);
}

static struct reading *new_reading(struct agent_request *request)
{
	struct notifier *notifier = container_of(request, struct notifier, request);
	struct fingerprint_reading *self = NEW(struct fingerprint_reading);

	*self = (struct fingerprint_reading){
		.reading = { .run = read_fingerprint, .free = free_reading },
		.kind = notifier->kind,
		.before = json_incref(notifier->fingerprint),
		.error = ERROR_INIT,
	};
	return &self->reading;
}

static void ask(struct notifier *notifier)
{
	if (notifier->polled)
		agent_get_consistent(&notifier->request, notifier->path);
	else
		agent_wait(&notifier->request, notifier->path, notifier->index);
}

static void on_retry(struct timer *timer)
{
	ask(container_of(timer, struct notifier, retry));
}

static void on_consul_back(struct subscription *self, const struct event *event)
{
	struct notifier *notifier = container_of(self, struct notifier, on_consul);

	(void)event;
	if (notifier->lost && timer_is_set(&notifier->retry)) {
		timer_stop(&notifier->retry);
		ask(notifier);
	}
}

static void on_trouble(struct notifier *notifier)
{
	notifier->ready = notifier->unavailable = false;
	notifier->lost = true;
	timer_set(&notifier->retry, backoff_next(&notifier->backoff));
}

static void on_refusal(struct notifier *notifier)
{
	notifier->ready = false;
	notifier->unavailable = true;
	timer_set(&notifier->retry, backoff_next(&notifier->backoff));
	notifier->on_notify(notifier, NOTIFY_UNAVAILABLE, NULL);
}

static void ask_again(struct notifier *notifier, bool news)
{
	double size = (double)notifier->request.http.size;
	double delay = pace_spend(&notifier->pace, (news ? COST_OF_NEWS : 1) + size * COST_OF_BYTE);

	agent_forget_answer(&notifier->request);
	if (notifier->polled || delay > 0)
		timer_set(&notifier->retry, notifier->polled ? POLL : delay);
	else
		ask(notifier);
}

static void take(struct notifier *notifier, json_t *fingerprint, json_t *changes)
{
	unsigned long index = notifier->request.http.index, last = notifier->index;
	bool back = notifier->lost || index < last, was_ready = notifier->ready;

	json_decref(notifier->fingerprint);
	notifier->fingerprint = json_incref(fingerprint);
	notifier->index = index;
	notifier->ready = true;
	notifier->unavailable = notifier->lost = false;
	backoff_reset(&notifier->backoff);
	ask_again(notifier, back || !was_ready || index > last);
	if (back)
		notifier->on_notify(notifier, NOTIFY_RECOVERED, changes);
	else if (!was_ready)
		notifier->on_notify(notifier, NOTIFY_READY, changes);
	else if (index > last)
		notifier->on_notify(notifier, NOTIFY_CHANGED, changes);
}

static struct fingerprint_reading *take_reading(struct notifier *notifier, enum agent_answer answer,
						struct error *error)
{
	struct agent_request *request = &notifier->request;
	bool nothing = answer == ANSWER_MISSING && notifier->kind == FINGERPRINT_KEYS;
	struct reading *reading = agent_take_reading(request, nothing);
	struct fingerprint_reading *taken = NULL;

	if (!reading) {
		agent_explain(request, error);
		return NULL;
	}
	taken = container_of(reading, struct fingerprint_reading, reading);
	*error = taken->error;
	if (taken->fingerprint && !request->http.index)
		fail(error, "an answer without an index");
	return taken;
}

static void on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct notifier *notifier = container_of(request, struct notifier, request);
	struct error error = ERROR_INIT;
	struct fingerprint_reading *reading = take_reading(notifier, answer, &error);

	if (reading && !error.text[0]) {
		agent_log_success(request);
		take(notifier, reading->fingerprint, reading->changes);
	} else {
		agent_log_failure(request, answer == ANSWER_OK ? ANSWER_TROUBLE : answer, &error);
		notifier->index = 0;
		if ((reading && reading->fingerprint) || answer == ANSWER_DENIED || answer == ANSWER_REFUSED)
			on_refusal(notifier);
		else
			on_trouble(notifier);
	}
	if (reading)
		free_reading(&reading->reading);
}

static char *make_path(enum fingerprint_kind kind, const char *dc)
{
	static const char *const paths[] = {
		[FINGERPRINT_CHECKS] = "/v1/health/state/any",
		[FINGERPRINT_CRITICAL] = "/v1/health/state/critical",
		[FINGERPRINT_WARNING] = "/v1/health/state/warning",
		[FINGERPRINT_SERVICES] = "/v1/catalog/services",
		[FINGERPRINT_NODES] = "/v1/catalog/nodes",
		[FINGERPRINT_KEYS] = "/v1/kv/?keys&separator=/",
	};
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, paths[kind]);
	url_add(&path, "dc", dc);
	return buf_take(&path);
}

struct notifier *notifier_new(struct agent *agent, enum fingerprint_kind kind, const char *dc,
			      bool polled)
{
	struct notifier *notifier = NEW(struct notifier);
	struct loop *loop = agent->http.loop;

	*notifier = (struct notifier){
		.kind = kind,
		.dc = copy_string(dc),
		.path = make_path(kind, dc),
		.polled = polled,
		.backoff = { .min = 0.25, .max = 30 },
	};
	pace_init(&notifier->pace, 10, 10);
	list_init(&notifier->link);
	agent_request_init(&notifier->request, agent, notifier->path, on_reply);
	notifier->request.new_reading = new_reading;
	timer_init(&notifier->retry, loop, on_retry);
	subscribe(&notifier->on_consul, &agent->source, EVENT_HEALTHY, on_consul_back);
	ask(notifier);
	return notifier;
}

void notifier_free(struct notifier *notifier)
{
	list_remove(&notifier->link);
	unsubscribe(&notifier->on_consul);
	timer_stop(&notifier->retry);
	agent_request_release(&notifier->request);
	json_decref(notifier->fingerprint);
	free(notifier->path);
	free(notifier->dc);
	free(notifier);
}
