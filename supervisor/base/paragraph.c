#include "paragraph.h"

#include <ctype.h>
#include <string.h>

enum { WIDTH = 78 };

static bool ends_sentence(const char *word, int length)
{
	return length > 1 && word[length - 1] == '.' && word[length - 2] != '.';
}

/* The length of NAME if the word is NAME(DIGIT), with or without a sign after it; else 0. */
static int reference_length(const char *word, int length)
{
	int name = (int)strcspn(word, "( ");

	return name && length - name >= 3 && length - name <= 4 && word[name] == '(' &&
		isdigit((unsigned char)word[name + 1]) && word[name + 2] == ')' &&
		(length - name == 3 || strchr(",.;:", word[name + 3])) ? name : 0;
}

static void print_reference(struct buf *out, const char *word, int length, int name)
{
	buf_print(out, ".Xr %.*s %c", name, word, word[name + 1]);
	if (length - name > 3)
		buf_print(out, " %c", word[name + 3]);
}

void paragraph_print(struct buf *out, const char *text, int indent, bool mdoc)
{
	int column = 0, room = WIDTH - (mdoc ? 0 : indent);
	bool ended = false;			/* a line of its own is complete */

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		int length = (int)strcspn(text, " ");
		int name = mdoc ? reference_length(text, length) : 0;

		if (column && (column + 1 + length > room || (ended && mdoc) || name)) {
			buf_add_char(out, '\n');
			column = 0;
		}
		if (column)
			buf_add_char(out, ' ');
		else if (!mdoc)
			buf_print(out, "%*s", indent, "");
		else if (*text == '.')
			buf_add(out, "\\&");
		if (name)
			print_reference(out, text, length, name);
		else
			buf_append(out, text, (size_t)length);
		ended = name || ends_sentence(text, length);
		column += length + !!column;
		text += length;
	}
	buf_add_char(out, '\n');
}
