/* imported.h - the oracle of foreign configurations: there is either a message, or a configuration that
 * renders and parses as the tree. */
#ifndef IMPORTED_H
#define IMPORTED_H

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "config/libconf.h"
#include "import/configuration_print.h"
#include "import/import.h"
#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No such file is read: the pattern of an [include] could stand for all files that there are. */
static inline bool reads_files(const char *text)
{
	return strcasestr(text, "include]");
}

/* False: an action of the text fails. */
static inline bool render(const struct buf *text, struct template_output *output)
{
	static const struct template_options options = {
		.profile = TEMPLATE_CONFIG, .missing_key = MISSING_ZERO,
	};
	char *env[] = { NULL };
	struct template_input input = { .env = env };
	struct error error = ERROR_INIT;
	struct template *template = template_parse("x", text->data, text->used, &options, &error);
	bool fine;

	if (!template)
		__builtin_trap();
	fine = template_render(template, &input, output, &error);
	template_free(template);
	return fine;
}

static inline json_t *parse(const struct buf *text)
{
	CLEANUP(included_text_release) struct included_text included = { 0 };
	CLEANUP(places_release) struct places places;
	CLEANUP(strv_release) struct strv mistakes = { 0 };
	struct error error = ERROR_INIT;

	places_init(&places);
	if (!included_text_init(&included, "x", text, NULL, &error))
		__builtin_trap();
	return libconf_parse(&included, &places, &mistakes);
}

/* `may_fail`: the actions are those of the source, which fail with some values. */
static inline void check_printed(const struct import *import, bool may_fail)
{
	CLEANUP(template_output_release) struct template_output output = { .text = BUF_INIT };
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	CLEANUP(json_decrefp) json_t *again = NULL;

	configuration_print(&text, import->tree, &import->notes);
	if (!strstr(text.data, ACTION))
		buf_add(&output.text, text.data);
	else if (!render(&text, &output) && may_fail)
		return;
	again = parse(&output.text);
	if (!again || json_array_size(json_object_get(again, "jobs")) !=
		      json_array_size(json_object_get(import->tree, "jobs")))
		__builtin_trap();
	if (!strstr(text.data, ACTION) && !json_equal(again, import->tree))
		__builtin_trap();
}

static inline int import_one(bool (*read)(struct import *import), const uint8_t *data, size_t size,
			     bool may_fail)
{
	AUTOFREE char *text = copy_bytes(data, size);
	struct import import = { .path = "nowhere/x", .text = text, .tree = json_object() };
	json_t *string = json_stringn(text, size);

	/* import_print() refuses other texts. */
	if (string && strlen(text) == size && !reads_files(text)) {
		bool fine = read(&import);

		if (!fine != !!*import.error.text)
			__builtin_trap();
		if (fine)
			check_printed(&import, may_fail);
	}
	json_decref(string);
	json_decref(import.tree);
	strv_release(&import.notes);
	return 0;
}

#endif
