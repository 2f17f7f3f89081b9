#include "status_table.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/printable.h"
#include "base/strv.h"

enum { CELL_MOST = 60, COLUMNS_MOST = 16 };	/* bytes of a text; of a table */

/* A column: its title, and how a cell is made of a row's object. */
struct column {
	const char *title, *member;
	void (*print)(const json_t *value, struct buf *cell);
};

static void print_text(const json_t *value, struct buf *cell)
{
	const char *text = json_string_value(value);

	if (text)
		printable_add(cell, text, utf8_cut(text, strcspn(text, "\n"), CELL_MOST), PRINTABLE_PLAIN);
}

static void print_number(const json_t *value, struct buf *cell)
{
	if (json_integer_value(value))
		buf_print(cell, "%lld", (long long)json_integer_value(value));
}

static void print_count(const json_t *value, struct buf *cell)
{
	buf_print(cell, "%lld", (long long)json_integer_value(value));
}

static void print_code(const json_t *value, struct buf *cell)
{
	if (json_is_integer(value))
		print_count(value, cell);
}

static void print_span(const json_t *value, struct buf *cell)
{
	double seconds = json_number_value(value);
	char text[32];

	if (!json_is_number(value))
		return;
	duration_print(seconds < 1 ? round(100 * seconds) / 100 : floor(seconds), text);
	buf_add(cell, text);
}

static void print_yes(const json_t *value, struct buf *cell)
{
	buf_add(cell, json_is_true(value) ? "yes" : "no");
}

static void print_health(const json_t *health, struct buf *cell)
{
	if (json_is_object(health))
		print_text(json_is_true(json_object_get(health, "known"))
			   ? json_object_get(health, "status") : NULL, cell);
	if (json_is_object(health) && !cell->used)
		buf_add(cell, "unknown");
}

static void print_output(const json_t *health, struct buf *cell)
{
	print_text(json_object_get(health, "output"), cell);
}

static const struct column job_columns[] = {
	{ "JOB", "name", print_text }, { "STATE", "state", print_text }, { "HEALTH", "health", print_health },
	{ "PID", "pid", print_number }, { "RESTARTS", "restarts", print_count },
	{ "UPTIME", "uptime", print_span }, { "EXIT", "exitCode", print_code },
	{ "LAST CHECK", "health", print_output }, { 0 }
};
static const struct column service_columns[] = {
	{ "SERVICE", "name", print_text }, { "ID", "id", print_text }, { "ADDRESS", "address", print_text },
	{ "PORT", "port", print_count }, { "REGISTERED", "registered", print_yes },
	{ "STATUS", "status", print_text }, { "MAINTENANCE", "maintenance", print_yes },
	{ "LEADS", "leads", print_yes }, { 0 }
};
static const struct column watch_columns[] = {
	{ "WATCH", "name", print_text }, { "ENTRIES", "entries", print_count },
	{ "HEALTHY", "healthy", print_yes }, { "ANSWERED", "age", print_span }, { 0 }
};
static const struct column template_columns[] = {
	{ "TEMPLATE", "name", print_text }, { "DESTINATION", "destination", print_text },
	{ "RENDERED", "rendered", print_yes }, { "CHANGED", "age", print_span },
	{ "PROBLEM", "problem", print_text }, { 0 }
};
static const struct column election_columns[] = {
	{ "ELECTION", "name", print_text }, { "STATE", "state", print_text }, { "LEADER", "leader", print_text },
	{ "ADDRESS", "address", print_text }, { "EPOCH", "epoch", print_number },
	{ "PAUSED", "paused", print_yes }, { 0 }
};

static const struct { const char *member; const struct column *columns; } tables[] = {
	{ "jobs", job_columns }, { "services", service_columns }, { "watches", watch_columns },
	{ "templates", template_columns }, { "elections", election_columns },
};

/* All cells of a table, row by row, the titles first. */
static void fill_cells(const struct column *columns, const json_t *rows, struct strv *cells)
{
	size_t number;
	json_t *row;

	for (const struct column *column = columns; column->title; column++)
		strv_push(cells, column->title);
	json_array_foreach(rows, number, row)
		for (const struct column *column = columns; column->title; column++) {
			CLEANUP(buf_release) struct buf cell = BUF_INIT;

			column->print(json_object_get(row, column->member), &cell);
			strv_push(cells, cell.used ? cell.data : "-");
		}
}

static void print_table(const struct column *columns, const json_t *rows, struct buf *out)
{
	CLEANUP(strv_release) struct strv cells = { 0 };
	size_t width[COLUMNS_MOST] = { 0 }, row = json_array_size(rows) + 1;

	fill_cells(columns, rows, &cells);
	for (size_t i = 0; i < cells.count; )
		for (size_t column = 0; columns[column].title; column++, i++)
			width[column] = fmax(width[column], strlen(cells.items[i]));
	for (char *const *cell = cells.items; row--; )
		for (size_t column = 0; columns[column].title; column++, cell++)
			if (columns[column + 1].title)
				buf_print(out, "%-*s  ", (int)width[column], *cell);
			else
				buf_print(out, "%s\n", *cell);
}

static void print_head(const json_t *document, struct buf *out)
{
	const json_t *consul = json_object_get(document, "consul");
	const json_t *problem = json_object_get(json_object_get(document, "reloads"), "problem");
	const json_t *trouble = json_object_get(document, "trouble");

	print_text(json_object_get(document, "phase"), out);
	buf_print(out, " for ");
	print_span(json_object_get(document, "uptime"), out);
	buf_print(out, ", pid %lld, ", (long long)json_integer_value(json_object_get(document, "pid")));
	print_text(json_object_get(document, "configuration"), out);
	if (json_is_true(json_object_get(document, "maintenance")))
		buf_add(out, ", in maintenance");
	if (json_is_object(consul)) {
		buf_add(out, ", consul ");
		print_text(json_object_get(consul, "address"), out);
		buf_add(out, " ");
		print_text(json_object_get(consul, "state"), out);
	}
	buf_add(out, "\n");
	if (json_is_string(trouble)) {
		buf_add(out, "not healthy: ");
		print_text(trouble, out);
		buf_add(out, "\n");
	}
	if (json_is_string(problem)) {
		buf_add(out, "last reload refused: ");
		print_text(problem, out);
		buf_add(out, "\n");
	}
}

void status_table_print(const json_t *document, struct buf *out)
{
	print_head(document, out);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		const json_t *rows = json_object_get(document, tables[i].member);

		if (!json_array_size(rows))
			continue;
		buf_add(out, "\n");
		print_table(tables[i].columns, rows, out);
	}
}
