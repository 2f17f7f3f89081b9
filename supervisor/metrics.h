/* metrics.h - the status document (status.h) as metrics for Prometheus.
 *
 * A table names each metric and the member that it tells; a member that is null has no sample.  Pure.
 */
#ifndef METRICS_H
#define METRICS_H

#include <jansson.h>
#include <stdbool.h>

#include "exposition.h"

void metrics_print(const json_t *status, enum exposition_format format, struct buf *out);

/* Each metric with its type, its labels and its meaning; `mdoc`: as items of a list. */
void metrics_print_manual(bool mdoc, struct buf *out);

#endif
