#include "job_run.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/strv.h"

static struct json_t *describe(struct job *job)
{
	struct source *cause = job->cause;

	if (!cause || !cause->ops || !cause->ops->describe)
		return NULL;
	json_decref(job->shown);
	job->shown = NULL;
	return cause->ops->describe(cause, job->cause_code, job->seen, &job->shown);
}

bool job_run_start(struct job *job, struct error *error)
{
	json_t *document = describe(job);
	AUTOFREE char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
	CLEANUP(strv_release) struct strv env = { .items = NULL };
	struct hook_context context = {
		.job = job->source.name,
		.source = job->cause ? job->cause->name : NULL,
		.event = job->cause ? event_name(job->cause_code) : NULL,
		.document = text,
		.env = &env,
	};

	json_decref(document);
	if (job->cause && job->cause->ops && job->cause->ops->add_env)
		job->cause->ops->add_env(job->cause, job->cause_code, &env);
	return job->hook->ops->start(job->hook, &context, error);
}

static void tell_daemons(const struct job *job)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT;

	process_name_daemons(monotonic_now() - job->started_at, &names);
	if (names.used)
		log_about(LEVEL_WARN, job_subject(job, EVENT_NONE),
			  " ended with exit code 0 and has left %s running, which nobody watches: a program "
			  "needs its option to stay in the foreground, as nginx -g 'daemon off;'", names.data);
}

static enum run_end end_of_run(const struct job *job)
{
	return !job->failed ? RUN_SUCCEEDED : job->timed_out ? RUN_TIMED_OUT :
	       WIFSIGNALED(job->hook->status) ? RUN_KILLED : RUN_FAILED;
}

/* ContainerPilot's users look for these words.  The arguments may have secrets. */
static void log_timeout(const struct job *job, struct log_subject about, const char *how)
{
	char time[32];

	duration_print(job->config->timeout, time);
	log_about(LEVEL_WARN, about, " timeout after %s: '%s', %s", time, program_of(&job->config->exec), how);
}

void job_run_note_end(struct job *job)
{
	struct log_subject about;
	char how[64 + 32];
	bool asked = job->stop_asked || job->run_end_asked;

	if (!job->hook)
		return;
	job->running = false;
	status_print(job->hook->status, how);
	job->code = exit_code(job->hook->status);
	job->failed = job->hook->status != 0;
	job->timed_out &= job->failed;	/* a program may succeed before the kill reaches it */
	job->failures = job->failed && !job->run_end_asked ? job->failures + 1 : 0;
	if (job->failures > 1)
		snprintf(how + strlen(how), sizeof how - strlen(how), " (%lu times in a row)",
			 job->failures);
	job->ends[end_of_run(job)]++;
	about = job_subject(job, job->failed ? EVENT_EXIT_FAILED : EVENT_EXIT_SUCCESS);
	about.pid = job->pid;
	if (job->timed_out) {
		log_timeout(job, about, how);
	} else {
		log_about(job->failed && !asked ? LEVEL_WARN : LEVEL_DEBUG, about, " ended: %s", how);
	}
	if (!job->failed && !asked && job->runs == 1)
		tell_daemons(job);
	source_forget(&job->source, GROUP_RUN);
	source_publish(&job->source, job->failed ? EVENT_EXIT_FAILED : EVENT_EXIT_SUCCESS);
}
