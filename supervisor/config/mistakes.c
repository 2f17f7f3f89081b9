#include "mistakes.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

bool mistakes_full(const struct strv *mistakes)
{
	return mistakes->count >= MISTAKES_MOST;
}

bool mistakes_add(struct strv *mistakes, const struct error *error)
{
	strv_push(mistakes, error->text);
	return false;
}

bool mistakes_in(struct strv *mistakes, size_t before, const char *format, ...)
{
	CLEANUP(buf_release) struct buf where = BUF_INIT;
	va_list args;

	if (mistakes->count == before)
		return true;
	va_start(args, format);
	buf_vprint(&where, format, args);
	va_end(args);
	for (size_t i = before; i < mistakes->count; i++) {
		AUTOFREE char *what = mistakes->items[i];

		mistakes->items[i] = format_string("%s%s%s", where.data,
						   strchr(".[", *what) ? "" : ": ", what);
	}
	return false;
}

bool mistakes_in_element(struct strv *mistakes, size_t before, const json_t *element, size_t index)
{
	const char *name = json_string_value(json_object_get(element, "name"));

	if (name && *name)
		return mistakes_in(mistakes, before, "[%.64s]", name);
	return mistakes_in(mistakes, before, "[%zu]", index);
}

void mistakes_drop_dots(struct strv *mistakes)
{
	for (size_t i = 0; i < mistakes->count; i++) {
		char *path = mistakes->items[i];

		if (*path == '.')
			memmove(path, path + 1, strlen(path));
	}
}
