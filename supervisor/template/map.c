#include "value.h"

#define SMALL 32		/* entries that are kept sorted */

struct value value_map(struct arena *arena, enum type type)
{
	struct map *map = arena_alloc(arena, sizeof *map);

	map->arena = arena;
	return (struct value){ .type = type, .map = map };
}

/* Keys of several kinds are in the order of the names of Go's types, as Go sorts them in practice. */
static int compare_keys(struct value a, struct value b)
{
	static const char ranks[] = {
		[KIND_NIL] = 0, [KIND_BOOL] = 1, [KIND_FLOAT] = 2, [KIND_INT] = 3, [KIND_STRING] = 4,
		[KIND_UINT] = 5,
	};
	enum kind kind, other;

	if (a.type == TYPE_STRING && b.type == TYPE_STRING)
		return value_compare_text(a, b);
	kind = kind_of(a);
	other = kind_of(b);
	if (kind != other)
		return ranks[kind] - ranks[other];
	switch (kind) {
	case KIND_NIL: return 0;
	case KIND_BOOL: return a.truth - b.truth;
	case KIND_UINT: return (a.natural > b.natural) - (a.natural < b.natural);
	case KIND_FLOAT: return (a.real > b.real) - (a.real < b.real);
	default: return (a.integer > b.integer) - (a.integer < b.integer);
	}
}

/* ---- the order ---- */

static bool is_before(const struct entry *a, const struct entry *b)
{
	return compare_keys(a->key, b->key) < 0;
}

/* Merges two neighbours, each sorted. */
static void merge(const struct entry *from, struct entry *to, size_t middle, size_t end, entry_order *before)
{
	size_t a = 0, b = middle;

	for (size_t i = 0; i < end; i++) {
		bool first = b == end || (a < middle && before(&from[a], &from[b]));

		to[i] = from[first ? a++ : b++];
	}
}

/* Bottom up: what it has done so far is never lost in a pause. */
struct entry *entries_sort(struct arena *arena, struct entry *entries, size_t count, entry_order *before)
{
	struct entry *from = entries, *to = arena_alloc(arena, count * sizeof *to);

	for (size_t width = 1; width < count; width *= 2) {
		struct entry *swap = from;

		for (size_t i = 0; i < count; i += 2 * width) {
			size_t rest = count - i, end = rest < 2 * width ? rest : 2 * width;

			arena_work(arena, 40 * end);
			merge(from + i, to + i, end < width ? end : width, end, before);
		}
		from = to;
		to = swap;
	}
	return from;
}

static void sort(struct map *map)
{
	map->entries = entries_sort(map->arena, map->entries, map->count, is_before);
	map->room = map->count;
	map->unsorted = false;
	map->index_size = 0;
}

/* The number of the first entry whose key is not less. */
static size_t place_of(const struct map *map, struct value key)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_keys(map->entries[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct entry *map_at(struct map *map, size_t i)
{
	if (map->unsorted)
		sort(map);
	return &map->entries[i];
}

/* ---- the index ---- */

static size_t hash(struct value key)
{
	uint64_t hash = 14695981039346656037u;

	if (key.type != TYPE_STRING)
		hash ^= kind_of(key) == KIND_BOOL ? key.truth : key.natural;
	for (size_t i = 0; key.type == TYPE_STRING && i < key.size; i++)
		hash = (hash ^ (unsigned char)key.text[i]) * 1099511628211u;
	return (size_t)(hash ^ hash >> 29) * 0x9E3779B1u;
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t *slot_of(const struct map *map, struct value key)
{
	size_t i = hash(key);

	for (;; i++) {
		uint32_t *slot = &map->index[i & (map->index_size - 1)];

		if (!*slot || !compare_keys(map->entries[*slot - 1].key, key))
			return slot;
	}
}

static void make_index(struct map *map)
{
	map->index_size = 4 * SMALL;
	while (map->index_size < 4 * map->count)
		map->index_size *= 2;
	map->index = arena_alloc(map->arena, map->index_size * sizeof *map->index);
	for (size_t i = 0; i < map->count; i++)
		*slot_of(map, map->entries[i].key) = (uint32_t)i + 1;
}

/* ---- entries ---- */

struct value *map_find(struct map *map, struct value key)
{
	size_t i;

	if (map->unsorted) {
		uint32_t *slot = slot_of(map, key);

		return *slot ? &map->entries[*slot - 1].value : NULL;
	}
	i = place_of(map, key);
	return i < map->count && !compare_keys(map->entries[i].key, key) ? &map->entries[i].value : NULL;
}

struct value *map_put(struct map *map, struct value key)
{
	struct value *found = map_find(map, key);
	size_t i = map->count;

	if (found)
		return found;
	map->entries = arena_grow(map->arena, map->entries, map->count, &map->room,
				  sizeof *map->entries);
	arena_work(map->arena, 100);
	if (!map->unsorted)
		i = place_of(map, key);
	if (i < map->count && map->count >= SMALL) {
		map->unsorted = true;
		i = map->count;
	}
	if (i < map->count)
		memmove(map->entries + i + 1, map->entries + i, (map->count - i) * sizeof *map->entries);
	map->entries[i] = (struct entry){ .key = key };
	map->count++;
	if (map->unsorted && 2 * map->count > map->index_size)
		make_index(map);
	else if (map->unsorted)
		*slot_of(map, key) = (uint32_t)map->count;
	return &map->entries[i].value;
}
