/* entry.h - what the catalogue is told of a service.  Sends nothing. */
#ifndef ENTRY_H
#define ENTRY_H

#include "service.h"

json_t *entry_registration(const struct service *service);	/* service->address must be known */
json_t *entry_verdict(const struct service *service);		/* status and output of its check */

/* Of the interfaces that are configured; else ours towards the agent; for an agent on this machine
 * eth0's, else the first that is not loopback, else loopback.  free() it.  NULL: there is none. */
char *entry_address(const struct service *service, struct error *error);

#endif
