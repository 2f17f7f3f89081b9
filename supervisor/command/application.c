#include "application.h"

#include <string.h>
#include <sysexits.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/url.h"
#include "consul/answer.h"
#include "consul/watch/feed.h"
#include "application_read.h"
#include "election_status.h"

enum { SERVICES_MOST = 2000, ELECTIONS_MOST = 50 };

#define EACH_SERVICE(application, service) \
	for (struct application_service *(service) = (application)->services; service; \
	     (service) = (service)->hh.next)
#define EACH_ELECTION(application, election) \
	for (struct application_election *(election) = (application)->elections; election; \
	     (election) = (election)->hh.next)
#define MANAGED "Meta.managed_by == \"pilotfish\""

struct application_service {
	UT_hash_handle hh;
	struct application *application;
	char *name, *path, *title;
	struct blocking_query query;
	struct feed feed;
	bool listed;
};

struct application_election {
	UT_hash_handle hh;
	struct application *application;
	struct election_config config;		/* name and key only */
	bool configured, listed;
	struct followed lock;
	struct election_status status;
	struct agent_request rights;
	bool asked, answered;		/* whether our token may read a key that seems to be missing */
	bool hidden;			/* it may not, */
	bool refused;			/* or Consul does not take the key */
};

static void on_change(struct application *application)
{
	application->ops->on_change(application);
}

/* ---- instances of a service ---- */

static void on_instances(struct feed *feed)
{
	on_change(container_of(feed, struct application_service, feed)->application);
}

static struct application_service *add_service(struct application *application, const char *name)
{
	static const char *const identity[] = { "node", "id", NULL };
	struct application_service *service = NEW(struct application_service);
	const struct consul_config *config = application->agent->config;
	struct buf path = BUF_INIT;

	buf_add(&path, "/v1/health/service/");
	url_escape(&path, name);
	url_add(&path, "filter", "Service." MANAGED);
	url_add(&path, "dc", config->datacenter);
	service->application = application;
	service->name = copy_string(name);
	service->title = format_string("service %s", name);
	service->path = buf_take(&path);
	service->query = (struct blocking_query){
		.name = service->title, .path = service->path, .topic = TOPIC_SERVICE,
		.subject = service->name, .dc = config->datacenter, .identity = identity,
		.read = application_read_instances,
	};
	service->feed.on_news = service->feed.on_refusal = on_instances;
	feed_init(&service->feed, application->agent, &service->query, 0);
	HASH_ADD_KEYPTR(hh, application->services, service->name, strlen(service->name), service);
	return service;
}

static void remove_service(struct application *application, struct application_service *service)
{
	HASH_DEL(application->services, service);
	feed_release(&service->feed);
	free(service->name);
	free(service->path);
	free(service->title);
	free(service);
}

/* ---- names of services ---- */

static char *names_path(const struct application *application)
{
	struct buf path = BUF_INIT;

	buf_add(&path, application->names_from_catalog ? "/v1/catalog/services" : "/v1/internal/ui/services");
	if (!application->names_from_catalog)
		url_add(&path, "filter", "Service." MANAGED);
	url_add(&path, "dc", application->agent->config->datacenter);
	return buf_take(&path);
}

static void take_names(struct application *application, const json_t *answer)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	struct application_service *service, *next;

	application->too_many = !application_read_names(answer, SERVICES_MOST, &names);
	application->names_known = true;
	for (service = application->services; service; service = service->hh.next)
		service->listed = false;
	for (size_t i = 0; i < names.count; i++) {
		HASH_FIND_STR(application->services, names.items[i], service);
		if (!service)
			service = add_service(application, names.items[i]);
		service->listed = true;
	}
	HASH_ITER(hh, application->services, service, next)
		if (!service->listed)
			remove_service(application, service);
}

/* The first path is no part of Consul's documented interface. */
static void on_names(struct followed *followed, enum agent_answer answer)
{
	struct application *application = container_of(followed, struct application, names);

	if (answer == ANSWER_OK) {
		take_names(application, followed->request.json);
	} else if (!application->names_from_catalog &&
		   (answer == ANSWER_MISSING || answer == ANSWER_REFUSED)) {
		application->names_from_catalog = true;
		followed_change_path(followed, names_path(application));
	}
	on_change(application);
}

/* ---- elections ---- */

static void on_key_rights(struct agent_request *request, enum agent_answer answer)
{
	struct application_election *election = container_of(request, struct application_election, rights);
	const json_t *right = json_array_get(request->json, 0);

	election->answered = true;
	election->hidden = answer == ANSWER_OK && json_is_false(json_object_get(right, "Allow"));
	on_change(election->application);
}

/* Consul also answers that there is no key if our token may not read it. */
static void ask_rights(struct application_election *election)
{
	election->asked = true;
	agent_post_json(&election->rights, "/v1/internal/acl/authorize",
			json_pack("[{ss ss ss}]", "Resource", "key", "Access", "read",
				  "Segment", election->config.key), AGENT_TIMEOUT);
}

static void on_lock(struct followed *followed, enum agent_answer answer)
{
	struct application_election *election = container_of(followed, struct application_election, lock);
	bool good = answer == ANSWER_OK || answer == ANSWER_MISSING;

	if (good)
		lock_read(followed->request.json, election->config.key, &election->status.view);
	election->hidden = (election->hidden && !election->status.view.exists) || answer == ANSWER_DENIED;
	election->refused = answer == ANSWER_REFUSED;
	if (good && !election->status.view.exists && !election->asked)
		ask_rights(election);
	on_change(election->application);
}

static struct application_election *add_election(struct application *application, const char *key,
						 const char *name)
{
	struct application_election *election;

	HASH_FIND_STR(application->elections, key, election);
	if (election || HASH_COUNT(application->elections) >= ELECTIONS_MOST)
		return election;
	election = NEW(struct application_election);
	election->application = application;
	election->config = (struct election_config){ .name = copy_string(name), .key = copy_string(key) };
	election->status.config = &election->config;
	agent_request_init(&election->rights, application->agent, name, on_key_rights);
	election->rights.own_http = &application->connections;
	followed_start(&election->lock, application->agent, &application->connections, lock_path(key),
		       on_lock);
	HASH_ADD_KEYPTR(hh, application->elections, election->config.key, strlen(key), election);
	return election;
}

static void remove_election(struct application *application, struct application_election *election)
{
	HASH_DEL(application->elections, election);
	followed_stop(&election->lock);
	agent_request_release(&election->rights);
	election_status_release(&election->status);
	free(election->config.name);
	free(election->config.key);
	free(election);
}

static void on_sessions(struct followed *followed, enum agent_answer answer)
{
	struct application *application = container_of(followed, struct application, sessions);
	struct application_election *election, *next;
	const char *key;
	json_t *found;

	if (answer != ANSWER_OK) {
		on_change(application);
		return;
	}
	json_decref(application->candidates);
	application->candidates = application_read_elections(followed->request.json);
	for (election = application->elections; election; election = election->hh.next)
		election->listed = election->configured;
	json_object_foreach(application->candidates, key, found) {
		election = add_election(application, key, answer_text(found, "name"));
		if (election)
			election->listed = true;
	}
	HASH_ITER(hh, application->elections, election, next)
		if (!election->listed)
			remove_election(application, election);
	on_change(application);
}

/* ---- our rights, and the start ---- */

static const struct { const char *resource, *what, *rule; } needed[] = {
	{ "service", "services", "service_prefix \"\" { policy = \"read\" }" },
	{ "node", "instances", "node_prefix \"\" { policy = \"read\" }" },
	{ "session", "elections of others", "session_prefix \"\" { policy = \"read\" }" },
};

static void take_rights(struct application *application, const json_t *rights)
{
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (json_is_false(json_object_get(json_array_get(rights, i), "Allow")))
			json_array_append_new(application->denied, json_pack("{ss ss}", "what", needed[i].what,
									     "rule", needed[i].rule));
}

/* Without access rules (401), and before Consul 1.7 (404), there is no answer about rights. */
static void on_rights(struct agent_request *request, enum agent_answer answer)
{
	struct application *application = container_of(request, struct application, rights);
	CLEANUP(buf_release) struct buf why = BUF_INIT;
	struct error error = ERROR_INIT;

	if (answer == ANSWER_OK || answer == ANSWER_MISSING || request->http.status == 401) {
		take_rights(application, request->json);
		followed_start(&application->names, application->agent, &application->connections,
			       names_path(application), on_names);
		followed_start(&application->sessions, application->agent, &application->connections,
			       copy_string("/v1/session/list"), on_sessions);
		return;
	}
	agent_explain(request, &error);
	if (answer == ANSWER_DENIED)
		buf_print(&why, "consul refuses our token: %s", error.text);
	else
		buf_print(&why, "consul at %s: %s", application->agent->config->address, error.text);
	application->ops->on_failed(application, answer == ANSWER_DENIED ? EX_NOPERM : EX_UNAVAILABLE,
				    why.data);
}

void application_start(struct application *application, struct agent *agent, const struct config *config,
		       const struct application_ops *ops)
{
	json_t *rights = json_array();

	*application = (struct application){ .ops = ops, .agent = agent, .denied = json_array() };
	http_init(&application->connections, agent->http.loop);
	agent_request_init(&application->rights, agent, "rights", on_rights);
	for (size_t i = 0; i < config->election_count; i++) {
		struct application_election *election = add_election(application, config->elections[i]->key,
								     config->elections[i]->name);

		if (election)
			election->configured = true;
	}
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		json_array_append_new(rights, json_pack("{ss ss ss}", "Resource", needed[i].resource,
							"Access", "read", "Segment", ""));
	agent_post_json(&application->rights, "/v1/internal/acl/authorize", rights, AGENT_TIMEOUT);
}

void application_stop(struct application *application)
{
	while (application->services)
		remove_service(application, application->services);
	while (application->elections)
		remove_election(application, application->elections);
	followed_stop(&application->names);
	followed_stop(&application->sessions);
	agent_request_release(&application->rights);
	http_release(&application->connections);
	json_decref(application->denied);
	json_decref(application->candidates);
}

/* ---- what is known ---- */

static bool is_read(const struct application_service *service)
{
	return service->feed.state || service->feed.refusal.text[0];
}

static bool is_settled(const struct application_election *election)
{
	return election->lock.known && (!election->asked || election->answered);
}

/* Of services and elections that are listed, those that have not been read. */
static size_t count_unread(const struct application *application)
{
	size_t unread = 0;

	EACH_SERVICE(application, service)
		unread += !is_read(service);
	EACH_ELECTION(application, election)
		unread += !is_settled(election);
	return unread;
}

bool application_is_known(const struct application *application)
{
	return application->names_known && application->sessions.known && !count_unread(application);
}

void application_explain(const struct application *application, struct error *error)
{
	const struct followed *list = application->names_known ? &application->sessions : &application->names;

	if (list->trouble.text[0])
		fail(error, "consul at %s: %s", application->agent->config->address, list->trouble.text);
	else if (!application->names_known || !application->sessions.known)
		fail(error, "consul at %s has not answered", application->agent->config->address);
	else
		fail(error, "%zu services and elections have not been read", count_unread(application));
}

/* ---- as JSON ---- */

static int by_name(const struct application_service *a, const struct application_service *b)
{
	return strcmp(a->name, b->name);
}

static int by_key(const struct application_election *a, const struct application_election *b)
{
	return strcmp(a->config.key, b->config.key);
}

static json_t *services_json(const struct application *application)
{
	json_t *rows = json_array(), *instance;
	size_t i;

	EACH_SERVICE(application, service)
		json_array_foreach(service->feed.state, i, instance) {
			json_t *row = json_copy(instance);

			json_object_del(row, "candidate");
			if (json_is_true(json_object_get(instance, "candidate")))
				json_decref(row);
			else
				json_array_append_new(rows, row);
		}
	return rows;
}

/* The catalogue knows their health; sessions that are bound to no check are not in it. */
static json_t *candidates_of(const struct application_election *election)
{
	const struct application *application = election->application;
	AUTOFREE char *name = format_string("%s-election", election->config.name);
	const json_t *sessions = json_object_get(application->candidates, election->config.key);
	const struct application_service *service;

	HASH_FIND_STR(application->services, name, service);
	if (service && json_array_size(service->feed.state))
		return json_incref(service->feed.state);
	return json_incref(json_object_get(sessions, "candidates"));
}

static json_t *elections_json(const struct application *application)
{
	json_t *rows = json_array(), *row;

	EACH_ELECTION(application, election) {
		json_decref(election->status.candidates);
		election->status.candidates = candidates_of(election);
		row = election_status_json(&election->status);
		json_object_set_new(row, "hidden", json_boolean(election->hidden || election->refused));
		json_array_append_new(rows, row);
	}
	return rows;
}

static void hide(json_t *hidden, const char *what, const char *rule)
{
	json_array_append_new(hidden, json_pack("{ss so}", "what", what, "rule",
						rule ? json_string(rule) : json_null()));
}

static json_t *hidden_json(const struct application *application)
{
	json_t *hidden = json_copy(application->denied);

	EACH_SERVICE(application, service)
		if (service->feed.refusal.text[0])
			hide(hidden, service->title, NULL);
	EACH_ELECTION(application, election) {
		AUTOFREE char *what = format_string("election %s", election->config.name);
		AUTOFREE char *rule = format_string("key_prefix \"%s\" { policy = \"read\" }", election->config.key);

		if (election->hidden || election->refused)
			hide(hidden, what, election->hidden ? rule : NULL);
	}
	if (application->too_many)
		hide(hidden, "services: there are too many", NULL);
	if (HASH_COUNT(application->elections) >= ELECTIONS_MOST)
		hide(hidden, "elections: there are too many", NULL);
	return hidden;
}

/* As with `status`: the first thing that is not healthy; or null. */
static json_t *trouble_of(const json_t *services, const json_t *elections)
{
	json_t *row;
	size_t i;

	json_array_foreach(services, i, row)
		if (!strcmp(answer_text(row, "status"), "critical"))
			return json_sprintf("%s is critical: %s", answer_text(row, "id"), answer_text(row, "output"));
	json_array_foreach(elections, i, row)
		if (json_is_null(json_object_get(row, "leader")) && json_is_null(json_object_get(row, "paused")) &&
		    !json_is_true(json_object_get(row, "hidden")))
			return json_sprintf("election %s has no leader", answer_text(row, "election"));
	return json_null();
}

json_t *application_json(struct application *application)
{
	const char *problem = application->names.trouble.text;
	json_t *services, *elections;

	HASH_SORT(application->services, by_name);
	HASH_SORT(application->elections, by_key);
	services = services_json(application);
	elections = elections_json(application);
	return json_pack("{s{ss so} so so so so}",
			 "consul", "address", application->agent->config->address,
			 "problem", *problem ? json_string(problem) : json_null(),
			 "trouble", trouble_of(services, elections), "services", services,
			 "elections", elections, "hidden", hidden_json(application));
}
