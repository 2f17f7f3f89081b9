#include "advice.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "rules.h"
#include "stop_times.h"

static void advise_name(struct config *config, const char *key, const char *owner, const char *name)
{
	if (!is_label(name, LONGEST_LABEL))
		strv_push_taken(&config->warnings,
				format_string("%s[%s]: Consul's DNS will not find the service \"%s\": only "
					      "letters, digits and '-', at most %d, are a name there",
					      key, owner, name, LONGEST_LABEL));
}

static void advise_names(struct config *config)
{
	for (size_t i = 0; i < config->job_count; i++)
		for (size_t s = 0; s < config->jobs[i]->service_count; s++)
			advise_name(config, "jobs", config->jobs[i]->name,
				    config->jobs[i]->services[s].name);
}

/* ---- what only a shell understands ---- */

static bool is_one_of(const char *text, const char *const *words)
{
	while (*words && strcmp(text, *words))
		words++;
	return *words;
}

/* Programs that understand "$X" themselves. */
static bool has_variables(const char *program)
{
	static const char *const names[] = {
		"sh", "ash", "bash", "dash", "ksh", "zsh", "busybox", "env", "awk", "gawk", "mawk",
		"perl", "php", "envsubst", "make", NULL,
	};

	return is_one_of(program, names);
}

/* "$NAME" or "${NAME": capitals, as variables of the environment have. */
static bool has_variable(const char *text)
{
	for (; (text = strchr(text, '$')); text++) {
		const char *name = text + 1 + (text[1] == '{');

		if (isupper((unsigned char)*name) || *name == '_')
			return true;
	}
	return false;
}

static bool is_operator(const char *text)
{
	static const char *const operators[] = {
		"|", "||", "&", "&&", ";", ">", ">>", "<", "2>", "2>&1", ">&2", "1>&2", NULL,
	};

	return is_one_of(text, operators);
}

static void advise_command(struct config *config, const struct job_config *job,
			   const struct exec_config *exec, const char *key)
{
	const struct strv *argv = &exec->argv;

	for (size_t i = 1; i < argv->count && !has_variables(program_of(exec)); i++) {
		if (!is_operator(argv->items[i]) && !has_variable(argv->items[i]))
			continue;
		strv_push_taken(&config->warnings,
				format_string("jobs[%s]%s.exec: \"%.64s\" is passed to %s as it is: only a "
					      "shell understands it, as in exec = [ \"sh\", \"-c\", \"...\" ]",
					      job->name, key, argv->items[i], argv->items[0]));
		return;
	}
}

static void advise_commands(struct config *config)
{
	for (size_t i = 0; i < config->job_count; i++) {
		const struct job_config *job = config->jobs[i];

		advise_command(config, job, &job->exec, "");
		advise_command(config, job, &job->health.exec, ".health");
	}
}

/* ---- checks that take long ---- */

/* Pilotfish repeats the last result while a check runs. */
static void advise_timeouts(struct config *config)
{
	for (size_t i = 0; i < config->job_count; i++) {
		const struct job_config *job = config->jobs[i];
		char timeout[32], ttl[32];

		if (!job->service_count || job->health.timeout <= job->health.ttl)
			continue;
		duration_print(job->health.timeout, timeout);
		duration_print(job->health.ttl, ttl);
		strv_push_taken(&config->warnings,
				format_string("jobs[%s].health.timeout: %s is longer than the ttl, %s: while a "
					      "check hangs, Consul gets the result of the check before",
					      job->name, timeout, ttl));
	}
}

/* ---- Consul's agent as a job ---- */

static bool is_needed(const struct config *config, const struct job_config *job)
{
	for (size_t i = 0; i < config->job_count; i++)
		for (size_t n = 0; n < config->jobs[i]->need_count; n++)
			if (!strcmp(config->jobs[i]->needs[n].source, job->name))
				return true;
	return false;
}

static bool has_agent(const struct config *config)
{
	for (size_t i = 0; i < config->job_count; i++)
		if (job_is_consul_agent(config->jobs[i]))
			return true;
	return false;
}

/* A wrapper of the agent that no job needs would be stopped before services deregister with it. */
static void advise_agent(struct config *config)
{
	if (!config->consul.enabled || has_agent(config))
		return;
	for (size_t i = 0; i < config->job_count; i++) {
		const struct job_config *job = config->jobs[i];

		if (!strstr(program_of(&job->exec), "consul") || is_needed(config, job))
			continue;
		strv_push_taken(&config->warnings,
				format_string("jobs[%s]: if it is Consul's agent, it stops before the others "
					      "have deregistered: give them needs = [ \"%s running\" ]",
					      job->name, job->name));
	}
}

void advise(struct config *config)
{
	advise_names(config);
	advise_commands(config);
	advise_timeouts(config);
	advise_agent(config);
	stop_times_warn(config);
}
