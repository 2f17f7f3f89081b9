/* libconf_scan.h - split libconfig text into tokens.
 *
 * Coarser than libconfig's own scanner: just enough to find @include and the text that libconfig
 * would silently misread.  Blanks and comments are skipped.
 */
#ifndef LIBCONF_SCAN_H
#define LIBCONF_SCAN_H

#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_STRING,			/* with its quotes */
	TOKEN_WORD,			/* a name, a number, true, @include */
	TOKEN_PUNCTUATION,			/* any other character, such as = or { */
	TOKEN_OPEN_STRING,		/* never closed; then comes TOKEN_END */
	TOKEN_OPEN_COMMENT,
};

struct token {
	enum token_kind kind;
	const char *start;
	size_t length;
	unsigned line, column;		/* where it begins, from 1 */
};

struct scanner {
	const char *at, *end;
	const char *line_start;
	unsigned line;
};

void scanner_init(struct scanner *scanner, const char *text, size_t size);
struct token scanner_next(struct scanner *scanner);

#endif
