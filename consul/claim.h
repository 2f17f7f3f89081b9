/* claim.h - is the ID of a service free, ours, or another instance's?
 *
 * Both functions read an answer of the agent and set service->claim; they send nothing.  An ID that is
 * passing at another address or port belongs to another instance: ours gets a suffix, and the claim
 * begins again (service.h).
 */
#ifndef CLAIM_H
#define CLAIM_H

#include "service.h"

/* Needs service->address.  Finds entries that earlier processes left, too. */
void claim_from_services(struct service *service, json_t *services);
void claim_from_checks(struct service *service, json_t *checks);

/* Of an entry as the agent lists it: is it at our address and port?  Where is it?  free() that. */
bool claim_has_our_place(const struct service *service, const json_t *entry);
char *claim_place(const json_t *entry);

#endif
