#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "config/load.h"
#include "config/stop_times.h"

int cmd_check(const struct call *call)
{
	struct load_error error = { .code = EX_DATAERR };
	AUTOFREE char *path = command_config_path(call, &error.error);
	struct config *config = path ? load_config(path, NULL, &error) : NULL;
	CLEANUP(buf_release) struct buf stops = BUF_INIT;

	if (!config)
		return command_fail(error.code, &error.error);
	printf("%s is fine: %zu jobs, %zu watches, %zu templates, %zu elections, %s\n", path,
	       config->job_count, config->watch_count, config->template_count,
	       config->election_count,
	       config->consul.enabled ? config->consul.address : "no Consul");
	stop_times_print(config, &stops);
	fputs(stops.data, stdout);
	for (size_t i = 0; i < config->warnings.count; i++)
		fprintf(stderr, "pilotfish: warning: %s: %s\n", path, config->warnings.items[i]);
	config_free(config);
	return EX_OK;
}
