/* Any bytes as a configuration: parsed, expanded, decoded, checked. */
#include <stdint.h>

#include "config/config.h"
#include "config/libconf.h"
#include "config/sugar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 leaks a string in front of a syntax error. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = ERROR_INIT;
	json_t *tree = libconf_parse("nowhere/x.conf", (const char *)data, size, &error);
	struct config *config = NULL;

	if (tree && sugar_expand(tree, &error))
		config = config_decode(tree, &error);
	if (!config == !error.text[0])
		__builtin_trap();	/* a failure without a message, or a message without a failure */
	config_free(config);
	json_decref(tree);
	return 0;
}
