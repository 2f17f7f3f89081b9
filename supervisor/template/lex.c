#include "lex.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/task.h"
#include "utf8.h"

struct lexer;
struct state { struct state (*fn)(struct lexer *lexer); };	/* fn NULL: the end */

struct lexer {
	const char *text;
	size_t size, start, at;
	const char *left, *right;
	size_t left_size, right_size;
	int parens;
	struct arena *arena;
	struct tokens *tokens;
};

static struct state lex_text(struct lexer *lexer);
static struct state lex_inside(struct lexer *lexer);

static const struct state END = { NULL };
#define STATE(function) ((struct state){ function })

static void push(struct lexer *lexer, struct token token)
{
	struct tokens *tokens = lexer->tokens;

	if (tokens->count == tokens->room) {
		tokens->room = tokens->room ? 2 * tokens->room : 64;
		tokens->items = alloc_resize(tokens->items, tokens->room * sizeof token);
	}
	tokens->items[tokens->count++] = token;
}

static struct state wrong_at(struct lexer *lexer, size_t at, const char *what)
{
	push(lexer, (struct token){ TOKEN_ERROR, what, strlen(what), at });
	return END;
}

static struct state wrong(struct lexer *lexer, const char *what)
{
	return wrong_at(lexer, lexer->start, what);
}

static struct state emit(struct lexer *lexer, enum token_kind kind, struct state next)
{
	if (lexer->tokens->count >= TOKENS_LIMIT)
		return wrong(lexer, "the template is too long");
	push(lexer, (struct token){ kind, lexer->text + lexer->start, lexer->at - lexer->start,
				    lexer->start });
	lexer->start = lexer->at;
	return next;
}

static int peek_at(const struct lexer *lexer, size_t at)
{
	return at < lexer->size ? (unsigned char)lexer->text[at] : -1;
}

static int peek(const struct lexer *lexer)
{
	return peek_at(lexer, lexer->at);
}

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool has(const struct lexer *lexer, size_t at, const char *what, size_t size)
{
	return lexer->size - at >= size && at <= lexer->size &&
	       !memcmp(lexer->text + at, what, size);
}

static bool has_trim_left(const struct lexer *lexer, size_t at)
{
	return peek_at(lexer, at) == '-' && is_space(peek_at(lexer, at + 1));
}

/* Is this the right delimiter?  `trim`: with " -" before it. */
static bool at_right(const struct lexer *lexer, size_t at, bool *trim)
{
	*trim = is_space(peek_at(lexer, at)) && peek_at(lexer, at + 1) == '-' &&
		has(lexer, at + 2, lexer->right, lexer->right_size);
	return *trim || has(lexer, at, lexer->right, lexer->right_size);
}

static void skip_space(struct lexer *lexer)
{
	while (is_space(peek(lexer)))
		lexer->at++;
	lexer->start = lexer->at;
}

static struct state lex_right(struct lexer *lexer)
{
	bool trim;

	at_right(lexer, lexer->at, &trim);
	if (trim)
		lexer->at += 2;
	lexer->start = lexer->at;
	lexer->at += lexer->right_size;
	struct state next = emit(lexer, TOKEN_RIGHT, STATE(lex_text));
	if (trim)
		skip_space(lexer);
	return next;
}

static struct state lex_comment(struct lexer *lexer)
{
	const char *end = memmem(lexer->text + lexer->at, lexer->size - lexer->at, "*/", 2);
	bool trim;

	if (!end)
		return wrong(lexer, "unclosed comment");
	lexer->at = (size_t)(end - lexer->text) + 2;
	if (!at_right(lexer, lexer->at, &trim))
		return wrong_at(lexer, lexer->at, "comment ends before closing delimiter");
	lexer->at += lexer->right_size + (trim ? 2 : 0);
	lexer->start = lexer->at;
	if (trim)
		skip_space(lexer);
	return STATE(lex_text);
}

static struct state lex_left(struct lexer *lexer)
{
	size_t inside = lexer->at + lexer->left_size;

	lexer->parens = 0;
	if (has_trim_left(lexer, inside))
		inside += 2;
	if (has(lexer, inside, "/*", 2)) {
		lexer->at = inside + 2;
		return lex_comment(lexer);
	}
	lexer->at += lexer->left_size;
	struct state next = emit(lexer, TOKEN_LEFT, STATE(lex_inside));
	lexer->at = lexer->start = inside;
	return next;
}

static struct state lex_text(struct lexer *lexer)
{
	const char *left = memmem(lexer->text + lexer->start, lexer->size - lexer->start, lexer->left,
				  lexer->left_size);
	size_t end = left ? (size_t)(left - lexer->text) : lexer->size, keep = end;

	if (left && has_trim_left(lexer, end + lexer->left_size))
		while (keep > lexer->start && is_space(lexer->text[keep - 1]))
			keep--;
	lexer->at = keep;
	if (keep > lexer->start && !emit(lexer, TOKEN_TEXT, STATE(lex_text)).fn)
		return END;
	lexer->start = lexer->at = end;
	return left ? STATE(lex_left) : emit(lexer, TOKEN_EOF, END);
}

static struct state lex_space(struct lexer *lexer)
{
	bool trim;

	while (is_space(peek(lexer)) && !(at_right(lexer, lexer->at, &trim) && trim))
		lexer->at++;
	if (lexer->at == lexer->start)
		return STATE(lex_right);
	return emit(lexer, TOKEN_SPACE, STATE(lex_inside));
}

/* Characters that may follow a word. */
static bool at_terminator(const struct lexer *lexer)
{
	int c = peek(lexer);

	return c == -1 || is_space(c) || (c && strchr(".,|:()", c)) ||
	       has(lexer, lexer->at, lexer->right, lexer->right_size);
}

static uint32_t read_rune(const struct lexer *lexer, size_t *length)
{
	uint32_t rune = 0;

	*length = 0;
	if (lexer->at < lexer->size)
		*length = utf8_read(lexer->text + lexer->at, lexer->size - lexer->at, &rune);
	return rune;
}

static struct state wrong_rune(struct lexer *lexer, const char *what)
{
	size_t length;
	uint32_t rune = read_rune(lexer, &length);
	char *text = arena_alloc(lexer->arena, 80);

	if (rune >= ' ' && rune != 0x7F && rune != RUNE_BAD)
		snprintf(text, 80, "%s U+%04X '%.*s'", what, (unsigned)rune, (int)length,
			 lexer->text + lexer->at);
	else
		snprintf(text, 80, "%s U+%04X", what, (unsigned)rune);
	return wrong_at(lexer, lexer->at, text);
}

static void skip_word(struct lexer *lexer)
{
	size_t length;

	while (rune_is_letter(read_rune(lexer, &length)) && length)
		lexer->at += length;
}

static struct state lex_word(struct lexer *lexer, enum token_kind kind)
{
	skip_word(lexer);
	if (!at_terminator(lexer))
		return wrong_rune(lexer, "bad character");
	return emit(lexer, kind, STATE(lex_inside));
}

static struct state lex_identifier(struct lexer *lexer)
{
	static const struct { const char *name; enum token_kind kind; } words[] = {
		{ "block", TOKEN_BLOCK },   { "break", TOKEN_BREAK },       { "continue", TOKEN_CONTINUE },
		{ "define", TOKEN_DEFINE }, { "else", TOKEN_ELSE },         { "end", TOKEN_END },
		{ "if", TOKEN_IF },         { "nil", TOKEN_NIL },           { "range", TOKEN_RANGE },
		{ "with", TOKEN_WITH },     { "template", TOKEN_TEMPLATE }, { "true", TOKEN_BOOL },
		{ "false", TOKEN_BOOL },
	};
	enum token_kind kind = TOKEN_IDENTIFIER;
	size_t size;

	skip_word(lexer);
	size = lexer->at - lexer->start;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].name) == size &&
		    !memcmp(words[i].name, lexer->text + lexer->start, size))
			kind = words[i].kind;
	return lex_word(lexer, kind);
}

/* .field, or . alone */
static struct state lex_field(struct lexer *lexer)
{
	lexer->at++;
	if (at_terminator(lexer))
		return emit(lexer, TOKEN_DOT, STATE(lex_inside));
	return lex_word(lexer, TOKEN_FIELD);
}

static struct state lex_variable(struct lexer *lexer)
{
	lexer->at++;
	return lex_word(lexer, TOKEN_VARIABLE);
}

static void skip_digits(struct lexer *lexer, const char *digits)
{
	while (peek(lexer) > 0 && strchr(digits, peek(lexer)))
		lexer->at++;
}

static struct state lex_number(struct lexer *lexer)
{
	const char *digits = "0123456789_";
	size_t length;
	int base = 0;

	if (peek(lexer) == '+' || peek(lexer) == '-')
		lexer->at++;
	if (peek(lexer) == '0' && peek_at(lexer, lexer->at + 1) > 0 &&
	    strchr("xXoObB", peek_at(lexer, lexer->at + 1))) {
		base = peek_at(lexer, lexer->at + 1) | 32;
		digits = base == 'x' ? "0123456789abcdefABCDEF_" : base == 'o' ? "01234567_" : "01_";
		lexer->at += 2;
	}
	skip_digits(lexer, digits);
	if (peek(lexer) == '.') {
		lexer->at++;
		skip_digits(lexer, digits);
	}
	if ((!base && (peek(lexer) | 32) == 'e') || (base == 'x' && (peek(lexer) | 32) == 'p')) {
		lexer->at++;
		if (peek(lexer) == '+' || peek(lexer) == '-')
			lexer->at++;
		skip_digits(lexer, "0123456789_");
	}
	if ((rune_is_letter(read_rune(lexer, &length)) && length) || peek(lexer) == '+' ||
	    peek(lexer) == '-')
		return wrong(lexer, "bad number syntax");
	return emit(lexer, TOKEN_NUMBER, STATE(lex_inside));
}

static struct state lex_quoted(struct lexer *lexer)
{
	char quote = lexer->text[lexer->at++];

	for (;; lexer->at++) {
		int c = peek(lexer);

		if (c == '\\' && peek_at(lexer, lexer->at + 1) != -1 &&
		    peek_at(lexer, lexer->at + 1) != '\n')
			lexer->at++;
		else if (c == -1 || c == '\n')
			return wrong(lexer, quote == '"' ? "unterminated quoted string" :
					    "unterminated character constant");
		else if (c == quote)
			break;
	}
	lexer->at++;
	return emit(lexer, quote == '"' ? TOKEN_STRING : TOKEN_CHARACTER, STATE(lex_inside));
}

static struct state lex_raw(struct lexer *lexer)
{
	const char *end = memchr(lexer->text + lexer->at + 1, '`', lexer->size - lexer->at - 1);

	if (!end)
		return wrong(lexer, "unterminated raw quoted string");
	lexer->at = (size_t)(end - lexer->text) + 1;
	return emit(lexer, TOKEN_RAW, STATE(lex_inside));
}

static struct state lex_sign(struct lexer *lexer)
{
	static const struct { char c; enum token_kind kind; } signs[] = {
		{ '=', TOKEN_ASSIGN }, { '|', TOKEN_PIPE }, { ',', TOKEN_COMMA }, { '(', TOKEN_OPEN },
		{ ')', TOKEN_CLOSE },
	};
	int c = peek(lexer);
	enum token_kind kind = TOKEN_OTHER;

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (signs[i].c == c)
			kind = signs[i].kind;
	lexer->parens += (c == '(') - (c == ')');
	if (lexer->parens < 0)
		return wrong(lexer, "unexpected right paren");
	if (kind == TOKEN_OTHER && (c <= ' ' || c >= 0x7F))
		return wrong_rune(lexer, "unrecognized character in action:");
	lexer->at++;
	return emit(lexer, kind, STATE(lex_inside));
}

static struct state lex_inside(struct lexer *lexer)
{
	int c = peek(lexer), next = peek_at(lexer, lexer->at + 1);
	size_t length;
	bool trim;

	if (at_right(lexer, lexer->at, &trim))
		return lexer->parens ? wrong(lexer, "unclosed left paren") : STATE(lex_right);
	if (c == -1)
		return wrong_at(lexer, lexer->size, "unclosed action");
	if (is_space(c))
		return STATE(lex_space);
	if (c == ':' && next != '=')
		return wrong(lexer, "expected :=");
	if (c == ':') {
		lexer->at += 2;
		return emit(lexer, TOKEN_DECLARE, STATE(lex_inside));
	}
	if (c == '"' || c == '\'')
		return STATE(lex_quoted);
	if (c == '`')
		return STATE(lex_raw);
	if (c == '$')
		return STATE(lex_variable);
	if (c == '+' || c == '-' || (c >= '0' && c <= '9') ||
	    (c == '.' && next >= '0' && next <= '9'))
		return STATE(lex_number);
	if (c == '.')
		return STATE(lex_field);
	if (rune_is_letter(read_rune(lexer, &length)))
		return STATE(lex_identifier);
	return STATE(lex_sign);
}

void lex(const struct source *source, const char *left, const char *right, struct arena *arena,
	 struct tokens *tokens)
{
	struct lexer lexer = {
		.text = source->text, .size = source->size, .left = left, .right = right,
		.left_size = strlen(left), .right_size = strlen(right), .arena = arena, .tokens = tokens,
	};

	for (struct state state = STATE(lex_text); state.fn; state = state.fn(&lexer))
		task_yield();
}
