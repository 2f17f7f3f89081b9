#include "containerpilot_file.h"

#include <ctype.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "config/load.h"
#include "config/syntax.h"
#include "containerpilot_actions.h"

/* A key that no JSON of consul-template has, in quotes or not, with a colon behind it. */
static bool has_key(const char *text, const char *key)
{
	for (const char *found = text; (found = strstr(found, key)); found++) {
		const char *end = found + strlen(key);

		end += *end == '"' || *end == '\'';
		end += strspn(end, " \t\r\n");
		if (*end == ':' && (found == text || !isalnum((unsigned char)found[-1])))
			return true;
	}
	return false;
}

bool containerpilot_file_recognises(const char *path, const char *text)
{
	static const char *const keys[] = {
		"jobs", "watches", "control", "services", "backends", "tasks", "coprocesses", "preStart", "preStop",
		"postStop", "onStart",
	};

	(void)path;
	for (size_t i = 0; text && i < sizeof keys / sizeof *keys; i++)
		if (has_key(text, keys[i]))
			return syntax_is_json5(text, strlen(text)) || !strncmp(text, "{{", 2);
	return false;
}

static json_t *load(const struct import *import, const char *text, struct strv *notes,
		    struct load_error *error)
{
	struct load_source source = {
		.path = import->path, .text = text, .command = import->command, .containerpilot = true,
	};

	return load_translated(&source, notes, error);
}

static bool take(struct import *import, json_t *tree)
{
	json_object_update(import->tree, tree);
	json_decref(tree);
	return true;
}

static void take_notes(struct import *import, const struct containerpilot_actions *actions,
		       const struct strv *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		strv_push_taken(&import->notes, containerpilot_actions_show(actions, notes->items[i]));
}

/* Actions survive where the translation need not know the values that they print. */
static bool load_with_actions(struct import *import)
{
	CLEANUP(containerpilot_actions_release) struct containerpilot_actions actions = { .decides = false };
	CLEANUP(load_error_release) struct load_error error = { .code = EX_DATAERR };
	CLEANUP(strv_release) struct strv notes = { 0 };
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	json_t *tree;

	containerpilot_actions_set_aside(&actions, import->text, &text);
	tree = load(import, text.data, &notes, &error);
	if (!tree)
		return false;
	if (actions.decides)
		import_note(import, ": The file has template actions with a condition, a loop or a number. They were "
			    "decided by the environment of the import.");
	take_notes(import, &actions, &notes);
	containerpilot_actions_restore(&actions, tree);
	return take(import, tree);
}

bool containerpilot_file_read(struct import *import)
{
	CLEANUP(load_error_release) struct load_error error = { .code = EX_DATAERR };
	AUTOFREE char *messages = NULL;
	json_t *tree;

	if (load_with_actions(import))
		return true;
	tree = load(import, import->text, &import->notes, &error);
	if (tree) {
		import_note(import, ": The file's template actions were replaced by what they print in the environment "
			    "of the import: the translation needs to know some of their values.");
		return take(import, tree);
	}
	messages = load_error_text(&error);
	return import_fail(import, "%s", messages);
}
