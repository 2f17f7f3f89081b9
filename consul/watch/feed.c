#include "feed.h"

#include "base/alloc.h"
#include "base/url.h"

enum { POLL = 15 };			/* seconds between questions that cannot wait */
#define COST_OF_NEWS 0.1

static void on_call(struct crowd_member *member)
{
	struct feed *feed = container_of(member, struct feed, member);

	timer_stop(&feed->retry);
	if (member->lane)
		agent_wait(&feed->query, feed->question->path, feed->index);
	else
		agent_get(&feed->query, feed->question->path, AGENT_PATIENCE);
}

/* The next query, as soon as the tokens allow; without a lane, when there is a reason. */
static void ask_again(struct feed *feed, double cost)
{
	double delay = pace_spend(&feed->pace, cost);

	agent_forget_answer(&feed->query);
	if (feed->state && feed->agent->config->once)
		return;
	if (!feed->query.http.index)
		timer_set(&feed->retry, POLL);
	else if (feed->member.lane && delay > 0)
		timer_set(&feed->retry, delay);
	else if (feed->member.lane)
		crowd_ask(&feed->member);
}

/* Takes `state`, or NULL. */
static void hold_back(struct feed *feed, json_t *state)
{
	json_decref(feed->pending);
	feed->pending = state;
}

static void cancel_rights(struct feed *feed)
{
	agent_cancel(&feed->rights);
	crowd_finish(feed->member.crowd, &feed->turn);
}

/* Takes `state`.  True if that is news. */
static bool adopt(struct feed *feed, json_t *state)
{
	cancel_rights(feed);
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
static void on_turn(struct turn *turn)
{
	struct feed *feed = container_of(turn, struct feed, turn);
	CLEANUP(json_decrefp) json_t *rights = question_rights(feed->question, feed->state);
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/internal/acl/authorize");
	url_add(&path, "dc", feed->question->dc);
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
	if (feed->turn.state == TURN_NONE)
		crowd_want(feed->member.crowd, &feed->turn);
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

static void on_doubt(struct crowd_member *member)
{
	distrust(container_of(member, struct feed, member));
}

/* Keep what we have, and ask again later. */
static void on_trouble(struct feed *feed)
{
	distrust(feed);
	timer_stop(&feed->settling);
	agent_cancel(&feed->query);
	hold_back(feed, NULL);
	timer_set(&feed->retry, backoff_next(&feed->backoff));
	cancel_rights(feed);
	crowd_answered(&feed->member);
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
	crowd_answered(&feed->member);	/* it may be sent again at once */
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
	crowd_ask(&feed->member);
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
	crowd_finish(feed->member.crowd, &feed->turn);
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
	crowd_ask(&container_of(timer, struct feed, retry)->member);
}

static void on_consul_back(struct subscription *self, const struct event *event)
{
	struct feed *feed = container_of(self, struct feed, on_consul);

	(void)event;
	if (feed->distrusted && timer_is_set(&feed->retry)) {
		timer_stop(&feed->retry);
		crowd_ask(&feed->member);
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
		.member = {
			.question = question,
			.state = &feed->state,
			.on_call = on_call,
			.on_doubt = on_doubt,
		},
		.turn.on_turn = on_turn,
		.backoff = { .min = 0.25, .max = 30 },
	};
	pace_init(&feed->pace, 10, 10);
	crowd_join(&feed->member, agent);
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
	crowd_forget(feed->member.crowd, &feed->turn);
	crowd_leave(&feed->member);
	json_decref(feed->state);
	json_decref(feed->pending);
	*feed = (struct feed){ 0 };
}
