/* load.h - from a path to a configuration: read, render, parse, sugar, decode, in that order.
 *
 * Text with {{ in it is a template, rendered with the environment; files that it @includes are not.
 * Messages behind that step count the lines of the rendered text and show them.  Values that came by
 * {{secret "X"}} are in no message.  Each step can be had alone.
 */
#ifndef LOAD_H
#define LOAD_H

#include "config.h"

/* sysexits(3) for what went wrong: 66 not readable, 65 not a configuration. */
struct load_error {
	struct error error;
	int code;
};

/* What `pilotfish render` and `pilotfish expand` print: secrets are hidden. */
char *load_rendered(const char *path, struct load_error *error);	/* free() it */
json_t *load_tree(const char *path, struct load_error *error);		/* after sugar */
struct config *load_config(const char *path, struct load_error *error);
struct config *load_text(const char *text, const char *name, struct load_error *error);

#endif
