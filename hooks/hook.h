/* hook.h - an action: run a program, probe an address, render a file.
 *
 * A hook is started, may be signalled, and calls on_done() once for each successful start, from the
 * loop and never from within start().  After on_done() the hook can be started again.  The user
 * owns the hook; free() stops a running hook without a call of on_done().
 */
#ifndef HOOK_H
#define HOOK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/output.h"
#include "base/process.h"
#include "base/strv.h"

/* The reason for a start; borrowed during start(). */
struct hook_context {
	const char *job;		/* PILOTFISH_JOB */
	const char *source;		/* PILOTFISH_SOURCE; NULL: no event caused the start */
	const char *event;		/* PILOTFISH_EVENT */
	const char *document;		/* JSON for its stdin; NULL: /dev/null */
	const struct strv *env;		/* "NAME=value": more variables; NULL: none */
};

struct hook;
struct readiness;

/* Embedded in the user's struct, which on_done() finds by container_of. */
struct hook_user {
	void (*on_done)(struct hook_user *self);
};

struct hook_ops {
	bool (*start)(struct hook *self, const struct hook_context *context, struct error *error);
	void (*signal)(struct hook *self, int signo);	/* SIGKILL: the hook must end */
	void (*free)(struct hook *self);
};

struct hook {
	const struct hook_ops *ops;
	struct hook_user *user;
	int status;			/* of its last end, as from waitpid(); 0: success */
	bool group;			/* signals go to the whole process group */
	pid_t pid;			/* of the running program; 0: none */
	bool sweeping;			/* only its group has not ended: status is set */
	struct buf *excerpt;		/* gets the start of the output; borrowed, may be NULL */
	struct buf *errors;		/* gets that of standard error instead; likewise */
	size_t excerpt_most;		/* bytes of each; 0: OUTPUT_EXCERPT */
	bool logged;			/* the output goes to the log although there is an excerpt */
	struct readiness *readiness;	/* what the program says of itself; borrowed, may be NULL */
	struct output_count counts[2];	/* of standard output and standard error, in all runs */
};

#endif
