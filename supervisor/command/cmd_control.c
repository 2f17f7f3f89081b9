/* The verbs that ask a running pilotfish (control_client.h). */
#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/url.h"
#include "control_client.h"
#include "status_table.h"

static const double default_timeout = 5, reload_timeout = 60, wait_timeout = 60;

static double timeout_of(const struct call *call, double preset)
{
	return call->timeout > 0 ? call->timeout : preset;
}

static int print_status(const struct call *call, const struct buf *answer)
{
	CLEANUP(json_decrefp) json_t *document = json_loadb(answer->data, answer->used, 0, NULL);
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	if (!document)
		return command_fail(EX_SOFTWARE, &(struct error){ .text = "the status is no JSON" });
	if (call->json) {
		AUTOFREE char *text = json_dumps(document, JSON_INDENT(2) | JSON_PRESERVE_ORDER |
							   JSON_ENSURE_ASCII);
		puts(text);
	} else {
		status_table_print(document, &out);
		fputs(out.data, stdout);
	}
	return json_is_null(json_object_get(document, "trouble")) ? EX_OK : 1;
}

int cmd_status(const struct call *call)
{
	struct control_request request = {
		.method = "GET", .path = "/v4/status", .timeout = timeout_of(call, default_timeout),
	};
	struct error error = ERROR_INIT;
	int code = control_ask(call, &request, &error);

	if (code != EX_OK)
		command_fail(code, &error);
	else
		code = print_status(call, &request.answer);
	buf_release(&request.answer);
	return code;
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

static bool print_events(struct control_request *request, const char *part, size_t size)
{
	(void)request;
	return fwrite(part, 1, size, stdout) == size && !fflush(stdout);
}

int cmd_events(const struct call *call)
{
	struct control_request request = { .method = "GET", .path = "/v4/events", .on_part = print_events };
	struct error error = ERROR_INIT;
	int code = control_ask(call, &request, &error);

	buf_release(&request.answer);
	return code == EX_OK ? EX_OK : command_fail(code, &error);
}
