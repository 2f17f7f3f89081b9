/* status_counts.h - the parts of the status document (status.h) that count, for metrics. */
#ifndef STATUS_COUNTS_H
#define STATUS_COUNTS_H

#include "status.h"

json_t *histogram_json(const struct histogram *histogram);
json_t *answers_json(const struct answer_counts *counts);
json_t *output_json(const struct hook *hook);		/* NULL: of a job without a program */

/* Adds what pilotfish itself counts, and returns `document`. */
json_t *status_add_counts(json_t *document, const struct units *units, const struct status_frame *frame);

#endif
