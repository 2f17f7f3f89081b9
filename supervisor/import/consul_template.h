/* consul_template.h - consul-template's configuration, in HCL or JSON, as ours. */
#ifndef CONSUL_TEMPLATE_H
#define CONSUL_TEMPLATE_H

#include "import.h"

bool consul_template_recognises(const char *path, const char *text);
bool consul_template_read(struct import *import);

#endif
