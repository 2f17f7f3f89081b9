/* Any bytes as a configuration of ContainerPilot: imported, and read to be run. */
#include "import/containerpilot_file.h"

#include "config/load.h"
#include "imported.h"

static void load(const uint8_t *data, size_t size)
{
	static char *command[] = { (char *)"app", NULL };
	CLEANUP(load_error_release) struct load_error error = { .code = 0 };
	AUTOFREE char *text = copy_bytes(data, size);
	struct load_source source = {
		.path = "x", .text = text, .command = size % 2 ? command : NULL, .containerpilot = true,
	};
	struct config *config = load_config_from(&source, NULL, &error);

	if (!config != !!error.mistakes.count)
		__builtin_trap();
	config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	load(data, size);
	return import_one(containerpilot_file_read, data, size, true);
}
