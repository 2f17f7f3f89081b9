#include "service.h"

#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/alloc.h"
#include "base/printable.h"
#include "base/url.h"
#include "claim.h"
#include "entry.h"

#define DRAIN_LIMIT 1.0

/* A request that may be due.  `on_missing`: the reaction to 404; NULL: a failure. */
struct service_step {
	bool (*is_due)(const struct service *service);
	void (*send)(struct service *service);
	void (*on_done)(struct service *service);
	void (*on_missing)(struct service *service);
};

static void advance(struct service *service);

/* The first try has a short timeout, because a newer verdict may follow.  Retries have a long
 * one, so that they succeed even where name lookups are slow. */
static double time_limit(const struct service *service)
{
	return service->backoff.tries ? AGENT_TIMEOUT : AGENT_SHORT_TIMEOUT;
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

static void retry_later(struct service *service)
{
	timer_set(&service->retry, backoff_next(&service->backoff));
}

/* The job may stop. */
static void release_job(struct service *service)
{
	timer_stop(&service->drain_limit);
	source_unhold(&service->hold);
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
	log_info("service %s is deregistered", service->id);
	release_job(service);
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

/* False: we have none, and a retry is due. */
static bool find_address(struct service *service)
{
	struct error error = ERROR_INIT;
	char *address = entry_address(service, &error);

	if (!address) {
		if (!service->lacks_address)
			log_warn("service %s has no address: %s", service->config->name,
				 error.text);
		service->lacks_address = true;
		retry_later(service);
		return false;
	}
	service->lacks_address = false;
	free(service->address);
	service->address = address;
	return true;
}

static void on_listing(struct service *service)
{
	if (find_address(service))
		claim_from_services(service, service->request.json);
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

static void send_registration(struct service *service)
{
	if (!find_address(service))
		return;
	service->present = true;
	service->registered = false;	/* not yet as wanted */
	service->told_leads = service->leads;
	service->sent = current_report(service);
	put_json(service, "/v1/agent/service/register", entry_registration(service));
}

static void on_registered(struct service *service)
{
	const char *tag = service->told_leads ? service->config->leader_tag : NULL;

	log_info("service %s at %s port %ld is registered%s%s", service->id, service->address,
		 service->config->port, tag ? " with tag " : "", tag ? tag : "");
	service->registered = true;
	if (!service->confirmed)	/* the check is new there, and without output */
		service->shown = (struct service_report){ .status = service->sent.status };
	service->confirmed = false;
	service->dirty = true;		/* else it would be critical after the agent restarts */
}

/* Consul does not know our check: it lost its data, or a balancer chose another agent.  Register at
 * once the first time; then with a backoff, since the balancer may choose again. */
static void on_lost(struct service *service)
{
	service->registered = false;
	service->told_maintenance = false;
	if (service->confirmed)
		log_warn("consul has lost service %s: registering again", service->id);
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

/* ---- explain: the reason of a status that stays ---- */

/* An agent sends a change of the output alone to the servers after minutes (check_update_interval), a
 * change of the notes at once, and the output with it.  The status is not touched: a registration keeps
 * that of a check which the agent has. */
static bool is_unexplained(const struct service *service)
{
	return service->wanted && service->confirmed && service->told.status != STATUS_PASSING &&
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
	log_info("removed service %s, left by an earlier process",
		 leftovers->items[leftovers->count]);
	free(steal(&leftovers->items[leftovers->count]));
}

/* ---- the next step ---- */

static const struct service_step steps[] = {	/* the first one that is due is sent */
	{ is_leaving,      send_deregistration, on_deregistered, on_deregistered },
	{ is_unclaimed,    send_listing,        on_listing,      NULL },
	{ is_uncertain,     send_inspection,     on_inspection,   NULL },
	{ is_unregistered, send_registration,   on_registered,   NULL },
	{ is_maintenance_changed, send_maintenance,    on_maintained,   on_lost },
	{ is_untold,       send_verdict,        on_told,         on_lost },
	{ is_unexplained,  send_explanation,    on_explained,    NULL },
	{ has_leftovers,   send_removal,        on_removed,      on_removed },
};

static void advance(struct service *service)
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

	agent_explain(&service->request, &error);
	agent_log_failure(&service->request, answer, &error);
	service->dirty = service->registered;
	if (answer != ANSWER_TROUBLE)
		release_job(service);	/* drain_limit is no use */
	retry_later(service);
}

static void on_reply(struct agent_request *request, enum agent_answer answer)
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
	advance(service);
}

static void on_retry(struct timer *timer)
{
	advance(container_of(timer, struct service, retry));
}

static void on_heartbeat(struct timer *timer)
{
	struct service *service = container_of(timer, struct service, heartbeat);

	service->dirty = true;
	advance(service);
}

/* Without waiting for the end of a backoff. */
static void advance_now(struct service *service)
{
	timer_stop(&service->retry);
	advance(service);
}

/* ---- events of the job ---- */

/* Consul may still execute a cancelled registration; `present` is therefore set when it is sent. */
static void leave(struct service *service)
{
	if (service->wanted)
		agent_cancel(&service->request);
	service->wanted = service->dirty = false;
	timer_stop(&service->heartbeat);
	advance_now(service);
}

static void join(struct service *service)
{
	service->wanted = service->leads || !service->config->leader_only;
	if (!service->verdict)
		service->dirty = service->registered;
	advance_now(service);
}

static void on_running(struct service *service)
{
	service->judged = service->judged && service->up;
	service->up = true;
	service->down = false;
	join(service);
}

static void on_ended(struct service *service)
{
	service->down = true;
	if (service->verdict)
		return;			/* health.c judges that */
	service->dirty = service->registered;
	advance_now(service);
}

static void on_verdict(struct service *service)
{
	service->judged = true;
	service->dirty = service->registered;
	advance_now(service);
}

/* A check has ended: the status stays, its reason may have changed. */
static void on_check(struct subscription *self, const struct event *event)
{
	struct service *service = container_of(self, struct service, on_check);

	(void)event;
	if (!service->registered || service->verdict->reason == service->sent.reason)
		return;
	service->dirty = true;
	advance(service);
}

static void on_gone(struct service *service)
{
	service->up = false;
	leave(service);
}

static void on_draining(struct service *service)
{
	on_gone(service);
	if (!service->present || service->agent->state == AGENT_DOWN)
		return;
	source_hold(service->job, &service->hold);
	timer_set(&service->drain_limit, DRAIN_LIMIT);
}

static void on_drain_limit(struct timer *timer)
{
	struct service *service = container_of(timer, struct service, drain_limit);

	log_warn("consul has not deregistered service %s in time: its job stops now", service->id);
	release_job(service);
}

static void on_job(struct subscription *self, const struct event *event)
{
	static void (*const reactions[EVENT_COUNT])(struct service *) = {
		[EVENT_RUNNING] = on_running,
		[EVENT_EXIT_SUCCESS] = on_ended,
		[EVENT_EXIT_FAILED] = on_ended,
		[EVENT_HEALTHY] = on_verdict,
		[EVENT_WARNING] = on_verdict,
		[EVENT_UNHEALTHY] = on_verdict,
		[EVENT_DRAINING] = on_draining,
		[EVENT_STOPPING] = on_gone,
		[EVENT_STOPPED] = on_gone,
	};

	if (reactions[event->code])
		reactions[event->code](container_of(self, struct service, on_job));
}

static void update_maintenance(struct service *service)
{
	service->maintenance = service->all_maintained || service->self_maintained;
	advance_now(service);
}

static void on_global(struct subscription *self, const struct event *event)
{
	struct service *service = container_of(self, struct service, on_global);

	if (event->code == EVENT_ENTER_MAINTENANCE)
		service->all_maintained = true;
	else if (event->code == EVENT_EXIT_MAINTENANCE)
		service->all_maintained = false;
	else
		return;
	update_maintenance(service);
}

/* The check is critical if its TTL ran out, or if the agent restarted. */
static void on_consul_back(struct subscription *self, const struct event *event)
{
	struct service *service = container_of(self, struct service, on_consul);

	(void)event;
	service->dirty = service->registered;
	advance_now(service);
}

static void listen_to_all(struct service *service)
{
	AUTOFREE char *checks = format_string("%s.health", service->job->name);
	struct source *global = bus_find(service->job->bus, "global");
	struct source *check = service->verdict ? bus_find(service->job->bus, checks) : NULL;

	subscribe(&service->on_job, service->job, EVENT_ANY, on_job);
	if (check)
		subscribe(&service->on_check, check, EVENT_ANY, on_check);
	subscribe(&service->on_consul, &service->agent->source, EVENT_HEALTHY, on_consul_back);
	if (global) {
		subscribe(&service->on_global, global, EVENT_ANY, on_global);
		service->all_maintained = source_holds(global, EVENT_ENTER_MAINTENANCE);
		service->maintenance = service->all_maintained;
	}
	if (source_holds(service->job, EVENT_RUNNING))
		on_running(service);
}

void service_init(struct service *service, struct agent *agent, const struct service_config *config,
		  struct source *job, const struct verdict *verdict)
{
	AUTOFREE char *name = format_string("service %s", config->name);
	CLEANUP(buf_release) struct buf host = BUF_INIT;
	struct loop *loop = agent->http.loop;
	struct utsname system;

	uname(&system);
	printable_repair(&host, system.nodename, strlen(system.nodename));
	*service = (struct service){
		.config = config,
		.agent = agent,
		.verdict = verdict,
		.job = job,
		.id = format_string("%s-%s", config->name, host.data),
		.check_id = format_string("service:%s-%s", config->name, host.data),
		.started = (long)time(NULL),
		/* At most the interval of its heartbeat. */
		.backoff = { .min = 0.25, .max = fmin(fmax(config->ttl / 3, 1), 30) },
	};
	agent_request_init(&service->request, agent, name, on_reply);
	timer_init(&service->retry, loop, on_retry);
	timer_init(&service->heartbeat, loop, on_heartbeat);
	timer_init(&service->drain_limit, loop, on_drain_limit);
	listen_to_all(service);
}

void service_release(struct service *service)
{
	if (!service->agent)
		return;
	unsubscribe(&service->on_job);
	unsubscribe(&service->on_check);
	unsubscribe(&service->on_global);
	unsubscribe(&service->on_consul);
	timer_stop(&service->retry);
	timer_stop(&service->heartbeat);
	timer_stop(&service->drain_limit);
	agent_request_release(&service->request);
	source_unhold(&service->hold);
	strv_release(&service->leftovers);
	free(service->id);
	free(service->check_id);
	free(service->address);
	*service = (struct service){ 0 };
}

void service_set_role(struct service *service, bool leads)
{
	if (service->leads == leads)
		return;
	service->leads = leads;
	if (!service->config->leader_only)
		advance_now(service);
	else if (!leads)
		leave(service);
	else if (service->up)
		join(service);
}

void service_set_maintenance(struct service *service, bool on)
{
	if (service->self_maintained == on)
		return;
	service->self_maintained = on;
	update_maintenance(service);
}

bool service_is_settled(const struct service *service)
{
	return !service->present;
}
