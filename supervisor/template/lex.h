/* lex.h - the text of a template as tokens.  Each state is a function that returns the next state. */
#ifndef LEX_H
#define LEX_H

#include "arena.h"
#include "source.h"

enum token_kind {
	TOKEN_ERROR,		/* `text` is the message */
	TOKEN_EOF,
	TOKEN_TEXT, TOKEN_LEFT, TOKEN_RIGHT, TOKEN_SPACE,
	TOKEN_NUMBER, TOKEN_CHARACTER, TOKEN_STRING, TOKEN_RAW, TOKEN_BOOL, TOKEN_NIL,
	TOKEN_DOT, TOKEN_FIELD, TOKEN_VARIABLE, TOKEN_IDENTIFIER,
	TOKEN_PIPE, TOKEN_COMMA, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_ASSIGN, TOKEN_DECLARE,
	TOKEN_OTHER,		/* a character without a meaning here */
	TOKEN_KEYWORD,		/* the kinds from here on are keywords */
	TOKEN_BLOCK, TOKEN_BREAK, TOKEN_CONTINUE, TOKEN_DEFINE, TOKEN_ELSE, TOKEN_END, TOKEN_IF,
	TOKEN_RANGE, TOKEN_TEMPLATE, TOKEN_WITH,
};

struct token {
	enum token_kind kind;
	const char *text;	/* ends in NUL only if TOKEN_ERROR */
	size_t size, at;	/* at: offset in the source */
};

struct tokens {
	struct token *items;
	size_t count, room;
};

#define TOKENS_LIMIT 200000

/* Ends in TOKEN_EOF or TOKEN_ERROR.  free() items. */
void lex(const struct source *source, const char *left, const char *right, struct arena *arena,
	 struct tokens *tokens);

#endif
