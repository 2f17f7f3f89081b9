#include "import.h"

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/printable.h"
#include "configuration_print.h"
#include "consul_template.h"
#include "containerpilot_file.h"
#include "s6.h"
#include "supervisord.h"

static const struct importer importers[] = {
	{ "a configuration of ContainerPilot", containerpilot_file_recognises, containerpilot_file_read },
	{ "a configuration of supervisord", supervisord_recognises, supervisord_read },
	{ "a configuration of consul-template", consul_template_recognises, consul_template_read },
	{ "a folder of services of s6-overlay", s6_recognises, s6_read },
	{ 0 }
};

const struct importer *importer_table(void)
{
	return importers;
}

void import_note(struct import *import, const char *format, ...)
{
	CLEANUP(buf_release) struct buf note = BUF_INIT;
	va_list args;

	if (import->notes.count == IMPORT_NOTES_MOST)
		strv_push(&import->notes, ": There are more comments than fit here; the rest is left out.");
	if (import->notes.count > IMPORT_NOTES_MOST)
		return;
	va_start(args, format);
	buf_vprint(&note, format, args);
	va_end(args);
	strv_push(&import->notes, note.data);
}

bool import_fail(struct import *import, const char *format, ...)
{
	CLEANUP(buf_release) struct buf message = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprint(&message, format, args);
	va_end(args);
	import->code = EX_DATAERR;
	return fail(&import->error, "%s", message.data);
}

/* jansson takes valid UTF-8 alone. */
static bool check_text(struct import *import, const char *path, const char *text, size_t size)
{
	unsigned line = 1;
	json_t *string;

	for (size_t i = 0; i < size; i++) {
		line += text[i] == '\n';
		if (!text[i])
			return import_fail(import, "%s:%u: found a NUL byte, expected text", path, line);
	}
	string = json_stringn(text, size);
	json_decref(string);
	return string || import_fail(import, "%s: found bytes that are not UTF-8, expected text", path);
}

bool import_read_file(struct import *import, const char *path, struct buf *text)
{
	size_t before = text->used;

	import->code = EX_NOINPUT;
	return file_read_regular(path, IMPORT_TEXT_LIMIT, text, &import->error) &&
	       check_text(import, path, text->data + before, text->used - before);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

bool import_list_folder(struct import *import, const char *path, struct strv *names)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_visible, by_bytes);

	if (count < 0) {
		import->code = EX_NOINPUT;
		return fail(&import->error, "cannot read %s: %m", path);
	}
	for (int i = 0; i < count; i++) {
		if (i < IMPORT_COUNT_LIMIT)
			strv_push(names, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return count <= IMPORT_COUNT_LIMIT ||
	       import_fail(import, "%s: found %d files, expected at most %d", path, count, IMPORT_COUNT_LIMIT);
}

/* ---- elements of the tree ---- */

json_t *import_string(const char *text)
{
	CLEANUP(buf_release) struct buf valid = BUF_INIT;

	printable_repair(&valid, text, strlen(text));
	return json_string(valid.data);
}

void import_set(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, import_string(text));
}

static bool is_taken(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!strcmp(json_string_value(json_object_get(json_array_get(list, i), "name")), name))
			return true;
	return false;
}

/* Some names are those of sources that are no jobs. */
static char *possible_name(const char *key, const char *name)
{
	static const char *const reserved[] = { "watch.", "template.", "election.", "SIG" };
	bool is_free = *name && strcmp(name, "global") && strcmp(name, "consul");
	char *copy;

	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		is_free = is_free && strncmp(name, reserved[i], strlen(reserved[i]));
	copy = is_free || strcmp(key, "jobs") ? copy_string(*name ? name : "unnamed") : format_string("job-%s", name);
	for (char *c = copy; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '_';
	return copy;
}

json_t *import_add(struct import *import, const char *key, const char *name, const char **given)
{
	AUTOFREE char *first = possible_name(key, name), *unique = copy_string(first);
	json_t *list = json_object_get(import->tree, key), *element = json_object();

	if (!list)
		json_object_set_new(import->tree, key, list = json_array());
	for (int i = 2; is_taken(list, unique); i++) {
		free(unique);
		unique = format_string("%s-%d", first, i);
	}
	import_set(element, "name", unique);
	json_array_append_new(list, element);
	if (strcmp(name, unique))
		import_note(import, "%s[%s]: the name \"%s\" is not possible or given twice.", key, unique, name);
	if (given)
		*given = json_string_value(json_object_get(element, "name"));
	return element;
}

json_t *import_program(const char *path)
{
	if (!path[strcspn(path, " \t\r\n'\"\\")])
		return import_string(path);
	return json_pack("[o]", import_string(path));
}

/* Has the line, outside of the quotes that take them literally, characters that mean something to a shell? */
static bool needs_shell(const char *line)
{
	char quote = 0;

	for (const char *c = line; *c; c++)
		if (*c == quote)
			quote = 0;
		else if (!quote && (*c == '"' || *c == '\''))
			quote = *c;
		else if (strchr(quote == '\'' ? "" : quote ? "$`\\" : "|&;<>()$`*?[]#~!{}\\\n", *c))
			return true;
	return quote || memchr(line, '=', strcspn(line, " \t"));
}

json_t *import_shell_command(const char *line)
{
	return needs_shell(line) ? json_pack("[s,s,o]", "sh", "-c", import_string(line)) : import_string(line);
}

void import_add_literal(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	for (; *text; text++)
		if (iscntrl((unsigned char)*text) || strchr("\"\\{}", *text))
			buf_print(out, "\\x%02x", (unsigned char)*text);
		else
			buf_add_char(out, *text);
	buf_add_char(out, '"');
}

/* "KEY=VALUE", or an action that becomes that. */
static json_t *pair_of(const char *key, const json_t *value)
{
	const char *action = json_string_value(json_object_get(value, ACTION));
	AUTOFREE char *begin = format_string("%s=%s", key, json_is_string(value) ? json_string_value(value) : "");
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	if (!action)
		return import_string(begin);
	buf_add(&text, "print ");
	import_add_literal(&text, begin);
	buf_add(&text, strchr(action, ' '));
	return json_pack("{s:o}", ACTION, import_string(text.data));
}

void import_set_env(json_t *job, json_t *env)
{
	json_t *pairs = json_array(), *value;
	bool possible = true;
	const char *key;

	json_object_foreach(env, key, value) {
		possible = possible && configuration_has_key(key);
		json_array_append_new(pairs, pair_of(key, value));
	}
	if (json_object_size(env))
		json_object_set(job, "env", possible ? env : pairs);
	json_decref(pairs);
	json_decref(env);
}

void import_allow_stop(struct import *import, double seconds)
{
	enum { DEFAULT_STOP = 8 };
	const char *now = json_string_value(json_object_get(import->tree, "stopTimeout"));
	double before = DEFAULT_STOP;
	char text[32];

	if (now)
		duration_parse(now, &before);
	if (seconds < before)
		return;
	if (!now)
		import_note(import, "stopTimeout: the time for the whole stop; give `docker stop` and its like a "
				    "longer one.");
	duration_print(seconds + 2, text);
	import_set(import->tree, "stopTimeout", text);
}

/* ---- the whole ---- */

static const struct importer *find_importer(const struct import *import)
{
	for (const struct importer *importer = importers; importer->name; importer++)
		if (importer->recognises(import->path, import->text))
			return importer;
	return NULL;
}

static bool fail_unknown(struct import *import)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT;

	for (const struct importer *importer = importers; importer->name; importer++)
		buf_print(&names, "%s%s", !names.used ? "" : importer[1].name ? ", " : " or ", importer->name);
	return import_fail(import, "%s: found a %s of no known format, expected %s", import->path,
			   import->text ? "file" : "folder", names.data);
}

static const char byte_order_mark[] = "\xef\xbb\xbf";

static bool read_import(struct import *import, struct buf *text)
{
	const struct importer *importer;
	struct stat status;

	import->code = EX_NOINPUT;
	if (stat(import->path, &status))
		return fail(&import->error, "cannot read %s: %m", import->path);
	if (!S_ISDIR(status.st_mode)) {
		if (!import_read_file(import, import->path, text))
			return false;
		import->text = text->data + (strncmp(text->data, byte_order_mark, 3) ? 0 : 3);
	}
	importer = find_importer(import);
	if (!importer)
		return fail_unknown(import);
	import_note(import, ": Made by `pilotfish import` from %s, %s. Comments tell what differs.", import->path,
		    importer->name);
	return importer->read(import);
}

int import_print(const char *path, char **command, struct buf *out, struct error *error)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct import import = { .path = path, .command = command, .tree = json_object() };

	if (read_import(&import, &text)) {
		configuration_print(out, import.tree, &import.notes);
		import.code = EX_OK;
	} else {
		fail(error, "%s", import.error.text);
	}
	strv_release(&import.notes);
	json_decref(import.tree);
	return import.code;
}
