#include "weight.h"

#include <string.h>

enum {
	DEPTH_MAX = 64,			/* Consul's own answers have less than ten levels */
	OBJECT = 272, ARRAY = 160, MEMBER = 96, SLOT = 48, STRING = 80,	/* bytes */
};

/* The end of a string that begins before `at`. */
static const char *skip_string(const char *at, const char *end)
{
	while (at < end && *at != '"')
		at += 1 + (*at == '\\');
	return at < end ? at : end - 1;
}

bool weight_of_text(const struct buf *text, size_t limit, size_t *weight, struct error *error)
{
	const char *end = text->data + text->used;
	size_t sum = text->used, depth = 0;

	for (const char *at = text->data; at < end && sum <= limit; at++) {
		switch (*at) {
		case '{': sum += OBJECT; break;
		case '[': sum += ARRAY; break;
		case ':': sum += MEMBER; break;
		case ',': sum += SLOT; break;
		case '"':
			sum += STRING;
			at = skip_string(at + 1, end);
			break;
		default: break;
		}
		if ((*at == '{' || *at == '[') && ++depth > DEPTH_MAX)
			return fail(error, "JSON of more than %d levels", DEPTH_MAX);
		depth -= depth && (*at == '}' || *at == ']');
	}
	*weight = sum;
	return true;
}

static size_t weight_of_members(const json_t *object)
{
	size_t sum = OBJECT;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		sum += MEMBER + strlen(key) + weight_of_json(value);
	return sum;
}

size_t weight_of_json(const json_t *json)
{
	size_t sum = ARRAY, i;
	json_t *value;

	if (json_is_object(json))
		return weight_of_members(json);
	if (json_is_string(json))
		return STRING + json_string_length(json);
	if (!json_is_array(json))
		return SLOT;
	json_array_foreach(json, i, value)
		sum += weight_of_json(value);
	return sum;
}
