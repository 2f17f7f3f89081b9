#include "json5.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "syntax.h"
#include "template/utf8.h"

enum { LINE_SEPARATOR = 0x2028, PARAGRAPH_SEPARATOR = 0x2029, BYTE_ORDER_MARK = 0xfeff };

/* The largest number up to which a double keeps each integer. */
#define INTEGER_MOST 9007199254740992.0

struct reader {
	const struct included_text *included;
	struct places *places;
	struct strv *mistakes, *repeated;
	const char *at, *end;
	const char *line_start;
	unsigned line;
	int depth;
	bool failed;
};

static struct place here(const struct reader *reader)
{
	return (struct place){
		.line = reader->line, .column = (unsigned)(reader->at - reader->line_start) + 1,
	};
}

/* Always NULL.  The first mistake counts: what follows may come from it. */
static json_t *refuse(struct reader *reader, struct place place, const char *message)
{
	if (!reader->failed)
		strv_push_taken(reader->mistakes, included_text_message(reader->included, place, message,
									true));
	reader->failed = true;
	return NULL;
}

/* The character that comes next; 0: the end. */
static char next(const struct reader *reader)
{
	return reader->at < reader->end ? *reader->at : '\0';
}

static bool comes(const struct reader *reader, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(reader->end - reader->at) >= length && !memcmp(reader->at, text, length);
}

static void advance(struct reader *reader)
{
	if (*reader->at++ == '\n') {
		reader->line++;
		reader->line_start = reader->at;
	}
}

static bool accept(struct reader *reader, char mark)
{
	if (next(reader) != mark)
		return false;
	advance(reader);
	return true;
}

/* ---- blanks and comments ---- */

static bool ends_line(uint32_t rune)
{
	return rune == '\n' || rune == '\r' || rune == LINE_SEPARATOR || rune == PARAGRAPH_SEPARATOR;
}

static size_t read_rune(const struct reader *reader, uint32_t *rune)
{
	return utf8_read(reader->at, (size_t)(reader->end - reader->at), rune);
}

/* Moves behind the rune, which is `length` bytes long. */
static void pass_rune(struct reader *reader, size_t length)
{
	if (length == 1)
		advance(reader);
	else
		reader->at += length;
}

static void note_comment(struct reader *reader, unsigned line, const char *text)
{
	places_add_comment(reader->places, line, text, (size_t)(reader->at - text));
}

static void skip_line(struct reader *reader)
{
	const char *text = reader->at + 2;
	uint32_t rune;

	while (reader->at < reader->end) {
		size_t length = read_rune(reader, &rune);

		if (ends_line(rune))
			break;
		reader->at += length;
	}
	note_comment(reader, reader->line, text);
}

static bool skip_comment(struct reader *reader)
{
	struct place open = here(reader);
	const char *text = reader->at += 2;

	while (reader->at < reader->end && !comes(reader, "*/"))
		advance(reader);
	if (reader->at == reader->end)
		return refuse(reader, open, "this comment is never closed");
	note_comment(reader, open.line, text);
	reader->at += 2;
	return true;
}

static bool skip_blank(struct reader *reader)
{
	uint32_t rune;
	size_t length = read_rune(reader, &rune);

	if (!rune_is_space(rune) && rune != BYTE_ORDER_MARK)
		return false;
	pass_rune(reader, length);
	return true;
}

/* False: a comment is never closed. */
static bool skip(struct reader *reader)
{
	while (reader->at < reader->end) {
		if (comes(reader, "//"))
			skip_line(reader);
		else if (comes(reader, "/*")) {
			if (!skip_comment(reader))
				return false;
		} else if (!skip_blank(reader)) {
			break;
		}
	}
	return true;
}

/* ---- strings ---- */

static bool read_hex(struct reader *reader, int digits, uint32_t *value)
{
	for (*value = 0; digits; digits--) {
		char digit = next(reader);

		if (!isxdigit((unsigned char)digit))
			return false;
		*value = *value * 16 + (uint32_t)(isdigit((unsigned char)digit) ? digit - '0'
								      : tolower(digit) - 'a' + 10);
		reader->at++;
	}
	return true;
}

static bool is_high(uint32_t rune)
{
	return rune >= 0xd800 && rune < 0xdc00;
}

/* Behind "\u" or "\x".  A rune beyond U+FFFF is two surrogates. */
static bool read_code(struct reader *reader, int digits, struct buf *out)
{
	char bytes[4];
	uint32_t rune, low;

	if (!read_hex(reader, digits, &rune))
		return false;
	if (is_high(rune) && comes(reader, "\\u")) {
		reader->at += 2;
		if (!read_hex(reader, 4, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
	}
	if (!rune || (rune >= 0xd800 && rune < 0xe000))
		return false;
	buf_append(out, bytes, utf8_write(bytes, rune));
	return true;
}

/* A line that a backslash continues. */
static bool skip_line_end(struct reader *reader)
{
	uint32_t rune;
	size_t length = read_rune(reader, &rune);

	if (!ends_line(rune))
		return false;
	if (rune == '\r' && comes(reader, "\r\n"))
		reader->at++;
	pass_rune(reader, length);
	return true;
}

static bool read_escape(struct reader *reader, struct buf *out)
{
	static const char escapes[] = "bfnrtv", meanings[] = "\b\f\n\r\t\v";
	struct place place = here(reader);
	const char *found;
	char kind;

	reader->at++;
	if (reader->at == reader->end || skip_line_end(reader))
		return true;
	kind = *reader->at;
	found = strchr(escapes, kind);
	if (kind == 'u' || kind == 'x') {
		reader->at++;
		if (!read_code(reader, kind == 'u' ? 4 : 2, out))
			return refuse(reader, place, "this escape is no character; \\xHH and \\uHHHH have hexadecimal digits, and NUL is none");
		return true;
	}
	if (isdigit((unsigned char)kind))
		return refuse(reader, place, "an escape with a digit; write \\xHH or \\uHHHH");
	buf_add_char(out, kind && found ? meanings[found - escapes] : kind);
	reader->at++;
	return true;
}

static bool read_string(struct reader *reader, struct buf *out)
{
	struct place open = here(reader);
	char quote = *reader->at++;

	while (next(reader) != quote) {
		if (reader->at == reader->end || *reader->at == '\n')
			return refuse(reader, open, "this string is not closed on its line; write \\n for a new line, "
				      "or end the line by a backslash");
		if (*reader->at == '\\') {
			if (!read_escape(reader, out))
				return false;
		} else {
			buf_add_char(out, *reader->at++);
		}
	}
	reader->at++;
	return true;
}

/* ---- words: names, numbers, true, false, null ---- */

static bool is_word(const struct reader *reader)
{
	unsigned char first = (unsigned char)next(reader);
	uint32_t rune;

	if (first < 0x80)
		return first && (isalnum(first) || strchr("_$.+-", first));
	read_rune(reader, &rune);
	return rune_is_letter(rune);
}

static char *read_word(struct reader *reader)
{
	const char *start = reader->at;
	uint32_t rune;

	while (is_word(reader))
		reader->at += read_rune(reader, &rune);
	return copy_bytes(start, (size_t)(reader->at - start));
}

/* [digits] [. [digits]] [e [sign] digits], with a digit before the e. */
static bool is_decimal(const char *word)
{
	size_t whole = strspn(word, "0123456789"), fraction = 0;

	word += whole;
	if (*word == '.') {
		fraction = strspn(word + 1, "0123456789");
		word += 1 + fraction;
	}
	if (tolower((unsigned char)*word) == 'e') {
		word += 1 + (word[1] == '+' || word[1] == '-');
		if (!*word)
			return false;
		word += strspn(word, "0123456789");
	}
	return whole + fraction && !*word;
}

static bool is_hex(const char *word)
{
	return word[0] == '0' && tolower((unsigned char)word[1]) == 'x' && word[2] &&
	       !word[2 + strspn(word + 2, "0123456789abcdefABCDEF")];
}

/* NULL: it is none, and `message` says why. */
static json_t *number_of(const char *word, const char **message)
{
	const char *digits = word + (*word == '+' || *word == '-');
	double value;

	if (!strcmp(digits, "Infinity") || !strcmp(digits, "NaN"))
		*message = "this number is not finite";
	else if (!(*message = syntax_habit(word)) && !is_decimal(digits) && !is_hex(digits))
		*message = "text needs quotes";
	if (*message)
		return NULL;
	value = strtod(digits, NULL) * (*word == '-' ? -1 : 1);
	if (fabs(value) < INTEGER_MOST && value == floor(value))
		return json_integer((json_int_t)value);
	if (!isfinite(value) || value == floor(value))
		*message = "a number beyond 2^53 is not kept exactly; is it text, in quotes?";
	return *message ? NULL : json_real(value);
}

static json_t *read_literal(struct reader *reader)
{
	struct place place = here(reader);
	AUTOFREE char *word = read_word(reader);
	const char *message;
	json_t *number;

	if (!strcmp(word, "true") || !strcmp(word, "false"))
		return json_boolean(*word == 't');
	if (!strcmp(word, "null"))
		return json_null();
	number = number_of(word, &message);
	return number ? number : refuse(reader, place, message);
}

/* ---- values ---- */

static json_t *read_value(struct reader *reader, size_t node);

static bool read_identifier(struct reader *reader, struct buf *key)
{
	uint32_t rune;

	if (isdigit((unsigned char)next(reader)))
		return false;
	for (;;) {
		if (comes(reader, "\\u")) {
			reader->at += 2;
			if (!read_code(reader, 4, key))
				return false;
		} else if (is_word(reader) && !strchr(".+-", next(reader))) {
			size_t length = read_rune(reader, &rune);

			buf_append(key, reader->at, length);
			reader->at += length;
		} else {
			return key->used;
		}
	}
}

static bool read_key(struct reader *reader, struct buf *key)
{
	struct place place = here(reader);

	if (next(reader) == '"' || next(reader) == '\'')
		return read_string(reader, key);
	if (next(reader) == ',')
		return refuse(reader, place, "a comma with nothing before it");
	return read_identifier(reader, key) ||
	       refuse(reader, place, "a key is expected here, a name or a text in quotes");
}

/* The key `name` of an object in a list names the object in messages. */
static void note_name(struct reader *reader, size_t node, const char *key, const json_t *value)
{
	if (node && !reader->places->nodes[node].key && !strcmp(key, "name") && json_is_string(value))
		places_set_name(reader->places, node, json_string_value(value), json_string_length(value));
}

static bool read_member(struct reader *reader, json_t *object, size_t node)
{
	CLEANUP(buf_release) struct buf key = BUF_INIT;
	struct place place = here(reader);
	json_t *value;
	size_t child;

	if (!read_key(reader, &key) || !skip(reader))
		return false;
	if (!accept(reader, ':'))
		return refuse(reader, here(reader), "a : is expected here, as the file begins with { and is JSON5");
	if (json_object_get(object, key.data))
		strv_push_taken(reader->repeated, included_text_message(
				reader->included, place, "this key is given twice", true));
	child = places_add_key(reader->places, node, key.data, key.used, place);
	value = skip(reader) ? read_value(reader, child) : NULL;
	if (!value)
		return false;
	note_name(reader, node, key.data, value);
	return !json_object_set_new(object, key.data, value) && skip(reader);
}

static bool read_element(struct reader *reader, json_t *array, size_t node)
{
	struct place place = here(reader);
	json_t *value;

	if (next(reader) == ',')
		return refuse(reader, place, "a comma with nothing before it");
	value = read_value(reader, places_add_element(reader->places, node, place));
	return value && !json_array_append_new(array, value) && skip(reader);
}

static json_t *read_container(struct reader *reader, size_t node)
{
	struct place open = here(reader);
	bool is_object = *reader->at++ == '{';
	json_t *result = is_object ? json_object() : json_array();
	bool (*read)(struct reader *, json_t *, size_t) = is_object ? read_member : read_element;
	char close = is_object ? '}' : ']';
	bool fine = skip(reader);

	if (reader->depth++ == NESTING_LIMIT)
		fine = refuse(reader, open, "nested too deeply");
	while (fine && !accept(reader, close)) {
		if (reader->at == reader->end)
			fine = refuse(reader, open, is_object ? "this { is never closed" : "this [ is never closed");
		else if (!read(reader, result, node))
			fine = false;
		else if (accept(reader, ','))
			fine = skip(reader);
		else if (reader->at < reader->end && next(reader) != close)
			fine = refuse(reader, here(reader), is_object ? "a comma or a } is expected here"
								     : "a comma or a ] is expected here");
	}
	reader->depth--;
	if (!fine)
		json_decref(steal(&result));
	return result;
}

static json_t *read_text(struct reader *reader)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	return read_string(reader, &text) ? json_stringn(text.data, text.used) : NULL;
}

static json_t *read_value(struct reader *reader, size_t node)
{
	char first = next(reader);

	if (first == '{' || first == '[')
		return read_container(reader, node);
	if (first == '"' || first == '\'')
		return read_text(reader);
	if (is_word(reader))
		return read_literal(reader);
	return refuse(reader, here(reader), "a value is expected here");
}

json_t *json5_parse(const struct included_text *included, struct places *places,
		    struct strv *mistakes, struct strv *repeated)
{
	struct reader reader = {
		.included = included, .places = places, .mistakes = mistakes, .repeated = repeated, .line = 1,
		.at = included->text.data, .line_start = included->text.data,
		.end = included->text.data + included->text.used,
	};
	json_t *tree = NULL;

	if (!skip(&reader))
		return NULL;
	if (next(&reader) != '{')
		return refuse(&reader, here(&reader), "the whole file is one object, in { }");
	tree = read_container(&reader, 0);
	if (tree && skip(&reader) && reader.at == reader.end)
		return tree;
	json_decref(tree);
	return refuse(&reader, here(&reader), "nothing but comments may follow the last }");
}
