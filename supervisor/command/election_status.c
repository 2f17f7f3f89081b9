#include "election_status.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/printable.h"
#include "consul/answer.h"
#include "consul/watch/answer_set.h"
#include "text_table.h"

double wall_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void election_status_release(struct election_status *status)
{
	json_decref(status->candidates);
	*status = (struct election_status){ 0 };
}

/* ---- reading ---- */

bool election_status_read_candidates(struct election_status *status, const json_t *answer,
				     struct error *error)
{
	json_decref(status->candidates);
	status->candidates = answer_set_read(WATCH_SERVICE, answer, error);
	return status->candidates;
}

/* ---- conclusions ---- */

/* The id of a candidate's service is "NAME-election-ID". */
static const char *id_of(const struct election_status *status, const json_t *candidate)
{
	const char *id = answer_text(candidate, "id"), *name = status->config->name;
	size_t length = strlen(name);

	if (strncmp(id, name, length) || strncmp(id + length, "-election-", 10))
		return id;
	return id + length + 10;
}

bool election_status_has_leader(const struct election_status *status)
{
	const struct lock_view *view = &status->view;

	return *view->session && view->epoch && !view->released;
}

bool election_status_has_request(const struct election_status *status)
{
	const struct lock_request *request = &status->view.request;
	bool served = !strcmp(request->action, "accept-epoch") && election_status_has_leader(status);

	return request->modified && lock_is_fresh(request) && !served;
}

const char *election_status_of_candidate(const struct election_status *status, const char *id)
{
	const json_t *candidate;
	size_t i;

	json_array_foreach(status->candidates, i, candidate)
		if (!strcmp(id_of(status, candidate), id))
			return answer_text(candidate, "status");
	return NULL;
}

size_t election_status_rivals(const struct election_status *status)
{
	const json_t *candidate;
	size_t i, count = 0;

	json_array_foreach(status->candidates, i, candidate) {
		count += strcmp(id_of(status, candidate), status->view.id) &&
			 !strcmp(answer_text(candidate, "status"), "passing");
	}
	return count;
}

/* ---- as text ---- */

static void print_time(double at, struct buf *out)
{
	if (!print_utc(at, out))
		buf_add(out, "an unknown time");
}

static void print_leader(const struct election_status *status, struct buf *out)
{
	const struct lock_view *view = &status->view;
	const char *id = *view->id ? view->id : "a holder without an id";

	if (election_status_has_leader(status)) {
		buf_add(out, id);
		if (*view->address)
			buf_print(out, " at %s", view->address);
		buf_print(out, ", epoch %lu", view->epoch);
		if (view->since) {
			buf_add(out, ", since ");
			print_time((double)view->since, out);
		}
		return;
	}
	buf_add(out, "none");
	if (*view->session)
		buf_print(out, " yet; %s has the lock and is being promoted", id);
	else if (view->epoch)
		buf_print(out, "; the last was %s, epoch %lu", id, view->epoch);
}

/* A lock lost without a release may be in its lock delay, which Consul does not show. */
static const char *lock_state(const struct election_status *status)
{
	const struct lock_view *view = &status->view;

	if (*view->session)
		return "held";
	return !view->exists || view->released ? "free" : "free-or-delayed";
}

static void print_lock(const struct election_status *status, struct buf *out)
{
	const struct lock_view *view = &status->view;
	char span[32];

	if (*view->session) {
		buf_print(out, "held by session %s", view->session);
	} else if (!view->exists) {
		buf_add(out, "free; it has never been held");
	} else {
		duration_print(status->config->lock_delay, span);
		buf_add(out, "free");
		if (!view->released)
			buf_print(out, ", or in its lock delay (%s)", span);
	}
	if (view->foreign)
		buf_add(out, "; its value is no election's");
}

void election_status_print_pause(const struct election_status *status, struct buf *out)
{
	if (!status->view.paused) {
		buf_add(out, "no");
		return;
	}
	buf_add(out, "since ");
	print_time(status->view.paused_at, out);
	if (*status->view.paused_by)
		buf_print(out, ", by %s", status->view.paused_by);
}

void election_status_print_request(const struct election_status *status, struct buf *out)
{
	const struct lock_request *request = &status->view.request;

	if (!request->modified) {
		buf_add(out, "none");
		return;
	}
	buf_add(out, *request->action ? request->action : "an unknown request");
	if (*request->to)
		buf_print(out, " to %s", request->to);
	buf_add(out, ", since ");
	print_time(request->at, out);
	if (*request->by)
		buf_print(out, ", by %s", request->by);
	if (!lock_is_fresh(request))
		buf_add(out, ": too old, ignored");
}

void election_status_print_candidates(const struct election_status *status, struct buf *out)
{
	const json_t *candidate;
	size_t i;

	if (!json_array_size(status->candidates))
		buf_add(out, "none");
	json_array_foreach(status->candidates, i, candidate) {
		buf_print(out, "%s%s (%s)", i ? ", " : "", id_of(status, candidate),
			  answer_text(candidate, "status"));
	}
}

static void print_candidates(const struct election_status *status, struct buf *out)
{
	if (status->config->bind == BIND_SESSION)
		buf_add(out, "unknown, as their sessions are bound to no check");
	else
		election_status_print_candidates(status, out);
}

void election_status_print(const struct election_status *status, struct buf *out)
{
	static const struct {
		const char *name;
		void (*print)(const struct election_status *status, struct buf *out);
	} rows[] = {
		{ "leader",     print_leader },
		{ "lock",       print_lock },
		{ "paused",     election_status_print_pause },
		{ "request",    election_status_print_request },
		{ "candidates", print_candidates },
	};

	buf_print(out, "%-12s%s\n%-12s%s\n", "election", status->config->name,
		  "key", status->config->key);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(buf_release) struct buf text = BUF_INIT;

		rows[i].print(status, &text);
		buf_print(out, "%-12s", rows[i].name);
		printable_add(out, text.data, text.used, PRINTABLE_PLAIN);
		buf_add_char(out, '\n');
	}
}

/* ---- as JSON ---- */

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *time_or_null(double at)
{
	return at > 0 ? json_real(at) : json_null();
}

static json_t *pause_json(const struct election_status *status)
{
	if (!status->view.paused)
		return json_null();
	return json_pack("{so so}", "at", time_or_null(status->view.paused_at),
			 "by", text_or_null(status->view.paused_by));
}

static json_t *request_json(const struct election_status *status)
{
	const struct lock_request *request = &status->view.request;

	if (!request->modified)
		return json_null();
	return json_pack("{so so so so so sb}", "action", text_or_null(request->action),
			 "leader", text_or_null(request->leader), "to", text_or_null(request->to),
			 "at", time_or_null(request->at), "by", text_or_null(request->by),
			 "fresh", lock_is_fresh(request));
}

static json_t *candidates_json(const struct election_status *status)
{
	json_t *list = json_array();
	const json_t *candidate;
	size_t i;

	json_array_foreach(status->candidates, i, candidate) {
		json_array_append_new(list, json_pack("{ss ss ss}",
			"id", id_of(status, candidate), "node", answer_text(candidate, "node"),
			"status", answer_text(candidate, "status")));
	}
	return list;
}

json_t *election_status_json(const struct election_status *status)
{
	const struct lock_view *view = &status->view;
	bool has_leader = election_status_has_leader(status);

	return json_pack("{ss ss so so sI so ss so so so so so}",
			 "election", status->config->name, "key", status->config->key,
			 "leader", text_or_null(has_leader ? view->id : ""),
			 "address", text_or_null(has_leader ? view->address : ""),
			 "epoch", (json_int_t)view->epoch,
			 "since", has_leader && view->since ? json_integer((json_int_t)view->since)
						     : json_null(),
			 "lock", lock_state(status), "session", text_or_null(view->session),
			 "holder", text_or_null(*view->session ? view->id : ""),
			 "paused", pause_json(status), "request", request_json(status),
			 "candidates", candidates_json(status));
}
