/* entry.h - builds the registration and the check updates of a service.  Sends nothing. */
#ifndef ENTRY_H
#define ENTRY_H

#include "service.h"

enum health_status entry_status(const struct service *service);	/* of its check */
json_t *entry_registration(const struct service *service);	/* needs service->address */
json_t *entry_verdict(const struct service *service);		/* status and output of its check */

/* Does an entry with this metadata come from this service of this process? */
bool entry_is_ours(const struct service *service, const json_t *meta);

/* The address of the configured interfaces, else our address towards the agent.  If the agent is on
 * this machine: eth0's, else that of the default route, else the first that is not loopback, else
 * loopback; IPv4 before IPv6.  free() the result.
 * NULL: there is none. */
char *entry_address(const struct service *service, struct error *error);

#endif
