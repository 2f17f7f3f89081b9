/* supervisord.h - supervisord's configuration (version 4) as ours: each program is a job. */
#ifndef SUPERVISORD_H
#define SUPERVISORD_H

#include "import.h"

bool supervisord_recognises(const char *path, const char *text);
bool supervisord_read(struct import *import);

#endif
