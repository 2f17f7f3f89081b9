/* units.h - all that runs: jobs with their checks and services, watches, templates, elections.
 *
 * Units are built from a configuration, take over its parts, and are linked: names become sources.
 * They are removed one by one.  Two kinds of sources belong to no unit: `global` (startup, shutdown,
 * maintenance) and one for each signal that triggers a job (`SIGHUP signalled`).
 */
#ifndef UNITS_H
#define UNITS_H

#include "base/loop.h"
#include "config/config.h"
#include "consul/agent.h"
#include "consul/ping.h"
#include "consul/service.h"
#include "consul/watch/watch.h"
#include "hooks/render.h"
#include "election_unit.h"
#include "template_data.h"
#include "health.h"
#include "job.h"
#include "sensor.h"

struct units;

struct job_unit {
	struct list link;
	struct units *units;
	struct job job;
	struct health *health;		/* NULL: no check */
	struct sensor *sensor;		/* NULL: it sets no metric */
	struct service *services;	/* service_count of them */
	size_t service_count;
	struct subscription on_stopped;
	char *awaited;			/* what the log has told (waits.h); NULL: nothing */
	struct job_unit **dependencies;	/* linked; without cycles (dependencies.h) */
	size_t dependency_count;
};

struct watch_unit {
	struct list link;
	struct watch watch;
	struct watch_config *config;	/* owned */
};

struct template_unit {
	struct list link;
	struct render render;
	struct template_config *config;	/* owned */
};

struct units {
	struct loop *loop;
	struct http http;		/* of http and tcp checks */
	struct agent *agent;		/* NULL: no Consul */
	struct consul_config *consul;	/* owned; of the agent */
	struct ping ping;		/* of the agent */
	struct source global;		/* held: pilotfish must not end yet */
	struct user_metrics *metrics;	/* that jobs set; borrowed */
	struct template_data data;		/* for the templates */
	struct list jobs, watches, templates, elections, signals;
	struct bus nowhere;		/* of sources that publish nothing (compat.unknownSources) */
	struct address_watcher addresses;
	bool watches_addresses;
	void (*on_stopped)(struct units *units, struct job_unit *unit);	/* for good */
	void (*on_left)(struct units *units);	/* an election, for good */
	void (*on_unheld)(struct units *units);	/* no hold of `global` is left */
	void (*on_addresses)(struct units *units);	/* see units_watch_addresses() */
};

void units_init(struct units *units, struct loop *loop);
void units_release(struct units *units);

/* The parts of a configuration that the system can refuse.  They are made first, so that a refused
 * reload has stopped nothing; the rest of a configuration cannot fail. */
struct staged {
	struct agent *agent;
	struct consul_config *consul;
	struct list elections;
};

/* Take from `config` its Consul, unless that is in use already, and the elections that it has left.
 * False: staged_release() is to be called all the same. */
bool units_stage(struct units *units, struct config *config, struct staged *staged,
		 struct error *error);
void staged_release(struct staged *staged);	/* ignores a zeroed one; idempotent */
bool units_keeps_agent(const struct units *units, const struct config *config);

/* Take what is staged, and the watches, templates and jobs that `config` has left. */
void units_add(struct units *units, struct config *config, struct staged *staged);
bool units_link(struct units *units, struct error *error);	/* all units; again after changes */
bool units_link_job(struct job_unit *unit, struct error *error);	/* rearmed (job.h) */

void units_remove_job(struct job_unit *unit);
void units_renew_check(struct job_unit *unit);	/* its configuration has changed */
void units_remove_watch(struct watch_unit *watch_unit);
void units_remove_template(struct template_unit *template_unit);
void units_remove_election(struct election_unit *election_unit);
/* Also removes all services, watches and elections, and the templates' data. */
void units_drop_agent(struct units *units);

struct job_unit *units_find_job(const struct units *units, const char *name);	/* or NULL */

/* The job whose source this is, its own or that of its checks; or NULL. */
struct job_unit *units_find_owner(const struct units *units, const struct source *source);

bool units_ends_essential(const struct units *units, const struct job *job);	/* as its postStop */

/* on_addresses is called from now on, whatever the agent, when addresses may have changed.  Idempotent. */
void units_watch_addresses(struct units *units);

bool units_is_idle(const struct units *units);	/* every job has stopped */

/* Every job has stopped, and not by hand, or waits only for the shutdown; and there are not only
 * templates. */
bool units_is_spent(const struct units *units);

/* Every template is rendered, or one of them cannot be, and no job runs; *code is then the exit code. */
bool units_is_done(const struct units *units, int *code);

/* Publish the signal to the jobs that are triggered by it.  False: there are none. */
bool units_signal(struct units *units, int signo);

#endif
