/* load.h - from a path to a configuration: read, parse, sugar, decode, in that order.
 *
 * Each step can be had alone: `pilotfish expand` prints what is there after sugar.  (Rendering
 * the text as a template comes between read and parse.)
 */
#ifndef LOAD_H
#define LOAD_H

#include "config.h"

/* sysexits(3) for what went wrong: 66 not readable, 65 not a configuration. */
struct load_error {
	struct error error;
	int code;
};

json_t *load_tree(const char *path, struct load_error *error);		/* after sugar */
struct config *load_config(const char *path, struct load_error *error);
struct config *load_text(const char *text, const char *name, struct load_error *error);

#endif
