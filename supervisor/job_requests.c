#include "job_requests.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "control/respond.h"

static const double longest_wait = 3600;

struct waiting {
	struct list link;
	struct timer limit;
	struct exchange *exchange;
	char *job;			/* by name: a reload may replace its unit */
	enum job_change change;
	bool ran;			/* since the change was asked for */
};

static void forget(struct waiting *waiting)
{
	list_remove(&waiting->link);
	timer_stop(&waiting->limit);
	free(waiting->job);
	free(waiting);
}

static void on_gone(struct exchange *exchange)
{
	forget(exchange->owner);
}

static void answer(struct waiting *waiting, int status, const char *text)
{
	struct exchange *exchange = waiting->exchange;

	forget(waiting);
	respond_text(exchange, status, text);
}

static void on_limit(struct timer *timer)
{
	struct waiting *waiting = container_of(timer, struct waiting, limit);
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	buf_print(&text, "the %s of %s goes on: it has not reached its end in time",
		  job_change_name(waiting->change), waiting->job);
	answer(waiting, 504, text.data);
}

static void review(struct job_requests *requests, struct waiting *waiting)
{
	const struct job_unit *unit = units_find_job(requests->units, waiting->job);
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	enum change_progress progress = PROGRESS_IMPOSSIBLE;

	if (unit)
		progress = job_change_progress(unit, waiting->change, waiting->ran, &text);
	else
		buf_print(&text, "a reload has removed %s", waiting->job);
	if (progress != PROGRESS_UNDER_WAY)
		answer(waiting, progress == PROGRESS_DONE ? 200 : 503, text.data);
}

static void on_review(struct deferred *deferred)
{
	struct job_requests *requests = container_of(deferred, struct job_requests, review);

	list_each(node, &requests->waiting)
		review(requests, list_entry(node, struct waiting, link));
}

static void on_event(struct subscription *sub, const struct event *event)
{
	struct job_requests *requests = container_of(sub, struct job_requests, on_event);

	if (list_empty(&requests->waiting))
		return;
	list_each(node, &requests->waiting) {
		struct waiting *waiting = list_entry(node, struct waiting, link);

		waiting->ran |= event->code == EVENT_RUNNING && !strcmp(event->source->name, waiting->job);
	}
	defer(&requests->review);
}

static struct waiting *keep(struct job_requests *requests, struct exchange *exchange, double seconds)
{
	struct waiting *waiting = NEW(struct waiting);

	*waiting = (struct waiting){ .exchange = exchange };
	timer_init(&waiting->limit, requests->units->loop, on_limit);
	timer_set(&waiting->limit, fmin(seconds, longest_wait));
	list_append(&requests->waiting, &waiting->link);
	exchange->owner = waiting;
	exchange->on_gone = on_gone;
	defer(&requests->review);
	return waiting;
}

/* False: the query has a wrong one. */
static bool read_wait(const struct exchange *exchange, double *seconds)
{
	char wait[32];

	*seconds = 0;
	return !request_query(&exchange->request, "wait", wait, sizeof wait) ||
	       (duration_parse(wait, seconds) && *seconds > 0);
}

bool job_requests_serve(struct job_requests *requests, struct exchange *exchange, struct job_unit *unit,
			enum job_change change, double seconds)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	bool ran = change == CHANGE_START && unit->job.state == JOB_RUNNING, fine;
	struct waiting *waiting;
	double wait;

	if (!read_wait(exchange, &wait)) {
		respond_text(exchange, 400, "wait: a duration is expected, such as 30s");
		return false;
	}
	fine = job_change(unit, change, seconds, &text);
	if (!fine || !wait) {
		respond_text(exchange, fine ? 200 : 409, text.data);
		return fine;
	}
	waiting = keep(requests, exchange, wait);
	waiting->job = copy_string(unit->job.config->name);
	waiting->change = change;
	waiting->ran = ran;
	return true;
}

void job_requests_init(struct job_requests *requests, struct units *units)
{
	*requests = (struct job_requests){ .units = units };
	list_init(&requests->waiting);
	deferred_init(&requests->review, units->loop, on_review);
	subscribe(&requests->on_event, &units->loop->bus.any, EVENT_ANY, on_event);
}

void job_requests_release(struct job_requests *requests)
{
	unsubscribe(&requests->on_event);
	deferred_cancel(&requests->review);
}
