#include "command.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "config/schema.h"
#include "control_client.h"

struct filtered_stream {
	struct control_request request;
	const struct strv *filters;
	struct buf rest;		/* a line that is not complete yet */
};

static const char *const keys[] = { "source", "job", "event" };

/* A job's health is a source of its own: JOB.health. */
static bool fits(const char *key, const char *wanted, const json_t *event)
{
	const char *value = json_string_value(json_object_get(event, strcmp(key, "job") ? key : "source"));
	size_t length = strlen(wanted);

	if (!value || strncmp(value, wanted, length))
		return false;
	return !value[length] || (!strcmp(key, "job") && !strcmp(value + length, ".health"));
}

/* One of the filters of each key fits, and a line that tells of missed events always does. */
static bool passes(const struct strv *filters, const json_t *event)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t length = strlen(keys[i]), asked = 0, fitting = 0;

		for (size_t n = 0; n < filters->count; n++) {
			const char *filter = filters->items[n];

			if (strncmp(filter, keys[i], length) || filter[length] != '=')
				continue;
			asked++;
			fitting += fits(keys[i], filter + length + 1, event);
		}
		if (asked && !fitting)
			return false;
	}
	return true;
}

static bool print_line(const struct filtered_stream *stream, const char *line, size_t size)
{
	CLEANUP(json_decrefp) json_t *event = stream->filters->count ? json_loadb(line, size, 0, NULL) : NULL;

	if (stream->filters->count && !json_object_get(event, "missed") && !passes(stream->filters, event))
		return true;
	return fwrite(line, 1, size, stdout) == size && !fflush(stdout);
}

static bool on_part(struct control_request *request, const char *part, size_t size)
{
	struct filtered_stream *stream = container_of(request, struct filtered_stream, request);
	const char *end;

	buf_append(&stream->rest, part, size);
	while ((end = memchr(stream->rest.data, '\n', stream->rest.used))) {
		size_t line = (size_t)(end - stream->rest.data) + 1;

		if (!print_line(stream, stream->rest.data, line))
			return false;
		buf_consume(&stream->rest, line);
	}
	return true;
}

static bool is_filter(const char *filter)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strncmp(filter, keys[i], strlen(keys[i])) && filter[strlen(keys[i])] == '=')
			return true;
	return false;
}

static int refuse_filter(const char *filter)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	AUTOFREE char *key = copy_bytes(filter, strcspn(filter, "="));

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		strv_push(&names, keys[i]);
	return command_usage("events: a filter is source=..., job=... or event=..., found \"%s\"%s", filter,
			     suggest(key, &names).text);
}

int cmd_events(const struct call *call)
{
	struct filtered_stream stream = {
		.request = { .method = "GET", .path = "/v4/events", .on_part = on_part },
		.filters = &call->filters, .rest = BUF_INIT,
	};
	struct error error = ERROR_INIT;
	int code;

	for (size_t i = 0; i < call->filters.count; i++)
		if (!is_filter(call->filters.items[i]))
			return refuse_filter(call->filters.items[i]);
	code = control_ask(call, &stream.request, &error);
	buf_release(&stream.request.answer);
	buf_release(&stream.rest);
	return code == EX_OK ? EX_OK : command_fail(code, &error);
}
