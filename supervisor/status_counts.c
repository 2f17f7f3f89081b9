#include "status_counts.h"

#include <math.h>

json_t *histogram_json(const struct histogram *histogram)
{
	json_t *counts = json_array();

	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		json_array_append_new(counts, json_integer((json_int_t)histogram->counts[i]));
	return json_pack("{so so}", "sum", json_real(round(1e6 * histogram->sum) / 1e6), "counts", counts);
}

json_t *answers_json(const struct answer_counts *counts)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < counts->used; i++)
		json_array_append_new(rows, json_pack("{ss sI sI}", "name", counts->rows[i].name,
						      "code", (json_int_t)counts->rows[i].code,
						      "count", (json_int_t)counts->rows[i].count));
	return rows;
}

static json_t *events_json(const struct bus *bus)
{
	json_t *counts = json_object();

	for (int code = 0; code < EVENT_COUNT; code++)
		json_object_set_new(counts, event_name((enum event_code)code),
				    json_integer((json_int_t)bus->counts[code]));
	return counts;
}

json_t *output_json(const struct hook *hook)
{
	const struct output_count *counts = hook ? hook->counts : NULL;

	if (!counts)
		return json_null();
	return json_pack("{s{sI sI} s{sI sI}}",
			 "stdout", "lines", (json_int_t)counts[0].lines, "bytes", (json_int_t)counts[0].bytes,
			 "stderr", "lines", (json_int_t)counts[1].lines, "bytes", (json_int_t)counts[1].bytes);
}

json_t *status_add_counts(json_t *document, const struct units *units, const struct status_frame *frame)
{
	json_object_set_new(document, "events", events_json(&units->loop->bus));
	json_object_set_new(document, "eventsDropped", json_integer((json_int_t)frame->events_dropped));
	json_object_set_new(document, "requests", answers_json(frame->requests));
	json_object_set_new(document, "lag", histogram_json(&units->loop->turn_times));
	return document;
}
