#include "cmd_graph.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "command/control_client.h"
#include "command/graph_text.h"
#include "graph.h"
#include "status.h"

static void print_json(const json_t *graph, struct buf *out)
{
	AUTOFREE char *text = json_dumps(graph, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);

	buf_print(out, "%s\n", text);
}

static const struct format {
	const char *name;
	void (*print)(const json_t *graph, struct buf *out);
} formats[] = {
	{ "dot", graph_text_dot }, { "mermaid", graph_text_mermaid }, { "json", print_json }
};

/* The option takes no other name. */
static const struct format *find_format(const char *name)
{
	const struct format *format = formats;

	while (name && strcmp(format->name, name) != 0)
		format++;
	return format;
}

/* Units that are linked, and then released, have asked and started nothing: no loop runs. */
static json_t *build_graph(struct config *config, struct error *error)
{
	CLEANUP(staged_release) struct staged staged = { .agent = NULL };
	CLEANUP(json_decrefp) json_t *status = NULL;
	const struct answer_counts none = { .used = 0 };
	json_t *graph = NULL;
	struct units units;
	struct loop loop;

	loop_init(&loop);
	units_init(&units, &loop);
	if (units_stage(&units, config, &staged, error)) {
		units_add(&units, config, &staged);
		if (units_link(&units, error)) {
			status = status_document(&units, &(struct status_frame){ .phase = "", .requests = &none });
			graph = graph_document(&units, status, false);
		}
	}
	staged_release(&staged);
	units_release(&units);
	loop_release(&loop);
	return graph;
}

static int draw_configuration(const char *path, json_t **graph)
{
	CLEANUP(load_error_release) struct load_error refusal = { .code = EX_CONFIG };
	struct error error = ERROR_INIT;
	struct config *config = load_config(path, NULL, &refusal);

	if (!config)
		return command_fail_load(&refusal);
	*graph = build_graph(config, &error);
	config_free(config);
	return *graph ? EX_OK : command_fail(EX_CONFIG, &error);
}

static int draw_running(const struct call *call, json_t **graph)
{
	struct control_request request = {
		.method = "GET", .path = "/v4/graph", .timeout = command_timeout(call, 5),
	};
	struct error error = ERROR_INIT;
	int code = control_ask(call, &request, &error);

	if (code == EX_OK && request.status == 200)
		*graph = json_loadb(request.answer.data, request.answer.used, 0, NULL);
	buf_release(&request.answer);
	if (code == EX_UNAVAILABLE && call->config)
		return draw_configuration(call->config, graph);
	if (code == EX_OK && !*graph)
		fail(&error, "the answer is no graph"), code = EX_SOFTWARE;
	return code == EX_OK ? EX_OK : command_fail(code, &error);
}

int cmd_graph(const struct call *call)
{
	const struct format *format = find_format(call->format);
	CLEANUP(buf_release) struct buf out = BUF_INIT;
	CLEANUP(json_decrefp) json_t *graph = NULL;
	int code;

	code = draw_running(call, &graph);
	if (code != EX_OK)
		return code;
	format->print(graph, &out);
	fputs(out.data, stdout);
	return EX_OK;
}
