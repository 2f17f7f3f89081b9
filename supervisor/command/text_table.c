#include "text_table.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/printable.h"
#include "base/strv.h"

enum { CELL_MOST = 60, COLUMNS_MOST = 16 };	/* bytes of a text; of a table */
#define YEAR_10000 253402300799.0

void cell_text(const json_t *value, struct buf *cell)
{
	const char *text = json_string_value(value);

	if (text)
		printable_add(cell, text, utf8_cut(text, strcspn(text, "\n"), CELL_MOST), PRINTABLE_PLAIN);
}

void cell_number(const json_t *value, struct buf *cell)
{
	if (json_integer_value(value))
		cell_count(value, cell);
}

void cell_count(const json_t *value, struct buf *cell)
{
	buf_print(cell, "%lld", (long long)json_integer_value(value));
}

void cell_span(const json_t *value, struct buf *cell)
{
	double seconds = json_number_value(value);
	char text[32];

	if (!json_is_number(value))
		return;
	duration_print(seconds < 1 ? round(100 * seconds) / 100 : floor(seconds), text);
	buf_add(cell, text);
}

bool print_utc(double at, struct buf *out)
{
	time_t seconds;
	char text[32];
	struct tm utc;

	if (at <= 0 || at > YEAR_10000)
		return false;
	seconds = (time_t)at;
	gmtime_r(&seconds, &utc);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
	buf_add(out, text);
	return true;
}

void cell_time(const json_t *value, struct buf *cell)
{
	print_utc(json_number_value(value), cell);
}

void cell_list(const json_t *value, struct buf *cell)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	const json_t *item;
	size_t i;

	json_array_foreach(value, i, item) {
		buf_add(&text, i ? ", " : "");
		buf_add(&text, json_string_value(item));
	}
	printable_add(cell, text.data, utf8_cut(text.data, text.used, CELL_MOST), PRINTABLE_PLAIN);
}

void cell_yes(const json_t *value, struct buf *cell)
{
	buf_add(cell, json_is_true(value) ? "yes" : "no");
}

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

static const char *colour_of(const char *word)
{
	static const struct { const char *word, *colour; } colours[] = {
		{ "passing", "\33[32m" }, { "running", "\33[32m" }, { "leader", "\33[32m" },
		{ "warning", "\33[33m" }, { "unknown", "\33[33m" }, { "backoff", "\33[33m" },
		{ "draining", "\33[33m" }, { "stopping", "\33[33m" }, { "terminating", "\33[33m" },
		{ "critical", "\33[31m" }, { "killing", "\33[31m" },
	};

	for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
		if (!strcmp(colours[i].word, word))
			return colours[i].colour;
	return NULL;
}

/* A state or a health has a colour; the same word in a name has none. */
static void print_cell(const struct column *column, const char *cell, int width, bool coloured,
		       struct buf *out)
{
	bool has_state = !strcmp(column->member, "state") || !strcmp(column->member, "status") ||
			 !strcmp(column->title, "HEALTH");
	const char *colour = coloured && has_state ? colour_of(cell) : NULL;

	buf_print(out, "%s%s%s", colour ? colour : "", cell, colour ? "\33[0m" : "");
	if (column[1].title)
		buf_print(out, "%*s", width - (int)strlen(cell) + 2, "");
	else
		buf_add_char(out, '\n');
}

void text_table_print(const struct column *columns, const json_t *rows, bool coloured, struct buf *out)
{
	CLEANUP(strv_release) struct strv cells = { 0 };
	size_t width[COLUMNS_MOST] = { 0 }, row = json_array_size(rows) + 1;

	if (row == 1)
		return;
	buf_add(out, "\n");
	fill_cells(columns, rows, &cells);
	for (size_t i = 0; i < cells.count; )
		for (size_t column = 0; columns[column].title; column++, i++)
			width[column] = fmax(width[column], strlen(cells.items[i]));
	for (char *const *cell = cells.items; row--; )
		for (size_t column = 0; columns[column].title; column++, cell++)
			print_cell(&columns[column], *cell, (int)width[column], coloured, out);
}
