#include "hcl_string.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { RUNE_MOST = 0x10ffff, SHOWN = 40 };

bool hcl_refuse(struct import *import, const char *path, const struct hcl_place *place, const char *expected)
{
	unsigned line = 1;
	const char *start = place->text;
	size_t length = strcspn(place->at, "\n");

	for (const char *c = place->text; c < place->at; c++)
		if (*c == '\n') {
			line++;
			start = c + 1;
		}
	length = length > SHOWN ? utf8_cut(place->at, length, SHOWN) : length;
	if (!*place->at)
		return import_fail(import, "%s:%u:%zu: found the end of the file, expected %s", path, line,
				   (size_t)(place->at - start) + 1, expected);
	return import_fail(import, "%s:%u:%zu: found \"%.*s\", expected %s", path, line,
			   (size_t)(place->at - start) + 1, (int)length, place->at, expected);
}

/* ---- in quotes ---- */

static void add_rune(struct buf *out, unsigned long rune)
{
	if (rune < 0x80) {
		buf_add_char(out, (char)rune);
	} else if (rune < 0x800) {
		buf_add_char(out, (char)(0xc0 | rune >> 6));
		buf_add_char(out, (char)(0x80 | (rune & 0x3f)));
	} else {
		if (rune < 0x10000) {
			buf_add_char(out, (char)(0xe0 | rune >> 12));
		} else {
			buf_add_char(out, (char)(0xf0 | rune >> 18));
			buf_add_char(out, (char)(0x80 | (rune >> 12 & 0x3f)));
		}
		buf_add_char(out, (char)(0x80 | (rune >> 6 & 0x3f)));
		buf_add_char(out, (char)(0x80 | (rune & 0x3f)));
	}
}

/* Digits of a number, at most `most` of them.  A NUL is refused. */
static bool read_code(const char **at, int base, size_t most, unsigned long *code)
{
	size_t count = 0;

	*code = 0;
	for (; count < most && isxdigit((unsigned char)**at); count++, (*at)++) {
		int c = tolower((unsigned char)**at), digit = isdigit(c) ? c - '0' : c - 'a' + 10;

		if (digit >= base)
			break;
		*code = *code * (unsigned long)base + (unsigned long)digit;
	}
	return count == most && *code && *code <= RUNE_MOST;
}

/* *at is behind the backslash. */
static bool read_escape(const char **at, struct buf *out)
{
	static const char letters[] = "abfnrtv\"\\'", meant[] = "\a\b\f\n\r\t\v\"\\'";
	static const struct { char letter; size_t digits; } codes[] = { { 'x', 2 }, { 'u', 4 }, { 'U', 8 } };
	const char *letter = **at ? strchr(letters, **at) : NULL;
	unsigned long code;

	if (letter) {
		buf_add_char(out, meant[letter - letters]);
		++*at;
		return true;
	}
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (**at == codes[i].letter) {
			++*at;
			if (!read_code(at, 16, codes[i].digits, &code))
				return false;
			if (i)
				add_rune(out, code);
			else
				buf_add_char(out, (char)code);
			return true;
		}
	if (!read_code(at, 8, 3, &code) || code > 0xff)
		return false;
	buf_add_char(out, (char)code);
	return true;
}

/* The length of ${...}, which is taken as it is; 0: it is not closed. */
static size_t interpolation_length(const char *text)
{
	int depth = 0;

	for (size_t i = 1; text[i]; i++) {
		depth += text[i] == '{';
		depth -= text[i] == '}';
		if (!depth)
			return i + 1;
	}
	return 0;
}

static const char *read_quoted(const char **at, struct buf *out, const char **wrong)
{
	*wrong = (*at)++;
	while (**at != '"') {
		size_t length = !strncmp(*at, "${", 2) ? interpolation_length(*at) : 0;

		if (!**at || **at == '\n')
			return "a quote that closes it";
		if (!length && !strncmp(*at, "${", 2)) {
			*wrong = *at;
			return "a } that closes it";
		}
		if (length) {
			buf_append(out, *at, length);
			*at += length;
		} else if (**at != '\\') {
			buf_add_char(out, *(*at)++);
		} else {
			const char *escape = (*at)++;

			if (!read_escape(at, out)) {
				*wrong = escape;
				return "an escape such as \\n, \\\" or \\u00e4";
			}
		}
	}
	++*at;
	return NULL;
}

/* ---- heredocs ---- */

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* The line that is the mark alone, with blanks around; NULL: none. */
static const char *find_end(const char *text, const char *mark, size_t length)
{
	for (const char *line = text; *line; line = next_line(line)) {
		const char *first = line + strspn(line, " \t");
		size_t rest = strncmp(first, mark, length) ? 0 : strspn(first + length, " \t\r");

		if (!strncmp(first, mark, length) && (!first[length + rest] || first[length + rest] == '\n'))
			return line;
	}
	return NULL;
}

static bool all_begin(const char *text, const char *end, const char *indent, size_t length)
{
	for (; text < end; text = next_line(text))
		if (strncmp(text, indent, length) != 0)
			return false;
	return true;
}

/* "<<MARK" or "<<-MARK"; the latter drops the blanks in front of the last mark from all lines, if all have them. */
static const char *read_heredoc(const char **at, struct buf *out, const char **wrong)
{
	bool indented = (*at)[2] == '-';
	const char *mark = *at + 2 + indented, *text = next_line(mark), *end;
	size_t length = strcspn(mark, " \t\r\n"), indent;

	*wrong = *at;
	if (!length)
		return "a mark such as <<EOF";
	end = find_end(text, mark, length);
	if (!end)
		return "a line that closes it";
	indent = strspn(end, " \t");
	if (!indented || !all_begin(text, end, end, indent))
		indent = 0;
	for (; text < end; text = next_line(text))
		buf_append(out, text + indent, (size_t)(next_line(text) - text) - indent);
	*at = end + strspn(end, " \t") + length;
	return NULL;
}

const char *hcl_string(const char **at, struct buf *out, const char **wrong)
{
	return **at == '"' ? read_quoted(at, out, wrong) : read_heredoc(at, out, wrong);
}
