#include "reload.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

static struct unit *unit_at(struct list *node)
{
	return list_entry(node, struct unit, link);
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

static bool has_changed(const struct config *next, const struct unit *unit)
{
	struct job_config **other = next_job(next, unit->job.config->name);

	return !other || !json_equal((*other)->tree, unit->job.config->tree) ||
	       !has_same_role(*other, unit->job.config);
}

/* A job, and the preStart by whose success it is started. */
static void doom(struct reload *reload, struct unit *unit)
{
	const struct when_config *when = &unit->job.config->when;

	if (unit->doomed)
		return;
	unit->doomed = true;
	log_info("%s has changed or gone", unit->job.source.name);
	if (when->source && when->code == EVENT_EXIT_SUCCESS && !when->each) {
		struct unit *before = crew_find_unit(reload->crew, when->source);

		if (before)
			doom(reload, before);
	}
}

/* Does its fate follow that of the unit its `when` names? */
static bool follows(const struct unit *unit)
{
	const struct when_config *when = &unit->job.config->when;

	return when->source && (job_attends_leaving(&unit->job) ||
				(when->code == EVENT_EXIT_SUCCESS && !when->each));
}

static void doom_followers(struct reload *reload)
{
	for (bool more = true; more; ) {
		more = false;
		list_each(node, &reload->crew->units) {
			struct unit *unit = unit_at(node);
			struct unit *leader = follows(unit)
				? crew_find_unit(reload->crew, unit->job.config->when.source) : NULL;

			if (!unit->doomed && leader && leader->doomed) {
				doom(reload, unit);
				more = true;
			}
		}
	}
}

static void keep_the_rest(struct reload *reload)
{
	list_each(node, &reload->crew->units) {
		struct job_config **same = next_job(reload->next, unit_at(node)->job.config->name);

		if (unit_at(node)->doomed || !same)
			continue;
		unit_at(node)->job.config->essential = (*same)->essential;
		job_config_free(steal(same));
	}
}

/* What waits for somebody who is replaced waits for his successor. */
static void hold_out(struct reload *reload)
{
	list_each(node, &reload->crew->units) {
		if (!unit_at(node)->doomed)
			continue;
		list_each(other, &reload->crew->units)
			if (!unit_at(other)->doomed)
				job_outlast(&unit_at(other)->job, &unit_at(node)->job.source);
	}
}

static struct election_config **next_election(const struct config *next,
					      const struct candidacy *candidacy)
{
	for (size_t i = 0; i < next->election_count; i++)
		if (next->elections[i] &&
		    json_equal(next->elections[i]->tree, candidacy->config->tree))
			return &next->elections[i];
	return NULL;
}

static struct candidacy *candidacy_at(struct list *node)
{
	return list_entry(node, struct candidacy, link);
}

/* With an election that changes, with Consul, or with a job that has a part in it. */
static void doom_candidacies(struct reload *reload)
{
	struct crew *crew = reload->crew;

	list_each(node, &crew->candidacies) {
		struct candidacy *candidacy = candidacy_at(node);

		candidacy->doomed = !next_election(reload->next, candidacy) ||
				    !json_equal(crew->consul->tree, reload->next->consul.tree);
		list_each(other, &crew->units)
			if (unit_at(other)->doomed && candidacy_concerns(candidacy, unit_at(other)))
				candidacy->doomed = true;
	}
}

static void sort_out_candidacies(struct reload *reload)
{
	list_each(node, &reload->crew->candidacies) {
		struct election_config **same = next_election(reload->next, candidacy_at(node));

		if (candidacy_at(node)->doomed)
			crew_remove_candidacy(candidacy_at(node));
		else if (same)
			election_config_free(steal(same));
	}
}

static void sort_out_lookouts(struct reload *reload)
{
	struct config *next = reload->next;

	list_each(node, &reload->crew->lookouts) {
		struct lookout *lookout = list_entry(node, struct lookout, link);
		bool kept = false;

		for (size_t i = 0; i < next->watch_count; i++) {
			if (!next->watches[i] ||
			    !json_equal(next->watches[i]->tree, lookout->config->tree))
				continue;
			watch_config_free(steal(&next->watches[i]));
			kept = true;
		}
		if (!kept)
			crew_remove_lookout(lookout);
	}
}

static bool is_same_template(const struct template_config *a, const struct template_config *b)
{
	return json_equal(a->tree, b->tree) && a->text.used == b->text.used &&
	       !memcmp(a->text.data, b->text.data, a->text.used);
}

static void sort_out_scribes(struct reload *reload)
{
	struct config *next = reload->next;

	list_each(node, &reload->crew->scribes) {
		struct scribe *scribe = list_entry(node, struct scribe, link);
		bool kept = false;

		for (size_t i = 0; i < next->template_count; i++) {
			if (!next->templates[i] ||
			    !is_same_template(next->templates[i], scribe->config))
				continue;
			template_config_free(steal(&next->templates[i]));
			kept = true;
		}
		if (!kept)
			crew_remove_scribe(scribe);
	}
}

static bool swap(struct reload *reload, struct error *error)
{
	struct crew *crew = reload->crew;
	bool added;

	sort_out_candidacies(reload);
	if (crew->agent && !json_equal(crew->consul->tree, reload->next->consul.tree))
		crew_drop_agent(crew);
	sort_out_lookouts(reload);
	sort_out_scribes(reload);
	list_each(node, &crew->units)
		if (unit_at(node)->doomed)
			crew_remove_unit(unit_at(node));
	added = crew_add(crew, reload->next, error);
	return crew_link(crew, error) && added;
}

/* In a turn of its own: no callback of a source that goes is under way. */
static void on_swap(struct timer *timer)
{
	struct reload *reload = container_of(timer, struct reload, swap);
	struct error error = { 0 };
	bool fine = swap(reload, &error);

	timer_stop(&reload->deadline);
	config_free(steal(&reload->next));
	reload->on_over(reload, fine ? NULL : &error);
}

static void on_deadline(struct timer *timer)
{
	struct reload *reload = container_of(timer, struct reload, deadline);

	log_warn("the stop timeout is over: killing what is to go");
	list_each(node, &reload->crew->units)
		if (unit_at(node)->doomed)
			job_kill(&unit_at(node)->job);
}

void reload_init(struct reload *reload, struct crew *crew)
{
	*reload = (struct reload){ .crew = crew };
	timer_init(&reload->swap, crew->loop, on_swap);
	timer_init(&reload->deadline, crew->loop, on_deadline);
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
	if (!reload->next || !crew_has_left(reload->crew, REASON_RELOAD))
		return;
	list_each(node, &reload->crew->units)
		if (unit_at(node)->doomed && unit_at(node)->job.state != JOB_STOPPED)
			return;
	timer_set(&reload->swap, 0);
}

/* It has its part in a leaving that is to come, and ends with that. */
static bool attends_doomed(const struct reload *reload, const struct unit *unit)
{
	const char *name = unit->job.config->when.source;
	const struct unit *leader = name ? crew_find_unit(reload->crew, name) : NULL;

	return job_attends_leaving(&unit->job) && leader && leader->doomed;
}

static void stop_doomed(struct reload *reload)
{
	list_each(node, &reload->crew->units)
		if (unit_at(node)->doomed && !attends_doomed(reload, unit_at(node)))
			job_stop(&unit_at(node)->job, reload->patience);
	reload_on_stopped(reload);
}

void reload_on_left(struct reload *reload)
{
	if (reload->next && crew_has_left(reload->crew, REASON_RELOAD))
		stop_doomed(reload);
}

void reload_begin(struct reload *reload, struct config *next, double patience)
{
	reload->next = next;
	reload->patience = patience;
	timer_set(&reload->deadline, patience);
	list_each(node, &reload->crew->units)
		if (has_changed(next, unit_at(node)))
			doom(reload, unit_at(node));
	doom_followers(reload);
	doom_candidacies(reload);
	hold_out(reload);
	keep_the_rest(reload);
	crew_leave_elections(reload->crew, REASON_RELOAD, patience / 2);
	reload_on_left(reload);
}
