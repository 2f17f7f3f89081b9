#include "s6_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/trim.h"

enum { SCRIPT_LIMIT = 64 * 1024, NUMBER_MOST = 1000000000 };

static const char blanks[] = " \t\r\n";

bool s6_is_folder(const char *path)
{
	struct stat status;

	return !lstat(path, &status) && S_ISDIR(status.st_mode);
}

bool s6_is_folder_in(const char *path, const char *name)
{
	AUTOFREE char *whole = format_string("%s/%s", path, name);

	return s6_is_folder(whole);
}

bool s6_has(const char *folder, const char *name)
{
	AUTOFREE char *path = format_string("%s/%s", folder, name);
	struct stat status;

	return !stat(path, &status);
}

char *s6_text(struct import *import, const char *folder, const char *name, bool *fine)
{
	AUTOFREE char *path = format_string("%s/%s", folder, name);
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	const char *start;
	size_t length;

	*fine = true;
	if (!s6_has(folder, name))
		return NULL;
	*fine = import_read_file(import, path, &text);
	if (!*fine)
		return NULL;
	length = text.used;
	start = trim(text.data, &length, blanks);
	return copy_bytes(start, length);
}

bool s6_number(struct import *import, const char *folder, const char *name, long *value)
{
	bool fine;
	AUTOFREE char *text = s6_text(import, folder, name, &fine);
	char *end;

	*value = -1;
	if (!text)
		return fine;
	*value = strtol(text, &end, 10);
	return (*text && !*end && *value >= 0 && *value <= NUMBER_MOST) ||
	       import_fail(import, "%s/%s:1:1: found \"%.40s\", expected a whole number", folder, name, text);
}

static void add_lines(const char *text, struct strv *names)
{
	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t length = strcspn(text, blanks);
		AUTOFREE char *name = copy_bytes(text, length);

		if (*text == '#')
			length = strcspn(text, "\n");
		else if (names->count < IMPORT_COUNT_LIMIT)
			strv_push(names, name);
		text += length;
	}
}

bool s6_names(struct import *import, const char *folder, const char *name, struct strv *names)
{
	AUTOFREE char *inner = format_string("%s/%s.d", folder, name), *text = NULL;
	bool fine;

	if (s6_is_folder(inner) && !import_list_folder(import, inner, names))
		return false;
	text = s6_text(import, folder, name, &fine);
	if (text)
		add_lines(text, names);
	return fine;
}

void s6_script(const char *folder, const char *name, struct buf *text)
{
	AUTOFREE char *path = format_string("%s/%s", folder, name);
	struct error error = ERROR_INIT;

	file_read_regular(path, SCRIPT_LIMIT, text, &error);
}

char *s6_image_path(const char *path)
{
	AUTOFREE char *whole = realpath(path, NULL);
	const char *from = whole ? whole : path, *etc = NULL;

	for (const char *found = from; (found = strstr(found, "/etc/")); found++)
		etc = found;
	return copy_string(etc ? etc : from);
}
