/* quoted.h - JSON as a C string that needs no backslashes. */
#ifndef QUOTED_H
#define QUOTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/alloc.h"

/* Single quotes stand for double quotes. */
static inline json_t *tree_of(const char *text)
{
	AUTOFREE char *json = copy_string(text);
	json_t *tree;

	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	tree = json_loads(json, 0, NULL);
	if (!tree)
		fail_msg("not JSON: %s", json);
	return tree;
}

#endif
