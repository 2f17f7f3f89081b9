#include "unit_variables.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/env.h"
#include "consul/entry.h"

/* NULL: no longer. */
static void give(struct unit_variables *variables, const char *name, const char *value)
{
	env_give(name, value);
	if (value)
		strv_set(&variables->given, name, value);
	else
		strv_unset(&variables->given, name);
}

static char *variable_of(const char *program, const char *name, const char *kind)
{
	char *text = format_string("%s_%s_%s", program, name, kind);

	for (char *c = text; *c; c++)
		*c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
	return text;
}

/* A job may be named as its program, with a folder and an extension.  But a hook is not its job. */
static char *stem_of(const struct units *units, const char *job)
{
	const char *slash = strrchr(job, '/'), *base = slash ? slash + 1 : job, *dot = strrchr(base, '.');
	AUTOFREE char *stem = copy_bytes(base, dot ? (size_t)(dot - base) : strlen(base));

	return *stem && !units_find_job(units, stem) ? steal(&stem) : copy_string(base);
}

static void give_process(struct unit_variables *variables, const struct job *job)
{
	AUTOFREE char *stem = stem_of(variables->units, job->config->name);
	AUTOFREE char *name = variable_of("CONTAINERPILOT", stem, "PID");
	AUTOFREE char *value = format_string("%d", (int)job->pid);

	give(variables, name, job->running && job->hook && job->hook->pid ? value : NULL);
}

static void give_addresses(struct unit_variables *variables, const struct job_unit *unit)
{
	for (size_t i = 0; i < unit->service_count; i++) {
		struct error ignored = ERROR_INIT;	/* the service tells of it */
		const char *service = unit->services[i].config->name;
		AUTOFREE char *ours = variable_of("PILOTFISH", service, "ADDRESS");
		AUTOFREE char *theirs = variable_of("CONTAINERPILOT", service, "IP");
		AUTOFREE char *address = entry_address(&unit->services[i], &ignored);

		give(variables, ours, address);
		if (variables->compat)
			give(variables, theirs, address);
	}
}

static void on_event(struct subscription *sub, const struct event *event)
{
	struct unit_variables *variables = container_of(sub, struct unit_variables, on_event);
	enum event_code code = event->code;
	const struct job_unit *owner;

	if (code != EVENT_RUNNING && code != EVENT_EXIT_SUCCESS && code != EVENT_EXIT_FAILED)
		return;
	owner = units_find_owner(variables->units, event->source);
	if (owner && &owner->job.source == event->source)
		give_process(variables, &owner->job);
}

static void take_back(struct unit_variables *variables)
{
	unsubscribe(&variables->on_event);
	for (size_t i = 0; i < variables->given.count; i++) {
		const char *entry = variables->given.items[i];
		AUTOFREE char *name = copy_bytes(entry, strcspn(entry, "="));

		env_give(name, NULL);
	}
	strv_release(&variables->given);
}

static void give_processes(struct unit_variables *variables)
{
	AUTOFREE char *pid = format_string("%d", (int)getpid());

	give(variables, "CONTAINERPILOT_PID", pid);
	list_each(node, &variables->units->jobs)
		give_process(variables, &list_entry(node, struct job_unit, link)->job);
	subscribe(&variables->on_event, &variables->units->loop->bus.any, EVENT_ANY, on_event);
}

static bool has_services(const struct units *units)
{
	list_each(node, &units->jobs)
		if (list_entry(node, struct job_unit, link)->service_count)
			return true;
	return false;
}

void unit_variables_init(struct unit_variables *variables, struct units *units)
{
	*variables = (struct unit_variables){ .units = units };
}

void unit_variables_release(struct unit_variables *variables)
{
	take_back(variables);
}

void unit_variables_renew(struct unit_variables *variables, bool compat)
{
	struct units *units = variables->units;

	take_back(variables);
	variables->compat = compat;
	list_each(node, &units->jobs)
		give_addresses(variables, list_entry(node, struct job_unit, link));
	if (has_services(units))
		units_watch_addresses(units);
	if (compat)
		give_processes(variables);
}
