/* metrics.h - the status document (status.h) as metrics for Prometheus.
 *
 * The text is the format 0.0.4 (prometheus.io, "Exposition formats"), or OpenMetrics 1.0.  A table
 * names each metric and the member that it tells; a member that is null has no sample.  Pure.
 */
#ifndef METRICS_H
#define METRICS_H

#include <jansson.h>

#include "base/buf.h"

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPEN };

void metrics_print(const json_t *status, enum metrics_format format, struct buf *out);
const char *metrics_content_type(enum metrics_format format);


#endif
