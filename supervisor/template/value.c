#include "value.h"

#include <stdlib.h>

struct value value_zero(struct arena *arena, enum type type)
{
	switch (type_info(type)->kind) {
	case KIND_STRING: return value_string("");
	case KIND_MAP: return value_map(arena, type);
	case KIND_NIL: return value_nil();
	case KIND_STRUCT:
		/* Key pairs are pointers in Go. */
		if (type == TYPE_PAIR)
			return (struct value){ .type = TYPE_NULL };
		return (struct value){ .type = type };
	default: return (struct value){ .type = type };
	}
}

int value_compare_text(struct value a, struct value b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = memcmp(a.text, b.text, size);

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

void list_add(struct list_maker *list, struct value item)
{
	list->items = arena_grow(list->arena, list->items, list->count, &list->room,
				 sizeof *list->items);
	list->items[list->count++] = item;
}

static struct value map_from_json(struct arena *arena, json_t *json, enum type type)
{
	const struct type_info *info = type_info(type);
	struct value value = value_map(arena, type);
	const char *key;
	json_t *item = NULL;
	size_t size;

	json_object_keylen_foreach(json, key, size, item)
		*map_put(value.map, info->key == TYPE_INT ? value_int(atol(key)) : value_text(key, size)) =
			value_from_json(arena, item, info->element);
	return value;
}

static struct value list_from_json(struct arena *arena, json_t *json, enum type type)
{
	size_t count = json_array_size(json);
	struct value *items = arena_alloc(arena, count * sizeof *items);

	for (size_t i = 0; i < count; i++)
		items[i] = value_from_json(arena, json_array_get(json, i), type_info(type)->element);
	return value_list(type, items, count);
}

static struct value any_from_json(struct arena *arena, json_t *json)
{
	switch (json ? json_typeof(json) : JSON_NULL) {
	case JSON_OBJECT: return map_from_json(arena, json, TYPE_MAP_ANY);
	case JSON_ARRAY: return list_from_json(arena, json, TYPE_ANYS);
	case JSON_STRING: return value_text(json_string_value(json), json_string_length(json));
	case JSON_INTEGER: return value_int(json_integer_value(json));
	case JSON_REAL: return value_float(json_real_value(json));
	case JSON_TRUE: return value_bool(true);
	case JSON_FALSE: return value_bool(false);
	default: return value_nil();
	}
}

/* A real is beyond a json_int_t. */
static uint64_t natural_from_json(const json_t *json)
{
	double real = json_real_value(json);

	if (!json_is_real(json))
		return (uint64_t)json_integer_value(json);
	if (real < 0)
		return 0;
	return real < 18446744073709551616.0 ? (uint64_t)real : UINT64_MAX;
}

struct value value_from_json(struct arena *arena, json_t *json, enum type type)
{
	struct value value;

	switch (type_info(type)->kind) {
	case KIND_BOOL: return value_bool(json_is_true(json));
	case KIND_INT: return (struct value){ .type = type, .integer = json_integer_value(json) };
	case KIND_UINT: return value_uint64(natural_from_json(json));
	case KIND_FLOAT: return value_float(json_number_value(json));
	case KIND_STRING:
		return value_text(json_string_value(json), json_string_length(json));
	case KIND_LIST:
		value = list_from_json(arena, json, type);
		value.absent = !json_is_array(json);
		return value;
	case KIND_MAP:
		value = map_from_json(arena, json, type);
		value.absent = !json_is_object(json);
		return value;
	case KIND_STRUCT:
		if (json_is_null(json))
			return (struct value){ .type = TYPE_NULL };
		return (struct value){ .type = type, .json = json };
	default: return any_from_json(arena, json);
	}
}

bool value_is_true(struct value value)
{
	switch (kind_of(value)) {
	case KIND_INVALID:
	case KIND_NIL: return false;
	case KIND_BOOL: return value.truth;
	case KIND_INT: return value.integer != 0;
	case KIND_UINT: return value.natural != 0;
	case KIND_FLOAT: return value.real != 0;
	case KIND_STRING:
	case KIND_LIST: return value.size > 0;
	case KIND_MAP: return value.map->count > 0;
	default: return true;
	}
}

bool value_is_text(struct value value, const char *text)
{
	return value.type == TYPE_STRING && value.size == strlen(text) &&
	       !memcmp(value.text, text, value.size);
}
