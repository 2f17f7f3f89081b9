#include "election_unit.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/url.h"
#include "hooks/exec.h"
#include "units.h"

struct participant {
	struct subscription on_event;
	struct election_unit *owner;
	struct job_unit *job_unit;
	enum election_role role;
	bool removed;			/* by a reload */
	pid_t group;			/* in the dead-man timer; 0: none */
};

static struct election_unit *election_unit_of(struct election *election)
{
	return container_of(election, struct election_unit, election);
}

static struct participant *find_participant(const struct election_unit *unit,
					    enum election_role role)
{
	for (size_t i = 0; i < unit->participant_count; i++)
		if (unit->participants[i].role == role)
			return &unit->participants[i];
	return NULL;
}

static bool is_running(const struct participant *participant)
{
	return participant && participant->job_unit->job.hook && participant->job_unit->job.running;
}

static bool is_any_running(const struct election_unit *unit, unsigned roles)
{
	for (size_t i = 0; i < unit->participant_count; i++)
		if (roles & 1u << unit->participants[i].role && is_running(&unit->participants[i]))
			return true;
	return false;
}

/* ---- may the workload lead? ---- */

static enum election_reason why_not_able(const struct participant *workload)
{
	const struct job *job = &workload->job_unit->job;

	if (job->state != JOB_RUNNING)
		return REASON_EXITED;
	if (workload->job_unit->health && !source_holds(&job->source, EVENT_HEALTHY) &&
	    !source_holds(&job->source, EVENT_WARNING))
		return REASON_UNHEALTHY;
	return REASON_NONE;
}

static void update_able(struct election_unit *unit)
{
	const struct participant *workload = find_participant(unit, ROLE_WORKLOAD);
	enum election_reason why = workload ? why_not_able(workload) : REASON_NONE;

	if (unit->election.candidate.able != !why || unit->election.candidate.why_not != why)
		election_set_able(&unit->election, !why, why);
}

static void answer_consider(struct election_unit *unit, bool consents)
{
	timer_stop(&unit->can_lead_timeout);
	unit->considering = false;
	election_consent(&unit->election, consents);
}

static void run_can_lead(struct election_unit *unit)
{
	CLEANUP(strv_release) struct strv env = { .items = NULL };
	struct source *source = &unit->election.source;
	struct hook_context context = { .source = source->name, .env = &env };
	struct error error = ERROR_INIT;

	source->ops->add_env(source, EVENT_LEADER, &env);
	unit->considering = unit->can_lead->ops->start(unit->can_lead, &context, &error);
	if (unit->considering) {
		timer_set_awake(&unit->can_lead_timeout, unit->config->can_lead.timeout);
		return;
	}
	log_about(LEVEL_ERROR, subject("election", unit->config->name), ": canLead cannot start: %s",
		  error.text);
	answer_consider(unit, false);
}

static void on_can_lead(struct hook_user *user)
{
	struct election_unit *unit = container_of(user, struct election_unit, user);
	bool consents = !unit->can_lead->status;

	unit->considering = false;
	if (unit->outdated) {
		unit->outdated = false;
		run_can_lead(unit);
		return;
	}
	if (!consents)
		log_about(LEVEL_INFO, subject("election", unit->config->name), ": canLead refuses");
	answer_consider(unit, consents);
}

static void on_can_lead_timeout(struct timer *timer)
{
	struct election_unit *unit = container_of(timer, struct election_unit, can_lead_timeout);

	log_about(LEVEL_WARN, subject("election", unit->config->name), ": canLead timed out: killed");
	unit->can_lead->ops->signal(unit->can_lead, SIGKILL);
}

/* Others reach the leader at its first service, or else at this host. */
static char *address_of(const struct election_unit *unit)
{
	const struct participant *workload = find_participant(unit, ROLE_WORKLOAD);
	const char *host = unit->units->agent->local_address;
	const struct service *service;

	if (!workload || !workload->job_unit->service_count)
		return copy_string(host);
	service = workload->job_unit->services;
	return url_authority(service->address ? service->address : host, service->config->port);
}

static void consider(struct election *election)
{
	struct election_unit *unit = election_unit_of(election);
	AUTOFREE char *address = address_of(unit);

	election_set_address(election, address);
	if (is_any_running(unit, 1u << ROLE_PROMOTER | 1u << ROLE_DEMOTER))
		election_consent(election, false);	/* hooks of the last term still run */
	else if (unit->considering)
		unit->outdated = true;
	else if (unit->can_lead)
		run_can_lead(unit);
	else
		election_consent(election, true);
}

/* ---- promotion ---- */

static void promote(struct election *election)
{
	struct election_unit *unit = election_unit_of(election);

	unit->promoting = find_participant(unit, ROLE_PROMOTER);
	if (!unit->promoting)
		election_promoted(election, true);
}

/* The health check may report the role. */
static void check_workload(const struct election_unit *unit)
{
	const struct participant *workload = find_participant(unit, ROLE_WORKLOAD);

	if (workload && workload->job_unit->health)
		health_check_now(workload->job_unit->health);
}

/* Services without a role ignore the call. */
static void show(struct election *election, bool leads)
{
	struct election_unit *unit = election_unit_of(election);
	const struct participant *workload = find_participant(unit, ROLE_WORKLOAD);

	for (size_t i = 0; workload && i < workload->job_unit->service_count; i++)
		service_set_role(&workload->job_unit->services[i], leads);
	if (leads)
		check_workload(unit);
}

/* ---- demotion ---- */

static void check_demotion(struct election_unit *unit)
{
	const struct participant *workload = find_participant(unit, ROLE_WORKLOAD);
	unsigned roles = 1u << ROLE_PROMOTER | 1u << ROLE_RUNNER;

	if (!unit->demoting)
		return;
	if (unit->fencing)
		roles |= 1u << ROLE_DEMOTER;
	if (is_any_running(unit, roles))
		return;
	if (workload && !unit->demoted)
		return;
	unit->demoting = unit->fencing = false;
	check_workload(unit);
	election_demoted(&unit->election);
}

/* The whole program or this job ends for good. */
static bool is_final(const struct participant *participant)
{
	return participant->owner->final || participant->removed;
}

static void end_participant(struct participant *participant, double limit)
{
	struct job *job = &participant->job_unit->job;

	if (is_final(participant) && limit > 0)
		job_stop(job, limit);
	else
		job_end_run(job, limit);
}

static void end_participants(struct election_unit *unit, unsigned roles, double limit)
{
	for (size_t i = 0; i < unit->participant_count; i++)
		if (roles & 1u << unit->participants[i].role)
			end_participant(&unit->participants[i], limit);
}

static double time_left(const struct election_unit *unit)
{
	return fmax(0, unit->election.leading.deadline - boottime_now());
}

static void demote(struct election *election)
{
	struct election_unit *unit = election_unit_of(election);
	struct participant *workload = find_participant(unit, ROLE_WORKLOAD);

	unit->promoting = false;
	unit->demoting = true;
	unit->demoted = !is_running(workload);
	end_participants(unit, 1u << ROLE_PROMOTER, 0);
	end_participants(unit, 1u << ROLE_RUNNER, time_left(unit));
	if (workload && !unit->demoted && !find_participant(unit, ROLE_DEMOTER))
		end_participant(workload, time_left(unit));
	check_demotion(unit);
}

static void fence(struct election *election)
{
	struct election_unit *unit = election_unit_of(election);

	unit->promoting = false;
	unit->demoting = unit->fencing = true;
	unit->demoted = !is_running(find_participant(unit, ROLE_WORKLOAD));
	end_participants(unit, 1u << ROLE_WORKLOAD | 1u << ROLE_RUNNER | 1u << ROLE_PROMOTER |
			 1u << ROLE_DEMOTER, 0);
	check_demotion(unit);
}

/* ---- events of the jobs ---- */

static void on_workload_ended(struct participant *participant)
{
	participant->owner->demoted = true;
}

static void on_promoter_ended(struct participant *participant)
{
	struct election_unit *unit = participant->owner;

	if (!unit->promoting)
		return;
	unit->promoting = false;
	election_promoted(&unit->election, !participant->job_unit->job.failed);
}

static void on_demoter_ended(struct participant *participant)
{
	struct election_unit *unit = participant->owner;
	struct participant *workload = find_participant(unit, ROLE_WORKLOAD);

	if (!unit->demoting || unit->fencing || unit->demoted)
		return;
	if (!participant->job_unit->job.failed)
		unit->demoted = true;
	else if (workload)
		end_participant(workload, 0);
}

/* Once a runner is not restarted, nothing is left that could lead. */
static void on_runner_ended(struct participant *participant)
{
	const struct job *job = &participant->job_unit->job;

	if (job->state == JOB_WAITING || job->state == JOB_STOPPED)
		election_resign(&participant->owner->election, REASON_EXITED);
}

static void on_started(struct participant *participant)
{
	const struct hook *hook = participant->job_unit->job.hook;

	participant->group = hook ? hook->pid : 0;
	if (participant->group)
		deadman_add(&participant->owner->election.leading.deadman, participant->group);
}

static void on_ended(struct participant *participant)
{
	static void (*const reactions[])(struct participant *participant) = {
		[ROLE_WORKLOAD] = on_workload_ended,
		[ROLE_RUNNER] = on_runner_ended,
		[ROLE_PROMOTER] = on_promoter_ended,
		[ROLE_DEMOTER] = on_demoter_ended,
	};

	if (participant->group)
		deadman_remove(&participant->owner->election.leading.deadman, participant->group);
	participant->group = 0;
	reactions[participant->role](participant);
}

static void on_event(struct subscription *sub, const struct event *event)
{
	struct participant *participant = container_of(sub, struct participant, on_event);
	struct election_unit *unit = participant->owner;

	if (event->code == EVENT_RUNNING)
		on_started(participant);
	else if (event->code == EVENT_EXIT_SUCCESS || event->code == EVENT_EXIT_FAILED)
		on_ended(participant);
	if (participant->role == ROLE_WORKLOAD)
		update_able(unit);
	check_demotion(unit);
}

/* ---- participants ---- */

static void add_participant(struct election_unit *unit, struct job_unit *job_unit,
			    enum election_role role)
{
	unit->participants = alloc_resize(unit->participants,
					(unit->participant_count + 1) * sizeof *unit->participants);
	unit->participants[unit->participant_count++] = (struct participant){
		.owner = unit, .job_unit = job_unit, .role = role,
	};
}

static void unlink_all(struct election_unit *unit)
{
	for (size_t i = 0; i < unit->participant_count; i++) {
		unsubscribe(&unit->participants[i].on_event);
		deadman_remove(&unit->election.leading.deadman, unit->participants[i].group);
	}
	free(unit->participants);
	unit->participants = NULL;
	unit->participant_count = 0;
}

static void find_participants(struct election_unit *unit)
{
	list_each(node, &unit->units->jobs) {
		struct job_unit *job_unit = list_entry(node, struct job_unit, link);
		enum election_role role = election_role_of(unit->config, job_unit->job.config);

		if (role != ROLE_NONE)
			add_participant(unit, job_unit, role);
	}
}

bool election_unit_concerns(const struct election_unit *unit, const struct job_unit *job_unit)
{
	for (size_t i = 0; i < unit->participant_count; i++)
		if (unit->participants[i].job_unit == job_unit)
			return true;
	return false;
}

void election_unit_lose(struct election_unit *unit, const struct job_unit *job_unit)
{
	for (size_t i = 0; i < unit->participant_count; i++)
		if (unit->participants[i].job_unit == job_unit)
			unit->participants[i].removed = true;
}

void election_unit_link(struct election_unit *unit)
{
	unlink_all(unit);
	find_participants(unit);
	for (size_t i = 0; i < unit->participant_count; i++) {
		struct participant *participant = &unit->participants[i];

		subscribe(&participant->on_event, &participant->job_unit->job.source, EVENT_ANY,
			  on_event);
		if (is_running(participant))
			on_started(participant);
	}
	update_able(unit);
	if (!unit->started)
		election_start(&unit->election);
	unit->started = true;
}

/* ---- life ---- */

static void on_stopped(struct election *election)
{
	defer(&election_unit_of(election)->departure);
}

static void on_departure(struct deferred *deferred)
{
	struct election_unit *unit = container_of(deferred, struct election_unit, departure);

	unit->left = true;
	unit->units->on_left(unit->units);
}

void election_unit_leave(struct election_unit *unit, enum election_reason reason, double limit)
{
	const struct participant *workload = find_participant(unit, ROLE_WORKLOAD);

	unit->final = reason == REASON_SHUTDOWN;
	for (size_t i = 0; workload && unit->final && i < workload->job_unit->service_count; i++)
		if (election_leads(&unit->election))
			service_set_maintenance(&workload->job_unit->services[i], true);
	election_leave(&unit->election, reason,
		       fmin(limit, unit->config->promote_timeout));
}

bool election_unit_init(struct election_unit *unit, struct units *units, struct agent *agent,
			struct election_config *config, struct error *error)
{
	static const struct election_ops ops = {
		.consider = consider, .promote = promote, .demote = demote, .fence = fence,
		.show = show, .on_stopped = on_stopped,
	};

	*unit = (struct election_unit){
		.units = units, .config = config, .user = { .on_done = on_can_lead },
	};
	timer_init(&unit->can_lead_timeout, units->loop, on_can_lead_timeout);
	deferred_init(&unit->departure, units->loop, on_departure);
	if (!election_init(&unit->election, agent, config, &ops, error))
		return false;
	if (!config->can_lead.exec.argv.count)
		return true;
	unit->can_lead_name = format_string("%s.canLead", config->name);
	unit->can_lead = exec_new(units->loop, unit->can_lead_name, &config->can_lead.exec);
	unit->can_lead->user = &unit->user;
	return true;
}

void election_unit_release(struct election_unit *unit)
{
	unlink_all(unit);
	timer_stop(&unit->can_lead_timeout);
	deferred_cancel(&unit->departure);
	if (unit->can_lead)
		unit->can_lead->ops->free(unit->can_lead);
	free(unit->can_lead_name);
	election_release(&unit->election);
	election_config_free(unit->config);
}
