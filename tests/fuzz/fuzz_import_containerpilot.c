/* Any bytes as a configuration of ContainerPilot. */
#include "import/containerpilot_file.h"

#include "imported.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return import_one(containerpilot_file_read, data, size, true);
}
