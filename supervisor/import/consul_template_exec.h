/* consul_template_exec.h - the programs that consul-template runs: commands of templates, and exec mode. */
#ifndef CONSUL_TEMPLATE_EXEC_H
#define CONSUL_TEMPLATE_EXEC_H

#include "keys.h"

/* The template's command becomes its exec. */
void consul_template_set_hook(const struct target *target);

/* The block exec of the top becomes a job that waits for all templates and is told of changes.  NULL: there
 * is none. */
void consul_template_add_job(struct import *import, const json_t *exec);

#endif
