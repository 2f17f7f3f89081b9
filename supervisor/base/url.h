/* url.h - the parts of a URL (RFC 3986), and their percent-encoding. */
#ifndef URL_H
#define URL_H

#include "buf.h"

void url_escape(struct buf *out, const char *text);		/* all but unreserved characters */
void url_escape_path(struct buf *out, const char *path);	/* ... and slashes */

/* Append "?name=value", or "&name=value" if the URL has parameters.  `value` NULL: append nothing. */
void url_add(struct buf *url, const char *name, const char *value);

/* "host:port"; an IPv6 address stands in brackets (section 3.2.2). */
char *url_authority(const char *host, long port);

#endif
