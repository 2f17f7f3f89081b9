/* duration.h - durations as text: whole seconds ("5") or the syntax of Go's time.ParseDuration
 * ("250ms", "1m30s", "1.5h"; units ns us µs ms s m h).  Values are seconds, as double; their amount
 * is at most DURATION_MAX, which every timer can hold. */
#ifndef DURATION_H
#define DURATION_H

#include <stdbool.h>

#define DURATION_MAX 1e9		/* about 31 years */

bool duration_parse(const char *text, double *seconds);
void duration_print(double seconds, char text[static 32]);	/* "1m30s", "250ms" */

#endif
