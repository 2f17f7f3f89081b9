/* printable.h - text from outside, made safe for a terminal, a log and a JSON document.
 *
 * Children, Consul's answers and names are not trusted: a control sequence can clear a screen or
 * write to a clipboard, a newline can forge a record, a bidirectional mark can reorder a line.
 * Unsafe are all control characters but the tab (C0, DEL, and C1 with NEL), the line and paragraph
 * separators U+2028 and U+2029, the bidirectional controls, and bytes that are not UTF-8.
 */
#ifndef PRINTABLE_H
#define PRINTABLE_H

#include <stdbool.h>

#include "buf.h"

enum printable {
	PRINTABLE_PLAIN,
	PRINTABLE_COLOURS,		/* ESC [ ... m passes (SGR, ECMA-48 section 8.3.117) */
};

/* Appends `text` with unsafe characters as \n, \x1b, \u2028. */
void printable_add(struct buf *out, const char *text, size_t size, enum printable kind);
char *printable_copy(const char *text);		/* the same, plain; free() it */

/* Is there nothing to escape in the text (as PRINTABLE_PLAIN has it)? */
bool printable_is_safe(const char *text, size_t size);

/* Appends a JSON string, quotes included, that has no unsafe character in it.  Bytes that are not
 * UTF-8 become U+FFFD, one each. */
void printable_quote(struct buf *out, const char *text, size_t size);

/* Appends `text` with U+FFFD for each byte that is not UTF-8, and for each NUL: the result can
 * always become a JSON string. */
void printable_repair(struct buf *out, const char *text, size_t size);

#endif
