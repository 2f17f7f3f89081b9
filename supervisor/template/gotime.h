/* gotime.h - times in UTC by Go's layouts: examples that show Mon Jan 2 15:04:05 MST 2006. */
#ifndef GOTIME_H
#define GOTIME_H

#include <time.h>

#include "arena.h"

void gotime_format(struct text *text, time_t moment, const char *layout, size_t size);

#endif
