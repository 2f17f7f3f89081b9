/* render.h - a template that is kept rendered: the source `template.NAME`.
 *
 * The template is rendered with the data that is there.  While dependencies have no value, it is
 * rendered again whenever values arrive, because each may lead to further dependencies; errors do not
 * count until all values are there.  Then the text is compared with the file, staged beside it,
 * checked, and put in its place (target.h).  From then on a change of any dependency renders it again.
 * `wait` applies only to these later renders.  However long a render takes, the loop does not wait
 * for it (task.h), nor for the disk (placement.h).
 *
 * Events: `rendered` when the file is right for the first time; `changed` when a new file has replaced
 * an old one; `settled` when one of a group has changed and all are written; `unhealthy` when all data
 * is there but the file cannot be made, written or checked;
 * `healthy` when it can again.  The command of a template is a job that waits for `settled` (sugar.h).
 * So the command is retried with pauses until it succeeds, it has a timeout, and changes during its run
 * lead to one more run.
 *
 * Templates with the same command are a group.  Its first one publishes `settled` for all: 20 ms after
 * a change, and once no other of them is being rendered, checked or written, but after 5 s at the latest.
 * So the command runs once for all files that change together.
 *
 * No failure removes the present file.  A failed template is rendered again when its data changes; a
 * file that could not be written or failed its check is also retried after a backoff.  After 10 s, the
 * log names the missing dependencies and the lines that use them.
 */
#ifndef RENDER_H
#define RENDER_H

#include "base/backoff.h"
#include "base/event.h"
#include "base/loop.h"
#include "base/task.h"
#include "config/config.h"
#include "data.h"
#include "hook.h"
#include "placement.h"
#include "plugins.h"
#include "side_files.h"

struct render {
	struct source source;
	const struct template_config *config;	/* borrowed */
	struct loop *loop;
	struct data_provider *provider;
	struct data_user user;
	struct template_provider bounded;	/* hides answers with too few entries */
	struct task task;		/* makes the text */
	struct template_input input;
	struct template_output output;
	struct error error;		/* of the text, unless it is made */
	unsigned long changes;		/* the provider's, when the text was begun */
	struct plugins plugins;		/* that the present text needs */
	struct side_files side_files;
	struct placement *placement;	/* of the last text, perhaps still under way; or NULL */
	struct hook *check;		/* the last one, perhaps still running; NULL: none yet */
	struct hook_user check_user;
	struct exec_config check_exec;	/* with the path of the staged file */
	struct buf check_output;
	struct timer due, limit, slow;	/* limit: of the check; slow: data is late */
	struct backoff backoff;
	double due_at;			/* monotonic, if `due` is set */
	double changed;			/* monotonic: the file was last written; 0: not by us */
	double wait_end;		/* monotonic: wait.max is over then; 0: no change is pending */
	char *complaint;		/* the present trouble, logged; NULL: none */
	struct render *first;		/* of its group, perhaps itself */
	struct list members, of_group;	/* of the first: all of the group, also itself */
	struct timer gather;		/* of the first: to publish `settled` */
	double dirty_since;		/* of the first: an unpublished change; 0: none */
	bool rendered, stale;		/* stale: data changed while it was busy */
	bool made, report_missing, checking, timed_out, in_place;
};

void render_init(struct render *render, struct loop *loop, struct data_provider *provider,
		 const struct template_config *config);
void render_release(struct render *render);

/* Puts it into the group of `first`, which may be itself. */
void render_join(struct render *render, struct render *first);
bool render_is_settled(const struct render *render);	/* it will publish nothing by itself */

#endif
