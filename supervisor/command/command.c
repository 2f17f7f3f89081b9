#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/setting.h"

char *command_config_path(const struct call *call, struct error *error)
{
	char *path = NULL;

	if (call->config)
		return copy_string(call->config);
	if (!setting_get("PILOTFISH_CONFIG", &path, error))
		return NULL;
	return path ? path : copy_string(DEFAULT_CONFIG);
}

int command_fail(int code, const struct error *error)
{
	fprintf(stderr, "pilotfish: %s\n", error->text);
	return code;
}

int command_usage(const char *what, const char *which)
{
	fprintf(stderr, "pilotfish: %s%s; try `pilotfish help`\n", what, which);
	return EX_USAGE;
}
