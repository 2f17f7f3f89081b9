/* paragraph.h - sentences as lines, for a terminal or for a manual page in mdoc(7). */
#ifndef PARAGRAPH_H
#define PARAGRAPH_H

#include <stdbool.h>

#include "buf.h"

/* Fills lines of at most 78 columns with the words of `text`, each line after `indent` blanks.
 * In mdoc there is no indent, each sentence begins a line, no line looks like a macro, and
 * "name(7)" becomes a reference. */
void paragraph_print(struct buf *out, const char *text, int indent, bool mdoc);

#endif
