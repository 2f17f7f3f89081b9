/* template_args.h - templates on a command line: IN[:OUT[:COMMAND]], as consul-template has them. */
#ifndef TEMPLATE_ARGS_H
#define TEMPLATE_ARGS_H

#include "config/load.h"

struct template_args {
	struct strv templates;
	const char *consul;		/* address; NULL: the environment's, else the default */
	bool once;			/* stop after all files are written and all commands have run */
	bool dry;			/* only print; once */
};

/* The equivalent configuration.  Without OUT the text is printed.  COMMAND runs after each change of
 * the file, the first one included; a shell runs it if it has more than one word. */
struct config *template_args_config(const struct template_args *args, struct load_error *error);

#endif
