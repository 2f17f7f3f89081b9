/* check.h - the rules between jobs, watches, templates, elections and Consul, checked after
 * everything is decoded. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

#include "config.h"

/* Names are unique, sources exist, no job waits for itself, each election has a job that can lead,
 * and Consul is configured if anything needs it.  Marks each `when` whose event never comes, and warns of
 * it, if compat.unknownSources allows that. */
bool config_check(struct config *config, struct strv *mistakes);	/* mistakes.h */

#endif
