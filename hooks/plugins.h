/* plugins.h - the programs that a template runs by `plugin`.
 *
 * A render asks for a program's output; while there is none yet, it goes on with an empty text, and
 * on_ended() tells that it should be repeated.  In a round, which plugins_forget() ends, equal commands
 * run once.  A program has 30 s, and writes at most 1 MiB.  It runs as pilotfish itself, without Consul's
 * token and password.
 */
#ifndef PLUGINS_H
#define PLUGINS_H

#include "base/list.h"
#include "base/loop.h"
#include "template/template.h"

struct plugins {
	struct template_plugins provider;
	struct loop *loop;
	const char *template;		/* for the programs' environment */
	struct list runs;
	size_t count, running;
	bool failed;			/* one of this round */
	void (*on_ended)(struct plugins *plugins);	/* a program has ended, and none runs */
};

void plugins_init(struct plugins *plugins, struct loop *loop, const char *template,
		  void (*on_ended)(struct plugins *plugins));
void plugins_forget(struct plugins *plugins);	/* kills those that run, and drops all output */

#endif
