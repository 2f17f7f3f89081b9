/* text_table.h - tables for people: each column says how a cell is made of a row's object.
 *
 * Texts come from outside: cells are printable, and at most 60 bytes of a text are shown. */
#ifndef TEXT_TABLE_H
#define TEXT_TABLE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

typedef void cell_fn(const json_t *value, struct buf *cell);	/* adds nothing: "-" is printed */

struct column {
	const char *title, *member;
	cell_fn *print;			/* gets the row's member, or NULL */
};

/* `columns` ends with a column without a title; `rows` is an array.  An empty table prints nothing; any
 * other follows an empty line.  With `coloured`, states are in the terminal's colours. */
void text_table_print(const struct column *columns, const json_t *rows, bool coloured, struct buf *out);

cell_fn cell_text;			/* its first line */
cell_fn cell_number;			/* not if it is 0 */
cell_fn cell_count;
cell_fn cell_span;			/* seconds */
cell_fn cell_time;			/* seconds since 1970 */
cell_fn cell_yes;
cell_fn cell_list;			/* of texts */

/* "2026-11-30T04:17:34Z"; false: `seconds` since 1970 are no time. */
bool print_utc(double seconds, struct buf *out);

#endif
