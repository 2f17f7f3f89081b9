/* The verbs that ask a running pilotfish (control_client.h). */
#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/url.h"
#include "control_client.h"

static const double default_timeout = 5, reload_timeout = 60, wait_timeout = 60;

static double timeout_of(const struct call *call, double preset)
{
	return call->timeout > 0 ? call->timeout : preset;
}

int cmd_healthcheck(const struct call *call)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;
	struct control_request request = { .method = "GET", .timeout = timeout_of(call, default_timeout) };

	buf_add(&path, "/v4/health");
	url_add(&path, "job", call->job);
	request.path = path.data;
	return ask_and_print(call, &request);
}

int cmd_reload(const struct call *call)
{
	struct control_request request = {
		.method = "POST", .path = "/v4/reload", .timeout = timeout_of(call, reload_timeout),
	};

	return ask_and_print(call, &request);
}

int cmd_maintenance(const struct call *call)
{
	struct control_request request = {
		.method = "POST", .path = "/v4/maintenance", .body = call->words.items[0],
		.timeout = timeout_of(call, default_timeout),
	};

	return ask_and_print(call, &request);
}

static int change_job(const struct call *call, const char *job, const char *action, const char *body)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;
	double timeout = timeout_of(call, call->wait ? wait_timeout : default_timeout);
	struct control_request request = {	/* which says more than we could when the time is over */
		.method = "POST", .body = body, .timeout = timeout + call->wait,
	};
	char wait[32];

	buf_add(&path, "/v4/jobs/");
	url_escape(&path, job);
	buf_print(&path, "/%s", action);
	duration_print(timeout, wait);
	url_add(&path, "wait", call->wait ? wait : NULL);
	request.path = path.data;
	return ask_and_print(call, &request);
}

int cmd_signal(const struct call *call)
{
	return change_job(call, call->words.items[1], "signal", call->words.items[0]);
}

static int change_one_job(const struct call *call, const char *action)
{
	return change_job(call, call->words.items[0], action, NULL);
}

int cmd_start(const struct call *call)
{
	return change_one_job(call, "start");
}

int cmd_stop(const struct call *call)
{
	return change_one_job(call, "stop");
}

int cmd_restart(const struct call *call)
{
	return change_one_job(call, "restart");
}
