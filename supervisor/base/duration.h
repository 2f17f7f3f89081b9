/* duration.h - spans of time in text: whole seconds ("5") or Go's time.ParseDuration
 * ("250ms", "1m30s", "1.5h"; units ns us µs ms s m h).  All times are double seconds. */
#ifndef DURATION_H
#define DURATION_H

#include <stdbool.h>

bool duration_parse(const char *text, double *seconds);
void duration_print(double seconds, char text[static 32]);	/* "1m30s", "250ms" */

#endif
