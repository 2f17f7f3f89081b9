/* sensor.h - a job with the key `metric`: the output of each successful run is a value of that metric.
 *
 * The output is one number with blanks around it; anything else is a warning and sets nothing.
 */
#ifndef SENSOR_H
#define SENSOR_H

#include "base/buf.h"
#include "base/event.h"
#include "job.h"
#include "user_metrics.h"

struct sensor {
	struct job *job;
	struct user_metrics *metrics;
	struct subscription on_event;
	struct buf output;		/* of the run */
};

/* Both are borrowed.  The job has a hook, whose output no longer goes to the log. */
struct sensor *sensor_new(struct job *job, struct user_metrics *metrics);
void sensor_free(struct sensor *sensor);	/* NULL-safe */

#endif
