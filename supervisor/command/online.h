/* online.h - `pilotfish check --online`: does Consul answer, and has our token all rights that the
 * configuration needs (needs.h)?
 *
 * It leaves nothing in Consul: /v1/internal/acl/authorize (Consul 1.7 and later) only answers about rights,
 * and so do the probes of needs.h.
 */
#ifndef ONLINE_H
#define ONLINE_H

#include "config/config.h"

/* Prints the outcome, and on standard output the lines of a policy that are missing.  Exit codes: 0; 69
 * Consul does not answer, or cannot tell; 77 rights are missing, or Consul does not know our token. */
int online_check(const struct config *config);

#endif
