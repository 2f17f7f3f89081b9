/* probe.h - the hook that checks a job from outside, by an HTTP request or a TCP connection.
 *
 * An HTTP probe succeeds if the status is in the configured range and the body contains the
 * configured text; a TCP probe succeeds if it can connect.  The result is described in `excerpt`.
 */
#ifndef PROBE_H
#define PROBE_H

#include "config/config.h"
#include "base/http.h"
#include "hook.h"

/* Borrows `config` and `http`. */
struct hook *probe_new(struct http *http, const struct health_config *config);

#endif
