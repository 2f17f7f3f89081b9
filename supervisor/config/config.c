#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/setting.h"
#include "template/template.h"
#include "advice.h"
#include "check.h"
#include "mistakes.h"
#include "tables.h"

static void exec_release(struct exec_config *exec)
{
	strv_release(&exec->argv);
	strv_release(&exec->env);
	strv_release(&exec->unset_env);
	identity_release(&exec->identity);
	strv_release(&exec->confinement.read);
	strv_release(&exec->confinement.write);
	free(exec->cwd);
	free(exec->limits);
}

static void health_release(struct health_config *health)
{
	exec_release(&health->exec);
	free(health->http);
	free(health->method);
	free(health->ca_file);
	strv_release(&health->headers);
	free(health->tcp);
	free(health->socket);
	free(health->body);
}

static void service_release(struct service_config *service)
{
	free(service->name);
	strv_release(&service->tags);
	strv_release(&service->meta);
	strv_release(&service->interfaces);
	free(service->leader_tag);
	free(service->id);
}

void consul_config_release(struct consul_config *consul)
{
	json_decref(consul->tree);
	free(consul->scheme);
	free(consul->memory);
	free(consul->address);
	free(consul->token);
	free(consul->token_file);
	free(consul->auth);
	free(consul->datacenter);
	free(consul->namespace);
	free(consul->partition);
	free(consul->tls.ca_file);
	free(consul->tls.ca_path);
	free(consul->tls.client_cert);
	free(consul->tls.client_key);
	free(consul->tls.server_name);
}

void job_config_free(struct job_config *job)
{
	if (!job)
		return;
	json_decref(job->tree);
	free(job->name);
	exec_release(&job->exec);
	free(job->when.source);
	for (size_t i = 0; i < job->need_count; i++)
		free(job->needs[i].source);
	free(job->needs);
	free(job->runs);
	free(job->metric);
	health_release(&job->health);
	service_release(&job->own);
	for (size_t i = 0; i < job->service_count; i++)
		service_release(&job->services[i]);
	free(job->services);
	free(job);
}

void watch_config_free(struct watch_config *watch)
{
	if (!watch)
		return;
	json_decref(watch->tree);
	free(watch->name);
	free(watch->service);
	free(watch->key);
	free(watch->prefix);
	strv_release(&watch->tags);
	free(watch->dc);
	free(watch->near);
	free(watch);
}

void template_config_free(struct template_config *template)
{
	if (!template)
		return;
	json_decref(template->tree);
	free(template->name);
	free(template->source);
	free(template->contents);
	buf_release(&template->text);
	template_free(template->template);
	free(template->left);
	free(template->right);
	free(template->target.destination);
	identity_release(&template->target.identity);
	exec_release(&template->check.exec);
	free(template);
}

void election_config_free(struct election_config *election)
{
	if (!election)
		return;
	json_decref(election->tree);
	free(election->name);
	free(election->key);
	free(election->id);
	free(election->job);
	free(election->tag);
	free(election->service);
	exec_release(&election->can_lead.exec);
	free(election->epoch_file);
	free(election);
}

void metric_config_free(struct metric_config *metric)
{
	if (!metric)
		return;
	free(metric->name);
	free(metric->help);
	strv_release(&metric->labels);
	free(metric->buckets);
	free(metric);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	json_decref(config->tree);
	strv_release(&config->secrets);
	strv_release(&config->notes);
	free(config->logging.output);
	free(config->control.socket);
	free(config->telemetry.address);
	strv_release(&config->telemetry.interfaces);
	for (size_t i = 0; i < config->telemetry.metric_count; i++)
		metric_config_free(config->telemetry.metrics[i]);
	free(config->telemetry.metrics);
	consul_config_release(&config->consul);
	for (size_t i = 0; i < config->job_count; i++)
		job_config_free(config->jobs[i]);
	free(config->jobs);
	json_decref(config->job_index);
	for (size_t i = 0; i < config->watch_count; i++)
		watch_config_free(config->watches[i]);
	free(config->watches);
	for (size_t i = 0; i < config->template_count; i++)
		template_config_free(config->templates[i]);
	free(config->templates);
	for (size_t i = 0; i < config->election_count; i++)
		election_config_free(config->elections[i]);
	free(config->elections);
	strv_release(&config->warnings);
	free(config);
}

bool job_config_is_stop_hook(const struct job_config *job)
{
	enum event_code code = job->when.code;

	return code == EVENT_DRAINING || code == EVENT_STOPPING || code == EVENT_STOPPED ||
	       code == EVENT_SHUTDOWN;
}

static void index_jobs(struct config *config)
{
	config->job_index = json_object();
	for (size_t i = config->job_count; i--; )	/* of two with one name the first counts */
		json_object_set_new(config->job_index, config->jobs[i]->name, json_integer((json_int_t)i));
}

size_t config_job_index(const struct config *config, const char *name)
{
	const json_t *index = json_object_get(config->job_index, name);

	return index ? (size_t)json_integer_value(index) : JOB_NONE;
}

size_t config_source_index(const struct config *config, const char *source)
{
	static const char suffix[] = ".health";
	size_t index = config_job_index(config, source), length = strlen(source), tail = strlen(suffix);
	AUTOFREE char *owner = NULL;

	if (index != JOB_NONE || length <= tail || strcmp(source + length - tail, suffix))
		return index;
	owner = copy_bytes(source, length - tail);
	return config_job_index(config, owner);
}

struct job_config *config_find_job(const struct config *config, const char *name)
{
	size_t index = config_job_index(config, name);

	return index == JOB_NONE ? NULL : config->jobs[index];
}

double job_pre_stop_limit(const struct job_config *job)
{
	return job->pre_stop_timeout > 0 ? job->pre_stop_timeout : job->stop_timeout;
}

bool health_has_check(const struct health_config *health)
{
	return health->exec.argv.count || health->http || health->tcp;
}

bool readiness_is_set(const struct readiness_config *readiness)
{
	return readiness->fd || readiness->notify;
}

const char *program_of(const struct exec_config *exec)
{
	const char *path = exec->argv.count ? exec->argv.items[0] : "", *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool job_is_consul_agent(const struct job_config *job)
{
	return !strcmp(program_of(&job->exec), "consul");
}

/* The job whose preStart `hook` is, or NULL. */
static const struct job_config *find_owner(const struct config *config,
					   const struct job_config *hook)
{
	const char *dot = strrchr(hook->name, '.');
	AUTOFREE char *name = dot ? copy_bytes(hook->name, (size_t)(dot - hook->name)) : NULL;
	const struct job_config *owner;

	if (!dot || strcmp(dot, ".preStart"))
		return NULL;
	owner = config_find_job(config, name);
	return owner && owner->when.source && !strcmp(owner->when.source, hook->name) ? owner
											: NULL;
}

/* True if pilotfish's start or the job's own preStart starts the job, not an event or interval. */
static bool starts_alone(const struct config *config, const struct job_config *job)
{
	const struct job_config *starter = job;

	if (job->when.source)
		starter = config_find_job(config, job->when.source);
	if (!starter || (starter != job && find_owner(config, starter) != job))
		return false;
	return !starter->when.source && !starter->when.interval;
}

/* True if the job's exit starts another job. */
static bool is_step(const struct config *config, const struct job_config *job)
{
	for (size_t i = 0; i < config->job_count; i++) {
		const struct when_config *when = &config->jobs[i]->when;

		if (when->source && !strcmp(when->source, job->name) &&
		    (when->code == EVENT_EXIT_SUCCESS || when->code == EVENT_EXIT_FAILED))
			return true;
	}
	return false;
}

/* A container with a sole job that starts by itself exists for that job. */
static void choose_essential(struct config *config)
{
	struct job_config *sole = NULL;
	size_t count = 0;

	for (size_t i = 0; i < config->job_count; i++) {
		struct job_config *job = config->jobs[i];

		if (!starts_alone(config, job) || find_owner(config, job))
			continue;
		sole = job;
		count++;
	}
	if (count == 1 && !is_step(config, sole) && !json_object_get(sole->tree, "essential"))
		sole->essential = true;
}

static bool add_default_consul(struct config *config, struct strv *mistakes)
{
	AUTOFREE char *address = NULL;
	size_t before = mistakes->count;
	struct error error = ERROR_INIT;
	json_t *empty;

	if (json_object_get(config->tree, "consul"))
		return true;
	if (!setting_get("CONSUL_HTTP_ADDR", &address, &error))
		return mistakes_add(mistakes, &error);
	if (!address)
		return true;
	empty = json_object();
	schema_decode(consul_record(), &config->consul, empty, mistakes);
	json_decref(empty);
	return mistakes_in(mistakes, before, ".consul");
}

/* Copies the job's first service under another name. */
static void add_leader_service(struct job_config *job, const char *name)
{
	struct service_config copy = job->services[0];

	copy.name = copy_string(name);
	if (copy.id)			/* an ID belongs to one service */
		copy.id = format_string("%s-%s", name, copy.id);
	copy.tags = copy.meta = copy.interfaces = (struct strv){ 0 };
	strv_copy(&copy.tags, job->services->tags.items);
	strv_copy(&copy.meta, job->services->meta.items);
	strv_copy(&copy.interfaces, job->services->interfaces.items);
	copy.leader_tag = NULL;
	copy.leader_only = true;
	job->services = alloc_resize(job->services, (job->service_count + 1) * sizeof copy);
	job->services[job->service_count++] = copy;
}

/* The tag and the service by which clients find the leader in the catalogue. */
static void add_roles(struct config *config)
{
	for (size_t i = 0; i < config->election_count; i++) {
		const struct election_config *election = config->elections[i];
		struct job_config *job = election->job ? config_find_job(config, election->job) : NULL;

		for (size_t s = 0; job && s < job->service_count; s++) {
			free(job->services[s].leader_tag);
			job->services[s].leader_tag = copy_string(election->tag);
		}
		if (job && job->service_count && election->service)
			add_leader_service(job, election->service);
	}
}

enum election_role election_role_of(const struct election_config *election,
				    const struct job_config *job)
{
	AUTOFREE char *source = format_string("election.%s", election->name);
	AUTOFREE char *promoter = format_string("%s.onElected", election->name);
	AUTOFREE char *demoter = format_string("%s.onDeposed", election->name);

	if (election->job && !strcmp(job->name, election->job))
		return ROLE_WORKLOAD;
	if (job->runs && !strcmp(job->runs, source))
		return ROLE_RUNNER;
	if (!strcmp(job->name, promoter))
		return ROLE_PROMOTER;
	return strcmp(job->name, demoter) ? ROLE_NONE : ROLE_DEMOTER;
}

/* True if the job acts as leader, or promotes one. */
static bool is_of_leader(const struct job_config *job, const struct election_config *election)
{
	enum election_role role = election_role_of(election, job);

	return role == ROLE_WORKLOAD || role == ROLE_RUNNER || role == ROLE_PROMOTER;
}

/* If pilotfish is not PID 1 and is killed, no process is left that would depose the leader. */
static void add_death_signals(struct config *config)
{
	for (size_t i = 0; i < config->election_count; i++)
		for (size_t j = 0; j < config->job_count; j++)
			if (is_of_leader(config->jobs[j], config->elections[i]))
				config->jobs[j]->exec.death_signal = SIGKILL;
}

static bool decode(struct config *config, struct strv *mistakes)
{
	bool decoded = schema_decode(config_record(), config, config->tree, mistakes);

	if (!add_default_consul(config, mistakes) || !decoded)
		return false;
	for (size_t i = 0; i < config->watch_count; i++)
		if (!json_object_get(config->watches[i]->tree, "settle"))
			config->watches[i]->settle = config->consul.settle;
	index_jobs(config);
	choose_essential(config);
	add_roles(config);
	add_death_signals(config);
	if (!config_check(config, mistakes))
		return false;
	advise(config);
	return true;
}

struct config *config_decode(json_t *tree, struct strv *mistakes)
{
	struct config *config = NEW(struct config);

	config->tree = json_incref(tree);
	if (decode(config, mistakes) && !mistakes->count)
		return config;
	mistakes_drop_dots(mistakes);
	config_free(config);
	return NULL;
}
