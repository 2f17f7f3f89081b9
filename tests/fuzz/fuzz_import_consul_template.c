/* Any bytes as a configuration of consul-template, in HCL or JSON. */
#include "import/consul_template.h"

#include "imported.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return import_one(consul_template_read, data, size, false);
}
