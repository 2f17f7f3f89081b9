/* gotime.h - moments of UTC in Go's layouts, which show how Mon Jan 2 15:04:05 MST 2006 looks. */
#ifndef GOTIME_H
#define GOTIME_H

#include <time.h>

#include "arena.h"

void gotime_format(struct text *text, time_t moment, const char *layout, size_t size);

#endif
