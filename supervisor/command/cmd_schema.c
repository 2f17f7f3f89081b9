#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"

int cmd_schema(const struct call *call)
{
	json_t *schema = config_json_schema();
	AUTOFREE char *text = json_dumps(schema, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

	(void)call;
	json_decref(schema);
	puts(text);
	return EX_OK;
}
