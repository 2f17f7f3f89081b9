#include "graph.h"

#include <string.h>

#include "base/alloc.h"
#include "status.h"

struct graph {
	const struct units *units;
	const json_t *status;
	bool live;
	json_t *nodes, *edges;
	json_t *ids;			/* of the nodes, as members */
};

/* The part of a node that a state decides.  The strings are borrowed. */
struct look {
	const char *state, *health, *condition;
};

static const char *text_of(const json_t *element, const char *member)
{
	return json_string_value(json_object_get(element, member));
}

static bool is(const json_t *element, const char *member)
{
	return json_is_true(json_object_get(element, member));
}

/* ---- what a state means ---- */

static const char *health_condition(const json_t *health)
{
	const char *status = text_of(health, "status");

	if (!is(health, "known"))
		return "waiting";
	return strcmp(status, "passing") ? status : "ok";
}

static void look_at_job(const json_t *job, struct look *look)
{
	const json_t *health = json_object_get(job, "health");
	json_int_t code = json_integer_value(json_object_get(job, "exitCode"));

	look->state = text_of(job, "state");
	if (json_is_object(health) && is(health, "known"))
		look->health = text_of(health, "status");
	if (!strcmp(look->state, "running"))
		look->condition = json_is_object(health) ? health_condition(health) : "ok";
	else if (!strcmp(look->state, "stopped"))
		look->condition = code ? "critical" : "ended";
	else if (!strcmp(look->state, "backoff"))
		look->condition = code ? "critical" : "waiting";
	else				/* a signal may have ended a run that was to end */
		look->condition = code && code <= 128 ? "warning" : "waiting";
}

static void look_at_watch(const json_t *watch, struct look *look)
{
	bool answered = !json_is_null(json_object_get(watch, "age"));

	look->state = !answered ? "unknown" : is(watch, "healthy") ? "healthy" : "unhealthy";
	look->condition = !answered ? "waiting" : is(watch, "healthy") ? "ok" : "critical";
}

static void look_at_template(const json_t *template, struct look *look)
{
	bool rendered = is(template, "rendered");

	look->state = is(template, "failing") ? "failing" : rendered ? "rendered" : "waiting";
	look->condition = is(template, "failing") ? "critical" : rendered ? "ok" : "waiting";
}

static void look_at_election(const json_t *election, struct look *look)
{
	bool led = text_of(election, "leader") != NULL;

	look->state = text_of(election, "state");
	look->condition = is(election, "paused") ? "warning" : led ? "ok" : "waiting";
}

static void look_at_global(const json_t *status, struct look *look)
{
	look->state = is(status, "maintenance") ? "maintenance" : text_of(status, "phase");
	look->condition = is(status, "maintenance") ? "warning" : "ok";
}

static void look_at_consul(const json_t *status, struct look *look)
{
	const char *state = text_of(json_object_get(status, "consul"), "state");

	look->state = state;
	if (state)
		look->condition = !strcmp(state, "up") ? "ok" : strcmp(state, "down") ? "waiting" : "critical";
}

/* ---- nodes ---- */

static json_t *make_id(const char *kind, const char *name)
{
	json_t *text = status_text(name), *id = json_sprintf("%s/%s", kind, json_string_value(text));

	json_decref(text);
	return id;
}

static void add_node(struct graph *graph, const char *kind, const char *name, struct look look)
{
	CLEANUP(json_decrefp) json_t *id = make_id(kind, name);

	if (json_object_get(graph->ids, json_string_value(id)))
		return;
	json_object_set_new(graph->ids, json_string_value(id), json_true());
	if (!graph->live)
		look = (struct look){ .state = NULL };
	json_array_append_new(graph->nodes, json_pack("{sO ss so ss? ss? ss?}", "id", id, "kind", kind,
						      "name", status_text(name), "state", look.state,
						      "health", look.health, "condition", look.condition));
}

static void add_listed_nodes(struct graph *graph)
{
	static const struct {
		const char *kind, *list;	/* a member of the status */
		void (*look_at)(const json_t *element, struct look *look);
	} kinds[] = {
		{ "job", "jobs", look_at_job }, { "watch", "watches", look_at_watch },
		{ "template", "templates", look_at_template }, { "election", "elections", look_at_election },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t number;
		const json_t *element;

		json_array_foreach(json_object_get(graph->status, kinds[i].list), number, element) {
			struct look look = { .state = NULL };

			kinds[i].look_at(element, &look);
			add_node(graph, kinds[i].kind, text_of(element, "name"), look);
		}
	}
}

/* The node where events of this source begin; a new reference. */
static json_t *id_of_source(struct graph *graph, const struct source *source)
{
	const struct units *units = graph->units;
	const struct job_unit *owner = units_find_owner(units, source);
	struct look look = { .state = NULL };
	const char *kind;

	if (owner)
		return make_id("job", owner->job.config->name);
	list_each(node, &units->watches) {
		const struct watch_unit *unit = list_entry(node, struct watch_unit, link);

		if (&unit->watch.source == source)
			return make_id("watch", unit->config->name);
	}
	list_each(node, &units->templates) {
		const struct template_unit *unit = list_entry(node, struct template_unit, link);

		if (&unit->render.source == source)
			return make_id("template", unit->config->name);
	}
	list_each(node, &units->elections) {
		const struct election_unit *unit = list_entry(node, struct election_unit, link);

		if (&unit->election.source == source)
			return make_id("election", unit->config->name);
	}
	if (source == &units->global) {
		look_at_global(graph->status, &look);
		add_node(graph, "global", source->name, look);
		return make_id("global", source->name);
	}
	if (units->agent && source == &units->agent->source) {
		look_at_consul(graph->status, &look);
		add_node(graph, "consul", source->name, look);
		return make_id("consul", source->name);
	}
	kind = source->bus == &units->nowhere ? "unknown" : "signal";
	add_node(graph, kind, source->name, look);
	return make_id(kind, source->name);
}

/* ---- edges ---- */

/* Takes `from` and `to`. */
static void add_edge(struct graph *graph, json_t *from, json_t *to, const char *kind, enum event_code code)
{
	json_array_append_new(graph->edges, json_pack("{so so ss ss?}", "from", from, "to", to, "kind", kind,
						      "event", code == EVENT_NONE ? NULL : event_name(code)));
}

static void add_trigger(struct graph *graph, const struct job_unit *unit, const struct trigger *trigger,
			const char *kind, enum event_code code)
{
	const struct job_unit *owner;

	if (!trigger->source)
		return;
	owner = units_find_owner(graph->units, trigger->source);
	if (owner && trigger->source != &owner->job.source)
		kind = "check";
	add_edge(graph, id_of_source(graph, trigger->source), make_id("job", unit->job.config->name), kind, code);
}

static void add_job_edges(struct graph *graph, const struct job_unit *unit)
{
	const struct job *job = &unit->job;

	if (job->config->when.code != EVENT_NONE)
		add_trigger(graph, unit, &job->when, "when", job->config->when.code);
	for (size_t i = 0; i < job->config->need_count; i++)
		add_trigger(graph, unit, &job->needs[i], "needs", job->config->needs[i].code);
	for (size_t i = 0; i < unit->dependency_count; i++) {
		const struct job_config *outlived = unit->dependencies[i]->job.config;

		if (job_is_consul_agent(outlived))
			add_edge(graph, make_id("job", outlived->name), make_id("job", job->config->name),
				 "implicit", EVENT_NONE);
	}
}

static void add_candidate(struct graph *graph, const struct election_unit *election)
{
	const char *name = election->config->job;
	const struct job_unit *unit = name ? units_find_job(graph->units, name) : NULL;

	if (unit)
		add_edge(graph, make_id("job", name), make_id("election", election->config->name), "candidate",
			 unit->health ? EVENT_HEALTHY : EVENT_RUNNING);
}

json_t *graph_document(const struct units *units, const json_t *status, bool live)
{
	struct graph graph = {
		.units = units, .status = status, .live = live,
		.nodes = json_array(), .edges = json_array(), .ids = json_object(),
	};

	add_listed_nodes(&graph);
	list_each(node, &units->jobs)
		add_job_edges(&graph, list_entry(node, struct job_unit, link));
	list_each(node, &units->elections)
		add_candidate(&graph, list_entry(node, struct election_unit, link));
	json_decref(graph.ids);
	return json_pack("{sb so so}", "live", live, "nodes", graph.nodes, "edges", graph.edges);
}
