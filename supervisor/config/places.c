#include "places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

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
	for (size_t i = 0; i < places->comment_count; i++)
		free(places->comments[i].text);
	free(places->comments);
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

/* ---- comments ---- */

void places_add_comment(struct places *places, unsigned line, const char *text, size_t length)
{
	size_t last = places->count - 1;

	places->comments = alloc_resize(places->comments,
					(places->comment_count + 1) * sizeof *places->comments);
	places->comments[places->comment_count++] = (struct place_comment){
		.node = last && places->nodes[last].place.line == line ? last : last + 1,
		.text = copy_bytes(text, length),
	};
}

static void add_path(const struct places *places, size_t node, struct buf *path)
{
	const struct place_node *step = &places->nodes[node];

	if (!node)
		return;
	add_path(places, step->parent, path);
	if (step->key)
		buf_print(path, "%s%s", path->used ? "." : "", step->key);
	else if (step->name)
		buf_print(path, "[%s]", step->name);
	else
		buf_print(path, "[%zu]", step->index);
}

static void print_comment(const struct places *places, const struct place_comment *comment,
			  struct strv *notes)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT;
	AUTOFREE char *copy = copy_string(comment->text);

	if (comment->node < places->count)
		add_path(places, comment->node, &path);
	for (char *rest = copy, *line; (line = strsep(&rest, "\r\n")); ) {
		line += strspn(line, " \t*");
		if (*line)
			strv_push_taken(notes, format_string("%s: %s", path.data, line));
	}
}

void places_print_comments(const struct places *places, struct strv *notes)
{
	for (size_t i = 0; i < places->comment_count; i++)
		print_comment(places, &places->comments[i], notes);
}

/* ---- search ---- */

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
