/* include.h - replace each `@include "file"` of a configuration by the text of that file, and
 * remember the file and line that each line of the result came from.
 *
 * A path is relative to the file that includes it.  Inclusion is at most ten levels deep and has
 * no cycle.
 */
#ifndef INCLUDE_H
#define INCLUDE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

enum { TEXT_LIMIT = 4 << 20, INCLUDE_LIMIT = 10 };

struct line_origin {
	size_t file;			/* in included->files */
	unsigned line;
};

struct included_text {
	struct buf text;		/* always ends in a newline, unless empty */
	struct strv files;
	struct line_origin *lines;
	size_t line_count, line_room;
};

/* `path` names the text in messages; includes are relative to its folder. */
bool included_text_init(struct included_text *included, const char *path, const char *text,
			size_t size, struct error *error);
void included_text_release(struct included_text *included);	/* after a failed init too */

/* Fails with "file:line: message: the line itself".  Lines count from 1. */
bool included_text_fail(const struct included_text *included, unsigned line, struct error *error,
			const char *message);

#endif
