/* exposition.h - the parts of a metric's text: Prometheus' format 0.0.4, and OpenMetrics 1.0. */
#ifndef EXPOSITION_H
#define EXPOSITION_H

#include "base/buf.h"

enum exposition_format { EXPOSITION_PROMETHEUS, EXPOSITION_OPEN };

const char *exposition_content_type(enum exposition_format format);

/* The lines HELP and TYPE.  The family of a counter has no _total in OpenMetrics, and a
 * counter that has none in its name is of type "unknown" there. */
void exposition_head(struct buf *out, enum exposition_format format, const char *name, const char *type,
		     const char *help);

void exposition_escape(struct buf *out, const char *text);	/* as the value of a label */

/* One line.  `suffix` goes behind the name; `labels`, as `a="x",b="y"`, may be "". */
void exposition_value(struct buf *out, const char *name, const char *suffix, const char *labels,
		      double value);

struct exposition_buckets {
	const double *bounds;
	size_t count;			/* of bounds */
	const unsigned long *counts;	/* between two bounds; count + 1 of them */
	double sum;
};

void exposition_histogram(struct buf *out, enum exposition_format format, const char *name,
			  const char *labels, const struct exposition_buckets *buckets);

void exposition_end(struct buf *out, enum exposition_format format);

#endif
