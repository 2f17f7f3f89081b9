#include "include.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "libconf_scan.h"

enum { SHOWN = 100 };

/* A file that is being read, and the files that include it. */
struct inclusion {
	const struct inclusion *parent;
	unsigned depth;
	const char *path;
	const char *real;		/* without links and dots */
	const char *text;
	size_t size;
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

static bool fail_line(struct error *error, const char *path, unsigned number, const char *message,
		      const char *line)
{
	bool secret = strcasestr(line, "token") || strcasestr(line, "auth");

	if (!*line || secret)
		return fail(error, "%s:%u: %s", path, number, message);
	return fail(error, "%s:%u: %s: %s", path, number, message, line);
}

static bool fail_at(struct error *error, const struct inclusion *file, unsigned line,
		    const char *message)
{
	AUTOFREE char *shown = copy_line(file->text, file->size, line);

	return fail_line(error, file->path, line, message, shown);
}

bool included_text_fail(const struct included_text *included, unsigned line, struct error *error,
			const char *message)
{
	const struct line_origin *origin;
	AUTOFREE char *shown = NULL;

	if (line < 1 || line > included->line_count)	/* libconfig's number for the end */
		line = (unsigned)included->line_count;
	if (!line)
		return fail(error, "%s: %s", included->files.items[0], message);
	shown = copy_line(included->text.data, included->text.used, line);
	origin = &included->lines[line - 1];
	return fail_line(error, included->files.items[origin->file], origin->line, message, shown);
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

static void add_lines(struct included_text *included, const char *text, const char *end,
		      struct line_origin origin)
{
	for (; text < end; origin.line++) {
		const char *stop = line_end(text, end);

		add_line(included, text, (size_t)(stop - text), origin);
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
				    line);
		if (!string)
			return fail(error, "%s:%u: not valid UTF-8", file->path, line);
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
				  .real = real };

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

static bool add_file(struct included_text *included, const struct inclusion *file,
		     struct error *error)
{
	struct line_origin origin = { .file = included->files.count, .line = 1 };
	const char *done = file->text;
	struct scanner scanner;
	struct token token;

	strv_push(&included->files, file->path);
	if (!check_bytes(file, error))
		return false;
	scanner_init(&scanner, file->text, file->size);
	while ((token = scanner_next(&scanner)).kind != TOKEN_END) {
		if (token.kind == TOKEN_OPEN_STRING)
			return fail_at(error, file, token.line, "this string is never closed");
		if (token.kind == TOKEN_OPEN_COMMENT)
			return fail_at(error, file, token.line, "this comment is never closed");
		if (!is_include(token))
			continue;
		add_lines(included, done, token.start, origin);
		if (!add_include(included, file, scanner_next(&scanner), error))
			return false;
		done = scanner.at;
		origin.line = scanner.line;
	}
	add_lines(included, done, file->text + file->size, origin);
	return true;
}

bool included_text_init(struct included_text *included, const char *path, const char *text,
			size_t size, struct error *error)
{
	AUTOFREE char *real = copy_real_path(path);
	struct inclusion file = { .path = path, .real = real, .text = text, .size = size };

	*included = (struct included_text){ .text = BUF_INIT };
	return add_file(included, &file, error);
}

void included_text_release(struct included_text *included)
{
	buf_release(&included->text);
	strv_release(&included->files);
	free(included->lines);
}
