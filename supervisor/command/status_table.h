/* status_table.h - the status document as tables for people. */
#ifndef STATUS_TABLE_H
#define STATUS_TABLE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

/* `coloured`: with escape sequences for states and health. */
void status_table_print(const json_t *document, bool coloured, struct buf *out);

#endif
