#include "status.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/printable.h"
#include "consul/watch/feed.h"

/* Names and outputs may come from outside, and a JSON string has to be UTF-8. */
static json_t *text_json(const char *text)
{
	CLEANUP(buf_release) struct buf repaired = BUF_INIT;

	if (!text)
		return json_null();
	printable_repair(&repaired, text, strlen(text));
	return json_stringn(repaired.data, repaired.used);
}

/* Seconds since a monotonic time, to the millisecond; 0: that has never been. */
static json_t *age_json(double since)
{
	return since ? json_real(round(1000 * (monotonic_now() - since)) / 1000) : json_null();
}

static json_t *health_json(const struct health *health)
{
	if (!health)
		return json_null();
	return json_pack("{sb ss so so so}", "known", health->verdict.known,
			 "status", health_status_name(health->verdict.status),
			 "output", text_json(health->verdict.output.data),
			 "duration", json_real(health->verdict.duration),
			 "age", age_json(health->check_started));
}

static json_t *job_json(const struct list *node)
{
	const struct job_unit *unit = list_entry(node, const struct job_unit, link);
	const struct job *job = &unit->job;

	return json_pack("{so ss si so sI sI so so}", "name", text_json(job->config->name),
			 "state", job_state_name(job->state),
			 "pid", job->hook ? (int)job->hook->pid : 0,
			 "health", health_json(unit->health),
			 "runs", (json_int_t)job->runs,
			 "restarts", (json_int_t)(job->tries > 1 ? job->tries - 1 : 0),
			 "uptime", age_json(job->running ? job->started_at : 0),
			 "exitCode", job->runs > job->running ? json_integer(job->code) : json_null());
}

static json_t *service_json(const struct job_unit *unit, const struct service *service)
{
	return json_pack("{so so so so si sb sb sb so}", "id", text_json(service->id),
			 "name", text_json(service->config->name),
			 "job", text_json(unit->job.config->name),
			 "address", text_json(service->address),
			 "port", (int)service->config->port,
			 "registered", service->registered,
			 "maintenance", service->maintenance,
			 "leads", service->leads,
			 "status", service->registered ? json_string(health_status_name(service->told.status))
						       : json_null());
}

static json_t *watch_json(const struct list *node)
{
	const struct watch *watch = &list_entry(node, const struct watch_unit, link)->watch;

	return json_pack("{so sb sI so}", "name", text_json(watch->config->name),
			 "healthy", watch->healthy,
			 "entries", (json_int_t)json_array_size(watch->feed.state),
			 "age", age_json(watch->feed.answered));
}

static json_t *template_json(const struct list *node)
{
	const struct template_unit *unit = list_entry(node, const struct template_unit, link);
	const struct render *render = &unit->render;

	return json_pack("{so so sb so so}", "name", text_json(unit->config->name),
			 "destination", text_json(unit->config->target.destination),
			 "rendered", render->rendered,
			 "age", age_json(render->changed),
			 "problem", text_json(render->complaint));
}

static json_t *election_json(const struct list *node)
{
	const struct election *election = &list_entry(node, const struct election_unit, link)->election;
	const struct observed *observed = &election->observed;

	return json_pack("{so so ss sb so so sI sb}", "name", text_json(election->config->name),
			 "id", text_json(election->config->id),
			 "state", election_state_name(election->state),
			 "leads", election_leads(election),
			 "leader", *observed->leader ? text_json(observed->leader) : json_null(),
			 "address", *observed->leader_address ? text_json(observed->leader_address) : json_null(),
			 "epoch", (json_int_t)observed->leader_epoch,
			 "paused", observed->paused);
}

static json_t *consul_json(const struct units *units)
{
	static const char *const states[] = {
		[AGENT_UNKNOWN] = "unknown", [AGENT_UP] = "up", [AGENT_DOWN] = "down",
	};

	if (!units->agent)
		return json_null();
	return json_pack("{so ss}", "address", text_json(units->consul->address),
			 "state", states[units->agent->state]);
}

/* One member of the array for each unit of the ring. */
static json_t *units_json(const struct list *ring, json_t *(*make)(const struct list *node))
{
	json_t *array = json_array();

	list_each(node, ring)
		json_array_append_new(array, make(node));
	return array;
}

static json_t *services_json(const struct units *units)
{
	json_t *services = json_array();

	list_each(node, &units->jobs) {
		const struct job_unit *unit = list_entry(node, struct job_unit, link);

		for (size_t i = 0; i < unit->service_count; i++)
			json_array_append_new(services, service_json(unit, &unit->services[i]));
	}
	return services;
}

bool status_job_is_healthy(const struct job_unit *unit, struct error *why)
{
	const struct job *job = &unit->job;
	const struct health *health = unit->health;
	const char *name = job->config->name, *state = job_state_name(job->state);

	if (job->failed && (job->state == JOB_BACKOFF || job->state == JOB_STOPPED))
		return fail(why, "%s has failed with exit code %d", name, job->code);
	if (!health || (job->state == JOB_STOPPED && !job->failed))
		return true;
	if (job->state != JOB_RUNNING)
		return fail(why, "%s does not run: %s", name, state);
	if (!health->verdict.known)
		return fail(why, "%s has not been checked yet", name);
	if (health->verdict.status == STATUS_CRITICAL)
		return fail(why, "%s is critical: %.*s", name,
			    (int)strcspn(health->verdict.output.data, "\n"), health->verdict.output.data);
	return true;
}

bool status_is_healthy(const struct units *units, struct error *why)
{
	list_each(node, &units->jobs)
		if (!status_job_is_healthy(list_entry(node, struct job_unit, link), why))
			return false;
	return true;
}

json_t *status_document(const struct units *units, const struct status_frame *frame)
{
	bool maintenance = source_holds(&units->global, EVENT_ENTER_MAINTENANCE);
	struct error trouble = ERROR_INIT;
	bool healthy = status_is_healthy(units, &trouble);

	return json_pack("{ss si ss so so sb so so s{sI sI so} so so so so so}",
			 "version", VERSION, "pid", (int)getpid(), "phase", frame->phase,
			 "configuration", text_json(frame->configuration),
			 "uptime", age_json(frame->started), "maintenance", maintenance,
			 "trouble", healthy ? json_null() : text_json(trouble.text),
			 "consul", consul_json(units),
			 "reloads", "done", (json_int_t)frame->reloads, "refused", (json_int_t)frame->refusals,
			 "problem", text_json(frame->refusal),
			 "jobs", units_json(&units->jobs, job_json), "services", services_json(units),
			 "watches", units_json(&units->watches, watch_json),
			 "templates", units_json(&units->templates, template_json),
			 "elections", units_json(&units->elections, election_json));
}
