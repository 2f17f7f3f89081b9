/* endpoints_v3.h - ContainerPilot's part of the control socket.
 *
 *     POST /v3/environ, /v3/env       an object of strings, and of null, which removes the variable
 *     POST /v3/metric                 an object; a value that no metric takes is logged
 *     POST /v3/reload                 answered at once; the outcome is logged
 *     POST /v3/maintenance/enable, /v3/maintenance/disable
 *     any  /v3/ping
 *
 * An answer is 200 and an empty line, or 422 and the reason for a body that is no such object.
 */
#ifndef ENDPOINTS_V3_H
#define ENDPOINTS_V3_H

#include <stddef.h>

struct endpoints;
struct exchange;

/* A row of the table of the control socket.  In `path`, "*" stands for one segment. */
struct endpoint {
	const char *method;		/* NULL: any */
	const char *path;
	void (*serve)(struct endpoints *endpoints, struct exchange *exchange);
};

const struct endpoint *endpoints_v3(void);	/* ends with a row without a path */
#endif
