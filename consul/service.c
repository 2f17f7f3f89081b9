#include "service.h"

#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/alloc.h"
#include "base/printable.h"
#include "sync.h"

#define DRAIN_LIMIT 1.0
enum { VERIFY_EVERY = 6 };		/* heartbeats, hence two TTLs */

static void on_retry(struct timer *timer)
{
	sync_advance(container_of(timer, struct service, retry));
}

static void on_heartbeat(struct timer *timer)
{
	struct service *service = container_of(timer, struct service, heartbeat);

	service->dirty = true;
	service->unverified = ++service->heartbeats % VERIFY_EVERY == 0;
	sync_advance(service);
}

/* Without waiting for the end of a backoff. */
static void advance_now(struct service *service)
{
	timer_stop(&service->retry);
	sync_advance(service);
}

/* ---- events of the job ---- */

/* Consul may still execute a cancelled registration; `present` is therefore set when it is sent. */
static void leave(struct service *service)
{
	if (service->wanted)
		agent_cancel(&service->request);
	if (service->wanted && service->contested)
		log_about(LEVEL_INFO, subject("service", service->id),
			  " is not deregistered: its entry belongs to another instance");
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
	sync_advance(service);
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
	service->probed = service->answers = false;
	timer_set(&service->drain_limit, DRAIN_LIMIT / 2);
}

static void on_probed(struct agent_request *request, enum agent_answer answer)
{
	(void)answer;
	container_of(request, struct service, probe)->answers = request->http.status;
}

/* Comes twice. */
static void on_drain_limit(struct timer *timer)
{
	struct service *service = container_of(timer, struct service, drain_limit);

	if (!service->probed) {
		service->probed = true;
		agent_get(&service->probe, "/v1/status/leader", DRAIN_LIMIT / 2);
		timer_set(&service->drain_limit, DRAIN_LIMIT / 2);
		return;
	}
	log_about(LEVEL_WARN, subject("service", service->id),
		  ": consul has not deregistered it in time: its job stops now");
	source_unhold(&service->hold);
	if (service->answers)
		source_hold(bus_find(service->job->bus, "global"), &service->end_hold);
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

/* When it is back, the check is critical if its TTL ran out, or if the agent restarted. */
static void on_consul(struct subscription *self, const struct event *event)
{
	struct service *service = container_of(self, struct service, on_consul);

	if (event->code != EVENT_HEALTHY) {
		source_unhold(&service->end_hold);
		return;
	}
	service->dirty = service->registered;
	advance_now(service);
}

static void on_addresses(struct address_watcher *watcher)
{
	struct service *service = container_of(watcher, struct service, on_addresses);

	sync_address(service);
	if (service->wanted && !service->registered)
		advance_now(service);
}

static void listen_to_all(struct service *service)
{
	AUTOFREE char *checks = format_string("%s.health", service->job->name);
	struct source *global = bus_find(service->job->bus, "global");
	struct source *check = service->verdict ? bus_find(service->job->bus, checks) : NULL;

	subscribe(&service->on_job, service->job, EVENT_ANY, on_job);
	service->on_addresses.on_change = on_addresses;
	agent_watch_addresses(service->agent, &service->on_addresses);
	if (check)
		subscribe(&service->on_check, check, EVENT_ANY, on_check);
	subscribe(&service->on_consul, &service->agent->source, EVENT_ANY, on_consul);
	if (global) {
		subscribe(&service->on_global, global, EVENT_ANY, on_global);
		service->all_maintained = source_holds(global, EVENT_ENTER_MAINTENANCE);
		service->maintenance = service->all_maintained;
	}
	if (source_holds(service->job, EVENT_RUNNING))
		on_running(service);
}

/* At most the interval of its heartbeat. */
static double longest_pause(const struct service_config *config)
{
	return fmin(fmax(config->ttl / 3, 1), 30);
}

void service_init(struct service *service, struct agent *agent, const struct service_config *config,
		  struct source *job, const struct verdict *verdict)
{
	AUTOFREE char *name = format_string("service %s", config->name);
	CLEANUP(buf_release) struct buf id = BUF_INIT;
	struct loop *loop = agent->http.loop;
	struct utsname system;

	if (config->id) {
		buf_add(&id, config->id);
	} else {
		uname(&system);
		buf_print(&id, "%s-", config->name);
		printable_repair(&id, system.nodename, strlen(system.nodename));
	}
	*service = (struct service){
		.config = config,
		.agent = agent,
		.verdict = verdict,
		.job = job,
		.id = copy_string(id.data),
		.check_id = format_string("service:%s", id.data),
		.started = (long)time(NULL),
		.backoff = { .min = 0.25, .max = longest_pause(config) },
	};
	agent_request_init(&service->request, agent, name, sync_on_reply);
	agent_request_init(&service->probe, agent, name, on_probed);
	timer_init(&service->retry, loop, on_retry);
	timer_init(&service->heartbeat, loop, on_heartbeat);
	timer_init(&service->drain_limit, loop, on_drain_limit);
	listen_to_all(service);
}

void service_release(struct service *service)
{
	if (!service->agent)
		return;
	list_remove(&service->on_addresses.link);
	unsubscribe(&service->on_job);
	unsubscribe(&service->on_check);
	unsubscribe(&service->on_global);
	unsubscribe(&service->on_consul);
	timer_stop(&service->retry);
	timer_stop(&service->heartbeat);
	agent_request_release(&service->request);
	agent_request_release(&service->probe);
	sync_release_job(service);
	strv_release(&service->leftovers);
	strv_release(&service->tags);
	free(service->id);
	free(service->check_id);
	free(service->elsewhere);
	free(service->address);
	*service = (struct service){ 0 };
}

void service_refresh(struct service *service)
{
	service->backoff.max = longest_pause(service->config);
	service->registered = false;
	if (service->wanted)
		advance_now(service);
}

void service_tag(struct service *service, const char *tag, bool on)
{
	if (strv_has(&service->tags, tag) == on)
		return;
	if (on)
		strv_push(&service->tags, tag);
	else
		strv_remove(&service->tags, tag);
	service_refresh(service);
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
