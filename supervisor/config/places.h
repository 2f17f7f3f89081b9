/* places.h - where each value of a configuration stands in its text, found by the path of its key. */
#ifndef PLACES_H
#define PLACES_H

#include <stddef.h>

#include "base/strv.h"

/* From 1; the column counts bytes.  0: not known. */
struct place { unsigned line, column; };

struct place_node {
	size_t parent;
	char *key;			/* NULL: an element of a list */
	char *name;			/* of an element that is a group with the key `name`; or NULL */
	size_t index;			/* of an element */
	size_t size;			/* of a list: how many elements it has so far */
	struct place place;
};

struct place_comment {
	size_t node;			/* that it is about: the next one, or the last one on its line */
	char *text;
};

/* The first node is the whole configuration. */
struct places {
	struct place_node *nodes;
	size_t count, room;
	struct place_comment *comments;
	size_t comment_count;
};

void places_init(struct places *places);
void places_release(struct places *places);

/* Both return the new node. */
size_t places_add_key(struct places *places, size_t parent, const char *key, size_t length,
		      struct place place);
size_t places_add_element(struct places *places, size_t parent, struct place place);
void places_set_name(struct places *places, size_t node, const char *name, size_t length);

void places_add_comment(struct places *places, unsigned line, const char *text, size_t length);

/* "PATH: text" for each line of each comment.  Not for the whole: then it begins with ": ". */
void places_print_comments(const struct places *places, struct strv *notes);

/* Of the value that the path at the beginning of a message names, such as "jobs[app].port: ...", or
 * of what is around it if the value itself is missing. */
struct place places_find(const struct places *places, const char *message);

#endif
