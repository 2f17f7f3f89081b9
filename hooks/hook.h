/* hook.h - something that can be done: run a program, probe an address, render a file.
 *
 * A hook is started, may be signalled, and tells its user once for each successful start that it
 * is done, from the loop and never from inside start().  It can be started again after that.  Who starts it
 * owns it and frees it; a hook that still runs is stopped by free() without a word.
 */
#ifndef HOOK_H
#define HOOK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/process.h"
#include "base/strv.h"

/* Why it is started; borrowed during start(). */
struct hook_context {
	const char *job;		/* PILOTFISH_JOB */
	const char *source;		/* PILOTFISH_SOURCE; NULL: nothing happened, it just starts */
	const char *event;		/* PILOTFISH_EVENT */
	const char *document;		/* JSON for its stdin; NULL: /dev/null */
	const struct strv *env;		/* "NAME=value": more variables; NULL: none */
};

struct hook;

/* The part of a user's struct by which a hook finds its way back. */
struct hook_user {
	void (*on_done)(struct hook_user *self);
};

struct hook_ops {
	bool (*start)(struct hook *self, const struct hook_context *context, struct error *error);
	void (*signal)(struct hook *self, int signo);	/* SIGKILL: it must end */
	void (*free)(struct hook *self);
};

struct hook {
	const struct hook_ops *ops;
	struct hook_user *user;
	int status;			/* how it last ended, as waitpid() has it; 0: success */
	bool group;			/* signals go to all that it started */
	pid_t pid;			/* of the program that runs, 0 where there is none */
	struct buf *tail;		/* gets the start of what it prints; borrowed, may be NULL */
};

#endif
