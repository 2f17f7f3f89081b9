#include "listing.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "scan.h"

enum { SHOWN = 100 };

/* A file on its way into the listing. */
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

/* The n-th line of a text, without the blanks around it. */
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

bool listing_fail(const struct listing *listing, unsigned line, struct error *error,
		  const char *message)
{
	const struct listing_line *origin;
	AUTOFREE char *shown = NULL;

	if (line < 1 || line > listing->line_count)	/* libconfig means the end */
		line = (unsigned)listing->line_count;
	if (!line)
		return fail(error, "%s: %s", listing->files.items[0], message);
	shown = copy_line(listing->text.data, listing->text.used, line);
	origin = &listing->lines[line - 1];
	return fail_line(error, listing->files.items[origin->file], origin->line, message, shown);
}

static void add_line(struct listing *listing, const char *line, size_t length,
		     struct listing_line origin)
{
	if (listing->line_count == listing->line_room) {
		listing->line_room = 2 * listing->line_room + 64;
		listing->lines = alloc_resize(listing->lines,
					      listing->line_room * sizeof *listing->lines);
	}
	listing->lines[listing->line_count++] = origin;
	buf_append(&listing->text, line, length);
	buf_add_char(&listing->text, '\n');
}

static void add_lines(struct listing *listing, const char *text, const char *end,
		      struct listing_line origin)
{
	for (; text < end; origin.line++) {
		const char *stop = line_end(text, end);

		add_line(listing, text, (size_t)(stop - text), origin);
		text = stop + 1;
	}
}

static bool check_bytes(const struct inclusion *file, struct error *error)
{
	const char *start = file->text, *end = file->text + file->size;

	if (file->size > TEXT_LIMIT)
		return fail(error, "%s: more than %d MiB", file->path, TEXT_LIMIT >> 20);
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

/* Of what is no file, the path as it is. */
static char *copy_real_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : copy_string(path);
}

/* "a.conf -> b.conf -> a.conf" */
static void print_circle(const struct inclusion *file, const char *real, struct buf *out)
{
	if (file->parent && strcmp(file->real, real))
		print_circle(file->parent, real, out);
	buf_print(out, "%s -> ", file->path);
}

static bool check_circle(const struct inclusion *from, const char *path, const char *real,
			 struct error *error)
{
	for (const struct inclusion *file = from; file; file = file->parent) {
		CLEANUP(buf_release) struct buf circle = BUF_INIT;

		if (strcmp(file->real, real))
			continue;
		print_circle(from, real, &circle);
		return fail(error, "files include each other in a circle: %s%s", circle.data, path);
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

static bool add_file(struct listing *listing, const struct inclusion *file, struct error *error);

static bool include(struct listing *listing, const struct inclusion *from, const char *path,
		    struct error *error)
{
	AUTOFREE char *real = copy_real_path(path);
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct inclusion file = { .parent = from, .depth = from->depth + 1, .path = path,
				  .real = real };

	if (file.depth > INCLUDE_LIMIT)
		return fail(error, "files include each other more than %d deep", INCLUDE_LIMIT);
	if (!check_circle(from, path, real, error))
		return false;
	if (!file_read(path, TEXT_LIMIT, &text, error))
		return false;
	file.text = text.data;
	file.size = text.used;
	if (listing->text.used + file.size > TEXT_LIMIT)
		return fail(error, "with %s it is more than %d MiB", path, TEXT_LIMIT >> 20);
	return add_file(listing, &file, error);
}

static bool is_include(struct token token)
{
	return token.kind == TOKEN_WORD && token.length == 8 && !memcmp(token.start, "@include", 8);
}

/* An error in the included file has its own place; one of including it has ours. */
static bool add_include(struct listing *listing, const struct inclusion *file,
			struct token name, struct error *error)
{
	AUTOFREE char *path = NULL;
	size_t files = listing->files.count;
	struct error inner = ERROR_INIT;

	if (name.kind != TOKEN_STRING)
		return fail_at(error, file, name.line, "@include needs the name of a file in quotes");
	path = resolve(file, name.start + 1, name.length - 2);
	if (include(listing, file, path, &inner))
		return true;
	if (listing->files.count > files)
		return fail(error, "%s", inner.text);
	return fail_at(error, file, name.line, inner.text);
}

static bool add_file(struct listing *listing, const struct inclusion *file, struct error *error)
{
	struct listing_line origin = { .file = listing->files.count, .line = 1 };
	const char *done = file->text;
	struct scanner scanner;
	struct token token;

	strv_push(&listing->files, file->path);
	if (!check_bytes(file, error))
		return false;
	scanner_init(&scanner, file->text, file->size);
	while ((token = scan(&scanner)).kind != TOKEN_END) {
		if (token.kind == TOKEN_OPEN_STRING)
			return fail_at(error, file, token.line, "a string that is never closed");
		if (token.kind == TOKEN_OPEN_COMMENT)
			return fail_at(error, file, token.line, "a comment that is never closed");
		if (!is_include(token))
			continue;
		add_lines(listing, done, token.start, origin);
		if (!add_include(listing, file, scan(&scanner), error))
			return false;
		done = scanner.at;
		origin.line = scanner.line;
	}
	add_lines(listing, done, file->text + file->size, origin);
	return true;
}

bool listing_init(struct listing *listing, const char *path, const char *text, size_t size,
		  struct error *error)
{
	AUTOFREE char *real = copy_real_path(path);
	struct inclusion file = { .path = path, .real = real, .text = text, .size = size };

	*listing = (struct listing){ .text = BUF_INIT };
	return add_file(listing, &file, error);
}

void listing_release(struct listing *listing)
{
	buf_release(&listing->text);
	strv_release(&listing->files);
	free(listing->lines);
}
