/* supervisord_value.h - expressions in the values of supervisord's configuration: %(ENV_HOME)s, %(here)s,
 * %(program_name)s, %(process_num)02d and others, and %% for %.
 */
#ifndef SUPERVISORD_VALUE_H
#define SUPERVISORD_VALUE_H

#include "ini.h"

struct expansion {
	struct import *import;
	const char *program, *group;	/* "" where there is none */
	const char *here;		/* the folder of the configuration */
	long number, count;		/* process_num and numprocs */
};

/* A string, or an action if the value depends on the environment.  NULL: the import has an error. */
json_t *supervisord_expand(const struct expansion *expansion, const struct ini_entry *entry);

/* Adds KEY="value",KEY2='value' to an object. */
bool supervisord_environment(const struct expansion *expansion, const struct ini_entry *entry, json_t *env);

#endif
