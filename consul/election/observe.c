#include "observe.h"

#include <string.h>

#include "base/log.h"

/* Where its end by the servers, and not by its holder, begins a lock delay. */
static void note_freedom(struct election *election)
{
	bool held = *election->lock.view.session;

	if (held)
		election->freed = 0;
	else if (election->held)
		election->freed = boottime_now();
	election->held = held;
}

/* Somebody's own value, that was never an election's, is not ours to overwrite. */
static void note_foreign(struct election *election)
{
	const struct lock_view *view = &election->lock.view;

	if (view->foreign && !election->foreign)
		log_error("election %s: key %s has a value that no election has written%s%s: "
			  "delete it, or choose another key", election->config->name,
			  election->config->key,
			  *view->session ? ", and is locked by session " : "", view->session);
	election->foreign = view->foreign;
}

/* Only who has been promoted leads. */
static void tell_leader(struct election *election)
{
	const struct lock_view *view = &election->lock.view;

	epoch_see(&election->seen, view->epoch);
	if (!*view->session || !view->epoch || view->released)
		return;
	if (!strcmp(view->id, election->config->id) && !election_leads(election))
		return;			/* we did, in a former life */
	if (view->epoch == election->leader_epoch && !strcmp(view->id, election->leader))
		return;
	memcpy(election->leader, view->id, sizeof view->id);
	memcpy(election->leader_address, view->address, sizeof view->address);
	election->former_epoch = election->leader_epoch;
	election->leader_epoch = view->epoch;
	log_info("election %s: the leader is %s at %s, epoch %lu", election->config->name,
		 view->id, view->address, view->epoch);
	source_publish(&election->source, EVENT_LEADER);
}

/* ---- requests ---- */

static void accept_lower_epoch(struct election *election, const struct lock_request *request)
{
	log_warn("election %s: epochs lower than %lu are accepted, as %s wishes",
		 election->config->name, election->seen.highest, request->by);
	epoch_forget(&election->seen);
	election->leader_epoch = 0;
	election->refused = false;
}

static void step_down(struct election *election, const struct lock_request *request)
{
	if (!election_leads(election) || strcmp(request->leader, election->config->id))
		return;
	log_info("election %s: stepping down, as %s wishes%s%s", election->config->name,
		 request->by, *request->to ? ", for " : "", request->to);
	memcpy(election->to, request->to, sizeof request->to);
	election_resign(election, REASON_STEP_DOWN);
}

static void serve_request(struct election *election)
{
	static const struct {
		const char *action;
		void (*serve)(struct election *election, const struct lock_request *request);
	} rows[] = { { "step-down", step_down }, { "accept-epoch", accept_lower_epoch } };
	const struct lock_request *request = &election->lock.view.request;

	if (!request->modified || request->modified == election->request)
		return;
	election->request = request->modified;
	for (size_t i = 0; i < sizeof rows / sizeof *rows && lock_is_fresh(request); i++)
		if (!strcmp(rows[i].action, request->action))
			rows[i].serve(election, request);
	if (election_leads(election))
		lock_clear_request(&election->lock);
}

static void note_pause(struct election *election)
{
	const struct lock_view *view = &election->lock.view;

	if (view->paused == election->paused)
		return;
	election->paused = view->paused;
	log_info("election %s is %s", election->config->name,
		 view->paused ? "paused: nobody is elected" : "not paused any more");
	if (!view->paused && !election->able)
		election_resign(election, election->why);
}

void observe_on_view(struct lock *lock)
{
	struct election *election = container_of(lock, struct election, lock);

	if (!lock->view.known)
		return;
	note_freedom(election);
	note_foreign(election);
	tell_leader(election);
	serve_request(election);
	note_pause(election);
	election_look(election);
}
