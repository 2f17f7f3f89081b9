#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "config/load.h"

int cmd_expand(const struct call *call)
{
	CLEANUP(load_error_release) struct load_error error = { .code = EX_DATAERR };
	AUTOFREE char *path = command_config_path(call, &error);
	json_t *tree = path ? load_tree(path, &error) : NULL;
	AUTOFREE char *text = NULL;

	if (!tree)
		return command_fail_load(&error);
	text = json_dumps(tree, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(tree);
	puts(text);
	return EX_OK;
}
