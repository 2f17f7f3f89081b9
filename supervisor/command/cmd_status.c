#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "config/schema.h"
#include "control_client.h"
#include "status_table.h"

static const double default_timeout = 5;

static json_t *find_job(const json_t *jobs, const char *name)
{
	size_t i;
	json_t *job;

	json_array_foreach(jobs, i, job)
		if (!strcmp(json_string_value(json_object_get(job, "name")), name))
			return job;
	return NULL;
}

static int refuse_job(const json_t *jobs, const char *name)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	struct error error = ERROR_INIT;
	size_t i;
	json_t *job;

	json_array_foreach(jobs, i, job) {
		strv_push(&names, json_string_value(json_object_get(job, "name")));
	}
	fail(&error, "there is no job %s%s", name, suggest(name, &names).text);
	return command_fail(EX_UNAVAILABLE, &error);
}

/* Leaves only these jobs in the document, and as trouble only theirs. */
static int choose_jobs(const struct strv *names, json_t *document)
{
	json_t *jobs = json_object_get(document, "jobs"), *chosen = json_array(), *trouble = NULL;
	static const char *const others[] = { "services", "watches", "templates", "elections" };

	for (size_t i = 0; i < names->count; i++) {
		json_t *job = find_job(jobs, names->items[i]);

		if (!job) {
			json_decref(chosen);
			return refuse_job(jobs, names->items[i]);
		}
		json_array_append(chosen, job);
		if (!trouble || json_is_null(trouble))
			trouble = json_object_get(job, "trouble");
	}
	json_object_set(document, "trouble", trouble);
	json_object_set_new(document, "healthy", json_boolean(json_is_null(trouble)));
	json_object_set_new(document, "jobs", chosen);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		json_object_del(document, others[i]);
	return EX_OK;
}

static int print_document(const struct call *call, const json_t *document)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	if (call->json) {
		AUTOFREE char *text = json_dumps(document, (call->watch ? 0 : JSON_INDENT(2)) |
						 JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);

		puts(text);
	} else {
		status_table_print(document, command_is_coloured(call), &out);
		fputs(out.data, stdout);
	}
	return json_is_null(json_object_get(document, "trouble")) ? EX_OK : 1;
}

static int print_answer(const struct call *call, const struct buf *answer)
{
	CLEANUP(json_decrefp) json_t *document = json_loadb(answer->data, answer->used, 0, NULL);
	int code;

	if (!json_is_array(json_object_get(document, "jobs")))
		return command_fail(EX_SOFTWARE, &(struct error){ .text = "the status is no JSON" });
	if (call->words.count) {
		code = choose_jobs(&call->words, document);
		if (code != EX_OK)
			return code;
	}
	return print_document(call, document);
}

static int show(const struct call *call)
{
	struct control_request request = {
		.method = "GET", .path = "/v4/status", .print = print_answer,
		.timeout = command_timeout(call, default_timeout),
	};

	return ask_and_print(call, &request);
}

/* Until pilotfish ends.  On a terminal each document takes the place of the one before. */
static int watch(const struct call *call)
{
	bool in_place = isatty(STDOUT_FILENO) && !call->json;
	struct timespec pause = {
		.tv_sec = (time_t)call->watch,
		.tv_nsec = (long)(1e9 * (call->watch - (double)(time_t)call->watch)),
	};
	int code;

	for (;;) {
		if (in_place)
			fputs("\33[H\33[2J", stdout);
		code = show(call);
		if (code > 1 || fflush(stdout) || ferror(stdout))
			return code;
		if (!in_place && !call->json)
			puts("");
		nanosleep(&pause, NULL);
	}
}

int cmd_status(const struct call *call)
{
	return call->watch ? watch(call) : show(call);
}
