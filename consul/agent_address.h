/* agent_address.h - from the address of a configuration (agent.h) to the parts of a request. */
#ifndef AGENT_ADDRESS_H
#define AGENT_ADDRESS_H

#include "agent.h"

/* Sets base, connect_to and unix_socket. */
bool agent_address_parse(struct agent *agent, const char *text, struct error *error);

#endif
