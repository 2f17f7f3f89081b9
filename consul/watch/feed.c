#include "feed.h"

#include "base/alloc.h"
#include "base/url.h"
#include "consul/weight.h"
#include "feed_reading.h"

enum { POLL = 15 };			/* seconds, if nothing tells of changes */
#define COST_OF_NEWS 0.1

static void on_ask(struct pool_member *member)
{
	struct feed *feed = container_of(member, struct feed, member);

	timer_stop(&feed->retry);
	feed->consistent = !feed->index;
	if (member->has_connection)
		agent_wait(&feed->request, feed->query->path, feed->index);
	else if (feed->index)
		agent_get(&feed->request, feed->query->path, AGENT_TIMEOUT);
	else
		agent_get_consistent(&feed->request, feed->query->path);
}

/* A connected feed asks as soon as its tokens allow.  A parked one asks when a notifier says so, or
 * if it needs a consistent answer.  No notifier knows of certificates. */
static void ask_again(struct feed *feed, double cost)
{
	double delay = pace_spend(&feed->pace, cost);
	bool parked = !feed->member.has_connection && feed->index;

	if (feed->state && feed->agent->config->once)
		return;
	if (!feed->request.http.index || (parked && feed->query->topic == TOPIC_AUTHORITY))
		timer_set(&feed->retry, POLL);
	else if (parked)
		return;
	else if (delay > 0)
		timer_set(&feed->retry, delay);
	else
		query_pool_ask(&feed->member);
}

/* The thread has weighed what it made of the answer. */
static size_t weight_of(const struct feed *feed, const json_t *state)
{
	const struct feed_reading *reading = feed->reading;

	return reading && state == reading->state ? reading->weight : weight_of_json(state);
}

/* Takes `state`, or NULL. */
static void set_pending(struct feed *feed, json_t *state)
{
	json_decref(feed->pending);
	feed->pending = state;
	charge_set(&feed->pending_charge, state ? weight_of(feed, state) : 0);
}

static void cancel_rights(struct feed *feed)
{
	agent_cancel(&feed->rights);
	query_pool_finish(feed->member.pool, &feed->slot);
}

/* The thread has compared them, unless the state has changed since. */
static bool is_same(const struct feed *feed, const json_t *state)
{
	const struct feed_reading *reading = feed->reading;

	if (!feed->state)
		return false;
	if (reading && reading->before == feed->state &&
	    state == (reading->kept ? reading->kept : reading->state))
		return reading->same;
	return blocking_query_equal(feed->query, feed->state, state);
}

/* Takes `state`.  True if it differs from the last one. */
static bool adopt(struct feed *feed, json_t *state)
{
	cancel_rights(feed);
	agent_log_success(&feed->rights);
	set_pending(feed, NULL);
	feed->answered = monotonic_now();
	if (is_same(feed, state)) {
		json_decref(state);
		return false;
	}
	json_decref(feed->state);
	feed->state = state;
	charge_set(&feed->state_charge, weight_of(feed, state));
	return true;
}

/* The answer itself is freed; what is made of it has to fit in beside the state that it replaces. */
static bool fits(struct feed *feed, struct error *error)
{
	const struct budget *budget = &feed->agent->budget;
	size_t weight = feed->reading->weight;

	return weight <= BUDGET_EXEMPT || budget_has(budget, weight) ||
	       fail(error, "data that exceed %s = %zuM", budget->name, budget->limit >> 20);
}

static void on_slot(struct slot *slot)
{
	struct feed *feed = container_of(slot, struct feed, slot);
	json_t *rights = blocking_query_rights(feed->query, feed->state);
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/internal/acl/authorize");
	url_add(&path, "dc", feed->query->dc);
	agent_post_json(&feed->rights, path.data, rights, AGENT_TIMEOUT);
}

static bool became_empty(const struct feed *feed, const json_t *state)
{
	return feed->query->identity && json_array_size(feed->state) && !json_array_size(state);
}

static bool settles(const struct feed *feed)
{
	return timer_is_set(&feed->settling) ||
	       (feed->distrusted && feed->state && feed->settle > 0);
}

/* While the feed settles: what it believes, with the parts of `state` that are not a loss. */
static json_t *keep_lost(const struct feed *feed, json_t *state)
{
	const struct feed_reading *reading = feed->reading;

	if (reading->kept && reading->before == feed->state)
		return json_incref(reading->kept);
	return blocking_query_keep(feed->query, feed->state, state);
}

/* Takes `state`, Consul's latest answer.  True if it is news. */
static bool believe(struct feed *feed, json_t *state)
{
	if (!became_empty(feed, state) || feed->agent->acl_off || feed->allowed)
		return adopt(feed, state);
	set_pending(feed, state);
	if (feed->slot.state == SLOT_NONE)
		query_pool_want(feed->member.pool, &feed->slot);
	return false;
}

/* Takes `state`, a good answer.  True if it has news. */
static bool consider(struct feed *feed, json_t *state)
{
	bool news, settling = settles(feed);

	if (settling && feed->distrusted)
		timer_set(&feed->settling, feed->settle);
	feed->distrusted = false;
	if (!settling)
		return believe(feed, state);
	news = adopt(feed, keep_lost(feed, state));
	set_pending(feed, state);
	return news;
}

static void tell(struct feed *feed, bool news)
{
	if (news)
		feed->on_news(feed);
}

static void on_settled(struct timer *timer)
{
	struct feed *feed = container_of(timer, struct feed, settling);

	tell(feed, believe(feed, json_incref(feed->pending)));
}

static void distrust(struct feed *feed)
{
	feed->index = 0;
	feed->distrusted = true;
	feed->allowed = false;
}

static void on_distrust(struct pool_member *member)
{
	distrust(container_of(member, struct feed, member));
}

/* Keep the last state and retry later. */
static void on_trouble(struct feed *feed)
{
	distrust(feed);
	timer_stop(&feed->settling);
	agent_cancel(&feed->request);
	set_pending(feed, NULL);
	timer_set(&feed->retry, backoff_next(&feed->backoff));
	cancel_rights(feed);
	query_pool_answered(&feed->member);
}

/* False: the answer is older than an earlier one, so that it does not count.  Consul has lost data if
 * two consistent answers in a row agree on that. */
static bool take_index(struct feed *feed, unsigned long index)
{
	bool agrees = feed->consistent && feed->older && index >= feed->older;

	if (index < feed->highest && !agrees) {
		distrust(feed);
		feed->older = feed->consistent ? index : 0;
		return false;
	}
	feed->index = feed->highest = index;
	feed->older = 0;
	return true;
}

static struct reading *new_reading(struct agent_request *request)
{
	struct feed *feed = container_of(request, struct feed, request);

	return &feed_reading_new(feed->query, feed->state, settles(feed))->reading;
}

static void take_reading(struct feed *feed, enum agent_answer answer, struct error *error)
{
	const struct blocking_query *query = feed->query;
	struct agent_request *request = &feed->request;
	bool no_key = answer == ANSWER_MISSING && query->topic == TOPIC_KEYS &&
		      request->http.index && !request->http.no_leader;
	struct reading *reading = agent_take_reading(request, no_key);

	if (!reading) {
		agent_explain(request, error);
		return;
	}
	feed->reading = container_of(reading, struct feed_reading, reading);
	*error = feed->reading->error;
	if (feed->reading->state && query->topic == TOPIC_NAMES &&
	    became_empty(feed, feed->reading->state))
		fail(error, "an empty catalogue, so the last one stays");
}

static void tell_refusal(struct feed *feed, bool was_refused)
{
	if (feed->on_refusal && was_refused != !!feed->refusal.text[0])
		feed->on_refusal(feed);
}

static void on_unusable(struct feed *feed, enum agent_answer answer, const struct error *error)
{
	agent_log_failure(&feed->request, answer == ANSWER_OK ? ANSWER_TROUBLE : answer, error);
	if (answer == ANSWER_REFUSED ||
	    (answer == ANSWER_MISSING && feed->query->topic != TOPIC_KEYS))
		feed->refusal = *error;
	on_trouble(feed);
}

/* True if the answer has news. */
static bool on_usable(struct feed *feed)
{
	json_t *state = feed->reading->state;
	bool news = false;

	agent_log_success(&feed->request);
	backoff_reset(&feed->backoff);
	if (take_index(feed, feed->request.http.index)) {
		news = state && consider(feed, json_incref(state));
		feed->allowed = false;
	}
	ask_again(feed, news ? COST_OF_NEWS : 1);
	query_pool_answered(&feed->member);	/* which may send it again at once */
	return news;
}

static void on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct feed *feed = container_of(request, struct feed, request);
	struct error error = ERROR_INIT;
	bool news = false, was_refused = feed->refusal.text[0];

	feed->refusal.text[0] = '\0';
	take_reading(feed, answer, &error);
	agent_forget_answer(request);
	if (error.text[0] || !fits(feed, &error))
		on_unusable(feed, answer, &error);
	else
		news = on_usable(feed);
	feed_reading_free(steal(&feed->reading));
	tell_refusal(feed, was_refused);
	tell(feed, news);
}

/* True: `error` has the reason. */
static bool is_denied(const struct agent_request *rights, struct error *error)
{
	const json_t *right;
	size_t i;

	if (rights->http.status == 403)
		agent_explain(rights, error);
	json_array_foreach(rights->json, i, right)
		if (!json_is_true(json_object_get(right, "Allow")))
			fail(error, "no right to read %s \"%s\", so the last set stays",
			     json_string_value(json_object_get(right, "Resource")),
			     json_string_value(json_object_get(right, "Segment")));
	return error->text[0];
}

/* The rights may have changed after the empty answer was made, so the next answer counts. */
static void on_allowed(struct feed *feed)
{
	feed->allowed = true;
	feed->index = 0;
	query_pool_ask(&feed->member);
}

static void on_rights(struct agent_request *rights, enum agent_answer answer)
{
	struct feed *feed = container_of(rights, struct feed, rights);
	struct error error = ERROR_INIT;

	if (answer == ANSWER_TROUBLE) {
		agent_explain(rights, &error);
	} else if (answer == ANSWER_OK && !json_array_size(rights->json)) {
		answer = ANSWER_TROUBLE;
		fail(&error, "no answer about our rights");
	}
	query_pool_finish(feed->member.pool, &feed->slot);
	feed->agent->acl_off = rights->http.status == 401;
	if (answer == ANSWER_TROUBLE) {
		agent_log_failure(rights, answer, &error);
		on_trouble(feed);
	} else if (is_denied(rights, &error)) {
		agent_log_failure(rights, ANSWER_DENIED, &error);
	} else if (feed->agent->acl_off) {
		tell(feed, adopt(feed, json_incref(feed->pending)));
	} else {
		on_allowed(feed);
	}
}

static void on_start(struct deferred *deferred)
{
	query_pool_ask(&container_of(deferred, struct feed, start)->member);
}

static void on_retry(struct timer *timer)
{
	query_pool_ask(&container_of(timer, struct feed, retry)->member);
}

static void on_consul_back(struct subscription *self, const struct event *event)
{
	struct feed *feed = container_of(self, struct feed, on_consul);

	(void)event;
	if (feed->distrusted && timer_is_set(&feed->retry)) {
		timer_stop(&feed->retry);
		query_pool_ask(&feed->member);
	}
}

void feed_init(struct feed *feed, struct agent *agent, const struct blocking_query *query,
	       double settle)
{
	const char *name = query->name ? query->name : query->path;
	struct loop *loop = agent->http.loop;

	*feed = (struct feed){
		.query = query,
		.on_news = feed->on_news,
		.on_refusal = feed->on_refusal,
		.agent = agent,
		.settle = settle,
		.member = {
			.query = query,
			.state = &feed->state,
			.on_ask = on_ask,
			.on_distrust = on_distrust,
		},
		.slot.on_slot = on_slot,
		.state_charge = { .budget = &agent->budget },
		.pending_charge = { .budget = &agent->budget },
		.backoff = { .min = 0.25, .max = 30 },
	};
	pace_init(&feed->pace, 10, 10);
	query_pool_join(&feed->member, agent);
	agent_request_init(&feed->request, agent, name, on_reply);
	feed->request.new_reading = new_reading;
	feed->request.cached = query->topic == TOPIC_AUTHORITY;
	agent_request_init(&feed->rights, agent, name, on_rights);
	deferred_init(&feed->start, loop, on_start);
	timer_init(&feed->retry, loop, on_retry);
	timer_init(&feed->settling, loop, on_settled);
	subscribe(&feed->on_consul, &agent->source, EVENT_HEALTHY, on_consul_back);
	defer(&feed->start);		/* start the workload first */
}

void feed_release(struct feed *feed)
{
	if (!feed->agent)
		return;
	unsubscribe(&feed->on_consul);
	deferred_cancel(&feed->start);
	timer_stop(&feed->retry);
	timer_stop(&feed->settling);
	agent_request_release(&feed->request);
	agent_request_release(&feed->rights);
	query_pool_forget(feed->member.pool, &feed->slot);
	query_pool_leave(&feed->member);
	json_decref(feed->state);
	set_pending(feed, NULL);
	charge_set(&feed->state_charge, 0);
	*feed = (struct feed){ 0 };
}
