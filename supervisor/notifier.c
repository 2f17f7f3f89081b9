#include "notifier.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/notify.h"
#include "waits.h"

static void send_text(struct notifier *notifier, const char *text)
{
	struct error error = ERROR_INIT;

	if (notify_send(notifier->address, text, &error) || notifier->warned)
		return;
	notifier->warned = true;
	log_warn("NOTIFY_SOCKET %s: %s: our manager is not notified", notifier->address, error.text);
}

/* `words` are lines; they are sent with the status, which is not sent alone unless it has changed. */
static void tell(struct notifier *notifier, const char *words, const char *status)
{
	AUTOFREE char *text = format_string("%sSTATUS=%.*s", words, (int)strcspn(status, "\n"), status);

	if (!*words && notifier->status && !strcmp(notifier->status, status))
		return;
	free(notifier->status);
	notifier->status = copy_string(status);
	send_text(notifier, text);
}

/* Events that a good start brings.  A job that waits for trouble is not to start now. */
static bool belongs_to_start(const struct job *job)
{
	enum event_code code = job->config->when.code;

	return job->due || code == EVENT_STARTUP || code == EVENT_RUNNING || code == EVENT_EXIT_SUCCESS ||
	       code == EVENT_HEALTHY || code == EVENT_RENDERED || code == EVENT_SETTLED;
}

static bool has_started(const struct notifier *notifier, struct error *why)
{
	list_each(node, &notifier->units->jobs) {
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
	struct notifier *notifier = container_of(deferred, struct notifier, review);
	struct error why = ERROR_INIT;
	bool ready;

	if (notifier->reloading || notifier->stopping)
		return;
	ready = (notifier->ready || has_started(notifier, &why)) &&
		endpoints_are_ready(notifier->endpoints, &why);
	tell(notifier, ready && !notifier->ready ? "READY=1\n" : "", ready ? "running" : why.text);
	notifier->ready |= ready;
}

static void on_event(struct subscription *sub, const struct event *event)
{
	struct notifier *notifier = container_of(sub, struct notifier, on_event);

	if (event->source == &notifier->units->global && event->code == EVENT_SHUTDOWN) {
		notifier->stopping = true;
		tell(notifier, "STOPPING=1\n", "stopping");
	}
	defer(&notifier->review);
}

/* A manager that waits for the end of a reload recognises it by the time. */
void notifier_reload_begins(struct notifier *notifier)
{
	struct timespec now;
	AUTOFREE char *words = NULL;

	if (!notifier->address || !notifier->ready)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	words = format_string("RELOADING=1\nMONOTONIC_USEC=%llu\n",
			      1000000ull * (unsigned long long)now.tv_sec +
			      (unsigned long long)now.tv_nsec / 1000);
	notifier->reloading = true;
	tell(notifier, words, "reloading");
}

void notifier_reload_ends(struct notifier *notifier)
{
	if (!notifier->reloading)
		return;
	notifier->reloading = false;
	send_text(notifier, "READY=1");
	defer(&notifier->review);
}

void notifier_init(struct notifier *notifier, struct units *units, struct endpoints *endpoints)
{
	*notifier = (struct notifier){
		.units = units, .endpoints = endpoints, .address = copy_string(getenv("NOTIFY_SOCKET")),
	};
	unsetenv("NOTIFY_SOCKET");
	deferred_init(&notifier->review, units->loop, on_review);
	if (notifier->address)
		subscribe(&notifier->on_event, &units->loop->bus.any, EVENT_ANY, on_event);
}

void notifier_release(struct notifier *notifier)
{
	unsubscribe(&notifier->on_event);
	deferred_cancel(&notifier->review);
	free(notifier->address);
	free(notifier->status);
}
