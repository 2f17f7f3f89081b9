/* answer.h - reads JSON of Consul, any part of which may be missing or have an unexpected type. */
#ifndef ANSWER_H
#define ANSWER_H

#include <jansson.h>

/* The text of a member of `object`; "" if it has no such text. */
const char *answer_text(const json_t *object, const char *key);

#endif
