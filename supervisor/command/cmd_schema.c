#include "command.h"

#include "base/alloc.h"

int cmd_schema(const struct call *call)
{
	CLEANUP(json_decrefp) json_t *schema = config_json_schema();

	(void)call;
	return command_print_json(schema);
}
