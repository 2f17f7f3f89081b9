#include "origin.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void origins_release(struct origins *origins)
{
	for (size_t i = 0; i < origins->unset_count; i++)
		free(origins->unset[i].name);
	free(origins->unset);
	free(origins->lines);
	*origins = (struct origins){ 0 };
}

static void begin_line(struct origins *origins)
{
	if (origins->count == origins->room) {
		origins->room = 2 * origins->room + 64;
		origins->lines = alloc_resize(origins->lines, origins->room * sizeof *origins->lines);
	}
	origins->lines[origins->count++] = (struct origin){ 0 };
}

static bool is_blank(const char *bytes, size_t size)
{
	while (size && strchr(" \t\r", *bytes) && *bytes) {
		bytes++;
		size--;
	}
	return !size;
}

/* A line comes from where its first visible character does. */
static void extend_line(struct origins *origins, const char *bytes, size_t size, unsigned line,
			bool computed)
{
	struct origin *last = &origins->lines[origins->count - 1];

	if (!last->line && !is_blank(bytes, size))
		last->line = line;
	last->computed |= computed;
}

void origins_print(struct origins *origins, const char *bytes, size_t size, unsigned line, bool computed)
{
	const char *end = bytes + size, *stop;

	if (!origins->count)
		begin_line(origins);
	for (; (stop = memchr(bytes, '\n', (size_t)(end - bytes))); bytes = stop + 1) {
		struct origin *last = &origins->lines[origins->count - 1];

		extend_line(origins, bytes, (size_t)(stop - bytes), line, computed);
		if (!last->line)
			last->line = line;
		line += !computed;
		begin_line(origins);
	}
	extend_line(origins, bytes, (size_t)(end - bytes), line, computed);
}

void origins_add_unset(struct origins *origins, const char *name, size_t length, unsigned line)
{
	origins->unset = alloc_resize(origins->unset,
				      (origins->unset_count + 1) * sizeof *origins->unset);
	origins->unset[origins->unset_count++] = (struct unset_name){
		.name = copy_bytes(name, length), .line = line,
	};
}

struct origin origins_find(const struct origins *origins, unsigned line)
{
	struct origin origin = { 0 };

	if (line >= 1 && line <= origins->count)
		origin = origins->lines[line - 1];
	return origin;
}
