/* lex.h - the text of a template as tokens: each state is a function that returns the next. */
#ifndef LEX_H
#define LEX_H

#include "arena.h"
#include "source.h"

enum token_kind {
	TOKEN_ERROR,		/* `text` says what is wrong */
	TOKEN_EOF,
	TOKEN_TEXT, TOKEN_LEFT, TOKEN_RIGHT, TOKEN_SPACE,
	TOKEN_NUMBER, TOKEN_CHARACTER, TOKEN_STRING, TOKEN_RAW, TOKEN_BOOL, TOKEN_NIL,
	TOKEN_DOT, TOKEN_FIELD, TOKEN_VARIABLE, TOKEN_IDENTIFIER,
	TOKEN_PIPE, TOKEN_COMMA, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_ASSIGN, TOKEN_DECLARE,
	TOKEN_OTHER,		/* a character that means nothing here */
	TOKEN_KEYWORD,		/* those above are none */
	TOKEN_BLOCK, TOKEN_BREAK, TOKEN_CONTINUE, TOKEN_DEFINE, TOKEN_ELSE, TOKEN_END, TOKEN_IF,
	TOKEN_RANGE, TOKEN_TEMPLATE, TOKEN_WITH,
};

struct token {
	enum token_kind kind;
	const char *text;	/* not ended by NUL, but for errors */
	size_t size, at;	/* `at`: where in the source */
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
