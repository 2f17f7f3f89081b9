#include "keys.h"

#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "hcl.h"

enum { SHOWN = 60 };

/* The key is in `theirs` of the copy. */
static void take(const struct target *target, const struct key *row, const char *name)
{
	const struct key key = { name, row->take, row->ours, row->note };

	row->take(target, &key, hcl_value(target->source, name));
}

void keys_take(const struct target *target, const struct key *keys)
{
	const char *name;
	json_t *values;

	json_object_foreach((json_t *)target->source, name, values) {
		const struct key *row = keys;

		while (row->theirs && strcmp(row->theirs, name) != 0)
			row++;
		take(target, row, name);
	}
}

static char *shown(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	size_t length = strlen(text);

	if (length > SHOWN)
		strcpy(text + utf8_cut(text, length, SHOWN - 3), "...");
	return text;
}

void target_refuse(const struct target *target, const char *key, const json_t *value, const char *expected)
{
	AUTOFREE char *found = shown(value);

	import_note(target->import, "%s: %s = %s: left out, as %s is expected.", target->path, key, found, expected);
}

void take_text(const struct target *target, const struct key *key, const json_t *value)
{
	if (json_is_string(value))
		import_set(target->object, key->ours, json_string_value(value));
	else
		target_refuse(target, key->theirs, value, "a string");
}

void take_bool(const struct target *target, const struct key *key, const json_t *value)
{
	if (json_is_boolean(value))
		json_object_set(target->object, key->ours, (json_t *)value);
	else
		target_refuse(target, key->theirs, value, "true or false");
}

void take_duration(const struct target *target, const struct key *key, const json_t *value)
{
	double seconds;

	if (json_is_string(value) && duration_parse(json_string_value(value), &seconds) && seconds > 0)
		import_set(target->object, key->ours, json_string_value(value));
	else
		target_refuse(target, key->theirs, value, "a duration such as \"5s\"");
}

void take_nothing(const struct target *target, const struct key *key, const json_t *value)
{
	(void)target, (void)key, (void)value;
}

void take_note(const struct target *target, const struct key *key, const json_t *value)
{
	(void)value;
	import_note(target->import, "%s: %s: %s", target->path, key->theirs, key->note);
}

void take_unknown(const struct target *target, const struct key *key, const json_t *value)
{
	AUTOFREE char *found = shown(value);

	import_note(target->import, "%s: %s = %s: left out, as pilotfish has nothing like it.", target->path, key->theirs,
		    found);
}

const char *key_text(const json_t *object, const char *key)
{
	return json_string_value(hcl_value(object, key));
}

bool key_flag(const json_t *object, const char *key, bool preset)
{
	const json_t *value = hcl_value(object, key);

	return json_is_boolean(value) ? json_is_true(value) : preset;
}

json_t *key_command(const json_t *value)
{
	if (json_array_size(value) == 1)
		value = json_array_get(value, 0);
	if (json_is_string(value) && *json_string_value(value))
		return import_shell_command(json_string_value(value));
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!json_is_string(json_array_get(value, i)))
			return NULL;
	return json_array_size(value) ? json_copy((json_t *)value) : NULL;
}
