#include "status.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/printable.h"
#include "base/url.h"
#include "consul/watch/feed.h"
#include "status_counts.h"

enum { ENTRIES_MOST = 10 };		/* that are told of a watch */

/* Names and outputs may come from outside, and a JSON string has to be UTF-8. */
json_t *status_text(const char *text)
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

/* Seconds since 1970, of a monotonic time; 0: that has never been. */
static json_t *date_json(double since)
{
	struct timespec now;

	if (!since)
		return json_null();
	clock_gettime(CLOCK_REALTIME, &now);
	return json_real(round(1000 * ((double)now.tv_sec + 1e-9 * (double)now.tv_nsec -
				       (monotonic_now() - since))) / 1000);
}

static json_t *health_json(const struct health *health)
{
	if (!health)
		return json_null();
	return json_pack("{sb ss so so so sI sI so so}", "known", health->verdict.known,
			 "status", health_status_name(health->verdict.status),
			 "output", status_text(health->verdict.output.data),
			 "duration", json_real(health->verdict.duration),
			 "age", age_json(health->check_started),
			 "passed", (json_int_t)health->passed, "failed", (json_int_t)health->failed,
			 "lastSuccess", date_json(health->last_passed),
			 "durations", histogram_json(&health->durations));
}

static json_t *readiness_json(const struct health *health)
{
	if (!health || !health->readiness.config)
		return json_null();
	return json_pack("{ss so}", "state", readiness_state_name(health->readiness.state),
			 "text", status_text(health->readiness.text.data));
}

static json_t *exits_json(const struct job *job)
{
	return json_pack("{sI sI sI sI}", "success", (json_int_t)job->ends[RUN_SUCCEEDED],
			 "failure", (json_int_t)job->ends[RUN_FAILED],
			 "signal", (json_int_t)job->ends[RUN_KILLED],
			 "timeout", (json_int_t)job->ends[RUN_TIMED_OUT]);
}

static json_t *job_json(const struct list *node)
{
	const struct job_unit *unit = list_entry(node, const struct job_unit, link);
	const struct job *job = &unit->job;
	struct error trouble = ERROR_INIT;
	bool healthy = status_job_is_healthy(unit, &trouble);

	return json_pack("{so ss sb sb si so so so sI sI so so so so}", "name", status_text(job->config->name),
			 "state", job_state_name(job->state), "stoppedByHand", job->stopped_by_hand,
			 "running", job->running,
			 "pid", job->hook ? (int)job->hook->pid : 0,
			 "health", health_json(unit->health), "readiness", readiness_json(unit->health),
			 "trouble", healthy ? json_null() : status_text(trouble.text),
			 "runs", (json_int_t)job->runs,
			 "restarts", (json_int_t)(job->tries > 1 ? job->tries - 1 : 0),
			 "uptime", age_json(job->running ? job->started_at : 0),
			 "exitCode", job->runs > job->running ? json_integer(job->code) : json_null(),
			 "exits", exits_json(job), "output", output_json(job->hook));
}

static json_t *service_json(const struct job_unit *unit, const struct service *service)
{
	return json_pack("{so so so so si sb sb sb so}", "id", status_text(service->id),
			 "name", status_text(service->config->name),
			 "job", status_text(unit->job.config->name),
			 "address", status_text(service->address),
			 "port", (int)service->config->port,
			 "registered", service->registered,
			 "maintenance", service->maintenance,
			 "leads", service->leads,
			 "status", service->registered ? json_string(health_status_name(service->told.status))
						       : json_null());
}

/* The first few entries: where an instance is, or a key. */
static json_t *first_json(const json_t *set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ENTRIES_MOST && i < json_array_size(set); i++) {
		const json_t *entry = json_array_get(set, i);
		const char *key = json_string_value(json_object_get(entry, "key"));
		AUTOFREE char *place = key ? NULL :
			url_authority(json_string_value(json_object_get(entry, "address")),
				      json_integer_value(json_object_get(entry, "port")));

		json_array_append_new(list, status_text(key ? key : place));
	}
	return list;
}

static json_t *watch_json(const struct list *node)
{
	const struct watch *watch = &list_entry(node, const struct watch_unit, link)->watch;

	return json_pack("{so sb sI so sI so}", "name", status_text(watch->config->name),
			 "healthy", watch->healthy,
			 "entries", (json_int_t)json_array_size(watch->feed.state),
			 "first", first_json(watch->feed.state),
			 "changes", (json_int_t)watch->changes,
			 "age", age_json(watch->feed.answered));
}

static json_t *template_json(const struct list *node)
{
	const struct template_unit *unit = list_entry(node, const struct template_unit, link);
	const struct render *render = &unit->render;

	return json_pack("{so so sb sb so so}", "name", status_text(unit->config->name),
			 "destination", status_text(unit->config->target.destination),
			 "rendered", render->rendered,
			 "failing", source_holds(&render->source, EVENT_UNHEALTHY),
			 "age", age_json(render->changed),
			 "problem", status_text(render->complaint));
}

static json_t *election_json(const struct list *node)
{
	const struct election *election = &list_entry(node, const struct election_unit, link)->election;
	const struct observed *observed = &election->observed;

	return json_pack("{so so ss sb so so sI sI sb}", "name", status_text(election->config->name),
			 "id", status_text(election->config->id),
			 "state", election_state_name(election->state),
			 "leads", election_leads(election),
			 "leader", *observed->leader ? status_text(observed->leader) : json_null(),
			 "address", *observed->leader_address ? status_text(observed->leader_address) : json_null(),
			 "epoch", (json_int_t)observed->leader_epoch,
			 "failovers", (json_int_t)observed->failovers,
			 "paused", observed->paused);
}

static json_t *consul_json(const struct units *units)
{
	static const char *const states[] = {
		[AGENT_UNKNOWN] = "unknown", [AGENT_UP] = "up", [AGENT_DOWN] = "down",
	};

	if (!units->agent)
		return json_null();
	return json_pack("{so ss so}", "address", status_text(units->consul->address),
			 "state", states[units->agent->state], "requests", answers_json(&units->agent->answers));
}

static long count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	long count = -3;		/* ".", ".." and the folder's own */

	if (!folder)
		return 0;
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* Bytes; 0: unknown. */
static unsigned long resident_memory(void)
{
	unsigned long size, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fscanf(file, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	if (file)
		fclose(file);
	return resident * (unsigned long)sysconf(_SC_PAGESIZE);
}

static json_t *process_json(void)
{
	struct timespec cpu = { 0 };
	struct rlimit limit = { 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	getrlimit(RLIMIT_NOFILE, &limit);
	return json_pack("{so sI sI sI}", "cpu", json_real((double)cpu.tv_sec + 1e-9 * (double)cpu.tv_nsec),
			 "memory", (json_int_t)resident_memory(),
			 "descriptors", (json_int_t)count_descriptors(),
			 "descriptorLimit", (json_int_t)limit.rlim_cur);
}

static json_t *reloads_json(const struct status_frame *frame)
{
	return json_pack("{sI sI sb so}", "done", (json_int_t)frame->reloads,
			 "refused", (json_int_t)frame->refusals, "successful", !frame->refusal,
			 "problem", status_text(frame->refusal));
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

	if (job->stopped_by_hand)
		return fail(why, "%s has been stopped by hand", name);
	if (job->failed && (job->state == JOB_BACKOFF || job->state == JOB_STOPPED))
		return fail(why, "%s has failed with exit code %d", name, job->code);
	if (!health || (job->state == JOB_STOPPED && !job->failed))
		return true;
	if (job->state != JOB_RUNNING)
		return fail(why, "%s does not run: %s", name, state);
	if (!health->verdict.known && health->readiness.config && !health->ready)
		return fail(why, "%s is not ready yet", name);
	if (!health->verdict.known)
		return fail(why, "%s has not been checked yet", name);
	if (health->verdict.status == STATUS_CRITICAL)
		return fail(why, "%s is critical: %.*s", name,
			    (int)strcspn(health->verdict.output.data, "\n"), health->verdict.output.data);
	return true;
}

bool status_is_healthy(const struct units *units, struct error *why)
{
	list_each(node, &units->jobs) {
		const struct job_unit *unit = list_entry(node, struct job_unit, link);

		if (!unit->job.stopped_by_hand && !status_job_is_healthy(unit, why))
			return false;
	}
	return true;
}

json_t *status_document(const struct units *units, const struct status_frame *frame)
{
	bool maintenance = source_holds(&units->global, EVENT_ENTER_MAINTENANCE);
	struct error trouble = ERROR_INIT;
	bool healthy = status_is_healthy(units, &trouble);

	return status_add_counts(json_pack("{ss si ss so so so sb sb so so so sI so so so so so so}",
			 "version", VERSION, "pid", (int)getpid(), "phase", frame->phase,
			 "configuration", status_text(frame->configuration),
			 "started", json_integer((json_int_t)frame->start_time),
			 "uptime", age_json(frame->started), "maintenance", maintenance, "healthy", healthy,
			 "trouble", healthy ? json_null() : status_text(trouble.text),
			 "consul", consul_json(units),
			 "reloads", reloads_json(frame),
			 "orphans", (json_int_t)process_orphans_reaped(), "process", process_json(),
			 "jobs", units_json(&units->jobs, job_json), "services", services_json(units),
			 "watches", units_json(&units->watches, watch_json),
			 "templates", units_json(&units->templates, template_json),
			 "elections", units_json(&units->elections, election_json)), units, frame);
}
