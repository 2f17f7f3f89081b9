#include "source.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "utf8.h"

#define LINE_SHOWN 120

/* Shows control characters as blanks and invalid UTF-8 as question marks. */
static void add_shown(struct buf *buf, const char *text, size_t size)
{
	uint32_t rune;

	for (size_t length; size; text += length, size -= length) {
		length = utf8_read(text, size, &rune);
		if (rune == RUNE_BAD)
			buf_add_char(buf, '?');
		else if (rune < ' ' && rune != '\t')
			buf_add_char(buf, ' ');
		else
			buf_append(buf, text, length);
	}
}

/* Blanks of the same width; a tab stays a tab, so that the caret stands below its character. */
static void add_blanks(struct buf *buf, const char *text, size_t size)
{
	uint32_t rune;

	for (size_t length; size; text += length, size -= length) {
		length = utf8_read(text, size, &rune);
		buf_add_char(buf, rune == '\t' ? '\t' : ' ');
	}
}

static void add_line(struct buf *buf, const char *line, size_t size, size_t column)
{
	size_t from = column > LINE_SHOWN / 2 ? column - LINE_SHOWN / 2 : 0;

	while (from && ((unsigned char)line[from] & 0xC0) == 0x80)
		from--;
	buf_add(buf, "\n  ");
	add_shown(buf, line + from, utf8_cut(line + from, size - from, LINE_SHOWN));
	buf_add(buf, "\n  ");
	add_blanks(buf, line + from, column - from);
	buf_add_char(buf, '^');
}

static const char *line_start(const struct source *source, size_t at, size_t *number)
{
	const char *line = source->text, *newline;

	*number = 1;
	while ((newline = memchr(line, '\n', (size_t)(source->text + at - line)))) {
		++*number;
		line = newline + 1;
	}
	return line;
}

size_t source_line(const struct source *source, size_t at)
{
	size_t number;

	line_start(source, at, &number);
	return number;
}

bool source_fail(const struct source *source, size_t at, struct error *error, const char *format,
		 va_list args)
{
	const char *text = source->text, *end = text + source->size, *line, *newline;
	struct buf message = BUF_INIT;
	size_t number, size;
	char what[200];

	if (at > source->size)
		at = source->size;
	line = line_start(source, at, &number);
	newline = memchr(line, '\n', (size_t)(end - line));
	size = (size_t)((newline ? newline : end) - line);
	vsnprintf(what, sizeof what, format, args);
	buf_print(&message, "%s:%zu:%zu: %s", source->name, number, (size_t)(text + at - line) + 1,
		  what);
	add_line(&message, line, size, (size_t)(text + at - line));
	fail(error, "%s", message.data);
	buf_release(&message);
	return false;
}
