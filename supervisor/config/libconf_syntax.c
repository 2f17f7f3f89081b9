#include "libconf_syntax.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "libconf_scan.h"
#include "mistakes.h"
#include "syntax.h"

/* The current token, the one before it, and how many brackets are open. */
struct reader {
	const struct included_text *included;
	struct places *places;
	struct strv *mistakes;
	struct scanner scanner;
	struct token before, token;
	int depth;
};

static struct place place_of(struct token token)
{
	return (struct place){ .line = token.line, .column = token.column };
}

/* Always false. */
static bool refuse(struct reader *reader, struct token token, const char *message)
{
	strv_push_taken(reader->mistakes, included_text_message(reader->included,
				place_of(token), message, true));
	return false;
}

static void advance(struct reader *reader)
{
	reader->before = reader->token;
	reader->token = scanner_next(&reader->scanner);
}

static bool is_mark(struct token token, char mark)
{
	return token.kind == TOKEN_PUNCTUATION && *token.start == mark;
}

/* Moves behind the token if it is this one. */
static bool accept(struct reader *reader, char mark)
{
	if (!is_mark(reader->token, mark))
		return false;
	advance(reader);
	return true;
}

/* ---- words without quotes: numbers and booleans ---- */

static const char *digits_of(const char *word)
{
	return word + strspn(word, "+-");
}

static bool is_number(const char *word)
{
	return isdigit((unsigned char)*digits_of(word));
}

static bool is_hex(const char *word)
{
	return digits_of(word)[0] == '0' && tolower((unsigned char)digits_of(word)[1]) == 'x';
}

/* libconfig silently keeps the lower 32 bits, or 64 if an L follows. */
static bool is_truncated(const char *word)
{
	char *end;
	long number;

	if (!is_number(word))
		return false;
	errno = 0;
	number = strtol(word, &end, is_hex(word) ? 16 : 10);
	if (*end == 'L')
		return errno == ERANGE;
	return !*end && (errno == ERANGE || number < INT_MIN || number > INT_MAX);
}

static bool is_text(const char *word)
{
	return !is_number(word) && *digits_of(word) != '.' && strcasecmp(word, "true") &&
	       strcasecmp(word, "false");
}

static const char *trap_in(const char *word)
{
	const char *habit = syntax_habit(word);

	if (habit)
		return habit;
	if (is_truncated(word))
		return "a number beyond 32 bits; append an L, which allows 64 bits";
	return is_text(word) ? "text needs quotes" : NULL;
}

static void check_word(struct reader *reader)
{
	AUTOFREE char *word = copy_bytes(reader->token.start, reader->token.length);
	const char *trap = trap_in(word);

	if (trap)
		refuse(reader, reader->token, trap);
	advance(reader);
}

/* ---- the grammar ---- */

static bool read_value(struct reader *reader, size_t node);

/* The key `name` of a group that is an element of a list names the element in messages. */
static void note_name(struct reader *reader, size_t group, struct token key)
{
	struct token value = reader->token;

	if (!reader->places->nodes[group].key && group && key.length == 4 &&
	    !memcmp(key.start, "name", 4) && value.kind == TOKEN_STRING)
		places_set_name(reader->places, group, value.start + 1, value.length - 2);
}

static bool read_setting(struct reader *reader, size_t group)
{
	struct token key = reader->token;
	size_t node;

	if (key.kind == TOKEN_STRING)
		return refuse(reader, key, "a key stands without quotes here; is this JSON?");
	if (key.kind != TOKEN_WORD || !(isalpha((unsigned char)*key.start) || *key.start == '*'))
		return refuse(reader, key, "a key is expected here");
	advance(reader);
	if (!accept(reader, '=') && !accept(reader, ':'))
		return refuse(reader, key, "an = is missing after this key");
	node = places_add_key(reader->places, group, key.start, key.length, place_of(key));
	note_name(reader, group, key);
	if (!read_value(reader, node))
		return false;
	if (!accept(reader, ';'))
		accept(reader, ',');
	return true;
}

static bool read_group(struct reader *reader, size_t node)
{
	struct token open = reader->before;

	while (!is_mark(reader->token, '}')) {
		if (reader->token.kind == TOKEN_END)
			return refuse(reader, open, "this { is never closed");
		if (!read_setting(reader, node) || mistakes_full(reader->mistakes))
			return false;
	}
	return true;
}

static bool fail_between(struct reader *reader, char close)
{
	if (reader->token.kind == TOKEN_STRING && reader->before.kind == TOKEN_STRING)
		return refuse(reader, reader->token,
			      "two strings side by side; a comma or a semicolon is missing");
	if (is_mark(reader->token, '{') && is_mark(reader->before, '}'))
		return refuse(reader, reader->token, "a comma is missing between two groups");
	return refuse(reader, reader->token, close == ')' ? "a comma or a ) is expected here"
							  : "a comma or a ] is expected here");
}

static bool read_elements(struct reader *reader, size_t list, char close)
{
	struct token open = reader->before;

	if (is_mark(reader->token, close))
		return true;
	do {
		size_t node = places_add_element(reader->places, list, place_of(reader->token));

		if (reader->token.kind == TOKEN_END)
			return refuse(reader, open, "this bracket is never closed");
		if (is_mark(reader->before, ',') && is_mark(reader->token, close))
			return refuse(reader, reader->before, "a comma with nothing after it");
		if (close == ']' && reader->token.kind == TOKEN_PUNCTUATION && strchr("{([", *reader->token.start))
			return refuse(reader, reader->token, "[ ] takes numbers, strings and booleans alone; "
				      "write ( ) around groups and lists");
		if (!read_value(reader, node) || mistakes_full(reader->mistakes))
			return false;
	} while (accept(reader, ','));
	if (reader->token.kind == TOKEN_END)
		return refuse(reader, open, "this bracket is never closed");
	return is_mark(reader->token, close) || fail_between(reader, close);
}

static bool read_strings(struct reader *reader)
{
	advance(reader);
	return reader->token.kind != TOKEN_STRING || fail_between(reader, ')');
}

static bool fail_value(struct reader *reader)
{
	if (is_mark(reader->token, '\''))
		return refuse(reader, reader->token, "text needs \" around it, not '");
	if (is_mark(reader->before, '=') || is_mark(reader->before, ':'))
		return refuse(reader, reader->before, "a value is missing here");
	return refuse(reader, reader->token, "a value is expected here");
}

static bool read_value(struct reader *reader, size_t node)
{
	static const struct { char open, close; } brackets[] = { { '{', '}' }, { '(', ')' }, { '[', ']' } };

	if (reader->token.kind == TOKEN_STRING)
		return read_strings(reader);
	if (reader->token.kind == TOKEN_WORD) {
		check_word(reader);
		return true;
	}
	for (size_t i = 0; i < sizeof brackets / sizeof *brackets; i++) {
		bool read;

		if (!is_mark(reader->token, brackets[i].open))
			continue;
		if (reader->depth++ == NESTING_LIMIT)
			return refuse(reader, reader->token, "nested too deeply");
		advance(reader);
		read = i ? read_elements(reader, node, brackets[i].close) : read_group(reader, node);
		reader->depth--;
		advance(reader);
		return read;
	}
	return fail_value(reader);
}

bool libconf_check(const struct included_text *included, struct places *places, struct strv *mistakes)
{
	struct reader reader = { .included = included, .places = places, .mistakes = mistakes };
	size_t before = mistakes->count;
	bool read = true;

	scanner_init(&reader.scanner, included->text.data, included->text.used);
	reader.token = scanner_next(&reader.scanner);
	while (read && reader.token.kind != TOKEN_END && !mistakes_full(mistakes))
		read = read_setting(&reader, 0);
	return mistakes->count == before;
}
