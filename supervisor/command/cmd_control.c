/* The verbs that ask a running pilotfish (control_client.h). */
#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/url.h"
#include "control_client.h"
#include "text_table.h"

static const double default_timeout = 5, reload_timeout = 60, wait_timeout = 60;

int cmd_healthcheck(const struct call *call)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;
	struct control_request request = { .method = "GET", .timeout = command_timeout(call, default_timeout) };

	buf_add(&path, "/v4/health");
	url_add(&path, "job", call->job);
	request.path = path.data;
	return ask_and_print(call, &request);
}

/* "restart job       app: exec, env" */
static void print_step(const json_t *step, struct buf *out)
{
	const char *separator = ": ";
	json_t *key;
	size_t i;

	buf_print(out, "%-8s%-10s", json_string_value(json_object_get(step, "action")),
		  json_string_value(json_object_get(step, "kind")));
	cell_text(json_object_get(step, "name"), out);
	json_array_foreach(json_object_get(step, "keys"), i, key) {
		buf_add(out, separator);
		cell_text(key, out);
		separator = ", ";
	}
	buf_add_char(out, '\n');
}

static int print_plan(const struct call *call, const struct buf *answer)
{
	CLEANUP(json_decrefp) json_t *plan = json_loadb(answer->data, answer->used, 0, NULL);
	CLEANUP(buf_release) struct buf out = BUF_INIT;
	json_t *step;
	size_t i;

	if (!json_is_array(plan))
		return command_fail(EX_SOFTWARE, &(struct error){ .text = "the plan is no JSON" });
	if (call->json)
		return command_print_json(plan);
	json_array_foreach(plan, i, step) {
		print_step(step, &out);
	}
	fputs(out.used ? out.data : "nothing runs, and nothing would\n", stdout);
	return EX_OK;
}

int cmd_reload(const struct call *call)
{
	struct control_request request = {
		.method = "POST", .path = call->dry_run ? "/v4/reload?dry-run" : "/v4/reload",
		.timeout = command_timeout(call, reload_timeout), .print = call->dry_run ? print_plan : NULL,
	};

	return ask_and_print(call, &request);
}

int cmd_maintenance(const struct call *call)
{
	struct control_request request = {
		.method = "POST", .path = "/v4/maintenance", .body = call->words.items[0],
		.timeout = command_timeout(call, default_timeout),
	};

	return ask_and_print(call, &request);
}

static int change_job(const struct call *call, const char *job, const char *action, const char *body)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;
	double timeout = command_timeout(call, call->wait ? wait_timeout : default_timeout);
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

int cmd_service(const struct call *call)
{
	return change_job(call, call->words.items[1], call->words.items[0], call->words.items[2]);
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
