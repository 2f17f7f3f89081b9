#include "announcer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/notify.h"
#include "waits.h"

static void send_text(struct announcer *announcer, const char *text)
{
	struct error error = ERROR_INIT;

	if (notify_send(announcer->address, text, &error) || announcer->warned)
		return;
	announcer->warned = true;
	log_warn("NOTIFY_SOCKET %s: %s: our manager is not notified", announcer->address, error.text);
}

/* `words` are lines; they are sent with the status, which is not sent alone unless it has changed. */
static void tell(struct announcer *announcer, const char *words, const char *status)
{
	AUTOFREE char *text = format_string("%sSTATUS=%.*s", words, (int)strcspn(status, "\n"), status);

	if (!*words && announcer->status && !strcmp(announcer->status, status))
		return;
	free(announcer->status);
	announcer->status = copy_string(status);
	send_text(announcer, text);
}

/* Events that a good start brings.  A job that waits for trouble is not to start now. */
static bool belongs_to_start(const struct job *job)
{
	enum event_code code = job->config->when.code;

	return job->due || code == EVENT_STARTUP || code == EVENT_RUNNING || code == EVENT_EXIT_SUCCESS ||
	       code == EVENT_HEALTHY || code == EVENT_RENDERED || code == EVENT_SETTLED;
}

static bool has_started(const struct announcer *announcer, struct error *why)
{
	list_each(node, &announcer->units->jobs) {
		const struct job *job = &list_entry(node, struct job_unit, link)->job;
		CLEANUP(buf_release) struct buf text = BUF_INIT;

		waits_describe(job, &text);
		if (text.used && belongs_to_start(job))
			return fail(why, "%s waits for: %s", job->config->name, text.data);
	}
	return true;
}

static void on_review(struct deferred *deferred)
{
	struct announcer *announcer = container_of(deferred, struct announcer, review);
	struct error why = ERROR_INIT;
	bool ready;

	if (announcer->reloading || announcer->stopping)
		return;
	ready = (announcer->ready || has_started(announcer, &why)) &&
		endpoints_are_ready(announcer->endpoints, &why);
	tell(announcer, ready && !announcer->ready ? "READY=1\n" : "", ready ? "running" : why.text);
	announcer->ready |= ready;
}

static void on_event(struct subscription *sub, const struct event *event)
{
	struct announcer *announcer = container_of(sub, struct announcer, on_event);

	if (event->source == &announcer->units->global && event->code == EVENT_SHUTDOWN) {
		announcer->stopping = true;
		tell(announcer, "STOPPING=1\n", "stopping");
	}
	defer(&announcer->review);
}

/* A manager that waits for the end of a reload recognises it by the time. */
void announcer_reload_begins(struct announcer *announcer)
{
	struct timespec now;
	AUTOFREE char *words = NULL;

	if (!announcer->address || !announcer->ready)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	words = format_string("RELOADING=1\nMONOTONIC_USEC=%llu\n",
			      1000000ull * (unsigned long long)now.tv_sec +
			      (unsigned long long)now.tv_nsec / 1000);
	announcer->reloading = true;
	tell(announcer, words, "reloading");
}

void announcer_reload_ends(struct announcer *announcer)
{
	if (!announcer->reloading)
		return;
	announcer->reloading = false;
	send_text(announcer, "READY=1");
	defer(&announcer->review);
}

void announcer_init(struct announcer *announcer, struct units *units, struct endpoints *endpoints)
{
	*announcer = (struct announcer){
		.units = units, .endpoints = endpoints, .address = copy_string(getenv("NOTIFY_SOCKET")),
	};
	unsetenv("NOTIFY_SOCKET");
	deferred_init(&announcer->review, units->loop, on_review);
	if (announcer->address)
		subscribe(&announcer->on_event, &units->loop->bus.any, EVENT_ANY, on_event);
}

void announcer_release(struct announcer *announcer)
{
	unsubscribe(&announcer->on_event);
	deferred_cancel(&announcer->review);
	free(announcer->address);
	free(announcer->status);
}
