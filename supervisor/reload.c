#include "reload.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "adopt.h"

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

/* Only by another process, or none. */
static bool has_changed(const struct config *next, const struct job_unit *unit)
{
	struct job_config **other = next_job(next, unit->job.config->name);
	CLEANUP(strv_release) struct strv keys = { 0 };

	return !other || adopt_compare(unit, *other, &keys) == ADOPT_IMPOSSIBLE;
}

bool reload_removes(const struct reload *reload, const struct job_unit *unit)
{
	for (size_t i = 0; i < reload->job_count; i++)
		if (reload->jobs[i] == unit)
			return true;
	return false;
}

/* The job, itself and not its checks, that starts this one or by whose stop this one is triggered. */
static struct job_unit *find_trigger(const struct reload *reload, const struct job_unit *unit)
{
	const struct source *source = unit->job.when.source;
	struct job_unit *owner = units_find_owner(reload->units, source);

	return owner && &owner->job.source == source ? owner : NULL;
}

static bool is_started_by_success(const struct job_unit *unit)
{
	const struct when_config *when = &unit->job.config->when;

	return when->source && when->code == EVENT_EXIT_SUCCESS && !when->each;
}

/* A job, and the preStart by whose success it is started. */
static void remove_job(struct reload *reload, struct job_unit *unit)
{
	struct job_unit *before;

	if (reload_removes(reload, unit))
		return;
	reload->jobs = alloc_resize(reload->jobs, (reload->job_count + 1) * sizeof(struct job_unit *));
	reload->jobs[reload->job_count++] = unit;
	before = is_started_by_success(unit) ? find_trigger(reload, unit) : NULL;
	if (before)
		remove_job(reload, before);
}

/* A job goes with the job that its `when` names, if it is a hook of that, or its next step. */
static bool follows_removed(const struct reload *reload, const struct job_unit *unit)
{
	const struct job_unit *trigger =
	    job_is_stop_hook(&unit->job) || is_started_by_success(unit) ? find_trigger(reload, unit)
									 : NULL;

	return trigger && reload_removes(reload, trigger);
}

static void remove_followers(struct reload *reload)
{
	for (size_t before = SIZE_MAX; before != reload->job_count; ) {
		before = reload->job_count;
		list_each(node, &reload->units->jobs)
			if (follows_removed(reload, unit_at(node)))
				remove_job(reload, unit_at(node));
	}
}

static void adopt_changes(struct job_unit *unit, struct job_config *next)
{
	CLEANUP(strv_release) struct strv keys = { 0 };
	AUTOFREE char *list = NULL;

	if (adopt_compare(unit, next, &keys) != ADOPT_KEYS)
		return;
	list = strv_join(&keys, ", ");
	log_about(LEVEL_INFO, job_subject(&unit->job, EVENT_NONE),
		  " has changed: %s; it takes that over and goes on", list);
	adopt(unit, next, &keys);
}

/* Before the next configuration is taken apart. */
static void tell_replaced(const struct reload *reload, const struct job_unit *unit)
{
	struct job_config **other = next_job(reload->next, unit->job.config->name);
	CLEANUP(strv_release) struct strv keys = { 0 };
	AUTOFREE char *list = NULL;

	if (!other) {
		log_about(LEVEL_INFO, job_subject(&unit->job, EVENT_NONE), " is gone: it stops");
		return;
	}
	adopt_compare(unit, *other, &keys);
	list = strv_join(&keys, ", ");
	if (keys.count)
		log_about(LEVEL_INFO, job_subject(&unit->job, EVENT_NONE),
			  " has changed: %s; it is replaced", list);
	else
		log_about(LEVEL_INFO, job_subject(&unit->job, EVENT_NONE),
			  " is replaced, as a job that it belongs to has changed");
}

static void keep_the_rest(struct reload *reload)
{
	list_each(node, &reload->units->jobs) {
		struct job_config **same = next_job(reload->next, unit_at(node)->job.config->name);

		if (reload_removes(reload, unit_at(node)) || !same)
			continue;
		unit_at(node)->job.config->essential = (*same)->essential;
		unit_at(node)->job.config->when.unknown = (*same)->when.unknown;
		adopt_changes(unit_at(node), *same);
		job_config_free(steal(same));
	}
}

/* A job that waits for one that is replaced waits for its successor. */
static void ignore_ends(struct reload *reload)
{
	list_each(node, &reload->units->jobs) {
		if (reload_removes(reload, unit_at(node)))
			continue;
		for (size_t i = 0; i < reload->job_count; i++)
			job_ignore_end_of(&unit_at(node)->job, &reload->jobs[i]->job.source);
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

/* An election is left if it has changed, if Consul has, or if a job goes that has a part in it. */
static bool is_to_be_left(const struct reload *reload, const struct election_unit *election_unit)
{
	if (!units_keeps_agent(reload->units, reload->next))
		return true;
	for (size_t i = 0; i < reload->job_count; i++)
		if (election_unit_concerns(election_unit, reload->jobs[i]))
			return true;
	return false;
}

static void remove_election(struct reload *reload, struct election_unit *election_unit)
{
	reload->elections = alloc_resize(reload->elections, (reload->election_count + 1) *
					 sizeof(struct election_unit *));
	reload->elections[reload->election_count++] = election_unit;
}

static void sort_out_elections(struct reload *reload)
{
	list_each(node, &reload->units->elections) {
		struct election_unit *election_unit = election_unit_at(node);
		struct election_config **next = next_election(reload->next, election_unit);

		if (!next || is_to_be_left(reload, election_unit))
			remove_election(reload, election_unit);
		else
			election_config_free(steal(next));
	}
}

/* The same watch in the next configuration, or NULL. */
static struct watch_config **next_watch(const struct config *next, const struct watch_unit *watch_unit)
{
	for (size_t i = 0; i < next->watch_count; i++)
		if (next->watches[i] && json_equal(next->watches[i]->tree, watch_unit->config->tree))
			return &next->watches[i];
	return NULL;
}

static void sort_out_watches(struct reload *reload)
{
	list_each(node, &reload->units->watches) {
		struct watch_unit *watch_unit = list_entry(node, struct watch_unit, link);
		struct watch_config **next = next_watch(reload->next, watch_unit);

		if (next)
			watch_config_free(steal(next));
		else
			units_remove_watch(watch_unit);
	}
}

static bool is_same_template(const struct template_config *a, const struct template_config *b)
{
	return json_equal(a->tree, b->tree) && a->text.used == b->text.used &&
	       !memcmp(a->text.data, b->text.data, a->text.used);
}

static struct template_config **next_template(const struct config *next,
					      const struct template_unit *template_unit)
{
	for (size_t i = 0; i < next->template_count; i++)
		if (next->templates[i] && is_same_template(next->templates[i], template_unit->config))
			return &next->templates[i];
	return NULL;
}

static void sort_out_templates(struct reload *reload)
{
	list_each(node, &reload->units->templates) {
		struct template_unit *template_unit = list_entry(node, struct template_unit, link);
		struct template_config **next = next_template(reload->next, template_unit);

		if (next)
			template_config_free(steal(next));
		else
			units_remove_template(template_unit);
	}
}

/* ---- the plan, for a person ---- */

/* A unit that runs: does it go, and which keys of it differ? */
static void add_present(json_t *present, const char *name, bool goes, const struct strv *keys)
{
	json_t *names = json_array();

	for (size_t i = 0; keys && i < keys->count; i++)
		json_array_append_new(names, json_string(keys->items[i]));
	json_object_set_new(present, name, json_pack("{sb so}", "goes", goes, "keys", names));
}

/* One line of the plan for each name in `present`, or in `next`, an array of names. */
static void plan_kind(json_t *plan, const char *kind, json_t *present, json_t *next)
{
	const char *name;
	json_t *unit, *element;
	size_t i;

	json_object_foreach(present, name, unit) {
		const json_t *keys = json_object_get(unit, "keys");
		bool comes = false;

		json_array_foreach(next, i, element) {
			comes |= !strcmp(json_string_value(element), name);
		}
		json_array_append_new(plan, json_pack("{ss ss ss sO}", "kind", kind, "name", name, "action",
						      !json_is_true(json_object_get(unit, "goes")) ?
						      json_array_size(keys) ? "change" : "stay" :
						      comes ? "restart" : "stop", "keys", keys));
	}
	json_array_foreach(next, i, element) {
		if (!json_object_get(present, json_string_value(element)))
			json_array_append_new(plan, json_pack("{ss sO ss s[]}", "kind", kind, "name", element,
							      "action", "start", "keys"));
	}
	json_decref(present);
	json_decref(next);
}

static void plan_jobs(const struct reload *reload, json_t *plan)
{
	json_t *present = json_object(), *names = json_array();

	list_each(node, &reload->units->jobs) {
		const struct job_unit *unit = unit_at(node);
		struct job_config **next = next_job(reload->next, unit->job.config->name);
		CLEANUP(strv_release) struct strv keys = { 0 };

		if (next)
			adopt_compare(unit, *next, &keys);
		add_present(present, unit->job.config->name, reload_removes(reload, unit), &keys);
	}
	for (size_t i = 0; i < reload->next->job_count; i++)
		json_array_append_new(names, json_string(reload->next->jobs[i]->name));
	plan_kind(plan, "job", present, names);
}

static void plan_watches(const struct reload *reload, json_t *plan)
{
	json_t *present = json_object(), *names = json_array();

	list_each(node, &reload->units->watches) {
		const struct watch_unit *watch_unit = list_entry(node, struct watch_unit, link);

		add_present(present, watch_unit->config->name,
			    !reload->keeps_agent || !next_watch(reload->next, watch_unit), NULL);
	}
	for (size_t i = 0; i < reload->next->watch_count; i++)
		json_array_append_new(names, json_string(reload->next->watches[i]->name));
	plan_kind(plan, "watch", present, names);
}

static void plan_templates(const struct reload *reload, json_t *plan)
{
	json_t *present = json_object(), *names = json_array();

	list_each(node, &reload->units->templates) {
		const struct template_unit *template_unit = list_entry(node, struct template_unit, link);

		add_present(present, template_unit->config->name, !next_template(reload->next, template_unit),
			    NULL);
	}
	for (size_t i = 0; i < reload->next->template_count; i++)
		json_array_append_new(names, json_string(reload->next->templates[i]->name));
	plan_kind(plan, "template", present, names);
}

/* An election that stays is in neither list: reload_prepare() has sorted it out. */
static void plan_elections(const struct reload *reload, json_t *plan)
{
	json_t *present = json_object(), *names = json_array();

	list_each(node, &reload->units->elections) {
		add_present(present, election_unit_at(node)->config->name, false, NULL);
	}
	for (size_t i = 0; i < reload->election_count; i++)
		add_present(present, reload->elections[i]->config->name, true, NULL);
	list_each(node, &reload->staged.elections) {
		json_array_append_new(names, json_string(election_unit_at(node)->config->name));
	}
	plan_kind(plan, "election", present, names);
}

static void forget(struct reload *reload)
{
	deferred_cancel(&reload->swap);
	timer_stop(&reload->deadline);
	staged_release(&reload->staged);
	config_free(steal(&reload->next));
	free(steal(&reload->jobs));
	free(steal(&reload->elections));
	reload->job_count = reload->election_count = 0;
}

static void on_swap(struct deferred *deferred)
{
	struct reload *reload = container_of(deferred, struct reload, swap);
	struct units *units = reload->units;
	struct error error = ERROR_INIT;

	for (size_t i = 0; i < reload->election_count; i++)
		units_remove_election(reload->elections[i]);
	if (units->agent && !reload->keeps_agent)
		units_drop_agent(units);
	sort_out_watches(reload);
	sort_out_templates(reload);
	for (size_t i = 0; i < reload->job_count; i++)
		units_remove_job(reload->jobs[i]);
	units_add(units, reload->next, &reload->staged);
	if (!units_link(units, &error))		/* config_check() has linked the same names */
		log_error("the new configuration does not work: %s", error.text);
	forget(reload);
	reload->on_over(reload);
}

static void on_deadline(struct timer *timer)
{
	struct reload *reload = container_of(timer, struct reload, deadline);

	log_warn("the stop timeout is over: killing what is to go");
	for (size_t i = 0; i < reload->job_count; i++)
		job_kill(&reload->jobs[i]->job);
}

void reload_init(struct reload *reload, struct units *units)
{
	*reload = (struct reload){ .units = units };
	deferred_init(&reload->swap, units->loop, on_swap);
	timer_init(&reload->deadline, units->loop, on_deadline);
}

void reload_release(struct reload *reload)
{
	forget(reload);
}

void reload_cancel(struct reload *reload)
{
	forget(reload);
}

static bool has_left_elections(const struct reload *reload)
{
	for (size_t i = 0; i < reload->election_count; i++)
		if (!reload->elections[i]->left)
			return false;
	return true;
}

void reload_on_stopped(struct reload *reload)
{
	if (!has_left_elections(reload))
		return;
	for (size_t i = 0; i < reload->job_count; i++)
		if (reload->jobs[i]->job.state != JOB_STOPPED)
			return;
	defer(&reload->swap);
}

static void stop_removed(struct reload *reload)
{
	for (size_t i = 0; i < reload->job_count; i++) {
		struct job *job = &reload->jobs[i]->job;

		/* A stop hook runs, and ends, when the job stops by whose stop it is triggered. */
		if (!job_is_stop_hook(job) || !follows_removed(reload, reload->jobs[i]))
			job_stop(job, reload->seconds);
	}
	reload_on_stopped(reload);
}

void reload_on_left(struct reload *reload)
{
	if (has_left_elections(reload))
		stop_removed(reload);
}

bool reload_prepare(struct reload *reload, struct config *next, struct error *error)
{
	reload->next = next;
	list_each(node, &reload->units->jobs)
		if (has_changed(next, unit_at(node)))
			remove_job(reload, unit_at(node));
	remove_followers(reload);
	sort_out_elections(reload);
	reload->keeps_agent = units_keeps_agent(reload->units, next);
	if (units_stage(reload->units, next, &reload->staged, error))
		return true;
	forget(reload);
	return false;
}

json_t *reload_plan(struct reload *reload, struct config *next, struct error *error)
{
	json_t *plan;

	if (!reload_prepare(reload, next, error))
		return NULL;
	plan = json_array();
	plan_jobs(reload, plan);
	plan_watches(reload, plan);
	plan_templates(reload, plan);
	plan_elections(reload, plan);
	reload_cancel(reload);
	return plan;
}

static void leave_election(struct reload *reload, struct election_unit *election_unit)
{
	for (size_t i = 0; i < reload->job_count; i++)
		election_unit_lose(election_unit, reload->jobs[i]);
	election_unit_leave(election_unit, REASON_RELOAD, reload->seconds / 2);
}

void reload_begin(struct reload *reload, double seconds)
{
	reload->seconds = seconds;
	timer_set(&reload->deadline, seconds);
	for (size_t i = 0; i < reload->job_count; i++)
		tell_replaced(reload, reload->jobs[i]);
	ignore_ends(reload);
	keep_the_rest(reload);
	for (size_t i = 0; i < reload->election_count; i++)
		leave_election(reload, reload->elections[i]);
	reload_on_left(reload);
}
