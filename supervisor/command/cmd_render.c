#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "config/load.h"

int cmd_render(const struct call *call)
{
	struct load_error error = { .code = EX_DATAERR };
	AUTOFREE char *path = command_config_path(call, &error.error);
	AUTOFREE char *text = NULL;

	text = path ? load_rendered(path, &error) : NULL;
	if (!text)
		return command_fail(error.code, &error.error);
	fputs(text, stdout);
	return EX_OK;
}
