#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "config/load.h"

int cmd_render(const struct call *call)
{
	CLEANUP(load_error_release) struct load_error error = { .code = EX_DATAERR };
	AUTOFREE char *path = command_config_path(call, &error);
	AUTOFREE char *text = NULL;

	text = path ? load_rendered(path, &error) : NULL;
	if (!text)
		return command_fail_load(&error);
	fputs(text, stdout);
	return EX_OK;
}
