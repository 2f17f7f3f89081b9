#include "feed_reading.h"

#include "base/alloc.h"
#include "consul/weight.h"

static void run(struct reading *reading, const json_t *answer)
{
	struct feed_reading *self = container_of(reading, struct feed_reading, reading);
	json_t *latest;

	self->state = self->query.read(self->context, answer, &self->error);
	if (!self->state)
		return;
	self->weight = weight_of_json(self->state);
	if (self->before && self->keep)
		self->kept = blocking_query_keep(&self->query, self->before, self->state);
	latest = self->kept ? self->kept : self->state;
	self->same = self->before && blocking_query_equal(&self->query, self->before, latest);
}

static void release(struct reading *reading)
{
	feed_reading_free(container_of(reading, struct feed_reading, reading));
}

struct feed_reading *feed_reading_new(const struct blocking_query *query, json_t *before, bool keep)
{
	struct feed_reading *self = NEW(struct feed_reading);

	*self = (struct feed_reading){
		.reading = { .run = run, .free = release },
		.error = ERROR_INIT,
		.before = json_incref(before),
		.query = {
			.identity = query->identity,
			.read = query->read,
			.equal = query->equal,
		},
		.context = query->copy_context ? query->copy_context(query) : NULL,
		.keep = keep,
	};
	return self;
}

void feed_reading_free(struct feed_reading *self)
{
	if (!self)
		return;
	json_decref(self->state);
	json_decref(self->kept);
	json_decref(self->before);
	free(self->context);
	free(self);
}
