#include "sensor.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/trim.h"

static void take_value(struct sensor *sensor)
{
	CLEANUP(buf_release) struct buf why = BUF_INIT;
	size_t size = strlen(sensor->output.data);
	const char *start = trim(sensor->output.data, &size, " \t\r\n");
	AUTOFREE char *text = copy_bytes(start, size);

	if (user_metrics_set_text(sensor->metrics, sensor->job->config->metric, text, &why) != 200)
		log_about(LEVEL_WARN, job_subject(sensor->job, EVENT_NONE), " sets no metric: %s", why.data);
}

static void on_event(struct subscription *sub, const struct event *event)
{
	struct sensor *sensor = container_of(sub, struct sensor, on_event);

	if (event->code == EVENT_EXIT_SUCCESS)
		take_value(sensor);
	if (event->code == EVENT_EXIT_SUCCESS || event->code == EVENT_EXIT_FAILED)
		buf_clear(&sensor->output);
}

struct sensor *sensor_new(struct job *job, struct user_metrics *metrics)
{
	struct sensor *sensor = NEW(struct sensor);

	*sensor = (struct sensor){ .job = job, .metrics = metrics, .output = BUF_INIT };
	job->hook->excerpt = &sensor->output;
	subscribe(&sensor->on_event, &job->source, EVENT_ANY, on_event);
	return sensor;
}

void sensor_free(struct sensor *sensor)
{
	if (!sensor)
		return;
	unsubscribe(&sensor->on_event);
	buf_release(&sensor->output);
	free(sensor);
}
