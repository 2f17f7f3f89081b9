/* supervisord_program.h - programs of supervisord as jobs. */
#ifndef SUPERVISORD_PROGRAM_H
#define SUPERVISORD_PROGRAM_H

#include "supervisord_value.h"

/* `here`: the folder of the configuration. */
bool supervisord_programs(struct import *import, const struct ini *ini, const char *here);

#endif
