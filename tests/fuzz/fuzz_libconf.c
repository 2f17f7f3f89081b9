/* Any bytes as a configuration: parsed, expanded, decoded, checked. */
#include <stdint.h>

#include "base/alloc.h"
#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 leaks a string in front of a syntax error. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = copy_bytes((const char *)data, size);
	struct load_error error = { 0 };
	struct config *config = load_text(text, "nowhere/x.conf", &error);

	if (!config == !error.mistakes.count)
		__builtin_trap();	/* a failure without a message, or a message without a failure */
	config_free(config);
	load_error_release(&error);
	return 0;
}
