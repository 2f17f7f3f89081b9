#include "consul_config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "template_args.h"

struct config *consul_config_find(const struct call *call, struct load_error *error)
{
	AUTOFREE char *path = command_config_path(call, error);
	/* Without any configuration the environment names Consul. */
	bool without = !call->config && getenv("CONSUL_HTTP_ADDR") && path && access(path, F_OK) &&
		       !strcmp(path, DEFAULT_CONFIG);
	struct config *config = !path ? NULL :
		call->args.consul || without ? template_args_config(&call->args, error) :
		load_config(path, NULL, error);

	if (config && !config->consul.enabled) {
		load_error_add(error, &(struct error){ .text = "the configuration has no consul; name one by "
							       "--consul-addr" });
		config_free(steal(&config));
	}
	return config;
}
