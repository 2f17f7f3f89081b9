/* Any bytes as JSON5.  A tree prints as JSON that reads as the same tree; what jansson takes for an object is
 * JSON5 that means the same, but for what json5.h refuses. */
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "config/json5.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *read(const char *text, size_t size, struct strv *mistakes)
{
	const struct buf bytes = { .data = (char *)text, .used = size };
	CLEANUP(included_text_release) struct included_text included;
	CLEANUP(places_release) struct places places;
	CLEANUP(strv_release) struct strv repeated = { 0 };
	struct error error = ERROR_INIT;
	json_t *tree = NULL;

	places_init(&places);
	if (!included_text_init(&included, "x.json5", &bytes, NULL, &error))
		return NULL;
	tree = json5_parse(&included, &places, mistakes, &repeated);
	if (!tree != (mistakes->count == 1))
		__builtin_trap();
	return tree;
}

/* 1.0 is 1 in JSON5. */
static bool same(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	if (json_typeof(a) != json_typeof(b))
		return false;
	if (json_is_array(a)) {
		for (size_t i = 0; i < json_array_size(a); i++)
			if (i >= json_array_size(b) || !same(json_array_get(a, i), json_array_get(b, i)))
				return false;
		return json_array_size(a) == json_array_size(b);
	}
	if (!json_is_object(a))
		return json_equal(a, b);
	json_object_foreach((json_t *)a, key, value)
		if (!json_object_get(b, key) || !same(value, json_object_get(b, key)))
			return false;
	return json_object_size(a) == json_object_size(b);
}

static bool is_refused(const struct strv *mistakes)
{
	return mistakes->count && (strstr(mistakes->items[0], "2^53") || strstr(mistakes->items[0], "nested too deeply"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = copy_bytes((const char *)data, size);
	CLEANUP(strv_release) struct strv mistakes = { 0 }, none = { 0 };
	CLEANUP(json_decrefp) json_t *tree = read(text, size, &mistakes), *again = NULL, *strict = NULL;
	AUTOFREE char *json = tree ? json_dumps(tree, JSON_COMPACT) : NULL;

	if (json)
		again = read(json, strlen(json), &none);
	if (tree && !(again && same(tree, again)))
		__builtin_trap();
	strict = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
	if (json_is_object(strict) && !is_refused(&mistakes) && !(tree && same(tree, strict)))
		__builtin_trap();
	return 0;
}
