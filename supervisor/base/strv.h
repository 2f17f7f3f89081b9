/* strv.h - a list of owned strings that ends in NULL, as execve(2) expects. */
#ifndef STRV_H
#define STRV_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

struct strv {
	char **items;		/* NULL while empty */
	size_t count;
};

void strv_release(struct strv *strv);
void strv_push(struct strv *strv, const char *text);	/* copies */
void strv_push_taken(struct strv *strv, char *text);	/* takes ownership */
void strv_truncate(struct strv *strv, size_t most);	/* frees the items after the first */
void strv_copy(struct strv *strv, char *const *items);	/* appends copies; NULL: nothing */
void strv_remove(struct strv *strv, const char *text);	/* the first such item, if there is one */
bool strv_has(const struct strv *strv, const char *text);
char *strv_join(const struct strv *strv, const char *between);	/* free() it */

/* For environments, "NAME=value".  strv_set() replaces an entry of the same name. */
void strv_set(struct strv *strv, const char *name, const char *value);
void strv_unset(struct strv *strv, const char *name);
const char *strv_get(const struct strv *strv, const char *name);	/* NULL: none */

/* Splits a command line at blanks, with 'single' and "double" quotes and \ escapes of a shell.
 * Nothing is expanded and no shell runs. */
bool strv_split(struct strv *strv, const char *line, struct error *error);

#endif
