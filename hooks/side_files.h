/* side_files.h - the files of a template's writeToFile, put in their places one after another.
 *
 * A template may be rendered many times until all its data is there; its files are written only then,
 * before its own text, as placement.h does it.  The first failure ends the series.
 */
#ifndef SIDE_FILES_H
#define SIDE_FILES_H

#include "placement.h"
#include "template/template.h"

struct side_files {
	const char *template;		/* for the log */
	bool new_is_change;
	void *owner;
	void (*on_done)(struct side_files *files, const struct error *error);	/* NULL: all are right */
	bool changed;			/* one of them differed, or was new and new_is_change */

	/* private */
	struct loop *loop;
	struct template_file *files;	/* borrowed */
	size_t count, next;
	struct placement *placement;
	struct error error;
};

/* `output` stays until on_done(), which may be called at once. */
void side_files_start(struct side_files *files, struct loop *loop, struct template_output *output);
bool side_files_are_busy(const struct side_files *files);
void side_files_release(struct side_files *files);	/* stops without a call */

#endif
