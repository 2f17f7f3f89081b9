#include "sync.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/url.h"
#include "config/address.h"
#include "answer.h"
#include "claim.h"
#include "entry.h"

#define LOOK_LIMIT 1.0

/* A request that may be due.  `on_missing`: the reaction to 404; NULL: a failure. */
struct service_step {
	bool (*is_due)(const struct service *service);
	void (*send)(struct service *service);
	void (*on_done)(struct service *service);
	void (*on_missing)(struct service *service);
};

/* The first try has a short timeout, because a newer verdict may follow.  Retries have a long
 * one, so that they succeed even where name lookups are slow.  Nothing follows a deregistration. */
static double time_limit(const struct service *service)
{
	return service->backoff.tries || !service->wanted ? AGENT_TIMEOUT : AGENT_SHORT_TIMEOUT;
}

static void put(struct service *service, const char *path, const char *id)
{
	CLEANUP(buf_release) struct buf whole = BUF_INIT;

	buf_add(&whole, path);
	if (id)
		url_escape(&whole, id);
	agent_put(&service->request, whole.data, NULL, time_limit(service));
}

static void put_json(struct service *service, const char *path, json_t *body)
{
	agent_put_json(&service->request, path, body, time_limit(service));
}

void sync_release_job(struct service *service)
{
	timer_stop(&service->drain_limit);
	source_unhold(&service->hold);
	source_unhold(&service->end_hold);
}

static void retry_later(struct service *service)
{
	timer_set(&service->retry, backoff_next(&service->backoff));
}

/* ---- look whether the catalogue has followed a deregistration ---- */

static bool is_looking(const struct service *service)
{
	return !service->wanted && service->look_until > 0;
}

static void begin_look(struct service *service)
{
	timer_stop(&service->drain_limit);
	service->look_until = monotonic_now() + LOOK_LIMIT;
	service->look_index = 0;
}

static void end_look(struct service *service)
{
	service->look_until = 0;
	sync_release_job(service);
}

static void send_look(struct service *service)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT, filter = BUF_INIT;
	double left = fmax(service->look_until - monotonic_now(), 0.01);

	buf_add(&path, "/v1/catalog/service/");
	url_escape(&path, service->config->name);
	buf_add(&path, "?stale");
	buf_print(&filter, "ServiceID == \"%s\"", service->id);
	if (!strpbrk(service->id, "\"\\"))
		url_add(&path, "filter", filter.data);
	if (service->look_index)
		buf_print(&path, "&index=%lu&wait=%.0fms", service->look_index, 1e3 * left);
	agent_get(&service->request, path.data, left + LOOK_LIMIT / 2);
}

/* Another node may have another instance under our ID. */
static bool has_our_entry(const struct service *service)
{
	json_t *entry;
	size_t i;

	json_array_foreach(service->request.json, i, entry)
		if (!strcmp(answer_text(entry, "ServiceID"), service->id) &&
		    entry_is_ours(service, json_object_get(entry, "ServiceMeta")))
			return true;
	return false;
}

static void on_looked(struct service *service)
{
	service->look_index = service->request.http.index;
	if (!service->wanted && has_our_entry(service)) {
		if (monotonic_now() < service->look_until)
			return;
		log_about(LEVEL_WARN, subject("service", service->id),
			  ": the agent has deregistered it, but the catalogue still has it: the token of "
			  "its registration may have ended, or Consul has no leader");
	}
	end_look(service);
}

/* ---- deregister ---- */

static bool is_leaving(const struct service *service)
{
	return !service->wanted && service->present;
}

static void send_deregistration(struct service *service)
{
	service->registered = false;
	put(service, "/v1/agent/service/deregister/", service->id);
}

static void on_deregistered(struct service *service)
{
	service->present = false;
	service->told_maintenance = false;
	log_about(LEVEL_INFO, subject("service", service->id), " is deregistered");
	if (agent_token(service->agent))
		begin_look(service);
	else
		sync_release_job(service);
}

/* ---- claim the ID: is it free, ours, or another instance's? ---- */

static bool is_unclaimed(const struct service *service)
{
	return service->wanted && service->claim == CLAIM_NONE;
}

static void send_listing(struct service *service)
{
	agent_get(&service->request, "/v1/agent/services", AGENT_TIMEOUT);
}

static void warn_of_loopback(struct service *service)
{
	const char *ours = service->agent->local_address;
	bool hidden = *ours && !address_is_loopback(ours) && address_is_loopback(service->address);

	if (hidden && !service->hidden)
		log_about(LEVEL_WARN, subject("service", service->id),
			  " has the address %s, which other hosts cannot reach, but Consul is not at "
			  "a loopback address: set interfaces", service->address);
	service->hidden = hidden;
}

/* False: we have none, which is logged once. */
static bool find_address(struct service *service)
{
	struct error error = ERROR_INIT;
	char *address = entry_address(service, &error);

	if (!address) {
		if (!service->lacks_address)
			log_about(LEVEL_WARN, subject("service", service->id), " has no address: %s",
				  error.text);
		service->lacks_address = true;
		return false;
	}
	service->lacks_address = false;
	free(service->address);
	service->address = address;
	warn_of_loopback(service);
	return true;
}

void sync_address(struct service *service)
{
	AUTOFREE char *before = copy_string(service->address);

	if (!service->registered || !find_address(service) || !strcmp(before, service->address))
		return;
	log_about(LEVEL_INFO, subject("service", service->id),
		  ": its address is now %s, no longer %s", service->address, before);
	service->registered = false;
}

static void on_listing(struct service *service)
{
	if (find_address(service))
		claim_from_services(service, service->request.json);
	else
		retry_later(service);
}

/* ---- inspect the checks of the ID: does its owner live? ---- */

static bool is_uncertain(const struct service *service)
{
	return service->wanted && service->claim == CLAIM_UNCERTAIN;
}

static void send_inspection(struct service *service)
{
	agent_get(&service->request, "/v1/agent/checks", AGENT_TIMEOUT);
}

static void on_inspection(struct service *service)
{
	claim_from_checks(service, service->request.json);
}

/* ---- register ---- */

static bool is_role_changed(const struct service *service)
{
	return service->config->leader_tag && service->leads != service->told_leads;
}

static bool is_unregistered(const struct service *service)
{
	return service->wanted && (!service->registered || is_role_changed(service));
}

static struct service_report current_report(const struct service *service)
{
	return (struct service_report){
		.status = entry_status(service),
		.reason = service->verdict ? service->verdict->reason : 0,
	};
}

static void put_registration(struct service *service)
{
	service->registered = false;	/* not yet as wanted */
	service->sent_token = agent_token(service->agent);
	put_json(service, "/v1/agent/service/register", entry_registration(service));
}

static void send_registration(struct service *service)
{
	if (!find_address(service)) {
		retry_later(service);
		return;
	}
	service->present = true;
	service->contested = false;
	service->told_leads = service->leads;
	service->sent = current_report(service);
	put_registration(service);
}

static void on_registered(struct service *service)
{
	const char *tag = service->told_leads ? service->config->leader_tag : NULL;

	log_about(LEVEL_INFO, subject("service", service->id), " at %s port %ld is registered%s%s",
		  service->address, service->config->port, tag ? " with tag " : "", tag ? tag : "");
	service->registered = true;
	service->token = service->sent_token;
	if (!service->confirmed && !service->kept)	/* the check is new there, and without output */
		service->shown = (struct service_report){ .status = service->sent.status };
	service->kept = false;
	service->confirmed = false;
	service->dirty = true;		/* else it would be critical after the agent restarts */
}

/* ---- register again with a new token ---- */

/* The answer to a renewal may not have come before the service leaves: it is owed then, too. */
static bool has_new_token(const struct service *service)
{
	bool owed = service->wanted ? service->registered : service->present && service->token;

	return owed && service->token != agent_token(service->agent);
}

/* The update restores the output in agents that forget it with a registration. */
static void on_renewed(struct service *service)
{
	log_about(LEVEL_INFO, subject("service", service->id), " is registered with the new token");
	service->registered = true;
	service->token = service->sent_token;
	service->dirty = service->wanted;
}

/* Consul does not know our check: it lost its data, or a balancer chose another agent.  Register at
 * once the first time; then with a backoff, since the balancer may choose again. */
static void on_lost(struct service *service)
{
	service->registered = false;
	service->told_maintenance = false;
	if (service->confirmed)
		log_about(LEVEL_WARN, subject("service", service->id),
			  ": consul has lost it: registering again");
	else
		retry_later(service);
	service->confirmed = false;
}

/* ---- maintenance ---- */

static bool is_maintenance_changed(const struct service *service)
{
	return service->wanted && service->maintenance != service->told_maintenance;
}

static void send_maintenance(struct service *service)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	buf_add(&path, "/v1/agent/service/maintenance/");
	url_escape(&path, service->id);
	buf_add(&path, service->maintenance ? "?enable=true&reason=pilotfish" : "?enable=false");
	put(service, path.data, NULL);
}

static void on_maintained(struct service *service)
{
	service->told_maintenance = !service->told_maintenance;
}

/* ---- send the verdict ---- */

static bool is_untold(const struct service *service)
{
	return service->wanted && service->dirty;
}

static void send_verdict(struct service *service)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	service->dirty = false;		/* a verdict that comes meanwhile sets it again */
	service->sent = current_report(service);
	buf_add(&path, "/v1/agent/check/update/");
	url_escape(&path, service->check_id);
	put_json(service, path.data, entry_verdict(service));
}

static void on_told(struct service *service)
{
	service->confirmed = true;
	service->told = service->sent;
	if (service->told.status != service->shown.status)
		service->shown = service->told;
	if (service->config->ttl > 0)
		timer_set(&service->heartbeat, service->config->ttl / 3);
}

/* ---- verify: is the entry at our ID still ours? ---- */

static bool is_unverified(const struct service *service)
{
	return service->wanted && service->unverified;
}

static void send_verification(struct service *service)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;

	service->unverified = false;
	buf_add(&path, "/v1/agent/service/");
	url_escape(&path, service->id);
	agent_get(&service->request, path.data, time_limit(service));
}

/* The entry of another instance is not ours to deregister. */
static void on_verified(struct service *service)
{
	const json_t *entry = service->request.json;
	bool ours = claim_has_our_place(service, entry) &&
		    entry_is_ours(service, json_object_get(entry, "Meta"));
	AUTOFREE char *place = claim_place(entry);

	if (!ours && !service->contested)
		log_about(LEVEL_WARN, subject("service", service->id),
			  ": another instance, at %s, has registered under this ID: give each an id of "
			  "its own", place);
	service->contested = !ours;
	service->present = ours;
}

/* ---- explain: the reason of a status that stays ---- */

/* An agent sends a change of the output alone to the servers after minutes (check_update_interval), a
 * change of the notes at once, and the output with it.  The status is not touched: a registration keeps
 * that of a check which the agent has. */
static bool is_unexplained(const struct service *service)
{
	return service->wanted && service->confirmed &&
	       service->told.reason != service->shown.reason;
}

static void send_explanation(struct service *service)
{
	service->explained = service->told.reason;
	put_json(service, "/v1/agent/service/register", entry_registration(service));
}

/* The update restores the output in agents that forget it with a registration. */
static void on_explained(struct service *service)
{
	service->shown = service->told;
	service->dirty = true;
}

/* ---- remove entries of earlier processes ---- */

static bool has_leftovers(const struct service *service)
{
	return service->wanted && service->leftovers.count;
}

static void send_removal(struct service *service)
{
	put(service, "/v1/agent/service/deregister/",
	    service->leftovers.items[service->leftovers.count - 1]);
}

static void on_removed(struct service *service)
{
	struct strv *leftovers = &service->leftovers;

	leftovers->count--;
	log_about(LEVEL_INFO, subject("service", leftovers->items[leftovers->count]),
		  " was left by an earlier process: removed");
	free(steal(&leftovers->items[leftovers->count]));
}

/* ---- the next step ---- */

static const struct service_step steps[] = {	/* the first one that is due is sent */
	{ has_new_token,   put_registration,    on_renewed,      NULL },
	{ is_leaving,      send_deregistration, on_deregistered, on_deregistered },
	{ is_unclaimed,    send_listing,        on_listing,      NULL },
	{ is_uncertain,    send_inspection,     on_inspection,   NULL },
	{ is_unregistered, send_registration,   on_registered,   NULL },
	{ is_maintenance_changed, send_maintenance,    on_maintained,   on_lost },
	{ is_untold,       send_verdict,        on_told,         on_lost },
	{ is_unverified,   send_verification,   on_verified,     on_lost },
	{ is_unexplained,  send_explanation,    on_explained,    NULL },
	{ has_leftovers,   send_removal,        on_removed,      on_removed },
	{ is_looking,      send_look,           on_looked,       end_look },
};

void sync_advance(struct service *service)
{
	if (agent_is_busy(&service->request) || timer_is_set(&service->retry))
		return;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		if (!steps[i].is_due(service))
			continue;
		service->step = &steps[i];
		steps[i].send(service);
		return;
	}
}

static void on_failed(struct service *service, enum agent_answer answer)
{
	struct error error = ERROR_INIT;

	if (is_looking(service)) {
		end_look(service);
		return;
	}
	agent_explain(&service->request, &error);
	agent_log_failure(&service->request, answer, &error);
	service->dirty = service->registered;
	if (answer != ANSWER_TROUBLE)
		sync_release_job(service);	/* drain_limit is no use */
	retry_later(service);
}

void sync_on_reply(struct agent_request *request, enum agent_answer answer)
{
	struct service *service = container_of(request, struct service, request);
	void (*on_answer)(struct service *) = answer == ANSWER_OK ? service->step->on_done
					    : answer == ANSWER_MISSING ? service->step->on_missing
					    : NULL;

	if (on_answer) {
		agent_log_success(request);
		on_answer(service);
		if (!timer_is_set(&service->retry))
			backoff_reset(&service->backoff);
	} else {
		on_failed(service, answer);
	}
	sync_advance(service);
}
