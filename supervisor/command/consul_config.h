/* consul_config.h - the configuration of a verb that asks Consul itself. */
#ifndef CONSUL_CONFIG_H
#define CONSUL_CONFIG_H

#include "command.h"
#include "config/load.h"

/* -c or the default, or only the address that --consul-addr or the environment names.  NULL: it is wrong, or
 * has no Consul. */
struct config *consul_config_find(const struct call *call, struct load_error *error);

#endif
