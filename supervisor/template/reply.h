/* reply.h - Consul's answers in the form that templates see. */
#ifndef REPLY_H
#define REPLY_H

#include <jansson.h>

#include "dependency.h"

/* `body` NULL: Consul answered 404.  Returns NULL if the dependency has no value yet (a missing key). */
json_t *reply_convert(const struct dependency *dependency, json_t *body);

#endif
