/* render.h - a template, kept rendered: the source `template.NAME`.
 *
 * The template is rendered with what is known.  What it asked for and is not known yet is waited for:
 * it is rendered again when all of it is there, and now and then when some of it is, as it may ask
 * for other things then, until nothing is missing; an error while something is missing means no
 * more than that.  Then the text is compared with the file, staged beside it,
 * checked, and put in its place (target.h).  After that it is rendered again whenever something that it
 * used last has changed, and for the first time with that `wait` counts.
 *
 * Events: `rendered` when the file is right for the first time, `changed` when it has replaced another,
 * `unhealthy` when it cannot be made, written or checked although all data is there, `healthy` again.
 * The command of a template is a job that waits for `changed` (sugar.h): so it is tried again with
 * pauses until it succeeds, has a timeout, and what comes while it runs is one more run.
 *
 * Whatever goes wrong, the file that is there stays.  A template that fails is tried again when
 * its data changes, a file that cannot be written or is refused by its check also after a backoff.
 * What is waited for longer than 10 s is named in the log, with the lines that ask for it.
 */
#ifndef RENDER_H
#define RENDER_H

#include "base/backoff.h"
#include "base/event.h"
#include "base/loop.h"
#include "config/config.h"
#include "data.h"
#include "hook.h"
#include "target.h"

struct render {
	struct source source;
	const struct template_config *config;	/* borrowed */
	struct loop *loop;
	struct data_provider *provider;
	struct data_user user;
	struct template_provider bounded;	/* what the template sees: what is too small is not there */
	struct template_output output;
	enum target_state state;	/* the file's, when it was compared last */
	struct target target;
	struct hook *check;		/* that runs, or ran last; NULL: none did */
	struct hook_user check_user;
	struct exec_config check_exec;	/* with the path of the staged file in it */
	struct buf check_output;
	struct timer due, limit, patience;
	struct backoff backoff;
	double last_call;		/* monotonic: collecting ends then; 0: nothing is collected */
	char *complaint;		/* what is wrong, logged, and still so; NULL: nothing */
	bool rendered, stale;		/* stale: news came during the check */
	bool checking, timed_out, in_place;
};

void render_init(struct render *render, struct loop *loop, struct data_provider *provider,
		 const struct template_config *config);
void render_release(struct render *render);

#endif
