#include "printable.h"

#include <stdint.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD";	/* U+FFFD */

/* The size of the UTF-8 character at `text`; 0: there is none.  The limits are those of table 3-7
 * of the Unicode Standard: no surrogates, no overlong forms. */
static size_t read_character(const char *text, size_t size, uint32_t *character)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t length = c[0] < 0x80 ? 1 : c[0] < 0xC2 ? 0 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3
		: c[0] < 0xF5 ? 4 : 0;

	if (!length || length > size)
		return 0;
	*character = length == 1 ? c[0] : c[0] & (0x7Fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((c[i] & 0xC0) != 0x80)
			return 0;
		*character = *character << 6 | (c[i] & 0x3F);
	}
	if ((length == 3 && (*character < 0x800 || (*character >> 11) == 0x1B)) ||
	    (length == 4 && (*character < 0x10000 || *character > 0x10FFFF)))
		return 0;
	return length;
}

static bool is_unsafe(uint32_t c)
{
	if (c >= 0x20 && c < 0x7F)
		return false;
	return (c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0x61C ||
	       c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Most text is ASCII: the size of the leading part that needs no closer look. */
static size_t plain_size(const char *text, size_t size)
{
	size_t done = 0;

	while (done < size && text[done] >= 0x20 && text[done] < 0x7F)
		done++;
	return done;
}

/* The size of a sequence that sets colours; 0: `text` is none. */
static size_t colours(const char *text, size_t size)
{
	size_t length = 2;

	if (size < 3 || text[0] != '\x1b' || text[1] != '[')
		return 0;
	while (length < size && text[length] && strchr("0123456789;:", text[length]))
		length++;
	return length < size && text[length] == 'm' ? length + 1 : 0;
}

static void add_escaped(struct buf *out, uint32_t c)
{
	if (c == '\n' || c == '\r')
		buf_add(out, c == '\n' ? "\\n" : "\\r");
	else
		buf_print(out, c < 0x80 ? "\\x%02x" : "\\u%04x", c);
}

/* The size of the safe text at `text`. */
static size_t safe_size(const char *text, size_t size, enum printable kind)
{
	size_t done = plain_size(text, size);

	while (done < size) {
		uint32_t c;
		size_t length = read_character(text + done, size - done, &c);

		if (!length || is_unsafe(c))
			length = kind == PRINTABLE_COLOURS ? colours(text + done, size - done) : 0;
		if (!length)
			break;
		done += length;
		done += plain_size(text + done, size - done);
	}
	return done;
}

void printable_add(struct buf *out, const char *text, size_t size, enum printable kind)
{
	for (size_t done = 0; done < size; ) {
		size_t safe = safe_size(text + done, size - done, kind), length;
		uint32_t c;

		buf_append(out, text + done, safe);
		done += safe;
		if (done == size)
			break;
		length = read_character(text + done, size - done, &c);
		if (length)
			add_escaped(out, c);
		else
			buf_print(out, "\\x%02x", (unsigned char)text[done]);
		done += length ? length : 1;
	}
}

char *printable_copy(const char *text)
{
	struct buf out = BUF_INIT;

	printable_add(&out, text, strlen(text), PRINTABLE_PLAIN);
	return buf_take(&out);
}

bool printable_is_safe(const char *text, size_t size)
{
	return safe_size(text, size, PRINTABLE_PLAIN) == size;
}

void printable_quote(struct buf *out, const char *text, size_t size)
{
	size_t from = 0, i = 0;

	buf_add_char(out, '"');
	while (i < size) {
		uint32_t c;
		size_t length = read_character(text + i, size - i, &c);

		if (length && c >= 0x20 && !is_unsafe(c) && c != '"' && c != '\\') {
			i += length;
			continue;
		}
		buf_append(out, text + from, i - from);
		if (!length)
			buf_add(out, replacement);
		else if (c == '"' || c == '\\')
			buf_append(out, (char[]){ '\\', (char)c }, 2);
		else
			buf_print(out, "\\u%04x", c);
		i += length ? length : 1;
		from = i;
	}
	buf_append(out, text + from, size - from);
	buf_add_char(out, '"');
}

void printable_repair(struct buf *out, const char *text, size_t size)
{
	size_t from = 0, i = 0;

	while (i < size) {
		uint32_t c;
		size_t length = read_character(text + i, size - i, &c);

		if (length && c) {
			i += length;
			continue;
		}
		buf_append(out, text + from, i - from);
		buf_add(out, replacement);
		from = ++i;
	}
	buf_append(out, text + from, size - from);
}
