/* parser.h - shared by parse.c (blocks) and expression.c (actions). */
#ifndef PARSER_H
#define PARSER_H

#include "lex.h"
#include "tree.h"

#define NESTING_LIMIT 200

struct variable { struct value name; int slot; };

struct parser {
	struct template *template;
	struct tokens tokens;
	size_t at;
	struct tree *tree;		/* being parsed */
	struct variable *variables;
	size_t variable_count, variable_room;
	int ranges, nesting;
	const struct token *open;	/* the keyword of the innermost block; NULL: outside */
	struct error *error;
};

bool parse_fail(struct parser *parser, const struct token *token, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool parse_unexpected(struct parser *parser, const struct token *token, const char *context);
const struct token *peek_token(const struct parser *parser);
const struct token *next_token(struct parser *parser);
const struct token *peek_solid(struct parser *parser);	/* skips space */
const struct token *next_solid(struct parser *parser);
bool parse_enter(struct parser *parser, const struct token *token);	/* nesting is limited */
void parse_leave(struct parser *parser);

struct node *parse_node(struct parser *parser, enum node_kind kind, const struct token *token);
/* Consumes the closing token too.  NULL: failed. */
struct node *parse_pipeline(struct parser *parser, const char *context, enum token_kind end);

#endif
