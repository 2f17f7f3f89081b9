#include "command.h"

#include <stdarg.h>
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

int command_usage(const char *format, ...)
{
	va_list args;

	fputs("pilotfish: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; try `pilotfish help`\n", stderr);
	return EX_USAGE;
}
