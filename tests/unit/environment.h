/* environment.h - for tests of code that reads the environment: removes the caller's settings, or sets
 * those of a row in a table. */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

static inline int clear_environment(void **state)
{
	char **entry = environ;

	(void)state;
	while (*entry) {
		AUTOFREE char *name = copy_bytes(*entry, strcspn(*entry, "="));

		if (!strncmp(name, "CONSUL_", 7) || !strncmp(name, "PILOTFISH_", 10))
			unsetenv(name);		/* the next one moves here */
		else
			entry++;
	}
	return 0;
}

/* "A=b C=d": sets or removes all of them. */
static inline void set_environment(const char *env, bool set)
{
	AUTOFREE char *copy = copy_string(env);

	for (char *rest = copy, *word; (word = strsep(&rest, " ")); ) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		if (set)
			setenv(word, value, 1);
		else
			unsetenv(word);
	}
}

#endif
