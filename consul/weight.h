/* weight.h - estimates the memory of JSON, so that a budget can refuse a tree before it is built.
 *
 * The estimates are jansson's sizes on a 64-bit machine with glibc, rounded up.
 */
#ifndef WEIGHT_H
#define WEIGHT_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

/* Of the tree that the text would become; beyond `limit` it stops counting.  Fails if the text is
 * nested too deeply. */
bool weight_of_text(const struct buf *text, size_t limit, size_t *weight, struct error *error);

size_t weight_of_json(const json_t *json);

#endif
