/* verbs.h - the table of all verbs of the program (usage.h). */
#ifndef VERBS_H
#define VERBS_H

#include "command/usage.h"

const struct verb *verb_table(void);	/* the first is the default */

#endif
