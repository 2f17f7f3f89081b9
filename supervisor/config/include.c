#include "include.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "libconf_scan.h"
#include "syntax.h"

enum { SHOWN = 100 };
static const char byte_order_mark[] = "\xEF\xBB\xBF";

/* A file that is being read, and the files that include it. */
struct inclusion {
	const struct inclusion *parent;
	unsigned depth;
	size_t index;			/* in included->files */
	const char *path;
	const char *real;		/* without links and dots */
	const char *text;
	size_t size;
	const struct origins *origins;	/* NULL: the lines are those of the file */
};

static const char *line_end(const char *start, const char *end)
{
	const char *stop = start < end ? memchr(start, '\n', (size_t)(end - start)) : NULL;

	return stop ? stop : end;
}

/* The n-th line of a text, trimmed. */
static char *copy_line(const char *text, size_t size, unsigned n)
{
	const char *end = text + size, *stop = line_end(text, end);

	while (--n && stop < end) {
		text = stop + 1;
		stop = line_end(text, end);
	}
	while (text < stop && strchr(" \t", *text))
		text++;
	while (stop > text && strchr(" \t\r", stop[-1]))
		stop--;
	return copy_bytes(text, utf8_cut(text, (size_t)(stop - text), SHOWN));
}

static struct origin origin_of(const struct origins *origins, unsigned line)
{
	return origins ? origins_find(origins, line) : (struct origin){ .line = line };
}

static void add_place(struct buf *out, const char *path, struct origin origin, unsigned column)
{
	buf_add(out, path);
	if (origin.line)
		buf_print(out, ":%u", origin.line);
	if (origin.line && column && !origin.computed)
		buf_print(out, ":%u", column);
	buf_add(out, ": ");
}

static void add_unset(struct buf *out, const struct origins *origins, unsigned line)
{
	for (size_t i = 0; origins && i < origins->unset_count; i++)
		if (origins->unset[i].line == line)
			buf_print(out, "; .%s in line %u is not set", origins->unset[i].name, line);
}

static struct line_origin find_line(const struct included_text *included, unsigned line)
{
	return line && line <= included->line_count ? included->lines[line - 1] : (struct line_origin){ 0 };
}

bool included_text_has_unset(const struct included_text *included, struct place place)
{
	CLEANUP(buf_release) struct buf found = BUF_INIT;
	struct line_origin line = find_line(included, place.line);

	if (!line.file)
		add_unset(&found, included->origins, line.origin.line);
	return found.used;
}

static void add_shown(struct buf *out, const char *line)
{
	if (*line && !strcasestr(line, "token") && !strcasestr(line, "auth"))
		buf_print(out, ": %s", line);
}

static bool fail_at(struct error *error, const struct inclusion *file, unsigned line,
		    const char *message)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	AUTOFREE char *shown = copy_line(file->text, file->size, line);

	add_place(&text, file->path, origin_of(file->origins, line), 0);
	buf_add(&text, message);
	add_shown(&text, shown);
	return fail(error, "%s", text.data);
}

char *included_text_message(const struct included_text *included, struct place place,
			    const char *message, bool shows)
{
	struct buf text = BUF_INIT;
	struct line_origin line;

	if (place.line > included->line_count)
		place.line = (unsigned)included->line_count;
	line = find_line(included, place.line);
	add_place(&text, included->files.items[line.file], line.origin, place.column);
	buf_add(&text, message);
	if (!line.file)
		add_unset(&text, included->origins, line.origin.line);
	if (place.line && shows) {
		AUTOFREE char *shown = copy_line(included->text.data, included->text.used, place.line);

		add_shown(&text, shown);
	}
	return buf_take(&text);
}

static void add_line(struct included_text *included, const char *line, size_t length,
		     struct line_origin origin)
{
	if (included->line_count == included->line_room) {
		included->line_room = 2 * included->line_room + 64;
		included->lines = alloc_resize(included->lines,
					       included->line_room * sizeof *included->lines);
	}
	included->lines[included->line_count++] = origin;
	buf_append(&included->text, line, length);
	buf_add_char(&included->text, '\n');
}

/* `line` is the number of the first. */
static void add_lines(struct included_text *included, const struct inclusion *file, const char *text,
		      const char *end, unsigned line)
{
	for (; text < end; line++) {
		const char *stop = line_end(text, end);

		add_line(included, text, (size_t)(stop - text), (struct line_origin){
			.file = file->index, .origin = origin_of(file->origins, line),
		});
		text = stop + 1;
	}
}

static bool check_bytes(const struct inclusion *file, struct error *error)
{
	const char *start = file->text, *end = file->text + file->size;

	if (file->size > TEXT_LIMIT)
		return fail(error, "%s: larger than %d MiB", file->path, TEXT_LIMIT >> 20);
	for (unsigned line = 1; start < end; line++) {
		const char *stop = line_end(start, end);
		json_t *string = json_stringn(start, (size_t)(stop - start));

		json_decref(string);
		if (memchr(start, '\0', (size_t)(stop - start)))
			return fail(error, "%s:%u: a NUL byte; is this a text file?", file->path,
				    origin_of(file->origins, line).line);
		if (!string)
			return fail(error, "%s:%u: not valid UTF-8", file->path,
				    origin_of(file->origins, line).line);
		start = stop + 1;
	}
	return true;
}

/* If the file does not exist, the path itself. */
static char *copy_real_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : copy_string(path);
}

/* "a.conf -> b.conf -> a.conf" */
static void print_cycle(const struct inclusion *file, const char *real, struct buf *out)
{
	if (file->parent && strcmp(file->real, real))
		print_cycle(file->parent, real, out);
	buf_print(out, "%s -> ", file->path);
}

static bool check_cycle(const struct inclusion *from, const char *path, const char *real,
			 struct error *error)
{
	for (const struct inclusion *file = from; file; file = file->parent) {
		CLEANUP(buf_release) struct buf cycle = BUF_INIT;

		if (strcmp(file->real, real))
			continue;
		print_cycle(from, real, &cycle);
		return fail(error, "files include each other in a cycle: %s%s", cycle.data, path);
	}
	return true;
}

/* `name` as seen from the file that includes it. */
static char *resolve(const struct inclusion *from, const char *name, size_t length)
{
	const char *slash = strrchr(from->path, '/');

	if (*name == '/' || !slash)
		return copy_bytes(name, length);
	return format_string("%.*s/%.*s", (int)(slash - from->path), from->path, (int)length, name);
}

static bool add_file(struct included_text *included, const struct inclusion *file,
		     struct error *error);

static bool include(struct included_text *included, const struct inclusion *from,
		    const char *path, struct error *error)
{
	AUTOFREE char *real = copy_real_path(path);
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct inclusion file = { .parent = from, .depth = from->depth + 1, .path = path,
				  .index = included->files.count, .real = real };

	if (file.depth > INCLUDE_LIMIT)
		return fail(error, "more than %d levels of @include", INCLUDE_LIMIT);
	if (!check_cycle(from, path, real, error))
		return false;
	if (!file_read(path, TEXT_LIMIT, &text, error))
		return false;
	file.text = text.data;
	file.size = text.used;
	if (included->text.used + file.size > TEXT_LIMIT)
		return fail(error, "with %s the configuration is larger than %d MiB", path,
			    TEXT_LIMIT >> 20);
	return add_file(included, &file, error);
}

static bool is_include(struct token token)
{
	return token.kind == TOKEN_WORD && token.length == 8 && !memcmp(token.start, "@include", 8);
}

/* An error inside the included file names that file; an error of including it names this line. */
static bool add_include(struct included_text *included, const struct inclusion *file,
			struct token name, struct error *error)
{
	AUTOFREE char *path = NULL;
	size_t files = included->files.count;
	struct error inner = ERROR_INIT;

	if (name.kind != TOKEN_STRING)
		return fail_at(error, file, name.line, "@include needs a file name in quotes");
	path = resolve(file, name.start + 1, name.length - 2);
	if (include(included, file, path, &inner))
		return true;
	if (included->files.count > files)
		return fail(error, "%s", inner.text);
	return fail_at(error, file, name.line, inner.text);
}

/* From `done` on. */
static bool add_with_includes(struct included_text *included, const struct inclusion *file, const char *done,
			      struct error *error)
{
	const char *end = file->text + file->size;
	unsigned line = 1;
	struct scanner scanner;
	struct token token;

	scanner_init(&scanner, done, (size_t)(end - done));
	while ((token = scanner_next(&scanner)).kind != TOKEN_END) {
		if (token.kind == TOKEN_OPEN_STRING)
			return fail_at(error, file, token.line, "this string is never closed");
		if (token.kind == TOKEN_OPEN_COMMENT)
			return fail_at(error, file, token.line, "this comment is never closed");
		if (!is_include(token))
			continue;
		add_lines(included, file, done, token.start, line);
		if (!add_include(included, file, scanner_next(&scanner), error))
			return false;
		done = scanner.at;
		line = scanner.line;
	}
	add_lines(included, file, done, end, line);
	return true;
}

static bool add_file(struct included_text *included, const struct inclusion *file, struct error *error)
{
	const char *text = file->text, *end = text + file->size;

	strv_push(&included->files, file->path);
	if (!check_bytes(file, error))
		return false;
	if (file->size >= strlen(byte_order_mark) &&
	    !memcmp(text, byte_order_mark, strlen(byte_order_mark)))
		text += strlen(byte_order_mark);
	if (file->parent || !syntax_is_json5(text, (size_t)(end - text)))
		return add_with_includes(included, file, text, error);
	add_lines(included, file, text, end, 1);
	return true;
}

bool included_text_init(struct included_text *included, const char *path, const struct buf *text,
			const struct origins *origins, struct error *error)
{
	AUTOFREE char *real = copy_real_path(path);
	struct inclusion file = { .path = path, .real = real, .text = text->data, .size = text->used,
				  .origins = origins };

	*included = (struct included_text){ .text = BUF_INIT, .origins = origins };
	return add_file(included, &file, error);
}

void included_text_release(struct included_text *included)
{
	buf_release(&included->text);
	strv_release(&included->files);
	free(included->lines);
}
