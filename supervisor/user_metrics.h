/* user_metrics.h - the metrics of the application: `telemetry.metrics` declares them, the control socket
 * sets them, the telemetry port shows them.
 *
 * A body is a JSON object: {"NAME": VALUE, "NAME{label=\"text\"}": VALUE, ...}.  A value is a finite number,
 * or a string that is one.  It is added to a counter, replaces that of a gauge, and is one observation of
 * a histogram or a summary.  Either all values of a body count, or none does.
 *
 * As with ContainerPilot, __foo and `foo` name the same metric, and so do ns__foo and ns_foo.
 *
 * All metrics together have at most USER_SERIES_MOST time series, as Prometheus counts them: one for each
 * bucket of a histogram.  A metric that a reload does not change keeps its values.
 */
#ifndef USER_METRICS_H
#define USER_METRICS_H

#include "base/list.h"
#include "config/config.h"
#include "exposition.h"

enum { USER_SERIES_MOST = 2000, USER_VALUES_MOST = 1000, USER_LABEL_MOST = 128 };

struct user_metrics {
	struct list metrics;
	size_t series;
};

void user_metrics_init(struct user_metrics *metrics);
void user_metrics_release(struct user_metrics *metrics);
void user_metrics_take(struct user_metrics *metrics, struct telemetry_config *config);	/* its metrics */

/* Both return the status of the answer, whose text is `answer`.  The second sets one metric, to a number
 * as text. */
int user_metrics_set(struct user_metrics *metrics, const char *body, size_t size, struct buf *answer);
int user_metrics_set_text(struct user_metrics *metrics, const char *name, const char *text,
			  struct buf *answer);

void user_metrics_print(const struct user_metrics *metrics, enum exposition_format format, struct buf *out);

#endif
