/* duration.h - durations as text: whole seconds ("5") or the syntax of Go's time.ParseDuration
 * ("250ms", "1m30s", "1.5h"; units ns us µs ms s m h), up to Go's limit of
 * 292 years.  Values are seconds, as double. */
#ifndef DURATION_H
#define DURATION_H

#include <stdbool.h>

bool duration_parse(const char *text, double *seconds);
void duration_print(double seconds, char text[static 32]);	/* "1m30s", "250ms" */

#endif
