#include "dependencies.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct node {
	struct job_unit *unit;
	enum mark { UNSEEN, ON_PATH, DONE } mark;
};

struct graph {
	struct node *nodes;
	size_t count;
};

static struct graph graph_of(const struct units *units)
{
	struct graph graph = { .nodes = NULL };
	size_t i = 0;

	list_each(link, &units->jobs)
		graph.count++;
	graph.nodes = alloc(graph.count * sizeof *graph.nodes);
	list_each(link, &units->jobs)
		graph.nodes[i++].unit = list_entry(link, struct job_unit, link);
	return graph;
}

static void graph_release(struct graph *graph)
{
	free(graph->nodes);
}

static struct node *node_of(const struct graph *graph, const struct job_unit *unit)
{
	struct node *node = graph->nodes;

	while (node->unit != unit)
		node++;
	return node;
}

static void clear_marks(struct graph *graph)
{
	for (size_t i = 0; i < graph->count; i++)
		graph->nodes[i].mark = UNSEEN;
}

static void add(struct job_unit *unit, struct job_unit *on)
{
	if (!on || on == unit)
		return;
	unit->dependencies = alloc_resize(unit->dependencies,
					  (unit->dependency_count + 1) * sizeof(struct job_unit *));
	unit->dependencies[unit->dependency_count++] = on;
}

/* The sources for which `job` waits.  A job that has to end first, such as a preStart, has ended at
 * the shutdown: the sources for which that job waited count instead. */
static void add_sources(const struct units *units, struct job_unit *unit, const struct job *job)
{
	struct job_unit *starter = units_find_owner(units, job->when.source);

	if (job_is_stop_hook(job))
		return;
	add(unit, starter);
	for (size_t i = 0; i < job->config->need_count; i++)
		add(unit, units_find_owner(units, job->needs[i].source));
	if (starter && starter != unit && job->config->when.code == EVENT_EXIT_SUCCESS)
		add_sources(units, unit, &starter->job);
}

/* A job that is triggered by a stop runs after that, and so depends on nothing. */
static void add_explicit(const struct units *units, struct job_unit *unit)
{
	free(steal(&unit->dependencies));
	unit->dependency_count = 0;
	add_sources(units, unit, &unit->job);
}

/* False: a cycle.  Else all that can be reached from here is marked DONE. */
static bool walk(const struct graph *graph, struct node *node)
{
	if (node->mark == ON_PATH)
		return false;
	if (node->mark == DONE)
		return true;
	node->mark = ON_PATH;
	for (size_t i = 0; i < node->unit->dependency_count; i++)
		if (!walk(graph, node_of(graph, node->unit->dependencies[i])))
			return false;
	node->mark = DONE;
	return true;
}

static bool check(struct graph *graph, struct error *error)
{
	clear_marks(graph);
	for (size_t i = 0; i < graph->count; i++)
		if (!walk(graph, &graph->nodes[i]))
			return fail(error, "jobs[%s]: waits, by way of others, for itself",
				    graph->nodes[i].unit->job.config->name);
	return true;
}

static bool is_consul_agent(const struct job_unit *unit)
{
	return job_is_consul_agent(unit->job.config);
}

/* All depend on the agent, but for those on which the agent itself depends. */
static void add_implicit(struct graph *graph, struct node *agent)
{
	clear_marks(graph);
	walk(graph, agent);
	for (size_t i = 0; i < graph->count; i++) {
		struct job_unit *unit = graph->nodes[i].unit;

		if (graph->nodes[i].mark == UNSEEN && !job_is_stop_hook(&unit->job) &&
		    !is_consul_agent(unit))
			add(unit, agent->unit);
	}
}

bool dependencies_link(struct units *units, struct error *error)
{
	CLEANUP(graph_release) struct graph graph = graph_of(units);

	for (size_t i = 0; i < graph.count; i++)
		add_explicit(units, graph.nodes[i].unit);
	if (!check(&graph, error))
		return false;
	for (size_t i = 0; i < graph.count; i++)
		if (is_consul_agent(graph.nodes[i].unit))
			add_implicit(&graph, &graph.nodes[i]);
	return true;
}
