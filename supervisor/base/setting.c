#include "setting.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "buf.h"
#include "env.h"
#include "file.h"
#include "trim.h"

enum { VALUE_LIMIT = 64 * 1024 };

static const char *look_up(const char *name)
{
	const char *value = env_get(name);

	return value && *value ? value : NULL;
}

static bool read_value(const char *path, char **value, struct error *error)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	if (!file_read(path, VALUE_LIMIT, &text, error))
		return false;
	if (text.used && text.data[text.used - 1] == '\n')
		text.data[--text.used] = '\0';
	if (strlen(text.data) != text.used)
		return fail(error, "%s contains a NUL byte", path);
	*value = buf_take(&text);
	return true;
}

bool setting_get(const char *name, char **value, struct error *error)
{
	AUTOFREE char *file_name = format_string("%s_FILE", name);
	const char *plain = look_up(name), *path = look_up(file_name);

	if (plain && path)
		return fail(error, "both %s and %s are set; unset one of them", name, file_name);
	if (path && !read_value(path, value, error))
		return fail_in(error, "%s", file_name);
	if (!path)
		*value = copy_string(plain);
	return true;
}

bool setting_trim(char *value, struct error *error)
{
	size_t length = strlen(value);
	const char *start = trim(value, &length, " \t\r\n");

	memmove(value, start, length);
	value[length] = '\0';
	for (const char *c = value; *c; c++)
		if (iscntrl((unsigned char)*c))
			return fail(error, "must not contain a control character");
	return length || fail(error, "must not be empty");
}
