#include "feed.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum {
	WAIT = 60,			/* seconds: bounds how long a stale index hides changes */
	POLL = 15,			/* seconds between questions that cannot wait */
};
#define TOKENS_MAX 10.0			/* and so many grow a second */
#define COST_OF_NEWS 0.1

static void ask(struct feed *feed)
{
	const char *path = feed->question->path;
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	buf_print(&text, "%s%cwait=%ds", path, strchr(path, '?') ? '&' : '?', WAIT);
	if (feed->index)
		buf_print(&text, "&index=%lu", feed->index);
	/* Consul adds up to a sixteenth, so that not all come at once. */
	agent_get(&feed->query, text.data, WAIT * 17.0 / 16 + 5);
}

/* The next query, as soon as the tokens allow. */
static void ask_again(struct feed *feed, double cost)
{
	double now = monotonic_now();

	feed->tokens += (now - feed->refilled) * TOKENS_MAX;
	feed->tokens = fmin(feed->tokens, TOKENS_MAX) - cost;
	feed->refilled = now;
	if (!feed->query.http.index)
		timer_set(&feed->retry, POLL);
	else if (feed->tokens >= 0)
		ask(feed);
	else
		timer_set(&feed->retry, -feed->tokens / TOKENS_MAX);
}

/* Takes `state`, or NULL. */
static void hold_back(struct feed *feed, json_t *state)
{
	json_decref(feed->pending);
	feed->pending = state;
}

/* Takes `state`.  True if that is news. */
static bool adopt(struct feed *feed, json_t *state)
{
	agent_cancel(&feed->rights);
	agent_content(&feed->rights);
	hold_back(feed, NULL);
	if (feed->state && question_equal(feed->question, feed->state, state)) {
		json_decref(state);
		return false;
	}
	json_decref(feed->state);
	feed->state = state;
	return true;
}

/* May we see what we saw? */
static void ask_rights(struct feed *feed)
{
	const char *dc = feed->question->dc;
	CLEANUP(json_decrefp) json_t *rights = question_rights(feed->question, feed->state);
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/internal/acl/authorize");
	if (dc) {
		buf_add(&path, "?dc=");
		url_escape(&path, dc);
	}
	agent_post(&feed->rights, path.data, json_dumps(rights, JSON_COMPACT), AGENT_PATIENCE);
}

/* A set has become empty. */
static bool is_in_doubt(const struct feed *feed, const json_t *state)
{
	return feed->question->identity && json_array_size(feed->state) && !json_array_size(state);
}

/* Takes `state`: what Consul says now.  True if that is news. */
static bool believe(struct feed *feed, json_t *state)
{
	if (!is_in_doubt(feed, state) || feed->agent->acl_off || feed->allowed)
		return adopt(feed, state);
	hold_back(feed, state);
	if (!agent_is_busy(&feed->rights))
		ask_rights(feed);
	return false;
}

/* Takes `state`, a good answer.  True if there is news in it. */
static bool consider(struct feed *feed, json_t *state)
{
	bool news;

	if (feed->distrusted && feed->state && feed->settle > 0 && feed->question->identity)
		timer_set(&feed->settling, feed->settle);
	feed->distrusted = false;
	if (!timer_is_set(&feed->settling))
		return believe(feed, state);
	news = adopt(feed, question_union(feed->question, feed->state, state));
	hold_back(feed, state);
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

/* Keep what we have, and ask again later. */
static void on_trouble(struct feed *feed)
{
	distrust(feed);
	timer_stop(&feed->settling);
	agent_cancel(&feed->query);
	agent_cancel(&feed->rights);
	hold_back(feed, NULL);
	timer_set(&feed->retry, backoff_next(&feed->backoff));
}

static void take_index(struct feed *feed, unsigned long index)
{
	if (index < feed->index)
		distrust(feed);
	else
		feed->index = index;
}

/* Is what the agent said an answer at all?  Then what the question makes of it. */
static json_t *read_answer(struct feed *feed, enum agent_answer answer, struct error *error)
{
	const struct question *question = feed->question;
	const struct agent_request *query = &feed->query;
	bool no_key = answer == ANSWER_MISSING && question->topic == TOPIC_KEYS &&
		      query->http.index;
	bool nothing = !question->identity && json_is_null(query->json);
	json_t *state = NULL;

	if (answer == ANSWER_OK || no_key)
		state = question->read(question, nothing ? NULL : query->json, error);
	else
		agent_explain(query, error);
	if (state && question->topic == TOPIC_NAMES && is_in_doubt(feed, state))
		fail(error, "nothing at all, so the last answer stays");
	if (error->text[0]) {
		json_decref(state);
		return NULL;
	}
	return state;
}

static void on_reply(struct agent_request *query, enum agent_answer answer)
{
	struct feed *feed = container_of(query, struct feed, query);
	struct error error = { "" };
	json_t *state = read_answer(feed, answer, &error);
	bool news;

	if (error.text[0]) {
		agent_complain(query, answer == ANSWER_OK ? ANSWER_TROUBLE : answer, &error);
		on_trouble(feed);
		return;
	}
	agent_content(query);
	backoff_reset(&feed->backoff);
	take_index(feed, query->http.index);
	news = state && consider(feed, state);
	feed->allowed = false;
	ask_again(feed, news ? COST_OF_NEWS : 1);
	tell(feed, news);
}

/* In words; false: all is allowed. */
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

/* The rights may be newer than the answer in doubt: believe the next one. */
static void on_allowed(struct feed *feed)
{
	feed->allowed = true;
	feed->index = 0;
	timer_stop(&feed->retry);
	ask(feed);
}

static void on_rights(struct agent_request *rights, enum agent_answer answer)
{
	struct feed *feed = container_of(rights, struct feed, rights);
	struct error error = { "" };

	if (answer == ANSWER_TROUBLE) {
		agent_explain(rights, &error);
	} else if (answer == ANSWER_OK && !json_array_size(rights->json)) {
		answer = ANSWER_TROUBLE;
		fail(&error, "no word about our rights");
	}
	feed->agent->acl_off = rights->http.status == 401;
	if (answer == ANSWER_TROUBLE) {
		agent_complain(rights, answer, &error);
		on_trouble(feed);
	} else if (is_denied(rights, &error)) {
		agent_complain(rights, ANSWER_DENIED, &error);
	} else if (feed->agent->acl_off) {
		tell(feed, adopt(feed, json_incref(feed->pending)));
	} else {
		on_allowed(feed);
	}
}

static void on_retry(struct timer *timer)
{
	ask(container_of(timer, struct feed, retry));
}

static void on_consul_back(struct subscription *self, const struct event *event)
{
	struct feed *feed = container_of(self, struct feed, on_consul);

	(void)event;
	if (feed->distrusted && timer_is_set(&feed->retry)) {
		timer_stop(&feed->retry);
		ask(feed);
	}
}

void feed_init(struct feed *feed, struct agent *agent, const struct question *question,
	       double settle)
{
	const char *name = question->name ? question->name : question->path;
	struct loop *loop = agent->http.loop;

	*feed = (struct feed){
		.question = question,
		.on_news = feed->on_news,
		.agent = agent,
		.settle = settle,
		.backoff = { .min = 0.25, .max = 30 },
		.tokens = TOKENS_MAX,
		.refilled = monotonic_now(),
	};
	agent_request_init(&feed->query, agent, name, on_reply);
	agent_request_init(&feed->rights, agent, name, on_rights);
	timer_init(&feed->retry, loop, on_retry);
	timer_init(&feed->settling, loop, on_settled);
	subscribe(&feed->on_consul, &agent->source, EVENT_HEALTHY, on_consul_back);
	timer_set(&feed->retry, 0);	/* the workload is started before anything is asked */
}

void feed_release(struct feed *feed)
{
	if (!feed->agent)
		return;
	unsubscribe(&feed->on_consul);
	timer_stop(&feed->retry);
	timer_stop(&feed->settling);
	agent_request_release(&feed->query);
	agent_request_release(&feed->rights);
	json_decref(feed->state);
	json_decref(feed->pending);
	*feed = (struct feed){ 0 };
}
