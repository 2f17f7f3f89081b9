#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "function.h"
#include "utf8.h"

enum { ME = TEMPLATE_CONSUL };

/* Appends to the list under `key`. */
static void add_to(struct arena *arena, struct map *map, struct value key, struct value item)
{
	enum type list = item.type == TYPE_SNIPPET ? TYPE_SNIPPETS : TYPE_SERVICES;
	struct value *slot = map_put(map, key);
	struct value *items = (struct value *)slot->items;

	if (!slot->type)
		*slot = value_list(list, NULL, 0);
	/* Double the room at each power of two. */
	if (!(slot->size & (slot->size - 1))) {
		items = arena_alloc(arena, (slot->size ? 2 * slot->size : 1) * sizeof *items);
		if (slot->size)
			memcpy(items, slot->items, slot->size * sizeof *items);
	}
	items[slot->size] = item;
	*slot = value_list(list, items, slot->size + 1);
}

static bool fn_by_tag(struct call *call)
{
	struct value list = call->args[0];
	struct value map = value_map(call->arena, list.type == TYPE_SNIPPETS ? TYPE_MAP_SNIPPETS :
				     TYPE_MAP_SERVICES);

	if (list.type == TYPE_NIL)
		return give(call, map);
	if (list.type != TYPE_SNIPPETS && list.type != TYPE_SERVICES)
		return fail(call->error, "a %s has no tags", type_info(list.type)->name);
	for (size_t i = 0; i < list.size; i++) {
		struct value tags = struct_find(call->arena, list.items[i], "Tags");

		for (size_t t = 0; t < tags.size; t++)
			add_to(call->arena, map.map, tags.items[t], list.items[i]);
	}
	return give(call, map);
}

static bool fn_by_port(struct call *call)
{
	struct value list = call->args[0], map = value_map(call->arena, TYPE_MAP_INT_SERVICES);

	for (size_t i = 0; i < list.size; i++)
		add_to(call->arena, map.map, struct_find(call->arena, list.items[i], "Port"), list.items[i]);
	return give(call, map);
}

/* One part of byMeta's key: "name" or "name|int".  An empty value counts as absent. */
static bool meta_part(struct call *call, struct text *key, struct value meta, const char *part)
{
	const char *bar = strrchr(part, '|');
	bool integer = bar && !strcmp(bar, "|int");
	size_t size = integer ? (size_t)(bar - part) : strlen(part);
	struct value *found = map_find(meta.map, value_text(part, size));

	if (integer) {
		const char *digits =
			found && found->size ? arena_copy(call->arena, found->text, found->size) : "0";
		char *end;
		long number = strtol(digits, &end, 10);

		if (*end || isspace((unsigned char)*digits))
			return fail(call->error, "the meta value is not an integer");
		text_print(key, "%05ld", number);
	} else if (found && found->size) {
		text_add(key, found->text, found->size);
	} else {
		text_print(key, "_no_%s_", part);
	}
	return true;
}

/* The runes of `from` that a key may not have become `_`. */
static void add_normal(struct text *text, const struct text *from)
{
	for (size_t i = 0, length; i < from->used; i += length) {
		uint32_t rune;

		length = utf8_read(from->data + i, from->used - i, &rune);
		text_char(text, rune < 0x80 && (rune_is_letter(rune) || rune == '-') ? (char)rune : '_');
	}
}

static bool meta_key(struct call *call, struct value service, struct value *value)
{
	struct value meta = struct_find(call->arena, service, "ServiceMeta");
	struct text key = { .arena = call->arena };
	char *names = arena_copy(call->arena, call->args[0].text, call->args[0].size), *name;
	bool first = true;

	while ((name = strsep(&names, ","))) {
		struct text part = { .arena = call->arena };

		if (!first)
			text_char(&key, '_');
		first = false;
		if (!meta_part(call, &part, meta, name))
			return false;
		add_normal(&key, &part);
	}
	*value = value_of_text(&key);
	return true;
}

static bool fn_by_meta(struct call *call)
{
	struct value list = call->args[1], map = value_map(call->arena, TYPE_MAP_SERVICES), key;

	for (size_t i = 0; i < list.size; i++) {
		if (!meta_key(call, list.items[i], &key))
			return false;
		add_to(call->arena, map.map, key, list.items[i]);
	}
	return give(call, map);
}

static bool fn_by_key(struct call *call)
{
	struct value list = call->args[0], map = value_map(call->arena, TYPE_MAP_MAP_PAIR);

	for (size_t i = 0; i < list.size; i++) {
		struct value pair = list.items[i], key = struct_find(call->arena, pair, "Key"), rest;
		const char *slash = memchr(key.text, '/', key.size);
		size_t cut = slash ? (size_t)(slash + 1 - key.text) : key.size;
		struct value *slot;

		/* A key without a folder, or without a name in it, has no place in a map of maps. */
		if (cut == key.size)
			continue;
		rest = value_text(key.text + cut, key.size - cut);
		pair.size += cut;
		key.size = cut - 1;
		slot = map_put(map.map, key);
		if (!slot->type)
			*slot = value_map(call->arena, TYPE_MAP_PAIR);
		*map_put(slot->map, rest) = pair;
	}
	return give(call, map);
}

/* Turns the path a/b/c into nested maps. */
static bool explode(struct call *call, struct map *map, struct value key, struct value leaf)
{
	for (;;) {
		const char *slash = memchr(key.text, '/', key.size);
		struct value part = key, *slot;

		if (slash)
			part.size = (size_t)(slash - key.text);
		else if (!part.size)
			return true;
		slot = map_put(map, part);
		if (!slash) {
			if (slot->type == TYPE_MAP_ANY)
				return fail(call->error, "a key is both a value and a folder");
			*slot = leaf;
			return true;
		}
		if (!slot->type)
			*slot = value_map(call->arena, TYPE_MAP_ANY);
		if (slot->type != TYPE_MAP_ANY)
			return fail(call->error, "a key is both a value and a folder");
		map = slot->map;
		key.size -= part.size + 1;
		key.text = slash + 1;
	}
}

static bool fn_explode(struct call *call)
{
	struct value list = call->args[0], map = value_map(call->arena, TYPE_MAP_ANY);

	for (size_t i = 0; i < list.size && !call->arena->over; i++)
		if (!explode(call, map.map, struct_find(call->arena, list.items[i], "Key"),
			     struct_find(call->arena, list.items[i], "Value")))
			return false;
	return give(call, map);
}

static bool fn_explode_map(struct call *call)
{
	struct map *from = call->args[0].map;
	struct value map = value_map(call->arena, TYPE_MAP_ANY);

	for (size_t i = 0; i < from->count && !call->arena->over; i++)
		if (!explode(call, map.map, map_at(from, i)->key, map_at(from, i)->value))
			return false;
	return give(call, map);
}

#define MERGE_DEPTH 100

/* Adds the entries of `from` to `into`, which it changes.  An entry that is there stays, unless it is
 * empty or `replace`; two maps are merged in turn. */
static bool merge(struct call *call, struct map *into, struct map *from, bool replace, int depth)
{
	if (depth > MERGE_DEPTH)
		return fail(call->error, "the maps are nested too deeply");
	for (size_t i = 0; i < from->count && !call->arena->over && from != into; i++) {
		struct value key = map_at(from, i)->key, item = map_at(from, i)->value;
		struct value *old = map_find(into, key);
		bool kept = old && value_is_true(*old);

		if (kept && item.type == TYPE_MAP_ANY) {
			if (old->type == TYPE_MAP_ANY &&
			    !merge(call, old->map, item.map, replace, depth + 1))
				return false;
		} else if (replace || (!kept && item.type != TYPE_NIL)) {
			*map_put(into, key) = item;
		}
	}
	return true;
}

static bool fn_merge_map(struct call *call)
{
	return merge(call, call->args[0].map, call->args[1].map, false, 0) &&
	       give(call, call->args[0]);
}

static bool fn_merge_map_override(struct call *call)
{
	return merge(call, call->args[0].map, call->args[1].map, true, 0) &&
	       give(call, call->args[0]);
}

/* maintenance > critical > warning > passing */
static bool fn_aggregated_status(struct call *call)
{
	static const char *const states[] = { "passing", "warning", "critical", "maintenance" };
	static const char prefix[] = "_service_maintenance:";
	struct value list = call->args[0];
	int worst = 0;

	for (size_t i = 0; i < list.size; i++) {
		struct value id = struct_find(call->arena, list.items[i], "CheckID");
		struct value status = struct_find(call->arena, list.items[i], "Status");
		int state = 0;

		for (int s = 1; s < 3; s++)
			if (value_is_text(status, states[s]))
				state = s;
		if (value_is_text(id, "_node_maintenance") ||
		    (id.size >= strlen(prefix) && !memcmp(id.text, prefix, strlen(prefix))))
			state = 3;
		worst = state > worst ? state : worst;
	}
	return give(call, value_string(states[worst]));
}

const struct function *functions_group(void)
{
	static const struct function table[] = {
		{ "byTag", fn_by_tag, 1, 1, ME, { TYPE_ANY } },
		{ "byPort", fn_by_port, 1, 1, ME, { TYPE_SERVICES } },
		{ "byMeta", fn_by_meta, 2, 2, ME, { TYPE_STRING, TYPE_SERVICES } },
		{ "byKey", fn_by_key, 1, 1, ME, { TYPE_PAIRS } },
		{ "explode", fn_explode, 1, 1, ME, { TYPE_PAIRS } },
		{ "explodeMap", fn_explode_map, 1, 1, ME, { TYPE_MAP_ANY } },
		{ "mergeMap", fn_merge_map, 2, 2, ME, { TYPE_MAP_ANY } },
		{ "mergeMapWithOverride", fn_merge_map_override, 2, 2, ME, { TYPE_MAP_ANY } },
		{ "AggregatedStatus", fn_aggregated_status, 1, 1, 0, { TYPE_CHECKS } },
		{ 0 },
	};

	return table;
}
