/* check.h - what holds between jobs, watches and Consul: run when all is decoded. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

#include "config.h"

/* Names are given once, sources exist, nobody waits for himself, elections have somebody to lead,
 * Consul is there if needed. */
bool config_check(const struct config *config, struct error *error);

#endif
