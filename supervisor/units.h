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

struct crew;

/* A job and what belongs to it. */
struct unit {
	struct list link;
	struct crew *crew;
	struct job job;
	struct health *health;		/* NULL: no check */
	struct service *services;	/* service_count of them */
	size_t service_count;
	struct subscription on_stopped;
	struct unit **supports;		/* once a shutdown has begun: those that have to outlive it */
	size_t support_count;
	size_t awaited;			/* units that must have stopped before this one may */
	int depth;			/* of the chain of supports below it, itself included */
	bool doomed;			/* a reload takes it away */
};

struct lookout {			/* a watch, and the configuration that it owns */
	struct list link;
	struct watch watch;
	struct watch_config *config;
};

struct scribe {			/* a template, and the configuration that it owns */
	struct list link;
	struct render render;
	struct template_config *config;
};

struct crew {
	struct loop *loop;
	struct http http;		/* of http and tcp checks */
	struct agent *agent;		/* NULL: no Consul */
	struct consul_config *consul;	/* owned; what the agent was made from */
	struct source global;
	struct template_data data;		/* for the templates */
	struct list units, lookouts, scribes, candidacies, signals;
	void (*on_stopped)(struct crew *crew, struct unit *unit);	/* one of them, for good */
	void (*on_left)(struct crew *crew);	/* one of the elections, for good */
};

void crew_init(struct crew *crew, struct loop *loop);
void crew_release(struct crew *crew);

/* Take what `config` has left: its Consul if the crew has none, its watches, templates, elections and
 * jobs. */
bool crew_add(struct crew *crew, struct config *config, struct error *error);
bool crew_link(struct crew *crew, struct error *error);	/* all of them, again after changes */

void crew_remove_unit(struct unit *unit);
void crew_remove_lookout(struct lookout *lookout);
void crew_remove_scribe(struct scribe *scribe);
void crew_remove_candidacy(struct candidacy *candidacy);
/* With all services, watches and elections, and the templates' data. */
void crew_drop_agent(struct crew *crew);

struct unit *crew_find_unit(const struct crew *crew, const char *name);
/* Leave all elections because of a shutdown, or those that a reload takes away: on_left follows for
 * each. */
void crew_leave_elections(struct crew *crew, enum election_reason reason, double patience);
bool crew_has_left(const struct crew *crew, enum election_reason reason);

bool crew_is_idle(const struct crew *crew);	/* every job has stopped */

/* Every job has stopped or waits for nothing but the end of all, and there are not just templates. */
bool crew_is_spent(const struct crew *crew);

/* Does a job listen to this signal?  Then it hears of it. */
bool crew_signal(struct crew *crew, int signo);

#endif
