/* imports.h - what a reader of foreign text makes of it. */
#ifndef IMPORTS_H
#define IMPORTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "import/import.h"
#include "quoted.h"

typedef bool read_fn(struct import *import);

/* `note`: the end of one of the notes; NULL: there may be any. */
static inline void expect_tree(read_fn *read, const char *text, const char *wanted, const char *note)
{
	struct import import = { .path = "x", .text = text, .tree = json_object() };
	CLEANUP(json_decrefp) json_t *tree = tree_of(wanted);
	AUTOFREE char *found = NULL, *notes = NULL;

	if (!read(&import))
		fail_msg("%s: %s", text, import.error.text);
	found = json_dumps(import.tree, JSON_COMPACT);
	if (!json_equal(import.tree, tree))
		fail_msg("%s\nbecame %s", text, found);
	notes = strv_join(&import.notes, "\n");
	if (note && !strstr(notes, note))
		fail_msg("%s\nhas no note %s, but %s", text, note, notes);
	json_decref(import.tree);
	strv_release(&import.notes);
}

static inline void expect_error(read_fn *read, const char *text, const char *wanted)
{
	struct import import = { .path = "x", .text = text, .tree = json_object() };

	if (read(&import))
		fail_msg("%s: no error", text);
	assert_string_equal(import.error.text, wanted);
	assert_int_equal(import.code, EX_DATAERR);
	json_decref(import.tree);
	strv_release(&import.notes);
}

#endif
