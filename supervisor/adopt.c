#include "adopt.h"

#include <string.h>

#include "base/alloc.h"

/* The keys that need no other process, and whether Consul is told of them. */
static const struct adoptable { const char *key; bool registered; } adoptables[] = {
	{ "restarts", false }, { "backoff", false }, { "timeout", false }, { "drain", false },
	{ "stopSignal", false }, { "stopGroup", false }, { "stopTimeout", false },
	{ "essential", false }, { "health", false }, { "initialStatus", false },
	{ "initial_status", false }, { "tags", true }, { "meta", true }, { "weights", true },
	{ "interfaces", true }, { "consul", true }, { "services", true },
};

static const struct adoptable *find_adoptable(const char *key)
{
	for (size_t i = 0; i < sizeof adoptables / sizeof *adoptables; i++)
		if (!strcmp(key, adoptables[i].key))
			return &adoptables[i];
	return NULL;
}

/* A change of name, ID or port needs a new registration.  Elections add services and tags. */
static bool has_same_services(const struct job_config *a, const struct job_config *b)
{
	bool same = a->service_count == b->service_count;

	for (size_t i = 0; i < a->service_count && same; i++) {
		const struct service_config *one = &a->services[i], *other = &b->services[i];

		same = text_equal(one->name, other->name) && text_equal(one->id, other->id) &&
		       one->port == other->port && text_equal(one->leader_tag, other->leader_tag) &&
		       one->leader_only == other->leader_only;
	}
	return same;
}

static void add_differences(const json_t *a, const json_t *b, struct strv *keys)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)a, key, value)
		if (!json_equal(value, json_object_get(b, key)))
			strv_push(keys, key);
	json_object_foreach((json_t *)b, key, value)
		if (!json_object_get(a, key))
			strv_push(keys, key);
}

/* A job that has stopped runs again with another configuration. */
enum adoption adopt_compare(const struct job_unit *unit, const struct job_config *next,
			    struct strv *keys)
{
	const struct job_config *now = unit->job.config;
	bool same_role = has_same_services(now, next) &&
			 now->exec.death_signal == next->exec.death_signal;
	bool possible = same_role && unit->job.state != JOB_STOPPED &&
			health_has_check(&now->health) == health_has_check(&next->health);

	add_differences(now->tree, next->tree, keys);
	if (!keys->count)
		return same_role ? ADOPT_NOTHING : ADOPT_IMPOSSIBLE;
	for (size_t i = 0; i < keys->count && possible; i++)
		possible = find_adoptable(keys->items[i]);
	return possible ? ADOPT_KEYS : ADOPT_IMPOSSIBLE;
}

static bool is_registered(const struct strv *keys)
{
	bool registered = false;

	for (size_t i = 0; i < keys->count && !registered; i++) {
		const struct adoptable *adoptable = find_adoptable(keys->items[i]);

		registered = adoptable && adoptable->registered;
	}
	return registered;
}

#define SWAP(a, b) do { __typeof__(a) swapped = (a); (a) = (b); (b) = swapped; } while (0)

/* The addresses of the parts stay: checks and services have borrowed them. */
static void swap_values(struct job_config *now, struct job_config *next)
{
	SWAP(now->tree, next->tree);
	SWAP(now->restarts, next->restarts);
	SWAP(now->backoff, next->backoff);
	SWAP(now->timeout, next->timeout);
	SWAP(now->stop_timeout, next->stop_timeout);
	SWAP(now->drain, next->drain);
	SWAP(now->stop_signal, next->stop_signal);
	SWAP(now->stop_group, next->stop_group);
	SWAP(now->essential, next->essential);
	SWAP(now->health, next->health);
	for (size_t i = 0; i < now->service_count; i++)
		SWAP(now->services[i], next->services[i]);
}

void adopt(struct job_unit *unit, struct job_config *next, const struct strv *keys)
{
	struct job *job = &unit->job;
	bool same_check = json_equal(json_object_get(job->config->tree, "health"),
				     json_object_get(next->tree, "health"));
	bool registered = is_registered(keys) || job->config->health.ttl != next->health.ttl;

	swap_values(job->config, next);
	job->backoff.min = job->config->backoff.min;
	job->backoff.max = job->config->backoff.max;
	if (job->hook)
		job->hook->group = job->config->stop_group;
	if (!same_check)
		units_renew_check(unit);
	for (size_t i = 0; i < unit->service_count && registered; i++)
		service_refresh(&unit->services[i]);
}
