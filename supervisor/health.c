#include "health.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/output.h"
#include "base/printable.h"

#define KILL_TIME 1.0			/* seconds in which a killed group is swept (process.h) */

#define STARTING 10.0			/* seconds after startPeriod */

/* A changed reason is counted once in this time at most, seconds. */
#define TROUBLE_PACE 60.0
#define PASSING_PACE 300.0		/* agents themselves send the output that often */

static const double eager_delay = 0.05;		/* doubled after each check without a verdict */

static const enum event_code events[] = {
	[STATUS_PASSING]  = EVENT_HEALTHY,
	[STATUS_WARNING]  = EVENT_WARNING,
	[STATUS_CRITICAL] = EVENT_UNHEALTHY,
};

/* The excerpt may end within a character: cut before its last one. */
static void set_output(struct health *health)
{
	CLEANUP(buf_release) struct buf whole = BUF_INIT;
	struct buf *output = &health->verdict.output;
	const struct buf *excerpt = &health->output;

	printable_repair(&whole, excerpt->data,
			 utf8_cut(excerpt->data, excerpt->used, OUTPUT_EXCERPT - 1));
	buf_clear(output);
	buf_append(output, whole.data, utf8_cut(whole.data, whole.used, OUTPUT_EXCERPT));
}

/* A reason is the first line of what the check printed. */
static size_t reason_size(const struct buf *output)
{
	return utf8_cut(output->data, strcspn(output->data, "\n"), REASON_MOST);
}

static bool has_new_reason(const struct health *health)
{
	const struct buf *output = &health->verdict.output;
	size_t size = reason_size(output);

	return strlen(health->reason) != size || memcmp(health->reason, output->data, size);
}

static void set_reason(struct health *health)
{
	const struct buf *output = &health->verdict.output;
	size_t size = reason_size(output);

	memcpy(health->reason, output->data, size);
	health->reason[size] = '\0';
	health->verdict.reason++;
}

/* A reason with a figure in it may change with each check: Consul's servers write each one to their
 * log, so such changes come ever more slowly. */
static void review_reason(struct health *health)
{
	bool passing = health->verdict.status == STATUS_PASSING;
	double now = monotonic_now();

	if (!has_new_reason(health) || now < health->reason_due)
		return;
	health->reason_pace.max = passing ? PASSING_PACE : TROUBLE_PACE;
	if (now > health->reason_due + health->reason_pace.max)
		backoff_reset(&health->reason_pace);
	health->reason_due = now + backoff_next(&health->reason_pace);
	set_reason(health);
	if (!passing)
		log_about(LEVEL_WARN, job_subject(health->job, events[health->verdict.status]),
			  " is still %s: %s",
			  health_status_name(health->verdict.status), health->reason);
}

/* A server that does not listen yet is no news.  Its first seconds are also those after startPeriod. */
static bool may_be_starting(const struct health *health)
{
	return health->hook && !health->proven && monotonic_now() - health->job_started <
				  health->config->start_period + STARTING;
}

/* The first verdict came while it might have been starting, and has stayed. */
static void warn_if_unproven(struct health *health)
{
	if (health->proven || may_be_starting(health))
		return;
	health->proven = true;
	if (health->verdict.status != STATUS_PASSING)
		log_about(LEVEL_WARN, job_subject(health->job, events[health->verdict.status]),
			  " is %s since its start: %s", health_status_name(health->verdict.status),
			  health->reason);
}

static void decide(struct health *health, enum health_status status)
{
	struct verdict *verdict = &health->verdict;
	struct log_subject about;
	bool changed = !verdict->known || verdict->status != status;

	verdict->known = true;
	verdict->status = status;
	set_output(health);
	if (!changed) {
		review_reason(health);
		warn_if_unproven(health);
		if (health->hook && health->config->events == EVENTS_OF_CHECKS)
			source_publish(&health->job->source, events[status]);
		return;
	}
	set_reason(health);
	about = job_subject(health->job, events[status]);
	if (status == STATUS_PASSING)
		log_about(LEVEL_INFO, about, " is healthy");
	else
		log_about(may_be_starting(health) ? LEVEL_INFO : LEVEL_WARN, about, " is %s: %s",
			  health_status_name(status), health->reason);
	health->proven |= status == STATUS_PASSING || !health->hook;
	source_publish(&health->job->source, events[status]);
}

static bool is_starting(const struct health *health)
{
	return !health->verdict.known &&
	       monotonic_now() - health->job_started < health->config->start_period;
}

static void judge(struct health *health, enum health_status status)
{
	if (status == STATUS_CRITICAL) {
		health->failed++;
		health->successes = 0;
		if (!is_starting(health) && ++health->failures >= health->config->failures)
			decide(health, status);
	} else {
		health->passed++;
		health->last_passed = monotonic_now();
		health->failures = 0;
		if (++health->successes >= health->config->successes ||
		    health->verdict.status != STATUS_CRITICAL)
			decide(health, status);
	}
}

static bool may_check(const struct health *health)
{
	return health->active && health->hook && (!health->readiness.config || health->ready);
}

static void plan(struct health *health)
{
	double delay = health->config->interval;

	if (!health->verdict.known)
		delay = fmin(delay, eager_delay * pow(2, health->eager++));
	if (health->again)
		delay = 0;
	health->again = false;
	timer_set(&health->due, delay - (monotonic_now() - health->check_started));
}

static enum health_status status_of(const struct health *health)
{
	int code = exit_code(health->hook->status);

	if (health->timed_out)
		return STATUS_CRITICAL;
	return !code ? STATUS_PASSING
		: code == 1 && health->config->warning ? STATUS_WARNING : STATUS_CRITICAL;
}

/* The reason comes first: Consul cuts long output at its end. */
static void explain(struct health *health)
{
	struct buf text = BUF_INIT;
	char words[64];

	if (health->timed_out) {
		duration_print(health->config->timeout, words);
		buf_print(&text, "timed out after %s%s", words, health->output.used ? "\n" : "");
	} else if (health->hook->status && !health->output.used) {
		status_print(health->hook->status, words);
		buf_add(&text, words);
	}
	buf_append(&text, health->output.data, health->output.used);
	buf_release(&health->output);
	health->output = text;
}

static void conclude(struct health *health)
{
	enum health_status status = status_of(health);

	explain(health);
	health->verdict.duration = monotonic_now() - health->check_started;
	histogram_add(&health->durations, health->verdict.duration);
	source_publish(&health->source,
		       status == STATUS_PASSING ? EVENT_EXIT_SUCCESS : EVENT_EXIT_FAILED);
	judge(health, status);
	plan(health);
}

static void on_done(struct hook_user *user)
{
	struct health *health = container_of(user, struct health, user);
	bool concluded = health->ending > 0;

	health->checking = false;
	health->ending = 0;
	timer_stop(&health->limit);
	if (may_check(health) && !concluded)
		conclude(health);
}

/* The check is over for its job, whether the kernel ends it or not. */
static void kill_check(struct health *health)
{
	health->ending = monotonic_now();
	timer_stop(&health->limit);
	health->hook->ops->signal(health->hook, SIGKILL);
}

static void check(struct health *health)
{
	struct hook_context context = { .job = health->job->source.name };
	struct error error = ERROR_INIT;

	health->check_started = monotonic_now();
	health->timed_out = false;
	buf_clear(&health->output);
	if (!health->hook->ops->start(health->hook, &context, &error)) {
		buf_add(&health->output, error.text);
		conclude(health);
		return;
	}
	health->checking = true;
	if (health->config->timeout > 0)
		timer_set_awake(&health->limit, health->config->timeout);
}

/* A process in uninterruptible sleep, or one that became another user's, does not end on SIGKILL.
 * No check can be started beside it, and what it found is not known. */
static void conclude_stuck(struct health *health)
{
	char span[32];

	duration_print(floor(monotonic_now() - health->check_started), span);
	buf_clear(&health->output);
	buf_print(&health->output, "the last check cannot be killed, it has run for %s", span);
	if (health->hook->pid)
		buf_print(&health->output, " (pid %d)", (int)health->hook->pid);
	source_publish(&health->source, EVENT_EXIT_FAILED);
	judge(health, STATUS_CRITICAL);
	timer_set(&health->due, health->config->interval);
}

static void stop_checking(struct health *health)
{
	timer_stop(&health->due);
	timer_stop(&health->limit);
	if (health->checking)
		kill_check(health);
}

/* The job's own word is the verdict. */
static void take_word(struct health *health)
{
	unsigned reason = health->verdict.reason;

	buf_clear(&health->output);
	readiness_explain(&health->readiness, &health->output);
	if (health->readiness.state == READINESS_WAITING) {
		set_output(health);
		return;
	}
	health->verdict.duration = 0;
	decide(health, health->ready ? STATUS_PASSING : STATUS_CRITICAL);
	if (health->verdict.reason != reason)
		source_publish(&health->source, health->ready ? EVENT_EXIT_SUCCESS : EVENT_EXIT_FAILED);
	if (has_new_reason(health))
		timer_set(&health->due, fmax(0, health->reason_due - monotonic_now()));
}

static void follow_readiness(struct health *health)
{
	bool was_ready = health->ready;

	health->ready = readiness_is_ready(&health->readiness);
	if (!health->ready || !health->hook) {
		stop_checking(health);
		health->successes = 0;
		take_word(health);
	} else if (!was_ready) {
		timer_set(&health->due, 0);
	}
}

static void on_readiness(struct readiness *readiness)
{
	struct health *health = container_of(readiness, struct health, readiness);

	if (health->active)
		follow_readiness(health);
}

/* A killed check, also of the job's previous run, may not have ended yet. */
static void on_due(struct timer *timer)
{
	struct health *health = container_of(timer, struct health, due);

	if (!health->hook)
		take_word(health);
	else if (!health->checking)
		check(health);
	else if (monotonic_now() - health->ending < KILL_TIME)
		timer_set(&health->due, eager_delay);
	else
		conclude_stuck(health);
}

static void on_limit(struct timer *timer)
{
	struct health *health = container_of(timer, struct health, limit);

	health->timed_out = !health->hook->sweeping;
	kill_check(health);
	conclude(health);
}

static void begin(struct health *health)
{
	health->active = true;
	health->job_started = monotonic_now();
	health->failures = health->successes = 0;
	health->eager = 0;
	health->again = false;
	health->verdict.known = false;
	health->verdict.status = STATUS_CRITICAL;
	buf_clear(&health->verdict.output);
	buf_add(&health->verdict.output, "no verdict yet");
	health->ready = false;
	if (health->readiness.config)
		follow_readiness(health);
	else
		timer_set(&health->due, 0);
}

static void end(struct health *health)
{
	health->active = false;
	stop_checking(health);
}

/* A running check may have looked before the change.  The next reason is reported however short a
 * time ago the last one was: there may be no other check for long. */
void health_check_now(struct health *health)
{
	health->reason_due = 0;
	if (health->checking)
		health->again = true;
	else if (may_check(health))
		timer_set(&health->due, 0);
}

static bool is_to_stop(const struct job *job)
{
	return job->stop_asked || (job->run_end_asked && job->config->runs);
}

/* A job without a process is critical, whatever the last check found. */
static void on_exit_of_job(struct health *health)
{
	bool was_in_service = health->verdict.status != STATUS_CRITICAL && !is_to_stop(health->job);

	end(health);
	buf_clear(&health->output);
	buf_print(&health->output, "%s is not running", health->job->source.name);
	if (was_in_service)
		decide(health, STATUS_CRITICAL);
	source_forget(&health->job->source, GROUP_HEALTH);
}

static void on_job(struct subscription *sub, const struct event *event)
{
	struct health *health = container_of(sub, struct health, on_job);

	if (event->code == EVENT_RUNNING && health->job->running)	/* else it has ended since */
		begin(health);
	else if (event->code == EVENT_EXIT_SUCCESS || event->code == EVENT_EXIT_FAILED)
		on_exit_of_job(health);
	else if (event->code == EVENT_STOPPING || event->code == EVENT_STOPPED)
		end(health);
}

static void take_check(struct health *health, struct hook *check)
{
	health->hook = check;
	check->user = &health->user;
	check->excerpt = &health->output;
	check->logged = health->config->log_output;
}

void health_renew(struct health *health, struct hook *check)
{
	bool was_active = health->active;

	end(health);
	health->hook->ops->free(health->hook);
	take_check(health, check);
	health->checking = false;
	health->ending = 0;
	health->failures = health->successes = 0;
	health->active = was_active;
	if (may_check(health))
		timer_set(&health->due, 0);
}

static void listen_to(struct health *health, struct job *job)
{
	readiness_init(&health->readiness, job->loop, job->source.name, &job->config->readiness);
	health->readiness.on_change = on_readiness;
	job->hook->readiness = &health->readiness;
}

void health_init(struct health *health, struct job *job, struct hook *hook)
{
	AUTOFREE char *name = format_string("%s.health", job->source.name);

	*health = (struct health){
		.config = &job->config->health,
		.job = job,
		.user = { .on_done = on_done },
		.output = BUF_INIT,
		.verdict = { .output = BUF_INIT },
		.reason_pace = { .min = 0.5, .max = TROUBLE_PACE },
	};
	source_init(&health->source, job->source.bus, name, NULL);
	timer_init(&health->due, job->loop, on_due);
	timer_init(&health->limit, job->loop, on_limit);
	if (hook)
		take_check(health, hook);
	if (readiness_is_set(&job->config->readiness))
		listen_to(health, job);
	subscribe(&health->on_job, &job->source, EVENT_ANY, on_job);
}

void health_release(struct health *health)
{
	timer_stop(&health->due);
	timer_stop(&health->limit);
	unsubscribe(&health->on_job);
	if (health->hook)
		health->hook->ops->free(health->hook);
	if (health->readiness.config) {
		readiness_release(&health->readiness);
		health->job->hook->readiness = NULL;
	}
	source_release(&health->source);
	buf_release(&health->output);
	buf_release(&health->verdict.output);
}
