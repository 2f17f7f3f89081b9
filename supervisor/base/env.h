/* env.h - the environment that pilotfish reads, and that of its children, as they change while it runs.
 *
 * At first both are the environment that pilotfish was started with.  A change reaches the children that
 * start later, the next reload, and templates when they are rendered again.  environ(7) itself stays as it
 * was: a thread may be reading it.
 */
#ifndef ENV_H
#define ENV_H

#include "strv.h"

void env_set(const char *name, const char *value);
void env_unset(const char *name);
void env_give(const char *name, const char *value);	/* to children alone; NULL: no longer */

const char *env_get(const char *name);		/* NULL: unset; valid until the next change */
const struct strv *env_changes(void);		/* "NAME=value": is set; "NAME": is unset */

/* Append all variables, and those with the ones that only children get. */
void env_copy(struct strv *env);
void env_copy_for_child(struct strv *env);

#endif
