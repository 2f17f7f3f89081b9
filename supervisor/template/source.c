#include "source.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define LINE_SHOWN 120

/* A tab stays one, so that the caret stands below its character. */
static void add_blanks(struct buf *buf, const char *line, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (((unsigned char)line[i] & 0xC0) != 0x80)
			buf_add_char(buf, line[i] == '\t' ? '\t' : ' ');
}

static void add_line(struct buf *buf, const char *line, size_t size, size_t column)
{
	size_t from = column > LINE_SHOWN / 2 ? column - LINE_SHOWN / 2 : 0;

	while (from && ((unsigned char)line[from] & 0xC0) == 0x80)
		from--;
	buf_add(buf, "\n  ");
	for (size_t i = from; i < from + utf8_cut(line + from, size - from, LINE_SHOWN); i++)
		buf_add_char(buf, (unsigned char)line[i] < ' ' && line[i] != '\t' ? ' ' : line[i]);
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
