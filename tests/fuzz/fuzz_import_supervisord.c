/* Any bytes as a configuration of supervisord. */
#include "import/supervisord.h"

#include "imported.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return import_one(supervisord_read, data, size, false);
}
