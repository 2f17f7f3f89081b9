#include "units.h"

#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "hooks/exec.h"
#include "hooks/probe.h"
#include "dependencies.h"

struct signal_source {
	struct list link;
	struct source source;
	int signo;			/* 0: on the bus `nowhere` */
};

static struct source *signal_source(struct units *units, struct bus *bus, const char *name, int signo)
{
	struct signal_source *signal = NEW(struct signal_source);

	signal->signo = signo;
	source_init(&signal->source, bus, name, NULL);
	list_append(&units->signals, &signal->link);
	return &signal->source;
}

struct job_unit *units_find_job(const struct units *units, const char *name)
{
	list_each(node, &units->jobs) {
		struct job_unit *unit = list_entry(node, struct job_unit, link);

		if (!strcmp(unit->job.config->name, name))
			return unit;
	}
	return NULL;
}

/* Jobs come first, as in the checks of a configuration (config/check.c): a job may be named as the
 * source of a different kind, such as "consul". */
static struct source *find_known(struct units *units, const char *name)
{
	struct job_unit *unit = units_find_job(units, name);
	struct source *source = unit ? &unit->job.source : bus_find(&units->loop->bus, name);
	int signo = strncmp(name, "SIG", 3) ? 0 : signal_parse(name);

	return source || !signo ? source : signal_source(units, &units->loop->bus, name, signo);
}

/* A `when` that is told by its text's address, as a need may have the same text, and whose event never
 * comes gets a source that publishes nothing. */
static struct source *find_source(void *context, const char *name)
{
	struct job_unit *unit = context;
	const struct when_config *when = &unit->job.config->when;
	struct units *units = unit->units;
	struct source *source;

	if (!when->unknown || name != when->source)
		return find_known(units, name);
	source = bus_find(&units->nowhere, name);
	return source ? source : signal_source(units, &units->nowhere, name, 0);
}

bool units_signal(struct units *units, int signo)
{
	bool wanted = false;

	list_each(node, &units->signals) {
		struct signal_source *signal = list_entry(node, struct signal_source, link);

		if (signal->signo != signo || list_empty(&signal->source.subscriptions))
			continue;
		source_publish(&signal->source, EVENT_SIGNALLED);
		wanted = true;
	}
	return wanted;
}

static void on_unheld(struct source *source)
{
	struct units *units = container_of(source, struct units, global);

	units->on_unheld(units);
}

static const struct source_ops global_ops = { .on_delivered = on_unheld };

static void on_addresses(struct address_watcher *watcher)
{
	struct units *units = container_of(watcher, struct units, addresses);

	units->on_addresses(units);
}

void units_watch_addresses(struct units *units)
{
	units->watches_addresses = true;
	if (units->agent && list_empty(&units->addresses.link))
		agent_watch_addresses(units->agent, &units->addresses);
}

void units_init(struct units *units, struct loop *loop)
{
	*units = (struct units){ .loop = loop, .addresses.on_change = on_addresses };
	bus_init(&units->nowhere);
	list_init(&units->addresses.link);
	list_init(&units->jobs);
	list_init(&units->watches);
	list_init(&units->templates);
	list_init(&units->elections);
	list_init(&units->signals);
	template_data_init(&units->data, loop);
	source_init(&units->global, &loop->bus, "global", &global_ops);
	http_init(&units->http, loop);
}

/* ---- units ---- */

static struct hook *new_check(struct units *units, struct job_unit *unit)
{
	const struct health_config *config = &unit->job.config->health;

	if (config->http || config->tcp)
		return probe_new(&units->http, config);
	if (config->exec.argv.count)
		return exec_new(units->loop, unit->job.config->name, &config->exec);
	return NULL;
}

static void add_health(struct units *units, struct job_unit *unit)
{
	struct hook *check = new_check(units, unit);

	if (!check && !readiness_is_set(&unit->job.config->readiness))
		return;
	unit->health = NEW(struct health);
	health_init(unit->health, &unit->job, check);
}

void units_renew_check(struct job_unit *unit)
{
	if (unit->health && unit->health->hook)
		health_renew(unit->health, new_check(unit->units, unit));
}

static void add_services(struct units *units, struct job_unit *unit)
{
	const struct job_config *config = unit->job.config;
	const struct verdict *verdict = unit->health ? &unit->health->verdict : NULL;

	if (!units->agent || unit->services)
		return;
	unit->services = alloc(config->service_count * sizeof *unit->services);
	for (size_t i = 0; i < config->service_count; i++)
		service_init(&unit->services[i], units->agent, &config->services[i],
			     &unit->job.source, verdict);
	unit->service_count = config->service_count;
}

static void drop_services(struct job_unit *unit)
{
	for (size_t i = 0; i < unit->service_count; i++)
		service_release(&unit->services[i]);
	free(unit->services);
	unit->services = NULL;
	unit->service_count = 0;
}

static void on_stopped(struct subscription *sub, const struct event *event)
{
	struct job_unit *unit = container_of(sub, struct job_unit, on_stopped);

	(void)event;
	if (unit->job.state == JOB_STOPPED)	/* else it has been started again since */
		unit->units->on_stopped(unit->units, unit);
}

static void add_job(struct units *units, struct job_config *config)
{
	struct job_unit *unit = NEW(struct job_unit);
	struct hook *hook = config->exec.argv.count
		? exec_new(units->loop, config->name, &config->exec) : NULL;

	unit->units = units;
	job_init(&unit->job, units->loop, config, hook);
	add_health(units, unit);
	if (config->metric && hook)
		unit->sensor = sensor_new(&unit->job, units->metrics);
	subscribe(&unit->on_stopped, &unit->job.source, EVENT_STOPPED, on_stopped);
	list_append(&units->jobs, &unit->link);
}

void units_remove_job(struct job_unit *unit)
{
	list_remove(&unit->link);
	unsubscribe(&unit->on_stopped);
	drop_services(unit);
	if (unit->health) {
		health_release(unit->health);
		free(unit->health);
	}
	sensor_free(unit->sensor);
	job_release(&unit->job);
	free(unit->awaited);
	free(unit->dependencies);
	free(unit);
}

struct job_unit *units_find_owner(const struct units *units, const struct source *source)
{
	list_each(node, &units->jobs) {
		struct job_unit *unit = list_entry(node, struct job_unit, link);

		if (&unit->job.source == source || (unit->health && &unit->health->source == source))
			return unit;
	}
	return NULL;
}

bool units_ends_essential(const struct units *units, const struct job *job)
{
	const struct job_unit *owner = units_find_owner(units, job->when.source);

	return job->config->when.code == EVENT_STOPPED && owner && owner->job.config->essential;
}

bool units_is_idle(const struct units *units)
{
	list_each(node, &units->jobs)
		if (list_entry(node, struct job_unit, link)->job.state != JOB_STOPPED)
			return false;
	return true;
}

bool units_is_done(const struct units *units, int *code)
{
	*code = 0;
	list_each(node, &units->templates) {
		const struct render *render =
		    &list_entry(node, struct template_unit, link)->render;
		const struct source *source = &render->source;

		if (source_holds(source, EVENT_UNHEALTHY)) {
			*code = 1;
			return true;
		}
		if (!source_holds(source, EVENT_RENDERED) || !render_is_settled(render))
			return false;
	}
	list_each(node, &units->jobs) {
		const struct job *job = &list_entry(node, struct job_unit, link)->job;

		if (job->state == JOB_RUNNING)
			return false;
		if (job->failed)
			*code = job->code;
	}
	return true;
}

bool units_is_spent(const struct units *units)
{
	list_each(node, &units->jobs) {
		const struct job *job = &list_entry(node, struct job_unit, link)->job;

		if (job->stopped_by_hand)
			return false;
		if (job->state != JOB_STOPPED &&
		    !(job->state == JOB_WAITING && job_is_stop_hook(job) && !job->config->when.unknown))
			return false;
	}
	return !list_empty(&units->jobs) || list_empty(&units->templates);
}

/* ---- Consul ---- */

bool units_keeps_agent(const struct units *units, const struct config *config)
{
	return units->agent && config->consul.enabled &&
	       json_equal(units->consul->tree, config->consul.tree);
}

static void drop_consul(struct agent **agent, struct consul_config **consul)
{
	if (*agent)
		agent_release(*agent);
	free(steal(agent));
	if (*consul)
		consul_config_release(*consul);
	free(steal(consul));
}

static bool stage_agent(struct units *units, struct config *config, struct staged *staged,
			struct error *error)
{
	if (!config->consul.enabled || units_keeps_agent(units, config))
		return true;
	staged->consul = NEW(struct consul_config);
	*staged->consul = config->consul;
	config->consul = (struct consul_config){ 0 };
	staged->agent = NEW(struct agent);
	if (agent_init(staged->agent, units->loop, staged->consul, error))
		return true;
	free(steal(&staged->agent));
	return fail_in(error, "consul");
}

static void adopt_agent(struct units *units, struct staged *staged)
{
	if (!staged->agent)
		return;
	units->agent = steal(&staged->agent);
	units->consul = steal(&staged->consul);
	template_data_use(&units->data, units->agent, units->consul->settle);
	if (units->watches_addresses)
		units_watch_addresses(units);
}

static void add_watch(struct units *units, struct watch_config *config)
{
	struct watch_unit *watch_unit = NEW(struct watch_unit);

	watch_unit->config = config;
	watch_init(&watch_unit->watch, units->agent, config);
	list_append(&units->watches, &watch_unit->link);
}

void units_remove_watch(struct watch_unit *watch_unit)
{
	list_remove(&watch_unit->link);
	watch_release(&watch_unit->watch);
	watch_config_free(watch_unit->config);
	free(watch_unit);
}

void units_drop_agent(struct units *units)
{
	while (!list_empty(&units->elections))
		units_remove_election(
		    list_entry(units->elections.next, struct election_unit, link));
	list_each(node, &units->jobs)
		drop_services(list_entry(node, struct job_unit, link));
	while (!list_empty(&units->watches))
		units_remove_watch(list_entry(units->watches.next, struct watch_unit, link));
	ping_stop(&units->ping);
	list_remove(&units->addresses.link);
	if (!units->agent)
		return;
	template_data_use(&units->data, NULL, 0);
	drop_consul(&units->agent, &units->consul);
}

/* ---- elections ---- */

static bool stage_election(struct units *units, struct election_config *config,
			   struct staged *staged, struct error *error)
{
	struct election_unit *election_unit = NEW(struct election_unit);
	struct agent *agent = staged->agent ? staged->agent : units->agent;

	if (election_unit_init(election_unit, units, agent, config, error)) {
		list_append(&staged->elections, &election_unit->link);
		return true;
	}
	fail_in(error, "elections[%s]", config->name);
	election_unit_release(election_unit);
	free(election_unit);
	return false;
}

void units_remove_election(struct election_unit *election_unit)
{
	list_remove(&election_unit->link);
	election_unit_release(election_unit);
	free(election_unit);
}

/* ---- templates ---- */

static void add_template(struct units *units, struct template_config *config)
{
	struct template_unit *template_unit = NEW(struct template_unit);

	template_unit->config = config;
	render_init(&template_unit->render, units->loop, &units->data.source, config);
	list_append(&units->templates, &template_unit->link);
}

void units_remove_template(struct template_unit *template_unit)
{
	list_remove(&template_unit->link);
	render_release(&template_unit->render);
	template_config_free(template_unit->config);
	free(template_unit);
}

struct command {			/* the `exec` of a group of templates */
	UT_hash_handle hh;
	char *text;
	struct render *first;
};

/* Is it made of the `exec` of a template (config/sugar.c)? */
static bool is_command(const struct job *job)
{
	const char *dot = strrchr(job->config->name, '.');

	return dot && !strcmp(dot, ".exec") && job->config->when.code == EVENT_SETTLED &&
	       !job->config->when.unknown;
}

/* All of a job but its name and its template. */
static char *command_text(const struct job *job)
{
	json_t *tree = json_copy(job->config->tree);
	char *text;

	json_object_del(tree, "name");
	json_object_del(tree, "when");
	text = json_dumps(tree, JSON_SORT_KEYS | JSON_ENCODE_ANY);
	json_decref(tree);
	return text ? text : copy_string("");
}

static void join_group(struct command **commands, const struct job *job)
{
	struct render *render = container_of(job->when.source, struct render, source);
	char *text = command_text(job);
	struct command *command;

	HASH_FIND_STR(*commands, text, command);
	if (command) {
		render_join(render, command->first);
		free(text);
		return;
	}
	command = NEW(struct command);
	command->text = text;
	command->first = render;
	HASH_ADD_KEYPTR(hh, *commands, text, strlen(text), command);
}

static void group_templates(struct units *units)
{
	struct command *commands = NULL, *command, *next;

	list_each(node, &units->templates) {
		struct render *render = &list_entry(node, struct template_unit, link)->render;

		render_join(render, render);
	}
	list_each(node, &units->jobs) {
		const struct job *job = &list_entry(node, struct job_unit, link)->job;

		if (is_command(job) && job->when.source)
			join_group(&commands, job);
	}
	HASH_ITER(hh, commands, command, next) {
		HASH_DEL(commands, command);
		free(command->text);
		free(command);
	}
}

/* ---- the whole ---- */

bool units_stage(struct units *units, struct config *config, struct staged *staged,
		 struct error *error)
{
	*staged = (struct staged){ .agent = NULL };
	list_init(&staged->elections);
	if (!stage_agent(units, config, staged, error))
		return false;
	for (size_t i = 0; i < config->election_count; i++)
		if (config->elections[i] &&
		    !stage_election(units, steal(&config->elections[i]), staged, error))
			return false;
	return true;
}

void staged_release(struct staged *staged)
{
	while (staged->elections.next && !list_empty(&staged->elections))
		units_remove_election(
		    list_entry(staged->elections.next, struct election_unit, link));
	drop_consul(&staged->agent, &staged->consul);
}

void units_add(struct units *units, struct config *config, struct staged *staged)
{
	adopt_agent(units, staged);
	for (size_t i = 0; i < config->job_count; i++)
		if (config->jobs[i])
			add_job(units, steal(&config->jobs[i]));
	for (size_t i = 0; i < config->watch_count; i++)
		if (config->watches[i])
			add_watch(units, steal(&config->watches[i]));
	for (size_t i = 0; i < config->template_count; i++)
		if (config->templates[i])
			add_template(units, steal(&config->templates[i]));
	list_each(node, &units->jobs)
		add_services(units, list_entry(node, struct job_unit, link));
	list_move_all(&staged->elections, &units->elections);
}

static bool asks_consul(const struct units *units)
{
	list_each(node, &units->jobs)
		if (list_entry(node, struct job_unit, link)->service_count)
			return true;
	return !list_empty(&units->watches) || !list_empty(&units->templates) ||
	       !list_empty(&units->elections);
}

static bool is_awaited(const struct source *source)
{
	return !list_empty(&source->subscriptions);
}

bool units_link_job(struct job_unit *unit, struct error *error)
{
	struct error why = ERROR_INIT;

	return job_link(&unit->job, find_source, unit, &why) ||
	       fail(error, "jobs[%s]: %s", unit->job.config->name, why.text);
}

bool units_link(struct units *units, struct error *error)
{
	bool fine = true;

	list_each(node, &units->jobs)
		fine &= units_link_job(list_entry(node, struct job_unit, link), error);
	group_templates(units);
	if (units->agent && is_awaited(&units->agent->source) && !asks_consul(units))
		ping_start(&units->ping, units->agent);
	else
		ping_stop(&units->ping);
	fine = dependencies_link(units, error) && fine;
	list_each(node, &units->elections)
		election_unit_link(list_entry(node, struct election_unit, link));
	return fine;
}

void units_release(struct units *units)
{
	while (!list_empty(&units->templates))
		units_remove_template(
		    list_entry(units->templates.next, struct template_unit, link));
	units_drop_agent(units);
	while (!list_empty(&units->jobs))
		units_remove_job(list_entry(units->jobs.next, struct job_unit, link));
	while (!list_empty(&units->signals)) {
		struct signal_source *signal =
			list_entry(units->signals.next, struct signal_source, link);

		list_remove(&signal->link);
		source_release(&signal->source);
		free(signal);
	}
	bus_release(&units->nowhere);
	template_data_release(&units->data);
	http_release(&units->http);
	source_release(&units->global);
}
