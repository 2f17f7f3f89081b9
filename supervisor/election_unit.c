#include "election_unit.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "hooks/exec.h"
#include "units.h"

enum bond_kind { WORKLOAD, RUNNER, PROMOTER, DEMOTER };

struct bond {
	struct subscription on_event;
	struct candidacy *candidacy;
	struct unit *unit;
	enum bond_kind kind;
	pid_t group;			/* in the dead-man timer; 0: none */
};

static struct candidacy *candidacy_of(struct election *election)
{
	return container_of(election, struct candidacy, election);
}

static struct bond *find_bond(const struct candidacy *candidacy, enum bond_kind kind)
{
	for (size_t i = 0; i < candidacy->bond_count; i++)
		if (candidacy->bonds[i].kind == kind)
			return &candidacy->bonds[i];
	return NULL;
}

static bool is_running(const struct bond *bond)
{
	return bond && bond->unit->job.hook && bond->unit->job.running;
}

static bool is_any_running(const struct candidacy *candidacy, unsigned kinds)
{
	for (size_t i = 0; i < candidacy->bond_count; i++)
		if (kinds & 1u << candidacy->bonds[i].kind && is_running(&candidacy->bonds[i]))
			return true;
	return false;
}

/* ---- may it lead? ---- */

static enum election_reason why_not_able(const struct bond *workload)
{
	const struct job *job = &workload->unit->job;

	if (job->state != JOB_RUNNING)
		return REASON_EXITED;
	if (workload->unit->health && !source_holds(&job->source, EVENT_HEALTHY) &&
	    !source_holds(&job->source, EVENT_WARNING))
		return REASON_UNHEALTHY;
	return REASON_NONE;
}

static void review(struct candidacy *candidacy)
{
	const struct bond *workload = find_bond(candidacy, WORKLOAD);
	enum election_reason why = workload ? why_not_able(workload) : REASON_NONE;

	if (candidacy->election.able != !why || candidacy->election.why != why)
		election_set_able(&candidacy->election, !why, why);
}

static void answer(struct candidacy *candidacy, bool consents)
{
	timer_stop(&candidacy->patience);
	candidacy->asking = false;
	election_consent(&candidacy->election, consents);
}

static void ask(struct candidacy *candidacy)
{
	CLEANUP(strv_release) struct strv env = { .items = NULL };
	struct source *source = &candidacy->election.source;
	struct occasion occasion = { .source = source->name, .env = &env };
	struct error error = { "" };

	source->ops->add_env(source, EVENT_LEADER, &env);
	candidacy->asking = candidacy->can_lead->ops->start(candidacy->can_lead, &occasion, &error);
	if (candidacy->asking) {
		timer_set(&candidacy->patience, candidacy->config->can_lead.timeout);
		return;
	}
	log_error("election %s: canLead cannot start: %s", candidacy->config->name, error.text);
	answer(candidacy, false);
}

static void on_can_lead(struct hook_user *user)
{
	struct candidacy *candidacy = container_of(user, struct candidacy, user);
	bool consents = !candidacy->can_lead->status;

	candidacy->asking = false;
	if (candidacy->asked_again) {
		candidacy->asked_again = false;
		ask(candidacy);
		return;
	}
	if (!consents)
		log_info("election %s: canLead says no", candidacy->config->name);
	answer(candidacy, consents);
}

static void on_patience(struct timer *timer)
{
	struct candidacy *candidacy = container_of(timer, struct candidacy, patience);

	log_warn("election %s: canLead does not end: killed", candidacy->config->name);
	candidacy->can_lead->ops->signal(candidacy->can_lead, SIGKILL);
}

/* Where others reach the leader: its first service, or just this host. */
static char *address_of(const struct candidacy *candidacy)
{
	const struct bond *workload = find_bond(candidacy, WORKLOAD);
	const char *host = candidacy->crew->agent->local_address;
	const struct service *service;

	if (!workload || !workload->unit->service_count)
		return copy_string(host);
	service = workload->unit->services;
	return format_string("%s:%ld", service->address ? service->address : host,
			     service->config->port);
}

static void consider(struct election *election)
{
	struct candidacy *candidacy = candidacy_of(election);
	AUTOFREE char *address = address_of(candidacy);

	election_set_address(election, address);
	if (is_any_running(candidacy, 1u << PROMOTER | 1u << DEMOTER))
		election_consent(election, false);	/* of the last term */
	else if (candidacy->asking)
		candidacy->asked_again = true;
	else if (candidacy->can_lead)
		ask(candidacy);
	else
		election_consent(election, true);
}

/* ---- up ---- */

static void promote(struct election *election)
{
	struct candidacy *candidacy = candidacy_of(election);

	candidacy->promoting = find_bond(candidacy, PROMOTER);
	if (!candidacy->promoting)
		election_promoted(election, true);
}

/* Of each service that the workload has; those to which roles are nothing ignore it. */
static void show(struct election *election, bool leads)
{
	const struct bond *workload = find_bond(candidacy_of(election), WORKLOAD);

	for (size_t i = 0; workload && i < workload->unit->service_count; i++)
		service_set_role(&workload->unit->services[i], leads);
}

/* ---- down ---- */

static void review_demotion(struct candidacy *candidacy)
{
	const struct bond *workload = find_bond(candidacy, WORKLOAD);
	unsigned kinds = 1u << PROMOTER | 1u << RUNNER;

	if (!candidacy->demoting)
		return;
	if (candidacy->fencing)
		kinds |= 1u << DEMOTER;
	if (is_any_running(candidacy, kinds))
		return;
	if (workload && !candidacy->demoted)
		return;
	candidacy->demoting = candidacy->fencing = false;
	election_demoted(&candidacy->election);
}

/* At the end of all, or of this job. */
static bool is_final(const struct bond *bond)
{
	return bond->candidacy->final || bond->unit->doomed;
}

/* Ends its run; or the job, for good. */
static void put_down(struct bond *bond, double patience)
{
	struct job *job = &bond->unit->job;

	if (is_final(bond) && patience > 0)
		job_stop(job, patience);
	else
		job_recall(job, patience);
}

static void put_down_all(struct candidacy *candidacy, unsigned kinds, double patience)
{
	for (size_t i = 0; i < candidacy->bond_count; i++)
		if (kinds & 1u << candidacy->bonds[i].kind)
			put_down(&candidacy->bonds[i], patience);
}

static double time_left(const struct candidacy *candidacy)
{
	return fmax(0, candidacy->election.until - boottime_now());
}

static void demote(struct election *election)
{
	struct candidacy *candidacy = candidacy_of(election);
	struct bond *workload = find_bond(candidacy, WORKLOAD);

	candidacy->promoting = false;
	candidacy->demoting = true;
	candidacy->demoted = !is_running(workload);
	put_down_all(candidacy, 1u << PROMOTER, 0);
	put_down_all(candidacy, 1u << RUNNER, time_left(candidacy));
	if (!candidacy->demoted && !find_bond(candidacy, DEMOTER))
		put_down(workload, time_left(candidacy));
	review_demotion(candidacy);
}

static void fence(struct election *election)
{
	struct candidacy *candidacy = candidacy_of(election);

	candidacy->promoting = false;
	candidacy->demoting = candidacy->fencing = true;
	candidacy->demoted = !is_running(find_bond(candidacy, WORKLOAD));
	put_down_all(candidacy, 1u << WORKLOAD | 1u << RUNNER | 1u << PROMOTER | 1u << DEMOTER, 0);
	review_demotion(candidacy);
}

/* ---- what the jobs say ---- */

static void on_workload_ended(struct bond *bond)
{
	bond->candidacy->demoted = true;
}

static void on_promoter_ended(struct bond *bond)
{
	struct candidacy *candidacy = bond->candidacy;

	if (!candidacy->promoting)
		return;
	candidacy->promoting = false;
	election_promoted(&candidacy->election, !bond->unit->job.failed);
}

static void on_demoter_ended(struct bond *bond)
{
	struct candidacy *candidacy = bond->candidacy;
	struct bond *workload = find_bond(candidacy, WORKLOAD);

	if (!candidacy->demoting || candidacy->fencing || candidacy->demoted)
		return;
	if (!bond->unit->job.failed)
		candidacy->demoted = true;
	else if (workload)
		put_down(workload, 0);
}

/* One that is not restarted has nothing left to lead. */
static void on_runner_ended(struct bond *bond)
{
	const struct job *job = &bond->unit->job;

	if (job->state == JOB_WAITING || job->state == JOB_STOPPED)
		election_resign(&bond->candidacy->election, REASON_EXITED);
}

static void on_started(struct bond *bond)
{
	const struct hook *hook = bond->unit->job.hook;

	bond->group = hook ? hook->pid : 0;
	if (bond->group && !deadman_add(&bond->candidacy->election.deadman, bond->group))
		log_error("election %s: too many jobs for its dead-man timer",
			  bond->candidacy->config->name);
}

static void on_ended(struct bond *bond)
{
	static void (*const reactions[])(struct bond *bond) = {
		[WORKLOAD] = on_workload_ended,
		[RUNNER] = on_runner_ended,
		[PROMOTER] = on_promoter_ended,
		[DEMOTER] = on_demoter_ended,
	};

	if (bond->group)
		deadman_remove(&bond->candidacy->election.deadman, bond->group);
	bond->group = 0;
	reactions[bond->kind](bond);
}

static void on_event(struct subscription *sub, const struct event *event)
{
	struct bond *bond = container_of(sub, struct bond, on_event);
	struct candidacy *candidacy = bond->candidacy;

	if (event->code == EVENT_RUNNING)
		on_started(bond);
	else if (event->code == EVENT_EXIT_SUCCESS || event->code == EVENT_EXIT_FAILED)
		on_ended(bond);
	if (bond->kind == WORKLOAD)
		review(candidacy);
	review_demotion(candidacy);
}

/* ---- whose ---- */

static void add_bond(struct candidacy *candidacy, struct unit *unit, enum bond_kind kind)
{
	candidacy->bonds = alloc_resize(candidacy->bonds,
					(candidacy->bond_count + 1) * sizeof *candidacy->bonds);
	candidacy->bonds[candidacy->bond_count++] = (struct bond){
		.candidacy = candidacy, .unit = unit, .kind = kind,
	};
}

static void unlink_all(struct candidacy *candidacy)
{
	for (size_t i = 0; i < candidacy->bond_count; i++) {
		unsubscribe(&candidacy->bonds[i].on_event);
		deadman_remove(&candidacy->election.deadman, candidacy->bonds[i].group);
	}
	free(candidacy->bonds);
	candidacy->bonds = NULL;
	candidacy->bond_count = 0;
}

static void find_bonds(struct candidacy *candidacy)
{
	const struct election_config *config = candidacy->config;
	AUTOFREE char *promoter = format_string("%s.onElected", config->name);
	AUTOFREE char *demoter = format_string("%s.onDeposed", config->name);
	const char *source = candidacy->election.source.name;

	list_each(node, &candidacy->crew->units) {
		struct unit *unit = list_entry(node, struct unit, link);
		const struct job_config *job = unit->job.config;

		if (config->job && !strcmp(job->name, config->job))
			add_bond(candidacy, unit, WORKLOAD);
		else if (job->runs && !strcmp(job->runs, source))
			add_bond(candidacy, unit, RUNNER);
		else if (!strcmp(job->name, promoter))
			add_bond(candidacy, unit, PROMOTER);
		else if (!strcmp(job->name, demoter))
			add_bond(candidacy, unit, DEMOTER);
	}
}

bool candidacy_concerns(const struct candidacy *candidacy, const struct unit *unit)
{
	for (size_t i = 0; i < candidacy->bond_count; i++)
		if (candidacy->bonds[i].unit == unit)
			return true;
	return false;
}

void candidacy_link(struct candidacy *candidacy)
{
	unlink_all(candidacy);
	find_bonds(candidacy);
	for (size_t i = 0; i < candidacy->bond_count; i++) {
		struct bond *bond = &candidacy->bonds[i];

		subscribe(&bond->on_event, &bond->unit->job.source, EVENT_ANY, on_event);
		if (is_running(bond))
			on_started(bond);
	}
	review(candidacy);
	if (!candidacy->started)
		election_start(&candidacy->election);
	candidacy->started = true;
}

/* ---- life ---- */

static void on_stopped(struct election *election)
{
	timer_set(&candidacy_of(election)->departure, 0);
}

static void on_departure(struct timer *timer)
{
	struct candidacy *candidacy = container_of(timer, struct candidacy, departure);

	candidacy->left = true;
	candidacy->crew->on_left(candidacy->crew);
}

void candidacy_leave(struct candidacy *candidacy, enum election_reason reason, double patience)
{
	const struct bond *workload = find_bond(candidacy, WORKLOAD);

	candidacy->final = reason == REASON_SHUTDOWN;
	for (size_t i = 0; workload && candidacy->final && i < workload->unit->service_count; i++)
		if (election_leads(&candidacy->election))
			service_set_maintenance(&workload->unit->services[i], true);
	election_leave(&candidacy->election, reason,
		       fmin(patience, candidacy->config->promote_timeout));
}

bool candidacy_init(struct candidacy *candidacy, struct crew *crew, struct election_config *config,
		    struct error *error)
{
	static const struct election_ops ops = {
		.consider = consider, .promote = promote, .demote = demote, .fence = fence,
		.show = show, .on_stopped = on_stopped,
	};

	*candidacy = (struct candidacy){
		.crew = crew, .config = config, .user = { .on_done = on_can_lead },
	};
	timer_init(&candidacy->patience, crew->loop, on_patience);
	timer_init(&candidacy->departure, crew->loop, on_departure);
	if (!election_init(&candidacy->election, crew->agent, config, &ops, error))
		return false;
	if (!config->can_lead.exec.argv.count)
		return true;
	candidacy->can_lead_name = format_string("%s.canLead", config->name);
	candidacy->can_lead = exec_new(crew->loop, candidacy->can_lead_name, &config->can_lead.exec);
	candidacy->can_lead->user = &candidacy->user;
	return true;
}

void candidacy_release(struct candidacy *candidacy)
{
	unlink_all(candidacy);
	timer_stop(&candidacy->patience);
	timer_stop(&candidacy->departure);
	if (candidacy->can_lead)
		candidacy->can_lead->ops->free(candidacy->can_lead);
	free(candidacy->can_lead_name);
	election_release(&candidacy->election);
	election_config_free(candidacy->config);
}
