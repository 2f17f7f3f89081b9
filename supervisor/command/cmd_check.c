#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "config/load.h"

int cmd_check(const struct call *call)
{
	struct load_error error = { .code = EX_DATAERR };
	AUTOFREE char *path = command_config_path(call, &error.error);
	struct config *config = path ? load_config(path, NULL, &error) : NULL;

	if (!config)
		return command_fail(error.code, &error.error);
	printf("%s is fine: %zu jobs, %zu watches, %zu templates, %zu elections, %s\n", path,
	       config->job_count, config->watch_count, config->template_count,
	       config->election_count,
	       config->consul.enabled ? config->consul.address : "no Consul");
	config_free(config);
	return EX_OK;
}
