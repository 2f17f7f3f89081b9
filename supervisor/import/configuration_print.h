/* configuration_print.h - a native configuration, from a tree to libconfig's text with comments.
 *
 * The text reads as the same tree.  It has no "{{" of its own, which would make it a template: a tree that
 * needs variables has actions instead.  An action is an object with the one key ACTION, whose value is the
 * action's text without delimiters, such as "quote .HOME"; its result must be a value of libconfig.
 *
 * libconfig has no null, and keys of letters, digits, '-', '_' and '*' alone, the first a letter or '*'.  A
 * comment stands for what cannot be printed.  Strings end at a NUL.
 */
#ifndef CONFIGURATION_PRINT_H
#define CONFIGURATION_PRINT_H

#include <jansson.h>

#include "base/buf.h"
#include "base/strv.h"

#define ACTION "{{"

/* A note is "PATH: text", with PATH as messages have it: "jobs[app].when.source", where an element of a list
 * is named by its `name`, or else by its index.  "" is the head of the file.  The note becomes a comment above
 * that setting, or above the nearest around it that there is. */
void configuration_print(struct buf *out, const json_t *tree, const struct strv *notes);

bool configuration_has_key(const char *key);	/* could libconfig have it? */

#endif
