/* units.h - all that runs: the jobs with their checks and services, watches, templates, elections.
 *
 * Built from a configuration, whose parts it takes over; linked by name; taken apart unit by unit.
 * The sources that belong to nobody live here: `global` (startup, shutdown, maintenance) and one for
 * each signal that a job listens to (`SIGHUP signalled`).
 */
#ifndef UNITS_H
#define UNITS_H

#include "base/loop.h"
#include "config/config.h"
#include "consul/agent.h"
#include "consul/service.h"
#include "consul/watch/watch.h"
#include "hooks/render.h"
#include "election_unit.h"
#include "template_data.h"
#include "health.h"
#include "job.h"

struct units;

/* A job and what belongs to it. */
struct job_unit {
	struct list link;
	struct units *units;
	struct job job;
	struct health *health;		/* NULL: no check */
	struct service *services;	/* service_count of them */
	size_t service_count;
	struct subscription on_stopped;
	struct job_unit **dependencies;	/* linked; without cycles (dependencies.h) */
	size_t dependency_count;
};

struct watch_unit {			/* a watch, and the configuration that it owns */
	struct list link;
	struct watch watch;
	struct watch_config *config;
};

struct template_unit {			/* a template, and the configuration that it owns */
	struct list link;
	struct render render;
	struct template_config *config;
};

struct units {
	struct loop *loop;
	struct http http;		/* of http and tcp checks */
	struct agent *agent;		/* NULL: no Consul */
	struct consul_config *consul;	/* owned; what the agent was made from */
	struct source global;
	struct template_data data;		/* for the templates */
	struct list jobs, watches, templates, elections, signals;
	void (*on_stopped)(struct units *units, struct job_unit *unit);	/* one of them, for good */
	void (*on_left)(struct units *units);	/* one of the elections, for good */
};

void units_init(struct units *units, struct loop *loop);
void units_release(struct units *units);

/* Take what `config` has left: its Consul if the crew has none, its watches, templates, elections and
 * jobs. */
bool units_add(struct units *units, struct config *config, struct error *error);
bool units_link(struct units *units, struct error *error);	/* all of them, again after changes */

void units_remove_job(struct job_unit *unit);
void units_remove_watch(struct watch_unit *watch_unit);
void units_remove_template(struct template_unit *template_unit);
void units_remove_election(struct election_unit *election_unit);
/* With all services, watches and elections, and the templates' data. */
void units_drop_agent(struct units *units);

/* The job whose source this is, its own or that of its checks; or NULL. */
struct job_unit *units_find_owner(const struct units *units, const struct source *source);

bool units_is_idle(const struct units *units);	/* every job has stopped */

/* Every job has stopped or waits for nothing but the end of all, and there are not just templates. */
bool units_is_spent(const struct units *units);

/* Does a job listen to this signal?  Then it hears of it. */
bool units_signal(struct units *units, int signo);

#endif
