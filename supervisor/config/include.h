/* include.h - replace each `@include "file"` of a configuration in libconfig's syntax by the text of
 * that file, and remember the file and line that each line of the result came from.
 *
 * A path is relative to the file that includes it.  Inclusion is at most ten levels deep and has
 * no cycle.
 */
#ifndef INCLUDE_H
#define INCLUDE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "places.h"
#include "template/origin.h"

enum { TEXT_LIMIT = 4 << 20, INCLUDE_LIMIT = 10 };

struct line_origin {
	size_t file;			/* in included->files */
	struct origin origin;
};

struct included_text {
	struct buf text;		/* always ends in a newline, unless empty */
	struct strv files;
	struct line_origin *lines;
	size_t line_count, line_room;
	const struct origins *origins;	/* of the first file's lines; NULL: it was not rendered */
};

/* `path` names the text in messages; includes are relative to its folder.  `origins`: see the
 * struct; they are borrowed.  The byte order mark at the beginning of a file is dropped. */
bool included_text_init(struct included_text *included, const char *path, const struct buf *text,
			const struct origins *origins, struct error *error);
void included_text_release(struct included_text *included);	/* after a failed init too */

/* True: a variable that is not set was printed on this line. */
bool included_text_has_unset(const struct included_text *included, struct place place);

/* "file:line:column: message", with what is known of the place, and the variables that were printed
 * on this line but are not set.  With `shows`, the line itself follows.  free() it. */
char *included_text_message(const struct included_text *included, struct place place,
			    const char *message, bool shows);

#endif
