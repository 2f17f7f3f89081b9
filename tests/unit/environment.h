/* environment.h - for tests of code that reads the environment: removes the caller's settings. */
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

#endif
