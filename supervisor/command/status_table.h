/* status_table.h - the status document as tables for people. */
#ifndef STATUS_TABLE_H
#define STATUS_TABLE_H

#include <jansson.h>

#include "base/buf.h"

void status_table_print(const json_t *document, struct buf *out);

#endif
