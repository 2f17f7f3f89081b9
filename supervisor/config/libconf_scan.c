#include "libconf_scan.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

void scanner_init(struct scanner *scanner, const char *text, size_t size)
{
	*scanner = (struct scanner){
		.at = text, .end = text + size, .line_start = text, .line = 1,
	};
}

static bool is_at(const struct scanner *scanner, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(scanner->end - scanner->at) >= length &&
	       !memcmp(scanner->at, text, length);
}

static void step(struct scanner *scanner)
{
	if (*scanner->at++ != '\n')
		return;
	scanner->line++;
	scanner->line_start = scanner->at;
}

static void skip_line(struct scanner *scanner)
{
	while (scanner->at < scanner->end && *scanner->at != '\n')
		scanner->at++;
}

/* False: the comment is never closed. */
static bool skip_comment(struct scanner *scanner)
{
	for (scanner->at += 2; scanner->at < scanner->end; step(scanner))
		if (is_at(scanner, "*/")) {
			scanner->at += 2;
			return true;
		}
	return false;
}

static bool skip_string(struct scanner *scanner)
{
	for (scanner->at++; scanner->at < scanner->end; step(scanner)) {
		if (*scanner->at == '"') {
			scanner->at++;
			return true;
		}
		if (*scanner->at == '\\' && scanner->at + 1 < scanner->end)
			scanner->at++;
	}
	return false;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || (c && strchr("_*@.+-", c));
}

static struct token ended(const struct scanner *scanner, struct token token, enum token_kind kind)
{
	token.kind = kind;
	token.length = (size_t)(scanner->at - token.start);
	return token;
}

struct token scanner_next(struct scanner *scanner)
{
	struct token token;

	for (;;) {
		token = (struct token){
			.start = scanner->at, .line = scanner->line,
			.column = (unsigned)(scanner->at - scanner->line_start) + 1,
		};
		if (scanner->at >= scanner->end)
			return token;
		if (*scanner->at == '#' || is_at(scanner, "//"))
			skip_line(scanner);
		else if (isspace((unsigned char)*scanner->at))
			step(scanner);
		else if (!is_at(scanner, "/*"))
			break;
		else if (!skip_comment(scanner))
			return ended(scanner, token, TOKEN_OPEN_COMMENT);
	}
	if (*scanner->at == '"')
		return ended(scanner, token,
			     skip_string(scanner) ? TOKEN_STRING : TOKEN_OPEN_STRING);
	if (!is_word(*scanner->at)) {
		scanner->at++;
		return ended(scanner, token, TOKEN_PUNCTUATION);
	}
	while (scanner->at < scanner->end && is_word(*scanner->at))
		scanner->at++;
	return ended(scanner, token, TOKEN_WORD);
}
