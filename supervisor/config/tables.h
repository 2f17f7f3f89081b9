/* tables.h - every key of a configuration: its type, its default, its limits, its manual. */
#ifndef TABLES_H
#define TABLES_H

#include "schema.h"

const struct record *config_record(void);	/* struct config: the top level */
const struct record *control_record(void);	/* struct control_config: the group `control` */
const struct record *telemetry_record(void);	/* struct telemetry_config: the group `telemetry` */
const struct record *compat_record(void);	/* struct compat_config: the group `compat` */
const struct record *metric_record(void);	/* struct metric_config: each of `telemetry.metrics` */
const struct record *consul_record(void);	/* struct consul_config: the group `consul` */
const struct record *election_record(void);	/* struct election_config: each of `elections` */
const struct record *readiness_record(void);	/* struct readiness_config: the group `readiness` */
const struct record *exec_record(void);		/* struct exec_config: how a program is run */

/* A key that sugar_expand() turns into a job. */
#define HOOK .type = FIELD_CUSTOM, .decode = decode_hook, \
	.must_be = "a command, or a group { exec = ...; } with any other key of a job"

#endif
