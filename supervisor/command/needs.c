#include "needs.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/printable.h"
#include "template/dependency.h"
#include "template/template.h"

#define BELOW "/any"			/* a name below a prefix */

/* Consul checks the right first, and then refuses a session like this: none is made. */
static const struct probe session_probe = {
	.if_allowed = false, .method = "PUT", .path = "/v1/session/create",
	.body = "{\"Behavior\":\"none\",\"TTL\":\"1ms\",\"Name\":\"pilotfish check\"}",
};
static const struct probe agent_probe = { .if_allowed = false, .method = "GET", .path = "/v1/agent/self" };
/* With acl.enable_key_list_policy a prefix needs more than "read". */
static const struct probe list_probe = {
	.if_allowed = true, .method = "GET", .path = "/v1/kv/%s?keys&separator=/", .access = "list",
};

/* ---- collecting ---- */

static struct need *add(struct needs *needs, const char *resource, const char *access, const char *name,
			char *purpose)
{
	struct need *need;

	needs->items = alloc_resize(needs->items, (needs->count + 1) * sizeof *needs->items);
	need = &needs->items[needs->count++];
	*need = (struct need){
		.resource = resource, .access = access, .purpose = purpose,
		.segment = copy_string(name), .rule = copy_string(name),
	};
	return need;
}

/* All names that begin with `prefix`: it is tested for that name, and for one that is longer. */
static struct need *add_prefix(struct needs *needs, const char *resource, const char *access,
			       const char *prefix, char *purpose)
{
	struct need *need = add(needs, resource, access, prefix, copy_string(purpose));

	need->prefix = true;
	need = add(needs, resource, access, prefix, purpose);
	free(need->segment);
	need->segment = format_string("%s" BELOW, prefix);
	need->prefix = true;
	return &needs->items[needs->count - 2];
}

/* Of the agent's node, whose name is not known; a rule for that node alone is enough. */
static void add_of_node(struct needs *needs, const char *resource, const char *access, const char *user,
			const struct probe *probe)
{
	struct need *need = add_prefix(needs, resource, access, "", copy_string(user));

	need[0].probe = need[1].probe = probe;
}

/* Instances may be on any node. */
static void add_instances(struct needs *needs, const char *service, const char *dc, const char *user)
{
	size_t first = needs->count;

	add(needs, "service", "read", service, copy_string(user));
	add_prefix(needs, "node", "read", "", format_string("the instances of %s", service));
	while (first < needs->count)
		needs->items[first++].dc = dc;
}

static void add_services(struct needs *needs, const struct job_config *job)
{
	for (size_t i = 0; i < job->service_count; i++)
		add(needs, "service", "write", job->services[i].name,
		    format_string("job %s is registered", job->name));
}

static void add_watch(struct needs *needs, const struct watch_config *watch, const char *dc)
{
	AUTOFREE char *user = format_string("watch %s", watch->name);
	size_t first = needs->count;

	if (watch->kind == WATCH_SERVICE)
		add_instances(needs, watch->service, dc, user);
	else if (watch->kind == WATCH_KEY)
		add(needs, "key", "read", watch->key, copy_string(user));
	else
		add_prefix(needs, "key", "read", watch->prefix, copy_string(user))->probe = &list_probe;
	while (first < needs->count)
		needs->items[first++].dc = dc;
}

static void add_election(struct needs *needs, const struct election_config *election)
{
	AUTOFREE char *user = format_string("election %s", election->name);
	AUTOFREE char *candidates = format_string("%s-election", election->name);
	struct need *need = add_prefix(needs, "key", election->candidate ? "write" : "read", election->key,
				       copy_string(user));

	need->probe = &list_probe;
	if (!election->candidate)
		return;
	add_of_node(needs, "session", "write", user, &session_probe);
	if (election->bind == BIND_ALIVE)
		add(needs, "service", "write", candidates, copy_string(user));
}

/* ---- templates ---- */

struct collector {
	struct template_provider provider;
	struct needs *needs;
	const char *user, *dc;
};

static const struct {
	const char *resource, *access;		/* NULL: none */
	bool prefix;				/* of all that begin with the subject, else of that one */
	bool instances;				/* on any node */
	const struct probe *probe;
} of_dependencies[] = {
	[DEPENDENCY_SERVICE]     = { .resource = "service", .access = "read", .instances = true },
	[DEPENDENCY_CONNECT]     = { .resource = "service", .access = "read", .instances = true },
	[DEPENDENCY_SERVICES]    = { .resource = "service", .access = "read", .prefix = true },
	[DEPENDENCY_NODES]       = { .resource = "node", .access = "read", .prefix = true },
	[DEPENDENCY_NODE]        = { .resource = "node", .access = "read" },
	[DEPENDENCY_DATACENTERS] = { .resource = NULL },
	[DEPENDENCY_KEY]         = { .resource = "key", .access = "read" },
	[DEPENDENCY_GET]         = { .resource = "key", .access = "read" },
	[DEPENDENCY_LIST]        = { .resource = "key", .access = "read", .prefix = true, .probe = &list_probe },
	[DEPENDENCY_ROOTS]       = { .resource = NULL },
	[DEPENDENCY_LEAF]        = { .resource = "service", .access = "write" },
	[DEPENDENCY_FILE]        = { .resource = NULL },
};

/* `node` without a name is the agent's own, which has to be asked for its name. */
static void add_dependency(struct collector *collector, enum dependency_kind kind, const char *subject)
{
	struct needs *needs = collector->needs;
	const char *resource = of_dependencies[kind].resource, *access = of_dependencies[kind].access;
	const char *user = collector->user;
	size_t first = needs->count;

	if (kind == DEPENDENCY_NODE && !*subject)
		add_of_node(needs, "agent", "read", user, &agent_probe);
	if (of_dependencies[kind].instances)
		add_instances(needs, subject, NULL, user);
	else if (of_dependencies[kind].prefix || !*subject)
		add_prefix(needs, resource, access, subject, copy_string(user))->probe =
			of_dependencies[kind].probe;
	else
		add(needs, resource, access, subject, copy_string(user));
	while (first < needs->count)
		needs->items[first++].dc = collector->dc;
}

/* The datacentre that a template names is gone when its render ends, so that only ours is tested. */
static bool on_lookup(struct template_provider *self, const struct dependency *dependency, const char *name,
		      json_t **value)
{
	struct collector *collector = container_of(self, struct collector, provider);
	char subject[DEPENDENCY_LIMIT];

	(void)name;
	*value = NULL;
	dependency_subject(dependency, subject);
	if (!*dependency->dc && of_dependencies[dependency->kind].resource)
		add_dependency(collector, dependency->kind, subject);
	return false;
}

static void add_template(struct needs *needs, const struct template_config *config, const char *dc)
{
	AUTOFREE char *user = format_string("template %s", config->name);
	struct collector collector = { .provider = { on_lookup }, .needs = needs, .user = user, .dc = dc };
	struct template_output output = { .text = BUF_INIT };
	struct error error = ERROR_INIT;

	template_render(config->template, &(struct template_input){
		.env = environ, .data = &collector.provider, .now = time(NULL) }, &output, &error);
	template_output_release(&output);
}

void needs_of(const struct config *config, struct needs *needs)
{
	const char *dc = config->consul.datacenter;

	*needs = (struct needs){ 0 };
	for (size_t i = 0; i < config->job_count; i++)
		add_services(needs, config->jobs[i]);
	for (size_t i = 0; i < config->election_count; i++)
		add_election(needs, config->elections[i]);
	for (size_t i = 0; i < config->watch_count; i++)
		add_watch(needs, config->watches[i], config->watches[i]->dc ? config->watches[i]->dc : dc);
	for (size_t i = 0; i < config->template_count; i++)
		add_template(needs, config->templates[i], dc);
}

void needs_release(struct needs *needs)
{
	for (size_t i = 0; i < needs->count; i++) {
		free(needs->items[i].segment);
		free(needs->items[i].rule);
		free(needs->items[i].purpose);
	}
	free(needs->items);
}

/* ---- the policy ---- */

static int rank(const char *access)
{
	return !strcmp(access, "write") ? 2 : !strcmp(access, "list");
}

/* The rule of `need` makes that of `other` superfluous. */
static bool covers(const struct need *need, const struct need *other)
{
	if (need->allowed || strcmp(need->resource, other->resource) || !text_equal(need->dc, other->dc) ||
	    rank(need->access) < rank(other->access))
		return false;
	return need->prefix ? !strncmp(other->rule, need->rule, strlen(need->rule))
			    : !other->prefix && !strcmp(other->rule, need->rule);
}

/* Of equal rules the first one is printed. */
static bool is_superfluous(const struct needs *needs, size_t at)
{
	const struct need *need = &needs->items[at];

	for (size_t i = 0; i < needs->count; i++) {
		const struct need *other = &needs->items[i];

		if (i != at && covers(other, need) && (i < at || !covers(need, other)))
			return true;
	}
	return false;
}

size_t needs_print_missing(const struct needs *needs, struct buf *out)
{
	size_t lines = 0;

	for (size_t i = 0; i < needs->count; i++) {
		const struct need *need = &needs->items[i];

		if (need->allowed || is_superfluous(needs, i))
			continue;
		lines++;
		buf_print(out, "%s%s ", need->resource, need->prefix ? "_prefix" : "");
		printable_quote(out, need->rule, strlen(need->rule));
		buf_print(out, " { policy = \"%s\" }  # ", need->access);
		printable_add(out, need->purpose, strlen(need->purpose), PRINTABLE_PLAIN);
		if (need->dc)
			buf_print(out, ", in datacenter %s", need->dc);
		buf_add_char(out, '\n');
	}
	return lines;
}
