#include "placement.h"

#include "base/alloc.h"
#include "base/log.h"

enum { LATE_SECONDS = 10 };

static struct placement *placement_of(struct offload *offload)
{
	return container_of(offload, struct placement, offload);
}

static void destroy(struct placement *placement)
{
	free(placement->config.destination);
	buf_release(&placement->text);
	free(placement);
}

/* ---- on the thread ---- */

static void stage(struct offload *offload)
{
	struct placement *placement = placement_of(offload);

	placement->good = target_compare(&placement->config, &placement->text, &placement->state,
					 &placement->error) &&
			  (placement->state == TARGET_SAME ||
			   target_stage(&placement->target, &placement->config, &placement->text,
					&placement->error));
}

static void commit(struct offload *offload)
{
	struct placement *placement = placement_of(offload);

	placement->good = target_commit(&placement->target, &placement->in_place,
					&placement->error);
}

static void drop(struct offload *offload)
{
	target_drop(&placement_of(offload)->target);
}

/* ---- in the loop ---- */

static void on_late(struct timer *timer)
{
	const struct placement *placement = container_of(timer, struct placement, late);

	log_warn("writing %s takes longer than %ds: its disk does not answer",
		 placement->config.destination, LATE_SECONDS);
}

static void on_done(struct offload *offload)
{
	struct placement *placement = placement_of(offload);

	timer_stop(&placement->late);
	placement->on_done(placement);
}

static void on_dropped(struct offload *offload)
{
	destroy(placement_of(offload));
}

static void start(struct placement *placement, offload_fn *run, offload_fn *done)
{
	placement->offload.run = run;
	placement->offload.on_done = done;
	offload_start(&placement->offload, placement->loop);
}

static void start_step(struct placement *placement, offload_fn *run,
		       void (*done)(struct placement *placement))
{
	placement->on_done = done;
	timer_set(&placement->late, LATE_SECONDS);
	start(placement, run, on_done);
}

/* After an abandoned step, or instead of one. */
static void release(struct offload *offload)
{
	struct placement *placement = placement_of(offload);

	if (placement->target.staged)
		start(placement, drop, on_dropped);
	else
		destroy(placement);
}

/* The groups are not needed: the file has one. */
struct placement *placement_new(struct loop *loop, const struct target_config *config,
				struct buf *text)
{
	struct placement *placement = NEW(struct placement);

	placement->loop = loop;
	placement->config = *config;
	placement->config.destination = copy_string(config->destination);
	placement->config.identity = (struct identity){
		.set = config->identity.set, .uid = config->identity.uid, .gid = config->identity.gid,
	};
	placement->text = *text;
	*text = (struct buf)BUF_INIT;
	placement->offload.release = release;
	timer_init(&placement->late, loop, on_late);
	return placement;
}

void placement_stage(struct placement *placement, void (*done)(struct placement *placement))
{
	start_step(placement, stage, done);
}

void placement_commit(struct placement *placement, void (*done)(struct placement *placement))
{
	start_step(placement, commit, done);
}

bool placement_is_busy(const struct placement *placement)
{
	return placement && offload_is_running(&placement->offload);
}

void placement_free(struct placement *placement)
{
	if (!placement)
		return;
	timer_stop(&placement->late);
	if (placement_is_busy(placement))
		offload_abandon(&placement->offload);
	else
		release(&placement->offload);
}
