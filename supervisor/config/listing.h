/* listing.h - a configuration's text with all @include "file" lines replaced by those files, and
 * which file and line each of its lines came from.
 *
 * A path is relative to the file that includes it.  Files include each other ten deep at most,
 * and never in a circle.
 */
#ifndef LISTING_H
#define LISTING_H

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

enum { TEXT_LIMIT = 4 << 20, INCLUDE_LIMIT = 10 };

struct listing_line {
	size_t file;			/* in listing->files */
	unsigned line;
};

struct listing {
	struct buf text;		/* always ends in a newline, unless empty */
	struct strv files;
	struct listing_line *lines;
	size_t line_count, line_room;
};

/* `path` names the text in messages, and is what its includes are relative to. */
bool listing_init(struct listing *listing, const char *path, const char *text, size_t size,
		  struct error *error);
void listing_release(struct listing *listing);	/* after a failed init too */

/* "file:line: message: the line itself"; returns false.  Lines count from 1. */
bool listing_fail(const struct listing *listing, unsigned line, struct error *error,
		  const char *message);

#endif
