/* load.h - from a path to a configuration: read, render, parse, expand hooks (sugar.h), decode.
 *
 * Text with {{ in it is a template and is rendered with the environment; included files are not.
 * After that step, messages count the lines of the rendered text and show them.  No message shows
 * a value of {{secret "X"}}.
 */
#ifndef LOAD_H
#define LOAD_H

#include "config.h"

struct task;

/* The code is one of sysexits(3): 66 not readable, 65 not a configuration. */
struct load_error {
	struct error error;
	int code;
};

/* `task`: the caller's, which pauses while the text is rendered (task.h); NULL: there is no pause.
 * The first two hide secrets: `pilotfish render` and `pilotfish expand` print them. */
char *load_rendered(const char *path, struct load_error *error);	/* free() it */
json_t *load_tree(const char *path, struct load_error *error);		/* hooks are expanded */
struct config *load_config(const char *path, struct task *task, struct load_error *error);
struct config *load_text(const char *text, const char *name, struct load_error *error);

#endif
