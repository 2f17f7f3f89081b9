/* import.h - the files of other programs, as a native configuration.
 *
 * A table has a row for each foreign format.  A row's reader makes a tree, whose keys are those of
 * pilotfish.conf(5), and notes on what has changed or cannot be had, and why (configuration_print.h).
 */
#ifndef IMPORT_H
#define IMPORT_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

/* Of a file or of all its parts; of brackets in it; of files, services and the like in one import. */
enum {
	IMPORT_TEXT_LIMIT = 4 << 20, IMPORT_NESTING_LIMIT = 50, IMPORT_COUNT_LIMIT = 1000,
	IMPORT_NOTES_MOST = 10000,	/* further ones are dropped */
};

/* For a reader: what it gets and makes. */
struct import {
	const char *path;
	const char *text;		/* without a NUL in it, and UTF-8; NULL: `path` is a folder */
	char **command;			/* the words behind the path, of which ContainerPilot 2 makes a job */

	json_t *tree;			/* an empty object at first */
	struct strv notes;
	struct error error;		/* "file:line:column: found ..., expected ..." */
	int code;			/* with an error: 65, or 66 if a file cannot be read */
};

struct importer {
	const char *name;		/* such as "supervisord's configuration"; NULL ends the table */
	bool (*recognises)(const char *path, const char *text);		/* text NULL: a folder */
	bool (*read)(struct import *import);
};

const struct importer *importer_table(void);

/* Appends the configuration.  `command`: the application of ContainerPilot 2, ends in NULL; NULL: none.
 * Returns a code of sysexits(3): 0, 65 or 66. */
int import_print(const char *path, char **command, struct buf *out, struct error *error);

/* ---- for readers ---- */

void import_note(struct import *import, const char *format, ...)	/* "PATH: text" */
	__attribute__((format(printf, 2, 3)));

bool import_fail(struct import *import, const char *format, ...)	/* always false; code 65 */
	__attribute__((format(printf, 2, 3)));

/* Appends a regular file of at most IMPORT_TEXT_LIMIT bytes, which must be text.  False: code 65 or 66. */
bool import_read_file(struct import *import, const char *path, struct buf *text);

/* The names in a folder in the order of their bytes, without those that begin with a dot.  False: code 66. */
bool import_list_folder(struct import *import, const char *path, struct strv *names);

/* A new last element of the tree's list `key`, such as "jobs", named `name`, or similarly if that is not
 * possible.  *given, unless NULL, is the element's name. */
json_t *import_add(struct import *import, const char *key, const char *name, const char **given);

json_t *import_string(const char *text);	/* bytes that are not UTF-8 are replaced */
void import_set(json_t *object, const char *key, const char *text);	/* NULL: nothing */

/* A command: the line itself if all shells and pilotfish read it alike; else for `sh -c`. */
json_t *import_shell_command(const char *line);

json_t *import_program(const char *path);	/* a command that is this path alone */

void import_add_literal(struct buf *out, const char *text);	/* a string of Go, for an action */

/* Sets `env`, or "KEY=VALUE" strings if libconfig cannot have a key.  Takes `env`, whose
 * actions are "print ... | quote". */
void import_set_env(json_t *job, json_t *env);

/* For what may take longer than the default of the whole stop. */
void import_allow_stop(struct import *import, double seconds);

#endif
