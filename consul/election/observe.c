#include "observe.h"

#include <string.h>

#include "base/log.h"
#include "leading.h"

#define DOUBT 2.0			/* seconds for the leader to write its value again */

/* If the servers and not the holder freed the lock, its lock delay begins now. */
static void note_holder(struct election *election)
{
	bool held = *election->lock.view.session;

	if (held)
		election->observed.freed = 0;
	else if (election->observed.held)
		election->observed.freed = boottime_now();
	election->observed.held = held;
}

/* A value that no election has written belongs to another program: we do not overwrite it. */
static void note_foreign(struct election *election)
{
	const struct lock_view *view = &election->lock.view;

	if (view->foreign && !election->observed.foreign)
		log_about(LEVEL_ERROR, subject("election", election->config->name),
			  ": key %s has a value that no election has written%s%s: delete it, or "
			  "choose another key", election->config->key,
			  *view->session ? ", and is locked by session " : "", view->session);
	election->observed.foreign = view->foreign;
}

void observe_epoch(struct election *election, unsigned long epoch)
{
	epoch_see(&election->observed.seen, epoch);
}

void observe_stop(struct election *election)
{
	epoch_stop(&election->observed.seen);
}

static void publish_leader(struct election *election)
{
	const struct lock_view *view = &election->lock.view;
	struct observed *observed = &election->observed;

	timer_stop(&observed->doubt);
	observe_epoch(election, view->epoch);
	memcpy(observed->session, view->session, sizeof view->session);
	memcpy(observed->leader, view->id, sizeof view->id);
	memcpy(observed->leader_address, view->address, sizeof view->address);
	observed->failovers += observed->leader_epoch > 0;
	observed->former_epoch = observed->leader_epoch;
	observed->leader_epoch = view->epoch;
	log_about(LEVEL_INFO, subject("election", election->config->name),
		  ": the leader is %s at %s, epoch %lu", view->id, view->address, view->epoch);
	source_publish(&election->source, EVENT_LEADER);
}

/* A holder leads only once it has been promoted, which its epoch shows.  By our own session we know
 * better than the value. */
static bool shows_leader(const struct election *election)
{
	const struct lock_view *view = &election->lock.view;
	const char *ours = election->session.id;

	if (!*view->session || !*view->id || !view->epoch || view->released)
		return false;
	if (ours && !strcmp(view->session, ours))
		return election_leads(election) && view->epoch == election->leading.epoch &&
		       !strcmp(view->id, election->config->id);
	return strcmp(view->id, election->config->id);	/* a previous process with our id led */
}

static void note_leader(struct election *election)
{
	const struct lock_view *view = &election->lock.view;
	struct observed *observed = &election->observed;
	bool same_session = !strcmp(view->session, observed->session);

	if (!*view->session)
		*observed->session = '\0';
	if (!shows_leader(election) ||
	    (view->epoch == observed->leader_epoch && !strcmp(view->id, observed->leader)))
		timer_stop(&observed->doubt);
	else if (!same_session || !strcmp(view->id, election->config->id))
		publish_leader(election);
	else
		timer_set(&observed->doubt, DOUBT);
}

void observe_on_doubt_over(struct timer *timer)
{
	struct election *election = container_of(timer, struct election, observed.doubt);

	if (election->lock.view.known && shows_leader(election))
		publish_leader(election);
}

/* ---- requests ---- */

static void accept_lower_epoch(struct election *election, const struct lock_request *request)
{
	log_about(LEVEL_WARN, subject("election", election->config->name),
		  ": accepting epochs lower than %lu at the request of %s",
		  election->observed.seen.highest, request->by);
	epoch_forget(&election->observed.seen);
	election->observed.leader_epoch = 0;
	leading_accept_lower_epoch(election);
}

static void step_down(struct election *election, const struct lock_request *request)
{
	if (!election_leads(election) || strcmp(request->leader, election->config->id))
		return;
	log_about(LEVEL_INFO, subject("election", election->config->name),
		  ": stepping down at the request of %s%s%s", request->by,
		  *request->to ? ", in favour of " : "", request->to);
	leading_name_successor(election, request->to);
	election_resign(election, REASON_STEP_DOWN);
}

static void serve_request(struct election *election)
{
	static const struct {
		const char *action;
		void (*serve)(struct election *election, const struct lock_request *request);
	} rows[] = { { "step-down", step_down }, { "accept-epoch", accept_lower_epoch } };
	const struct lock_request *request = &election->lock.view.request;

	if (!request->modified || request->modified == election->observed.request)
		return;
	election->observed.request = request->modified;
	for (size_t i = 0; i < sizeof rows / sizeof *rows && lock_is_fresh(request); i++)
		if (!strcmp(rows[i].action, request->action))
			rows[i].serve(election, request);
	if (election_leads(election))
		lock_clear_request(&election->lock);
}

static void note_pause(struct election *election)
{
	const struct lock_view *view = &election->lock.view;

	if (view->paused == election->observed.paused)
		return;
	election->observed.paused = view->paused;
	log_about(LEVEL_INFO, subject("election", election->config->name), " is %s",
		  view->paused ? "paused: no candidate is elected" : "resumed");
	if (!view->paused && !election->candidate.able)
		election_resign(election, election->candidate.why_not);
}

void observe_on_view(struct lock *lock)
{
	struct election *election = container_of(lock, struct election, lock);

	if (!lock->view.known)
		return;
	note_holder(election);
	note_foreign(election);
	note_leader(election);
	serve_request(election);
	note_pause(election);
	election_look(election);
}
