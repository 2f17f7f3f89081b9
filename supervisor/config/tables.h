/* tables.h - every key of a configuration: its type, its default, its limits, its manual. */
#ifndef TABLES_H
#define TABLES_H

#include "schema.h"

const struct record *config_record(void);	/* the whole, a struct config */
const struct record *consul_record(void);	/* the group `consul`, a struct consul_config */
const struct record *election_record(void);	/* in `elections`, a struct election_config */
const struct record *exec_record(void);		/* how a program is run, a struct exec_config */

/* A key that sugar() makes a job of. */
#define HOOK .type = FIELD_CUSTOM, .decode = decode_hook, \
	.form = "a command, or a group { exec = ...; } with any other key of a job"

#endif
