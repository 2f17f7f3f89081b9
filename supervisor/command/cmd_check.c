#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "config/load.h"
#include "config/stop_times.h"
#include "config/sugar.h"
#include "online.h"

static void print_summary(const char *path, const struct config *config)
{
	CLEANUP(buf_release) struct buf stops = BUF_INIT;
	size_t hooks = 0;

	for (size_t i = 0; i < config->job_count; i++)
		hooks += sugar_is_hook(config->jobs[i]->name);
	printf("%s is fine: %zu jobs, %zu hooks, %zu watches, %zu templates, %zu elections, %s\n", path,
	       config->job_count - hooks, hooks, config->watch_count, config->template_count,
	       config->election_count,
	       config->consul.enabled ? config->consul.address : "no Consul");
	stop_times_print(config, &stops);
	fputs(stops.data, stdout);
}

static void print_all(const char *kind, const struct strv *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		fprintf(stderr, "pilotfish: %s: %s\n", kind, messages->items[i]);
}

int cmd_check(const struct call *call)
{
	CLEANUP(load_error_release) struct load_error error = { .code = EX_DATAERR };
	CLEANUP(strv_release) struct strv unsure = { 0 };
	AUTOFREE char *path = command_config_path(call, &error);
	struct config *config = NULL;
	int code = EX_OK;

	if (path && call->build)
		config = load_image_config(path, &error, &unsure);
	else if (path)
		config = load_config(path, NULL, &error);
	print_all("warning", &unsure);
	if (error.mistakes.count)
		return command_fail_load(&error);
	if (config) {
		print_summary(path, config);
		print_all("note", &config->notes);
		print_all("warning", &config->warnings);
		fflush(stdout);
		if (call->online)
			code = online_check(config);
	} else {
		printf("%s is fine, but for what depends on variables that are not set\n", path);
	}
	config_free(config);
	return code;
}
