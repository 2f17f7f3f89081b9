#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "config/load.h"

int cmd_expand(const struct call *call)
{
	struct load_error error = { .code = EX_DATAERR };
	AUTOFREE char *path = command_config_path(call, &error.error);
	json_t *tree = path ? load_tree(path, &error) : NULL;
	AUTOFREE char *text = NULL;

	if (!tree)
		return command_fail(error.code, &error.error);
	text = json_dumps(tree, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(tree);
	puts(text);
	return EX_OK;
}
