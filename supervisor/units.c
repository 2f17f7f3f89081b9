#include "units.h"

#include <string.h>

#include "base/alloc.h"
#include "hooks/exec.h"
#include "hooks/probe.h"

struct signal_source {
	struct list link;
	struct source source;
	int signo;
};

static struct source *signal_source(struct crew *crew, const char *name)
{
	int signo = strncmp(name, "SIG", 3) ? 0 : signal_parse(name);
	struct signal_source *signal;

	if (!signo)
		return NULL;
	signal = NEW(struct signal_source);
	signal->signo = signo;
	source_init(&signal->source, &crew->loop->bus, name, NULL);
	list_append(&crew->signals, &signal->link);
	return &signal->source;
}

static struct source *find_source(void *context, const char *name)
{
	struct crew *crew = context;
	struct source *source = bus_find(&crew->loop->bus, name);

	return source ? source : signal_source(crew, name);
}

bool crew_signal(struct crew *crew, int signo)
{
	bool heard = false;

	list_each(node, &crew->signals) {
		struct signal_source *signal = list_entry(node, struct signal_source, link);

		if (signal->signo != signo || list_empty(&signal->source.subscriptions))
			continue;
		source_publish(&signal->source, EVENT_SIGNALLED);
		heard = true;
	}
	return heard;
}

void crew_init(struct crew *crew, struct loop *loop)
{
	*crew = (struct crew){ .loop = loop };
	list_init(&crew->units);
	list_init(&crew->lookouts);
	list_init(&crew->scribes);
	list_init(&crew->candidacies);
	list_init(&crew->signals);
	template_data_init(&crew->data, loop);
	source_init(&crew->global, &loop->bus, "global", NULL);
	http_init(&crew->http, loop);
}

/* ---- units ---- */

static struct hook *new_check(struct crew *crew, struct unit *unit)
{
	const struct health_config *config = &unit->job.config->health;

	if (config->http || config->tcp)
		return probe_new(&crew->http, config);
	if (config->exec.argv.count)
		return exec_new(crew->loop, unit->job.config->name, &config->exec);
	return NULL;
}

static void add_health(struct crew *crew, struct unit *unit)
{
	struct hook *check = new_check(crew, unit);

	if (!check)
		return;
	unit->health = NEW(struct health);
	health_init(unit->health, &unit->job, check);
}

static void add_services(struct crew *crew, struct unit *unit)
{
	const struct job_config *config = unit->job.config;
	const struct verdict *verdict = unit->health ? &unit->health->verdict : NULL;

	if (!crew->agent || unit->services)
		return;
	unit->services = alloc(config->service_count * sizeof *unit->services);
	for (size_t i = 0; i < config->service_count; i++)
		service_init(&unit->services[i], crew->agent, &config->services[i],
			     &unit->job.source, verdict);
	unit->service_count = config->service_count;
}

static void drop_services(struct unit *unit)
{
	for (size_t i = 0; i < unit->service_count; i++)
		service_release(&unit->services[i]);
	free(unit->services);
	unit->services = NULL;
	unit->service_count = 0;
}

static void on_stopped(struct subscription *sub, const struct event *event)
{
	struct unit *unit = container_of(sub, struct unit, on_stopped);

	(void)event;
	unit->crew->on_stopped(unit->crew, unit);
}

static void add_unit(struct crew *crew, struct job_config *config)
{
	struct unit *unit = NEW(struct unit);
	struct hook *hook = config->exec.argv.count
		? exec_new(crew->loop, config->name, &config->exec) : NULL;

	unit->crew = crew;
	job_init(&unit->job, crew->loop, config, hook);
	add_health(crew, unit);
	subscribe(&unit->on_stopped, &unit->job.source, EVENT_STOPPED, on_stopped);
	list_append(&crew->units, &unit->link);
}

void crew_remove_unit(struct unit *unit)
{
	list_remove(&unit->link);
	unsubscribe(&unit->on_stopped);
	drop_services(unit);
	if (unit->health) {
		health_release(unit->health);
		free(unit->health);
	}
	job_release(&unit->job);
	free(unit->supports);
	free(unit);
}

struct unit *crew_find_unit(const struct crew *crew, const char *name)
{
	list_each(node, &crew->units) {
		struct unit *unit = list_entry(node, struct unit, link);

		if (!strcmp(unit->job.config->name, name))
			return unit;
	}
	return NULL;
}

bool crew_is_idle(const struct crew *crew)
{
	list_each(node, &crew->units)
		if (list_entry(node, struct unit, link)->job.state != JOB_STOPPED)
			return false;
	return true;
}

bool crew_is_spent(const struct crew *crew)
{
	list_each(node, &crew->units) {
		const struct job *job = &list_entry(node, struct unit, link)->job;

		if (job->state != JOB_STOPPED &&
		    !(job->state == JOB_WAITING && job_attends_leaving(job)))
			return false;
	}
	return !list_empty(&crew->units) || list_empty(&crew->scribes);
}

/* ---- Consul ---- */

static bool add_agent(struct crew *crew, struct config *config, struct error *error)
{
	if (crew->agent || !config->consul.enabled)
		return true;
	crew->consul = NEW(struct consul_config);
	*crew->consul = config->consul;
	config->consul = (struct consul_config){ 0 };
	crew->agent = NEW(struct agent);
	if (agent_init(crew->agent, crew->loop, crew->consul, error)) {
		template_data_use(&crew->data, crew->agent, crew->consul->settle);
		return true;
	}
	free(steal(&crew->agent));
	consul_config_release(crew->consul);
	free(steal(&crew->consul));
	return fail_in(error, "consul");
}

static void add_lookout(struct crew *crew, struct watch_config *config)
{
	struct lookout *lookout = NEW(struct lookout);

	lookout->config = config;
	watch_init(&lookout->watch, crew->agent, config);
	list_append(&crew->lookouts, &lookout->link);
}

void crew_remove_lookout(struct lookout *lookout)
{
	list_remove(&lookout->link);
	watch_release(&lookout->watch);
	watch_config_free(lookout->config);
	free(lookout);
}

void crew_drop_agent(struct crew *crew)
{
	while (!list_empty(&crew->candidacies))
		crew_remove_candidacy(list_entry(crew->candidacies.next, struct candidacy, link));
	list_each(node, &crew->units)
		drop_services(list_entry(node, struct unit, link));
	while (!list_empty(&crew->lookouts))
		crew_remove_lookout(list_entry(crew->lookouts.next, struct lookout, link));
	if (!crew->agent)
		return;
	template_data_use(&crew->data, NULL, 0);
	agent_release(crew->agent);
	free(steal(&crew->agent));
	consul_config_release(crew->consul);
	free(steal(&crew->consul));
}

/* ---- elections ---- */

static bool add_candidacy(struct crew *crew, struct election_config *config, struct error *error)
{
	struct candidacy *candidacy = NEW(struct candidacy);
	bool fine = candidacy_init(candidacy, crew, config, error);

	list_append(&crew->candidacies, &candidacy->link);
	return fine || fail_in(error, "elections[%s]", config->name);
}

void crew_remove_candidacy(struct candidacy *candidacy)
{
	list_remove(&candidacy->link);
	candidacy_release(candidacy);
	free(candidacy);
}

static bool leaves(const struct candidacy *candidacy, enum election_reason reason)
{
	return candidacy->doomed || reason == REASON_SHUTDOWN;
}

void crew_leave_elections(struct crew *crew, enum election_reason reason, double patience)
{
	list_each(node, &crew->candidacies) {
		struct candidacy *candidacy = list_entry(node, struct candidacy, link);

		if (leaves(candidacy, reason))
			candidacy_leave(candidacy, reason, patience);
	}
}

bool crew_has_left(const struct crew *crew, enum election_reason reason)
{
	list_each(node, &crew->candidacies) {
		const struct candidacy *candidacy = list_entry(node, struct candidacy, link);

		if (!candidacy->left && leaves(candidacy, reason))
			return false;
	}
	return true;
}

/* ---- templates ---- */

static void add_scribe(struct crew *crew, struct template_config *config)
{
	struct scribe *scribe = NEW(struct scribe);

	scribe->config = config;
	render_init(&scribe->render, crew->loop, &crew->data.source, config);
	list_append(&crew->scribes, &scribe->link);
}

void crew_remove_scribe(struct scribe *scribe)
{
	list_remove(&scribe->link);
	render_release(&scribe->render);
	template_config_free(scribe->config);
	free(scribe);
}

/* ---- the whole ---- */

bool crew_add(struct crew *crew, struct config *config, struct error *error)
{
	if (!add_agent(crew, config, error))
		return false;
	for (size_t i = 0; i < config->job_count; i++)
		if (config->jobs[i])
			add_unit(crew, steal(&config->jobs[i]));
	for (size_t i = 0; i < config->watch_count; i++)
		if (config->watches[i])
			add_lookout(crew, steal(&config->watches[i]));
	for (size_t i = 0; i < config->template_count; i++)
		if (config->templates[i])
			add_scribe(crew, steal(&config->templates[i]));
	list_each(node, &crew->units)
		add_services(crew, list_entry(node, struct unit, link));
	for (size_t i = 0; i < config->election_count; i++)
		if (config->elections[i] &&
		    !add_candidacy(crew, steal(&config->elections[i]), error))
			return false;
	return true;
}

bool crew_link(struct crew *crew, struct error *error)
{
	list_each(node, &crew->units) {
		struct job *job = &list_entry(node, struct unit, link)->job;

		if (!job_link(job, find_source, crew, error))
			return fail_in(error, "jobs[%s]", job->config->name);
	}
	list_each(node, &crew->candidacies)
		candidacy_link(list_entry(node, struct candidacy, link));
	return true;
}

void crew_release(struct crew *crew)
{
	while (!list_empty(&crew->scribes))
		crew_remove_scribe(list_entry(crew->scribes.next, struct scribe, link));
	crew_drop_agent(crew);
	while (!list_empty(&crew->units))
		crew_remove_unit(list_entry(crew->units.next, struct unit, link));
	while (!list_empty(&crew->signals)) {
		struct signal_source *signal =
			list_entry(crew->signals.next, struct signal_source, link);

		list_remove(&signal->link);
		source_release(&signal->source);
		free(signal);
	}
	template_data_release(&crew->data);
	http_release(&crew->http);
	source_release(&crew->global);
}
