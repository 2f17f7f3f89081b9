#include "reload.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

static struct job_unit *unit_at(struct list *node)
{
	return list_entry(node, struct job_unit, link);
}

static struct job_config **next_job(const struct config *next, const char *name)
{
	for (size_t i = 0; i < next->job_count; i++)
		if (next->jobs[i] && !strcmp(next->jobs[i]->name, name))
			return &next->jobs[i];
	return NULL;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* What elections make of a job. */
static bool has_same_role(const struct job_config *a, const struct job_config *b)
{
	bool same = a->service_count == b->service_count &&
		    a->exec.death_signal == b->exec.death_signal;

	for (size_t i = 0; i < a->service_count && same; i++)
		same = is_same_text(a->services[i].leader_tag, b->services[i].leader_tag) &&
		       is_same_text(a->services[i].name, b->services[i].name);
	return same;
}

static bool has_changed(const struct config *next, const struct job_unit *unit)
{
	struct job_config **other = next_job(next, unit->job.config->name);

	return !other || !json_equal((*other)->tree, unit->job.config->tree) ||
	       !has_same_role(*other, unit->job.config);
}

/* A job, and the preStart by whose success it is started. */
static void mark_removed(struct reload *reload, struct job_unit *unit)
{
	const struct when_config *when = &unit->job.config->when;

	if (unit->removed)
		return;
	unit->removed = true;
	log_info("%s has changed or gone", unit->job.source.name);
	if (when->source && when->code == EVENT_EXIT_SUCCESS && !when->each) {
		struct job_unit *before = units_find_job(reload->units, when->source);

		if (before)
			mark_removed(reload, before);
	}
}

/* Does its fate follow that of the unit its `when` names? */
static bool follows(const struct job_unit *unit)
{
	const struct when_config *when = &unit->job.config->when;

	return when->source && (job_is_stop_hook(&unit->job) ||
				(when->code == EVENT_EXIT_SUCCESS && !when->each));
}

static void mark_followers(struct reload *reload)
{
	for (bool more = true; more; ) {
		more = false;
		list_each(node, &reload->units->jobs) {
			struct job_unit *unit = unit_at(node);
			struct job_unit *leader =
			    follows(unit)
				? units_find_job(reload->units, unit->job.config->when.source)
				: NULL;

			if (!unit->removed && leader && leader->removed) {
				mark_removed(reload, unit);
				more = true;
			}
		}
	}
}

static void keep_the_rest(struct reload *reload)
{
	list_each(node, &reload->units->jobs) {
		struct job_config **same = next_job(reload->next, unit_at(node)->job.config->name);

		if (unit_at(node)->removed || !same)
			continue;
		unit_at(node)->job.config->essential = (*same)->essential;
		job_config_free(steal(same));
	}
}

/* What waits for somebody who is replaced waits for his successor. */
static void ignore_ends(struct reload *reload)
{
	list_each(node, &reload->units->jobs) {
		if (!unit_at(node)->removed)
			continue;
		list_each(other, &reload->units->jobs)
			if (!unit_at(other)->removed)
				job_ignore_end_of(&unit_at(other)->job, &unit_at(node)->job.source);
	}
}

static struct election_config **next_election(const struct config *next,
					      const struct election_unit *election_unit)
{
	for (size_t i = 0; i < next->election_count; i++)
		if (next->elections[i] &&
		    json_equal(next->elections[i]->tree, election_unit->config->tree))
			return &next->elections[i];
	return NULL;
}

static struct election_unit *election_unit_at(struct list *node)
{
	return list_entry(node, struct election_unit, link);
}

/* With an election that changes, with Consul, or with a job that has a part in it. */
static void mark_elections(struct reload *reload)
{
	struct units *units = reload->units;

	list_each(node, &units->elections) {
		struct election_unit *election_unit = election_unit_at(node);

		election_unit->removed = !next_election(reload->next, election_unit) ||
				    !json_equal(units->consul->tree, reload->next->consul.tree);
		list_each(other, &units->jobs)
			if (unit_at(other)->removed &&
			    election_unit_concerns(election_unit, unit_at(other)))
				election_unit->removed = true;
	}
}

static void sort_out_elections(struct reload *reload)
{
	list_each(node, &reload->units->elections) {
		struct election_config **same = next_election(reload->next, election_unit_at(node));

		if (election_unit_at(node)->removed)
			units_remove_election(election_unit_at(node));
		else if (same)
			election_config_free(steal(same));
	}
}

static void sort_out_watches(struct reload *reload)
{
	struct config *next = reload->next;

	list_each(node, &reload->units->watches) {
		struct watch_unit *watch_unit = list_entry(node, struct watch_unit, link);
		bool kept = false;

		for (size_t i = 0; i < next->watch_count; i++) {
			if (!next->watches[i] ||
			    !json_equal(next->watches[i]->tree, watch_unit->config->tree))
				continue;
			watch_config_free(steal(&next->watches[i]));
			kept = true;
		}
		if (!kept)
			units_remove_watch(watch_unit);
	}
}

static bool is_same_template(const struct template_config *a, const struct template_config *b)
{
	return json_equal(a->tree, b->tree) && a->text.used == b->text.used &&
	       !memcmp(a->text.data, b->text.data, a->text.used);
}

static void sort_out_templates(struct reload *reload)
{
	struct config *next = reload->next;

	list_each(node, &reload->units->templates) {
		struct template_unit *template_unit = list_entry(node, struct template_unit, link);
		bool kept = false;

		for (size_t i = 0; i < next->template_count; i++) {
			if (!next->templates[i] ||
			    !is_same_template(next->templates[i], template_unit->config))
				continue;
			template_config_free(steal(&next->templates[i]));
			kept = true;
		}
		if (!kept)
			units_remove_template(template_unit);
	}
}

static bool swap(struct reload *reload, struct error *error)
{
	struct units *units = reload->units;
	bool added;

	sort_out_elections(reload);
	if (units->agent && !json_equal(units->consul->tree, reload->next->consul.tree))
		units_drop_agent(units);
	sort_out_watches(reload);
	sort_out_templates(reload);
	list_each(node, &units->jobs)
		if (unit_at(node)->removed)
			units_remove_job(unit_at(node));
	added = units_add(units, reload->next, error);
	return units_link(units, error) && added;
}

/* In a turn of its own: no callback of a source that goes is under way. */
static void on_swap(struct timer *timer)
{
	struct reload *reload = container_of(timer, struct reload, swap);
	struct error error = ERROR_INIT;
	bool fine = swap(reload, &error);

	timer_stop(&reload->deadline);
	config_free(steal(&reload->next));
	reload->on_over(reload, fine ? NULL : &error);
}

static void on_deadline(struct timer *timer)
{
	struct reload *reload = container_of(timer, struct reload, deadline);

	log_warn("the stop timeout is over: killing what is to go");
	list_each(node, &reload->units->jobs)
		if (unit_at(node)->removed)
			job_kill(&unit_at(node)->job);
}

void reload_init(struct reload *reload, struct units *units)
{
	*reload = (struct reload){ .units = units };
	timer_init(&reload->swap, units->loop, on_swap);
	timer_init(&reload->deadline, units->loop, on_deadline);
}

void reload_release(struct reload *reload)
{
	reload_cancel(reload);
}

void reload_cancel(struct reload *reload)
{
	timer_stop(&reload->swap);
	timer_stop(&reload->deadline);
	config_free(steal(&reload->next));
}

void reload_on_stopped(struct reload *reload)
{
	if (!reload->next || !units_has_left(reload->units, REASON_RELOAD))
		return;
	list_each(node, &reload->units->jobs)
		if (unit_at(node)->removed && unit_at(node)->job.state != JOB_STOPPED)
			return;
	timer_set(&reload->swap, 0);
}

/* It has its part in a leaving that is to come, and ends with that. */
static bool is_stop_hook_of_removed(const struct reload *reload, const struct job_unit *unit)
{
	const char *name = unit->job.config->when.source;
	const struct job_unit *leader = name ? units_find_job(reload->units, name) : NULL;

	return job_is_stop_hook(&unit->job) && leader && leader->removed;
}

static void stop_removed(struct reload *reload)
{
	list_each(node, &reload->units->jobs)
		if (unit_at(node)->removed && !is_stop_hook_of_removed(reload, unit_at(node)))
			job_stop(&unit_at(node)->job, reload->patience);
	reload_on_stopped(reload);
}

void reload_on_left(struct reload *reload)
{
	if (reload->next && units_has_left(reload->units, REASON_RELOAD))
		stop_removed(reload);
}

void reload_begin(struct reload *reload, struct config *next, double patience)
{
	reload->next = next;
	reload->patience = patience;
	timer_set(&reload->deadline, patience);
	list_each(node, &reload->units->jobs)
		if (has_changed(next, unit_at(node)))
			mark_removed(reload, unit_at(node));
	mark_followers(reload);
	mark_elections(reload);
	ignore_ends(reload);
	keep_the_rest(reload);
	units_leave_elections(reload->units, REASON_RELOAD, patience / 2);
	reload_on_left(reload);
}
