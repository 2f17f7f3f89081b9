#include "ini.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/trim.h"

static const char blanks[] = " \t\r\f\v";

struct reader {
	struct ini *ini;
	struct import *import;
	const char *file;
	unsigned line;
	struct ini_section *section;
	struct ini_entry *entry;	/* that an indented line continues; NULL: none */
	size_t indent;			/* of that entry */
};

static void *grow(void *items, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return items;
	*room = *room ? 2 * *room : 8;
	return alloc_resize(items, *room * size);
}

/* The line's text begins at column `from`, counted from 0; always false. */
static bool refuse(const struct reader *reader, size_t from, const char *found, const char *expected)
{
	return import_fail(reader->import, "%s:%u:%zu: found \"%.60s\", expected %s", reader->file, reader->line, from + 1,
			   found, expected);
}

static void add_comment(struct reader *reader, const char *text)
{
	struct strv *comments = &reader->ini->comments;

	text += strspn(text, ";# \t");
	if (*text && comments->count < INI_COMMENTS_MOST)
		strv_push(comments, text);
}

static void take_comments(struct reader *reader)
{
	struct strv *from = &reader->ini->comments, *to = &reader->section->comments;

	for (size_t i = 0; i < from->count && to->count < INI_COMMENTS_MOST; i++)
		strv_push(to, from->items[i]);
	strv_release(from);
}

static bool begin_section(struct reader *reader, size_t from, const char *text)
{
	struct ini *ini = reader->ini;
	const char *end = strchr(text, ']');
	AUTOFREE char *name = end ? copy_bytes(text + 1, (size_t)(end - text - 1)) : NULL;

	if (!name || !*name)
		return refuse(reader, from, text, "a section such as [program:web]");
	reader->entry = NULL;
	reader->section = (struct ini_section *)ini_find(ini, name);
	if (!reader->section) {
		if (ini->count == IMPORT_COUNT_LIMIT)
			return import_fail(reader->import, "%s:%u:%zu: found more than %d sections, expected fewer",
					   reader->file, reader->line, from + 1, IMPORT_COUNT_LIMIT);
		ini->sections = grow(ini->sections, &ini->room, ini->count, sizeof *ini->sections);
		reader->section = &ini->sections[ini->count++];
		*reader->section = (struct ini_section){
			.name = steal(&name), .file = reader->file, .line = reader->line,
		};
	}
	take_comments(reader);
	return true;
}

static char *trimmed(const char *text, size_t length)
{
	text = trim(text, &length, blanks);
	return copy_bytes(text, length);
}

static bool add_entry(struct reader *reader, size_t from, const char *text)
{
	struct ini_section *section = reader->section;
	size_t length = strcspn(text, "=:"), column;
	char *key;

	if (!section)
		return refuse(reader, from, text, "a section such as [program:web] first");
	if (!text[length] || !length)
		return refuse(reader, from, text, "KEY=VALUE");
	if (section->count == IMPORT_COUNT_LIMIT)
		return refuse(reader, from, text, "at most 1000 keys in a section");
	column = from + length + 1 + strspn(text + length + 1, blanks);
	key = trimmed(text, length);
	for (char *c = key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	section->entries = grow(section->entries, &section->room, section->count, sizeof *section->entries);
	reader->entry = &section->entries[section->count++];
	reader->indent = from;
	*reader->entry = (struct ini_entry){
		.key = key, .value = trimmed(text + length + 1, strlen(text + length + 1)),
		.file = reader->file, .line = reader->line, .column = (unsigned)column + 1,
	};
	take_comments(reader);
	return true;
}

static void continue_entry(struct ini_entry *entry, const char *text)
{
	char *longer = format_string("%s%s%s", entry->value, *entry->value ? "\n" : "", text);

	free(entry->value);
	entry->value = longer;
}

/* A mark begins a comment at the beginning, or behind a blank. */
static size_t length_without_comment(const char *line)
{
	for (size_t i = 1; line[i]; i++)
		if ((line[i] == ';' || line[i] == '#') && strchr(blanks, line[i - 1]))
			return i;
	return strlen(line);
}

static bool read_line(struct reader *reader, const char *line)
{
	size_t from = strspn(line, blanks);
	AUTOFREE char *text = NULL;

	if (!line[from])
		return true;
	if (line[from] == ';' || line[from] == '#') {
		add_comment(reader, line + from);
		return true;
	}
	text = trimmed(line + from, length_without_comment(line + from));
	if (reader->entry && from > reader->indent) {
		continue_entry(reader->entry, text);
		return true;
	}
	return *text == '[' ? begin_section(reader, from, text) : add_entry(reader, from, text);
}

bool ini_read(struct ini *ini, const char *path, const char *text, struct import *import)
{
	struct reader reader = { .ini = ini, .import = import };

	strv_push(&ini->files, path);
	reader.file = ini->files.items[ini->files.count - 1];
	while (*text) {
		size_t length = strcspn(text, "\n");
		AUTOFREE char *line = copy_bytes(text, length);

		reader.line++;
		if (!read_line(&reader, line))
			return false;
		text += length + (text[length] == '\n');
	}
	if (reader.section)
		take_comments(&reader);
	return true;
}

static void release_section(struct ini_section *section)
{
	for (size_t i = 0; i < section->count; i++) {
		free(section->entries[i].key);
		free(section->entries[i].value);
	}
	free(section->entries);
	free(section->name);
	strv_release(&section->comments);
}

void ini_release(struct ini *ini)
{
	for (size_t i = 0; i < ini->count; i++)
		release_section(&ini->sections[i]);
	free(ini->sections);
	strv_release(&ini->files);
	strv_release(&ini->comments);
}

const struct ini_section *ini_find(const struct ini *ini, const char *name)
{
	for (size_t i = 0; i < ini->count; i++)
		if (!strcmp(ini->sections[i].name, name))
			return &ini->sections[i];
	return NULL;
}

const struct ini_entry *ini_get(const struct ini_section *section, const char *key)
{
	for (size_t i = section ? section->count : 0; i--;)
		if (!strcmp(section->entries[i].key, key))
			return &section->entries[i];
	return NULL;
}

bool ini_refuse(struct import *import, const struct ini_entry *entry, const char *what)
{
	return import_fail(import, "%s:%u:%u: found %s = \"%.60s\", expected %s", entry->file, entry->line, entry->column,
			   entry->key, entry->value, what);
}
