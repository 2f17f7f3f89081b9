/* probe.h - the hooks that check a job from outside: an HTTP request, or a TCP connection.
 *
 * Succeeds when the status is in the configured range and the body contains the configured
 * text; for TCP, when the connection is open.  The hook's tail gets a line on what was found.
 */
#ifndef PROBE_H
#define PROBE_H

#include "config/config.h"
#include "base/http.h"
#include "hook.h"

/* Borrows `config` and `http`. */
struct hook *probe_new(struct http *http, const struct health_config *config);

#endif
