/* respond.h - answers of the usual kinds: a line of text for a person, and JSON. */
#ifndef RESPOND_H
#define RESPOND_H

#include <jansson.h>

#include "responder.h"

void respond_text(struct exchange *exchange, int status, const char *text);
void respond_json(struct exchange *exchange, json_t *document);	/* takes it */

#endif
