#include "status_table.h"

#include "text_table.h"

static void print_code(const json_t *value, struct buf *cell)
{
	if (json_is_integer(value))
		cell_count(value, cell);
}

static void print_health(const json_t *health, struct buf *cell)
{
	if (json_is_object(health))
		cell_text(json_is_true(json_object_get(health, "known"))
			   ? json_object_get(health, "status") : NULL, cell);
	if (json_is_object(health) && !cell->used)
		buf_add(cell, "unknown");
}

static void print_output(const json_t *health, struct buf *cell)
{
	cell_text(json_object_get(health, "output"), cell);
}

static const struct column job_columns[] = {
	{ "JOB", "name", cell_text }, { "STATE", "state", cell_text }, { "HEALTH", "health", print_health },
	{ "PID", "pid", cell_number }, { "RESTARTS", "restarts", cell_count },
	{ "UPTIME", "uptime", cell_span }, { "EXIT", "exitCode", print_code },
	{ "LAST CHECK", "health", print_output }, { 0 }
};
static const struct column service_columns[] = {
	{ "SERVICE", "name", cell_text }, { "ID", "id", cell_text }, { "ADDRESS", "address", cell_text },
	{ "PORT", "port", cell_count }, { "REGISTERED", "registered", cell_yes },
	{ "STATUS", "status", cell_text }, { "MAINTENANCE", "maintenance", cell_yes },
	{ "LEADS", "leads", cell_yes }, { 0 }
};
static const struct column watch_columns[] = {
	{ "WATCH", "name", cell_text }, { "ENTRIES", "entries", cell_count },
	{ "HEALTHY", "healthy", cell_yes }, { "ANSWERED", "age", cell_span }, { "FIRST", "first", cell_list }, { 0 }
};
static const struct column template_columns[] = {
	{ "TEMPLATE", "name", cell_text }, { "DESTINATION", "destination", cell_text },
	{ "RENDERED", "rendered", cell_yes }, { "CHANGED", "age", cell_span },
	{ "PROBLEM", "problem", cell_text }, { 0 }
};
static const struct column election_columns[] = {
	{ "ELECTION", "name", cell_text }, { "STATE", "state", cell_text }, { "LEADER", "leader", cell_text },
	{ "ADDRESS", "address", cell_text }, { "EPOCH", "epoch", cell_number },
	{ "PAUSED", "paused", cell_yes }, { 0 }
};

static const struct { const char *member; const struct column *columns; } tables[] = {
	{ "jobs", job_columns }, { "services", service_columns }, { "watches", watch_columns },
	{ "templates", template_columns }, { "elections", election_columns },
};

static void print_head(const json_t *document, struct buf *out)
{
	const json_t *consul = json_object_get(document, "consul");
	const json_t *problem = json_object_get(json_object_get(document, "reloads"), "problem");
	const json_t *trouble = json_object_get(document, "trouble");

	cell_text(json_object_get(document, "phase"), out);
	buf_print(out, " for ");
	cell_span(json_object_get(document, "uptime"), out);
	buf_print(out, ", pid %lld, ", (long long)json_integer_value(json_object_get(document, "pid")));
	cell_text(json_object_get(document, "configuration"), out);
	if (json_is_true(json_object_get(document, "maintenance")))
		buf_add(out, ", in maintenance");
	if (json_is_object(consul)) {
		buf_add(out, ", consul ");
		cell_text(json_object_get(consul, "address"), out);
		buf_add(out, " ");
		cell_text(json_object_get(consul, "state"), out);
	}
	buf_add(out, "\n");
	if (json_is_string(trouble)) {
		buf_add(out, "not healthy: ");
		cell_text(trouble, out);
		buf_add(out, "\n");
	}
	if (json_is_string(problem)) {
		buf_add(out, "last reload refused: ");
		cell_text(problem, out);
		buf_add(out, "\n");
	}
}

void status_table_print(const json_t *document, bool coloured, struct buf *out)
{
	print_head(document, out);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		text_table_print(tables[i].columns, json_object_get(document, tables[i].member), coloured,
				 out);
}
