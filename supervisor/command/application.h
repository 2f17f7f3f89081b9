/* application.h - the whole application as Consul shows it: the services that any pilotfish has
 * registered, with their instances, and the elections.
 *
 * First it asks which rights our token has, as Consul leaves out what the token may not read: what may be
 * missing is then in `hidden`.  Then it follows
 *
 *   /v1/internal/ui/services  with a filter for the metadata: the names of the services; from a Consul that
 *                             does not have it /v1/catalog/services, all names
 *   /v1/health/service/NAME   of each name, a feed
 *   /v1/session/list          the sessions of candidates have the key of their election in their name
 *   the key of each election, of those of the configuration, too (election/lock.h)
 *
 * so it is told of each change.  With consul.once it asks each question once.  Of a Consul that has more,
 * 2,000 services and 50 elections are read; `hidden` then says so.
 */
#ifndef APPLICATION_H
#define APPLICATION_H

#include "consul/agent.h"
#include "followed.h"

struct application;
struct application_service;
struct application_election;

struct application_ops {
	void (*on_change)(struct application *application);	/* something may have changed */
	void (*on_failed)(struct application *application, int code, const char *why);	/* at the start */
};

struct application {
	const struct application_ops *ops;
	struct agent *agent;

	/* private */
	struct http connections;	/* of all but the feeds */
	struct agent_request rights;
	json_t *denied;			/* [{"what", "rule"}] */
	struct followed names, sessions;
	bool names_known, names_from_catalog, too_many;
	json_t *candidates;		/* as in application_read.h */
	struct application_service *services;	/* by name */
	struct application_election *elections;	/* by key */
};

/* The elections of the configuration are shown in any case. */
void application_start(struct application *application, struct agent *agent, const struct config *config,
		       const struct application_ops *ops);
void application_stop(struct application *application);

bool application_is_known(const struct application *application);	/* each question has had an answer */
void application_explain(const struct application *application, struct error *error);	/* ... why not */

/* The document of `pilotfish ps --json`, see pilotfish(1); a new reference. */
json_t *application_json(struct application *application);

#endif
