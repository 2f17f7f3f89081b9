/* scan.h - libconfig text as a row of tokens.
 *
 * Coarser than libconfig's own scanner: just enough to find @include, and what libconfig would
 * misread without a word.  Blanks and comments are passed over.
 */
#ifndef SCAN_H
#define SCAN_H

#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_STRING,			/* with its quotes */
	TOKEN_WORD,			/* a name, a number, true, @include */
	TOKEN_MARK,			/* any other character, such as = or { */
	TOKEN_OPEN_STRING,		/* never closed; then comes TOKEN_END */
	TOKEN_OPEN_COMMENT,
};

struct token {
	enum token_kind kind;
	const char *start;
	size_t length;
	unsigned line;			/* where it begins, from 1 */
};

struct scanner {
	const char *at, *end;
	unsigned line;
};

void scanner_init(struct scanner *scanner, const char *text, size_t size);
struct token scan(struct scanner *scanner);

#endif
