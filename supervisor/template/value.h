/* value.h - the tagged values of templates; their memory is an arena's or borrowed JSON.
 *
 * Types are static, as in Go, because templates can see the difference: a missing key is "" in a map
 * of strings and nil in a map of anything, a struct rejects unknown fields, and numbers of parsed
 * JSON are floats.  Lists and maps are converted from JSON on access; a struct stays JSON.
 */
#ifndef VALUE_H
#define VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"

enum kind {
	KIND_INVALID, KIND_NIL, KIND_BOOL, KIND_INT, KIND_UINT, KIND_FLOAT, KIND_STRING, KIND_LIST,
	KIND_MAP, KIND_STRUCT, KIND_LOOP, KIND_SCRATCH,
};

enum type {
	TYPE_INVALID,		/* absent: prints <no value> */
	TYPE_NIL,
	TYPE_NULL,		/* a nil pointer to a struct: prints <nil> */
	TYPE_ANY, TYPE_VALUE,	/* of elements and parameters; VALUE includes TYPE_INVALID */
	TYPE_BOOL, TYPE_INT, TYPE_INT64, TYPE_UINT64, TYPE_FLOAT, TYPE_STRING,
	TYPE_LOOP, TYPE_SCRATCH,
	TYPE_ANYS, TYPE_STRINGS, TYPE_INTS, TYPE_FLOATS,
	TYPE_MAP_ANY, TYPE_MAP_STRING, TYPE_MAP_INT, TYPE_MAP_STRINGS, TYPE_MAP_INT_STRING, TYPE_MAP_ANY_ANY,
	TYPE_SERVICE, TYPE_SERVICES, TYPE_MAP_SERVICES, TYPE_MAP_INT_SERVICES,
	TYPE_SNIPPET, TYPE_SNIPPETS, TYPE_MAP_SNIPPETS,
	TYPE_NODE, TYPE_NODES, TYPE_CATALOG_NODE, TYPE_NODE_SERVICE, TYPE_NODE_SERVICES,
	TYPE_PAIR, TYPE_PAIRS, TYPE_MAP_PAIR, TYPE_MAP_MAP_PAIR,
	TYPE_CHECK, TYPE_CHECKS, TYPE_CHECK_DEFINITION, TYPE_WEIGHTS, TYPE_ADDRESS, TYPE_MAP_ADDRESS,
	TYPE_ROOT, TYPE_ROOTS, TYPE_LEAF, TYPE_INTERFACE, TYPE_INTERFACES,
	TYPE_COUNT,
};

struct member { const char *name; enum type type; };

struct type_info {
	const char *name;	/* as Go prints it */
	enum kind kind;
	enum type element, key;		/* of lists and maps */
	const struct member *fields;	/* of structs; ends in NULL */
};

struct value {
	enum type type : 16;
	bool secret;		/* came from a secret */
	bool absent;		/* a list or map that was never made: null in JSON */
	union {
		bool truth;
		int64_t integer;		/* KIND_LOOP: where it starts */
		uint64_t natural;
		double real;
		const char *text;
		const struct value *items;
		struct map *map;
		json_t *json;			/* KIND_STRUCT; NULL: all zero */
	};
	size_t size;		/* of text and items; KIND_LOOP: where it ends; TYPE_PAIR: of
				 * the start of Key that byKey has cut off */
};

struct entry { struct value key, value; };

/* In the order of its keys when it is looked at by map_at().  Until then, a large one is in the order in
 * which its keys came, with an index by hash. */
struct map {
	/* private, but for `count` */
	struct entry *entries;
	size_t count, room;
	struct arena *arena;
	bool unsorted;
	uint32_t *index;	/* of entries, from 1; open addressing */
	size_t index_size;	/* a power of two; 0: there is none */
};

const struct type_info *type_info(enum type type);
enum type type_by_name(const char *name);	/* TYPE_INVALID: unknown */

static inline enum kind kind_of(struct value value)
{
	return type_info(value.type)->kind;
}

static inline struct value value_nil(void)
{
	return (struct value){ .type = TYPE_NIL };
}

static inline struct value value_bool(bool truth)
{
	return (struct value){ .type = TYPE_BOOL, .truth = truth };
}

static inline struct value value_int(int64_t integer)
{
	return (struct value){ .type = TYPE_INT, .integer = integer };
}

static inline struct value value_int64(int64_t integer)
{
	return (struct value){ .type = TYPE_INT64, .integer = integer };
}

static inline struct value value_uint64(uint64_t natural)
{
	return (struct value){ .type = TYPE_UINT64, .natural = natural };
}

static inline struct value value_float(double real)
{
	return (struct value){ .type = TYPE_FLOAT, .real = real };
}

static inline struct value value_text(const char *text, size_t size)
{
	return (struct value){ .type = TYPE_STRING, .text = size ? text : "", .size = size };
}

static inline struct value value_string(const char *string)
{
	return value_text(string, strlen(string));
}

static inline struct value value_of_text(const struct text *text)
{
	return value_text(text->data, text->used);
}

static inline struct value value_list(enum type type, const struct value *items, size_t count)
{
	return (struct value){ .type = type, .items = items, .size = count };
}

struct value value_zero(struct arena *arena, enum type type);
struct value value_from_json(struct arena *arena, json_t *json, enum type type);	/* borrows */
struct value value_map(struct arena *arena, enum type type);	/* empty */
bool value_is_true(struct value value);
bool value_is_text(struct value value, const char *text);
struct value value_trimmed(struct arena *arena, struct value text);	/* without white space around it */
int value_compare_text(struct value a, struct value b);

/* `name` need not end in NUL. */
const struct member *type_field(enum type type, const char *name, size_t size);
struct value struct_get(struct arena *arena, struct value value, const struct member *field);
struct value struct_find(struct arena *arena, struct value value, const char *name);

struct value *map_find(struct map *map, struct value key);	/* NULL: not there */
struct value *map_put(struct map *map, struct value key);	/* makes it */
const struct entry *map_at(struct map *map, size_t i);		/* by the order of the keys */

/* Sorts by merging, so an order that contradicts itself does no harm; the result may be in new memory. */
typedef bool entry_order(const struct entry *a, const struct entry *b);	/* does a come first? */
struct entry *entries_sort(struct arena *arena, struct entry *entries, size_t count, entry_order *before);

/* A list that grows. */
struct list_maker {
	struct arena *arena;
	struct value *items;
	size_t count, room;
};

void list_add(struct list_maker *list, struct value item);

#endif
