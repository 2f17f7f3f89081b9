#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "config/load.h"
#include "config/stop_times.h"
#include "config/sugar.h"

int cmd_check(const struct call *call)
{
	CLEANUP(load_error_release) struct load_error error = { .code = EX_DATAERR };
	AUTOFREE char *path = command_config_path(call, &error);
	struct config *config = path ? load_config(path, NULL, &error) : NULL;
	CLEANUP(buf_release) struct buf stops = BUF_INIT;
	size_t hooks = 0;

	if (!config)
		return command_fail_load(&error);
	for (size_t i = 0; i < config->job_count; i++)
		hooks += sugar_is_hook(config->jobs[i]->name);
	printf("%s is fine: %zu jobs, %zu hooks, %zu watches, %zu templates, %zu elections, %s\n", path,
	       config->job_count - hooks, hooks, config->watch_count, config->template_count,
	       config->election_count,
	       config->consul.enabled ? config->consul.address : "no Consul");
	stop_times_print(config, &stops);
	fputs(stops.data, stdout);
	for (size_t i = 0; i < config->warnings.count; i++)
		fprintf(stderr, "pilotfish: warning: %s\n", config->warnings.items[i]);
	config_free(config);
	return EX_OK;
}
