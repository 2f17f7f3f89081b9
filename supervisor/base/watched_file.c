#include "watched_file.h"

#include <math.h>

#include "alloc.h"
#include "file.h"
#include "offload.h"

static const double shortest_pause = 0.0625, longest_pause = 2;

struct look {
	struct offload offload;
	struct watched_file *watched;	/* not for the thread */
	char *path;
	size_t limit;
	struct stat seen;
	bool changed;
	struct buf text;
};

static struct look *look_of(struct offload *offload)
{
	return container_of(offload, struct look, offload);
}

static void run(struct offload *offload)
{
	struct look *look = look_of(offload);
	struct stat now;
	struct error error = ERROR_INIT;	/* the file may come later */

	if (stat(look->path, &now) || file_is_unchanged(&look->seen, &now))
		return;
	look->seen = now;
	look->changed = file_read_regular(look->path, look->limit, &look->text, &error);
}

static void release(struct offload *offload)
{
	struct look *look = look_of(offload);

	buf_release(&look->text);
	free(look->path);
	free(look);
}

static void on_done(struct offload *offload)
{
	struct look *look = look_of(offload);
	struct watched_file *watched = look->watched;

	watched->look = NULL;
	timer_set(&watched->timer, watched->pause);
	watched->pause = fmin(2 * watched->pause, longest_pause);
	if (look->changed) {
		watched->seen = look->seen;
		watched->on_change(watched, &look->text);
	}
	release(offload);
}

static void on_timer(struct timer *timer)
{
	struct watched_file *watched = container_of(timer, struct watched_file, timer);
	struct look *look = NEW(struct look);

	*look = (struct look){
		.offload = { .run = run, .on_done = on_done, .release = release },
		.watched = watched,
		.path = copy_string(watched->path),
		.limit = watched->limit,
		.seen = watched->seen,
		.text = BUF_INIT,
	};
	watched->look = look;
	offload_start(&look->offload, timer->loop);
}

void watched_file_start(struct watched_file *watched, struct loop *loop, const char *path,
			size_t limit)
{
	*watched = (struct watched_file){
		.on_change = watched->on_change, .path = path, .limit = limit,
		.pause = shortest_pause,
	};
	timer_init(&watched->timer, loop, on_timer);
	timer_set(&watched->timer, 0);
}

void watched_file_stop(struct watched_file *watched)
{
	if (!watched->path)
		return;
	timer_stop(&watched->timer);
	if (watched->look)
		offload_abandon(&watched->look->offload);
	*watched = (struct watched_file){ .on_change = watched->on_change };
}
