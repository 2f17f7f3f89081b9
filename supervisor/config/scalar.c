#include "scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/process.h"
#include "base/setting.h"

enum { SHOWN = 60 };			/* bytes */

char *scalar_text(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return copy_string(json_string_value(value));
	case JSON_INTEGER:
		return format_string("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL:
		return format_string("%.12g", json_real_value(value));
	case JSON_TRUE:
	case JSON_FALSE:
		return copy_string(json_is_true(value) ? "true" : "false");
	default:
		return NULL;
	}
}

void scalar_show(const json_t *value, struct buf *out)
{
	AUTOFREE char *text = scalar_text(value);
	size_t length = text ? strlen(text) : 0;

	if (json_is_object(value))
		buf_add(out, "a group");
	else if (json_is_array(value))
		buf_add(out, json_array_size(value) ? "a list" : "an empty list");
	else if (!text)
		buf_add(out, "null");
	else if (!json_is_string(value))
		buf_add(out, text);
	else
		buf_print(out, "\"%.*s%s\"", (int)utf8_cut(text, length, SHOWN), text,
			  length > SHOWN ? "..." : "");
}

bool scalar_number(const json_t *value, long *number)
{
	const char *text = json_string_value(value);
	char *end;

	if (json_is_integer(value)) {
		*number = (long)json_integer_value(value);
		return true;
	}
	if (!text || !*text || strspn(text, "-0123456789") != strlen(text))
		return false;
	errno = 0;
	*number = strtol(text, &end, 10);
	return !*end && !errno;
}

bool scalar_strings(const json_t *value, struct strv *strings)
{
	size_t i;
	json_t *element;

	if (json_is_string(value))
		strv_push(strings, json_string_value(value));
	else if (!json_is_array(value))
		return false;
	json_array_foreach(value, i, element) {
		char *text = scalar_text(element);

		if (!text)
			return false;
		strv_push_taken(strings, text);
	}
	return true;
}

static bool is_within(const struct field *field, double number)
{
	return number >= field->min && (field->max == 0 || number <= field->max);
}

static bool decode_string(const struct field *field, void *slot, const json_t *value,
			  struct error *error)
{
	AUTOFREE char *text = NULL;

	if (!json_is_string(value) || !json_string_length(value))
		return false;
	text = copy_string(json_string_value(value));
	if (field->flags & TRIMMED && !setting_trim(text, error))
		return false;
	free(*(char **)slot);
	*(char **)slot = steal(&text);
	return true;
}

static bool decode_int(const struct field *field, void *slot, const json_t *value,
		       struct error *error)
{
	long number;

	(void)error;
	if (!scalar_number(value, &number) || !is_within(field, (double)number))
		return false;
	*(long *)slot = number;
	return true;
}

static bool decode_bool(const struct field *field, void *slot, const json_t *value,
			struct error *error)
{
	static const char *const words[] = { "false", "true", "0", "1" };
	const char *text = json_string_value(value);

	(void)field, (void)error;
	if (json_is_boolean(value)) {
		*(bool *)slot = json_is_true(value);
		return true;
	}
	for (int i = 0; text && i < 4; i++)
		if (!strcasecmp(text, words[i])) {
			*(bool *)slot = i % 2;
			return true;
		}
	return false;
}

static bool decode_seconds(const struct field *field, void *slot, const json_t *value,
			   struct error *error)
{
	double seconds = (double)json_integer_value(value);
	const char *text = json_string_value(value);

	(void)error;
	if (!json_is_integer(value) && !(text && duration_parse(text, &seconds)))
		return false;
	if (!is_within(field, seconds) || seconds > DURATION_MAX)
		return false;
	*(double *)slot = seconds;
	return true;
}

static bool decode_signal(const struct field *field, void *slot, const json_t *value,
			  struct error *error)
{
	AUTOFREE char *text = scalar_text(value);
	int signo = text ? signal_parse(text) : 0;

	(void)field, (void)error;
	if (!signo)
		return false;
	*(int *)slot = signo;
	return true;
}

static bool decode_choice(const struct field *field, void *slot, const json_t *value,
			  struct error *error)
{
	const char *text = json_string_value(value);

	(void)error;
	for (const struct choice *choice = field->choices; text && choice->name; choice++)
		if (!strcasecmp(text, choice->name)) {
			*(int *)slot = choice->value;
			return true;
		}
	return false;
}

/* The rules of a record say whether an empty list, hence no command, is possible there. */
static bool decode_command(const struct field *field, void *slot, const json_t *value,
			   struct error *error)
{
	struct strv *argv = slot;

	(void)field;
	strv_release(argv);
	if (json_is_string(value) && !strv_split(argv, json_string_value(value), error))
		return false;
	if (json_is_array(value))
		return scalar_strings(value, argv) && (!argv->count || *argv->items[0]);
	return argv->count && *argv->items[0];
}

static bool decode_strings(const struct field *field, void *slot, const json_t *value,
			   struct error *error)
{
	struct strv *strings = slot;

	strv_release(strings);
	if (!scalar_strings(value, strings))
		return false;
	for (size_t i = 0; i < strings->count; i++) {
		if (!*strings->items[i])
			return fail(error, "must not contain an empty string");
		if (field->flags & TRIMMED && !setting_trim(strings->items[i], error))
			return false;
	}
	return true;
}

static bool decode_map_group(struct strv *map, const json_t *value, struct error *error)
{
	const char *key;
	json_t *element;

	json_object_foreach((json_t *)value, key, element) {
		AUTOFREE char *text = scalar_text(element);

		if (!text)
			return fail(error, ".%s: must be a string, a number, true or false", key);
		strv_set(map, key, text);
	}
	return true;
}

static bool decode_map(const struct field *field, void *slot, const json_t *value,
		       struct error *error)
{
	struct strv *map = slot;

	(void)field;
	strv_release(map);
	if (json_is_object(value))
		return decode_map_group(map, value, error);
	if (!json_is_array(value) || !scalar_strings(value, map))
		return false;
	for (size_t i = 0; i < map->count; i++)
		if (!strchr(map->items[i] + (*map->items[i] == '='), '='))
			return fail(error, "must be of the form \"KEY=VALUE\", found \"%.60s\"",
				    map->items[i]);
	return true;
}

decode_fn *scalar_decoder(enum field_type type)
{
	static decode_fn *const decoders[FIELD_TYPE_COUNT] = {
		[FIELD_STRING]  = decode_string,
		[FIELD_INT]     = decode_int,
		[FIELD_BOOL]    = decode_bool,
		[FIELD_SECONDS] = decode_seconds,
		[FIELD_SIGNAL]  = decode_signal,
		[FIELD_CHOICE]  = decode_choice,
		[FIELD_COMMAND] = decode_command,
		[FIELD_STRINGS] = decode_strings,
		[FIELD_MAP]     = decode_map,
	};

	return decoders[type];
}
