/* load.h - from a path to a configuration: read, render, parse, expand hooks (sugar.h), decode.
 *
 * Text with {{ in it is a template and is rendered with the environment; included files are not.
 * Messages have the place in the file, also for what is wrong after that step.  No message shows a
 * value of {{secret "X"}}.
 */
#ifndef LOAD_H
#define LOAD_H

#include "config.h"

struct task;

/* Why there is no configuration.  The code is one of sysexits(3): 66 not readable, 65 not a
 * configuration. */
struct load_error {
	struct strv mistakes;
	int code;
};

/* Where a configuration comes from, and how it is meant. */
struct load_source {
	const char *path;		/* of the file; with `text` only its name in messages */
	const char *text;		/* the configuration itself; NULL: read `path` */
	char **command;			/* the words behind the options, ends in NULL; NULL: none */
	bool containerpilot;		/* it is certainly one of ContainerPilot */
};

void load_error_release(struct load_error *error);
bool load_error_add(struct load_error *error, const struct error *mistake);	/* always false */
char *load_error_text(const struct load_error *error);	/* a line for each; free() it */
void load_error_log(const struct load_error *error, const char *consequence);	/* "not reloaded: " */

/* `task`: the caller's, which pauses while the text is rendered (task.h); NULL: there is no pause.
 * The first two hide secrets: `pilotfish render` and `pilotfish expand` print them. */
char *load_rendered(const char *path, struct load_error *error);	/* free() it */
json_t *load_tree(const char *path, struct load_error *error);		/* hooks are expanded */
struct config *load_config(const char *path, struct task *task, struct load_error *error);
char *load_rendered_from(const struct load_source *source, struct load_error *error);	/* with secrets */
struct config *load_config_from(const struct load_source *source, struct task *task,
				struct load_error *error);

/* A file of ContainerPilot as it is translated, without any expansion: hooks are still there.  `notes` gets
 * "PATH: text" of what has changed, and of each comment.  NULL: a mistake, or it is no such file. */
json_t *load_translated(const struct load_source *source, struct strv *notes, struct load_error *error);

/* For an image's build: variables and secrets may be missing; programs, users, directories and files may
 * not.  `unsure` gets the mistakes in lines that print a variable that is not set.  NULL without an
 * error: only those. */
struct config *load_image_config(const char *path, struct load_error *error, struct strv *unsure);
struct config *load_text(const char *text, const char *name, struct load_error *error);

#endif
