/* placement.h - puts a text in its place (target.h) without waiting for the disk.
 *
 * Each step runs on a thread (offload.h), which reads nothing of the configuration: that may be
 * replaced while a disk hangs.  One step runs at a time.  After 10 s the log says that it hangs.
 */
#ifndef PLACEMENT_H
#define PLACEMENT_H

#include "base/offload.h"
#include "target.h"

struct placement {
	struct target target;
	struct buf text;
	enum target_state state;	/* of the comparison with the file, before it is staged */
	bool in_place;			/* the text had to be written into the existing file */
	bool good;			/* the last step; else `error` */
	struct error error;
	void *owner;
	void (*on_done)(struct placement *placement);

	/* private */
	struct loop *loop;
	struct target_config config;
	struct offload offload;
	struct timer late;
};

/* Takes the text. */
struct placement *placement_new(struct loop *loop, const struct target_config *config,
				struct buf *text);

/* Compares, and stages the text unless the file is right already; then calls on_done. */
void placement_stage(struct placement *placement, void (*on_done)(struct placement *placement));
void placement_commit(struct placement *placement, void (*on_done)(struct placement *placement));
bool placement_is_busy(const struct placement *placement);	/* NULL: no */

/* Removes the staged file, at once or when the disk answers.  NULL: nothing. */
void placement_free(struct placement *placement);

#endif
