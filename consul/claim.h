/* claim.h - is the ID of a service free, ours, or another instance's?
 *
 * Both functions read an answer of the agent and set service->claim; they send nothing.  An ID that is
 * passing at another address belongs to another instance: ours gets a suffix, and the claim begins
 * again (service.h).
 */
#ifndef CLAIM_H
#define CLAIM_H

#include "service.h"

/* Needs service->address.  Finds entries that earlier processes left, too. */
void claim_from_services(struct service *service, json_t *services);
void claim_from_checks(struct service *service, json_t *checks);

#endif
