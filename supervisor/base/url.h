/* url.h - percent-encoding of the parts of a URL (RFC 3986). */
#ifndef URL_H
#define URL_H

#include "buf.h"

void url_escape(struct buf *out, const char *text);		/* all but unreserved characters */
void url_escape_path(struct buf *out, const char *path);	/* ... and slashes */

/* Append "?name=value", or "&name=value" if the URL has parameters.  `value` NULL: append nothing. */
void url_add(struct buf *url, const char *name, const char *value);

#endif
