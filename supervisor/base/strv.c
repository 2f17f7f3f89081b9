#include "strv.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "buf.h"

void strv_release(struct strv *strv)
{
	for (size_t i = 0; i < strv->count; i++)
		free(strv->items[i]);
	free(strv->items);
	*strv = (struct strv){ 0 };
}

/* The room is a power of two, for the items and the NULL: all is used when that many are there. */
static bool is_full(const struct strv *strv)
{
	return !strv->items || !((strv->count + 1) & strv->count);
}

void strv_push_taken(struct strv *strv, char *text)
{
	if (is_full(strv))
		strv->items = alloc_resize(strv->items, 2 * (strv->count + 1) * sizeof *strv->items);
	strv->items[strv->count++] = text;
	strv->items[strv->count] = NULL;
}

void strv_push(struct strv *strv, const char *text)
{
	strv_push_taken(strv, copy_string(text));
}

void strv_truncate(struct strv *strv, size_t most)
{
	for (; strv->count > most; strv->items[strv->count] = NULL)
		free(strv->items[--strv->count]);
}

void strv_copy(struct strv *strv, char *const *items)
{
	for (; items && *items; items++)
		strv_push(strv, *items);
}

void strv_remove(struct strv *strv, const char *text)
{
	for (size_t i = 0; i < strv->count; i++) {
		if (strcmp(strv->items[i], text) != 0)
			continue;
		free(strv->items[i]);
		memmove(&strv->items[i], &strv->items[i + 1], (strv->count-- - i) * sizeof *strv->items);
		return;
	}
}

bool strv_has(const struct strv *strv, const char *text)
{
	for (size_t i = 0; i < strv->count; i++)
		if (!strcmp(strv->items[i], text))
			return true;
	return false;
}

char *strv_join(const struct strv *strv, const char *between)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < strv->count; i++) {
		if (i)
			buf_add(&text, between);
		buf_add(&text, strv->items[i]);
	}
	return buf_take(&text);
}

static char **find(const struct strv *strv, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < strv->count; i++)
		if (!strncmp(strv->items[i], name, length) && strv->items[i][length] == '=')
			return &strv->items[i];
	return NULL;
}

void strv_set(struct strv *strv, const char *name, const char *value)
{
	char *entry = format_string("%s=%s", name, value), **old = find(strv, name);

	if (!old) {
		strv_push_taken(strv, entry);
		return;
	}
	free(*old);
	*old = entry;
}

void strv_unset(struct strv *strv, const char *name)
{
	char **old = find(strv, name);

	if (!old)
		return;
	free(*old);
	memmove(old, old + 1, (size_t)(strv->items + strv->count - old) * sizeof *old);
	strv->count--;
}

const char *strv_get(const struct strv *strv, const char *name)
{
	char **entry = find(strv, name);

	return entry ? *entry + strlen(name) + 1 : NULL;
}

/* Reads a word at *line; *line moves behind it.  False: a quote is not closed. */
static bool split_word(struct buf *word, const char **line)
{
	const char *c = *line;
	char quote = 0;

	for (; *c && (quote || !strchr(" \t\r\n", *c)); c++) {
		if (*c == quote) {
			quote = 0;
		} else if (!quote && (*c == '\'' || *c == '"')) {
			quote = *c;
		} else if (*c == '\\' && quote != '\'' && c[1] &&
			   (!quote || strchr("\"\\$`", c[1]))) {
			buf_add_char(word, *++c);
		} else {
			buf_add_char(word, *c);
		}
	}
	*line = c;
	return !quote;
}

bool strv_split(struct strv *strv, const char *line, struct error *error)
{
	for (;;) {
		struct buf word = BUF_INIT;

		line += strspn(line, " \t\r\n");
		if (!*line)
			return true;
		if (!split_word(&word, &line)) {
			buf_release(&word);
			return fail(error, "a quote is not closed");
		}
		strv_push_taken(strv, buf_take(&word));
	}
}
