#include "image.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/process.h"
#include "mistakes.h"
#include "scalar.h"

static bool is_program(const char *path)
{
	struct stat info;

	return !stat(path, &info) && S_ISREG(info.st_mode) && !access(path, X_OK);
}

/* The interpreter that the first line of a script names.  NULL: it is no script. */
static char *copy_interpreter(const char *path)
{
	char line[PATH_MAX];
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = file < 0 ? -1 : read(file, line, sizeof line - 1);
	const char *name = line + 2;

	if (file >= 0)
		close(file);
	if (length < 2 || memcmp(line, "#!", 2))
		return NULL;
	line[length] = '\0';
	name += strspn(name, " \t");
	return copy_bytes(name, strcspn(name, " \t\r\n"));
}

/* The PATH of the job's own environment, which is a group or a list of "KEY=VALUE". */
static const char *find_path(const json_t *owner)
{
	const json_t *env = json_object_get(owner, "env");
	const char *path = json_string_value(json_object_get(env, "PATH"));

	for (size_t i = 0; i < json_array_size(env) && !path; i++) {
		const char *pair = json_string_value(json_array_get(env, i));

		if (pair && !strncmp(pair, "PATH=", 5))
			path = pair + 5;
	}
	if (!path)
		path = getenv("PATH");
	return path ? path : DEFAULT_PATH;
}

static char *find_in_path(const char *name, const json_t *owner)
{
	const char *folder = find_path(owner), *end;

	for (; *folder; folder = end + (*end == ':')) {
		AUTOFREE char *path = NULL;

		end = strchrnul(folder, ':');
		path = format_string("%.*s/%s", (int)(end - folder), folder, name);
		if (is_program(path))
			return steal(&path);
	}
	return NULL;
}

/* As execve(2) would find it; NULL: it would not. */
static char *find_program(const char *name, const json_t *owner)
{
	const char *cwd = json_string_value(json_object_get(owner, "cwd"));
	AUTOFREE char *path = NULL;

	if (!strchr(name, '/'))
		return find_in_path(name, owner);
	path = *name == '/' || !cwd ? copy_string(name) : format_string("%s/%s", cwd, name);
	return is_program(path) ? steal(&path) : NULL;
}

static void check_program(const char *name, const json_t *owner, struct strv *mistakes)
{
	AUTOFREE char *path = find_program(name, owner);
	AUTOFREE char *interpreter = path ? copy_interpreter(path) : NULL;

	if (!path)
		strv_push_taken(mistakes, format_string(".exec: there is no program \"%.128s\"", name));
	else if (interpreter && !is_program(interpreter))
		strv_push_taken(mistakes, format_string(".exec: %s needs \"%.128s\", which is not there",
							path, interpreter));
}

/* A command that cannot be split is refused elsewhere. */
static void check_command(const json_t *owner, struct strv *mistakes)
{
	const json_t *exec = json_object_get(owner, "exec");
	CLEANUP(strv_release) struct strv words = { 0 };
	const char *cwd = json_string_value(json_object_get(owner, "cwd"));
	struct error error = ERROR_INIT;
	struct stat info;

	if (json_is_string(exec))
		strv_split(&words, json_string_value(exec), &error);
	else
		scalar_strings(exec, &words);
	if (words.count && *words.items[0])
		check_program(words.items[0], owner, mistakes);
	if (cwd && (stat(cwd, &info) || !S_ISDIR(info.st_mode)))
		strv_push_taken(mistakes, format_string(".cwd: there is no directory \"%.128s\"", cwd));
}

static void check_group(const json_t *group, struct strv *mistakes);

static void check_list(const json_t *list, struct strv *mistakes)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *element = json_array_get(list, i);
		size_t before = mistakes->count;

		check_group(element, mistakes);
		mistakes_in_element(mistakes, before, element, i);
	}
}

static void check_group(const json_t *group, struct strv *mistakes)
{
	const char *key;
	json_t *value;

	if (json_object_get(group, "exec"))
		check_command(group, mistakes);
	json_object_foreach((json_t *)group, key, value) {
		size_t before = mistakes->count;

		if (json_is_array(value))
			check_list(value, mistakes);
		else if (json_is_object(value))
			check_group(value, mistakes);
		mistakes_in(mistakes, before, ".%.64s", key);
	}
}

void image_check(const json_t *tree, struct strv *mistakes, struct strv *unsure)
{
	CLEANUP(strv_release) struct strv found = { 0 };

	check_group(tree, &found);
	mistakes_drop_dots(&found);
	for (size_t i = 0; i < found.count; i++)
		strv_push(strstr(found.items[i], UNSET_TEXT) ? unsure : mistakes, found.items[i]);
}
