/* places.h - where each value of a configuration stands in its text, found by the path of its key. */
#ifndef PLACES_H
#define PLACES_H

#include <stddef.h>

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

/* The first is the whole configuration. */
struct places {
	struct place_node *nodes;
	size_t count, room;
};

void places_init(struct places *places);
void places_release(struct places *places);

/* Both return the new node. */
size_t places_add_key(struct places *places, size_t parent, const char *key, size_t length,
		      struct place place);
size_t places_add_element(struct places *places, size_t parent, struct place place);
void places_set_name(struct places *places, size_t node, const char *name, size_t length);

/* Of the value that the path at the beginning of a message names, such as "jobs[app].port: ...", or
 * of what is around it if the value itself is missing. */
struct place places_find(const struct places *places, const char *message);

#endif
