/* answer.h - reads the JSON of Consul's answers, any part of which may be missing or of another type. */
#ifndef ANSWER_H
#define ANSWER_H

#include <jansson.h>

/* The text of a member of `object`; "": there is no such text. */
const char *answer_text(const json_t *object, const char *key);

#endif
