/* trim.h - text without the blanks around it.
 *
 * Formats differ in their blanks, so each caller names them.
 */
#ifndef TRIM_H
#define TRIM_H

#include <stddef.h>

/* The first of the *size bytes of `text` that is not in `blanks`; *size becomes the length up to the last. */
const char *trim(const char *text, size_t *size, const char *blanks);

#endif
