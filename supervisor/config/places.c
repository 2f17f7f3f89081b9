#include "places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static size_t add(struct places *places, struct place_node node)
{
	if (places->count == places->room) {
		places->room = 2 * places->room + 64;
		places->nodes = alloc_resize(places->nodes, places->room * sizeof *places->nodes);
	}
	places->nodes[places->count] = node;
	return places->count++;
}

void places_init(struct places *places)
{
	*places = (struct places){ 0 };
	add(places, (struct place_node){ 0 });
}

void places_release(struct places *places)
{
	for (size_t i = 0; i < places->count; i++) {
		free(places->nodes[i].key);
		free(places->nodes[i].name);
	}
	free(places->nodes);
	*places = (struct places){ 0 };
}

size_t places_add_key(struct places *places, size_t parent, const char *key, size_t length,
		      struct place place)
{
	return add(places, (struct place_node){
		.parent = parent, .key = copy_bytes(key, length), .place = place,
	});
}

size_t places_add_element(struct places *places, size_t parent, struct place place)
{
	return add(places, (struct place_node){
		.parent = parent, .index = places->nodes[parent].size++, .place = place,
	});
}

void places_set_name(struct places *places, size_t node, const char *name, size_t length)
{
	free(places->nodes[node].name);
	places->nodes[node].name = copy_bytes(name, length);
}

/* How much of `path` a step to this node takes; 0: it does not go there. */
static size_t match(const struct place_node *node, const char *path)
{
	char index[32];
	const char *step = node->key ? node->key : node->name;
	size_t length = step ? strlen(step) : 0, open = *path == '[' || *path == '.';

	if (node->key) {
		if (*path != '[' && !strncmp(path + open, step, length) &&
		    strchr(".[:", path[open + length]))
			return open + length;
		return 0;
	}
	if (step && *path == '[' && !strncmp(path + 1, step, length) && path[1 + length] == ']')
		return length + 2;
	length = (size_t)snprintf(index, sizeof index, "[%zu]", node->index);
	return strncmp(path, index, length) ? 0 : length;
}

struct place places_find(const struct places *places, const char *message)
{
	size_t at = 0;

	for (size_t i = 1; i < places->count; i++) {
		size_t length = places->nodes[i].parent == at ? match(&places->nodes[i], message) : 0;

		if (length) {
			at = i;
			message += length;
		}
	}
	return places->nodes[at].place;
}
