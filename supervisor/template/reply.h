/* reply.h - what Consul answers, in the form that templates see. */
#ifndef REPLY_H
#define REPLY_H

#include <jansson.h>

#include "dependency.h"

/* `body` NULL: there is no such thing (404).  NULL: the question has no answer yet (a missing key). */
json_t *reply_convert(const struct dependency *dependency, json_t *body);

#endif
