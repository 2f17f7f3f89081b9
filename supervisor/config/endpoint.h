/* endpoint.h - where something listens: the host and port of URLs and addresses of a configuration. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <stdbool.h>

#include "base/error.h"

/* The part of `host` before a slash is "host", "host:port", "[v6]", "[v6]:port" or a bare IPv6
 * address; what follows has no query, fragment or control character.  Errors show `whole`. */
bool endpoint_check(const char *host, const char *whole, struct error *error);

/* "http://..." or "https://...", perhaps with a user, a path and a query. */
bool endpoint_check_url(const char *url, struct error *error);

/* "host:port" or "[v6]:port" */
bool endpoint_check_tcp(const char *text, struct error *error);

#endif
