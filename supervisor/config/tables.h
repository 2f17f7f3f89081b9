/* tables.h - every key of a configuration: its type, its default, its limits, its manual. */
#ifndef TABLES_H
#define TABLES_H

#include "schema.h"

const struct record *config_record(void);	/* the whole, a struct config */
const struct record *consul_record(void);	/* the group `consul`, a struct consul_config */

#endif
