#include "weak.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/duration.h"
#include "base/trim.h"
#include "mistakes.h"
#include "scalar.h"
#include "schema.h"

/* ---- numbers as text ---- */

enum { NUMBER_ROOM = 400, DIGITS = 17 };	/* 1e308 without an exponent; those of a double */

/* 1000000, 0.25: without an exponent, with the fewest digits that are read back as the same number. */
static char *plain_number(double number)
{
	char text[NUMBER_ROOM];
	int digits = 0;

	do
		snprintf(text, sizeof text, "%.*f", digits, number);
	while (strtod(text, NULL) != number && digits++ < DIGITS);
	return copy_string(text);
}

/* As Go prints a number of no stated type: with an exponent from a million on, and below 0.0001. */
static char *go_number(double number)
{
	char text[NUMBER_ROOM];
	int digits = 0;

	if (!number || (fabs(number) < 1e6 && fabs(number) >= 1e-4))
		return plain_number(number);
	do
		snprintf(text, sizeof text, "%.*e", digits, number);
	while (strtod(text, NULL) != number && digits++ < DIGITS);
	return copy_string(text);
}

static char *text_of(const json_t *value, char *(*print)(double number))
{
	if (json_is_boolean(value))
		return copy_string(json_is_true(value) ? "1" : "0");
	if (json_is_number(value))
		return print(json_number_value(value));
	return copy_string(json_string_value(value));
}

/* ---- the types: NULL is "not possible", a JSON null is "no key" ---- */

static json_t *json_string_taken(char *text)
{
	json_t *value = text ? json_string(text) : NULL;

	free(text);
	return value;
}

static json_t *read_string(const json_t *value)
{
	return json_string_taken(text_of(value, plain_number));
}

static json_t *read_int(const json_t *value)
{
	const char *text = json_string_value(value);
	char *end;
	long number;

	if (json_is_integer(value))
		return json_incref((json_t *)value);
	if (json_is_real(value))
		return json_integer((json_int_t)trunc(json_real_value(value)));
	if (json_is_boolean(value))
		return json_integer(json_is_true(value));
	if (!text || !*text || strspn(text, "+-0123456789abcdefABCDEFxX") != strlen(text))
		return NULL;
	number = strtol(text, &end, 0);
	return *end ? NULL : json_integer(number);
}

static json_t *read_bool(const json_t *value)
{
	static const char *const words[] = {
		"", "0", "f", "F", "false", "False", "FALSE", "1", "t", "T", "true", "True", "TRUE",
	};
	const char *text = json_string_value(value);

	if (json_is_boolean(value))
		return json_incref((json_t *)value);
	if (json_is_number(value))
		return json_boolean(json_number_value(value) != 0);
	for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
		if (!strcmp(text, words[i]))
			return json_boolean(*words[i] && strchr("1tT", *words[i]));
	return NULL;
}

static json_t *read_strings(const json_t *value)
{
	json_t *list = json_array(), *element;
	size_t i;

	if (json_is_string(value))
		json_array_append(list, (json_t *)value);
	else if (!json_is_array(value) && !(json_is_object(value) && !json_object_size(value)))
		json_decref(steal(&list));
	json_array_foreach(value, i, element) {
		json_t *text = read_string(element);

		if (!text) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, text);
	}
	return list;
}

static json_t *read_duration(const json_t *value)
{
	const char *text = json_string_value(value);
	double seconds;
	char printed[32];

	if (json_is_integer(value))
		return json_incref((json_t *)value);
	if (text && !*text)
		return json_null();
	if (!text || !duration_parse(text, &seconds))
		return NULL;
	if (seconds == trunc(seconds))
		return json_integer((json_int_t)seconds);
	duration_print(seconds, printed);
	return json_string(printed);
}

static json_t *split_at_blanks(const char *text)
{
	static const char blank[] = " \t\r\n\v\f";
	json_t *words = json_array();
	size_t size = strlen(text);

	text = trim(text, &size, blank);
	for (const char *end = text + size; ; text++) {
		const char *next = memchr(text, ' ', (size_t)(end - text));

		json_array_append_new(words, json_stringn(text, (size_t)((next ? next : end) - text)));
		if (!next)
			return words;
		text = next;
	}
}

static char *word_of(const json_t *value)
{
	if (json_is_null(value))
		return copy_string("<nil>");
	if (json_is_boolean(value))
		return copy_string(json_is_true(value) ? "true" : "false");
	return text_of(value, go_number);
}

static json_t *words_of(const json_t *list)
{
	json_t *words = json_array(), *element;
	size_t i;

	json_array_foreach(list, i, element) {
		json_t *word = json_string_taken(word_of(element));

		if (!word) {
			json_decref(words);
			return NULL;
		}
		json_array_append_new(words, word);
	}
	return words;
}

json_t *weak_command(const json_t *value)
{
	json_t *words = json_is_array(value) ? words_of(value) : NULL;

	if (json_is_string(value))
		words = split_at_blanks(json_string_value(value));
	if (json_array_size(words) && json_string_length(json_array_get(words, 0)))
		return words;
	json_decref(words);
	return NULL;
}

static json_t *read_any(const json_t *value)
{
	return json_incref((json_t *)value);
}

static const struct {
	json_t *(*read)(const json_t *value);
	const char *must_be;
} types[] = {
	[WEAK_STRING]   = { read_string,   "text" },
	[WEAK_INT]      = { read_int,      "a whole number" },
	[WEAK_BOOL]     = { read_bool,     "true or false" },
	[WEAK_STRINGS]  = { read_strings,  "a list of texts" },
	[WEAK_DURATION] = { read_duration, "a whole number of seconds, or text such as \"1m30s\"" },
	[WEAK_COMMAND]  = { weak_command,  "a program and its arguments, as text or a list" },
	[WEAK_ANY]      = { read_any,      NULL },
};

/* ---- groups ---- */

static const struct weak_key *find_key(const struct weak_key *keys, const char *name)
{
	for (const struct weak_key *key = keys; key->name; key++)
		if (!strcmp(key->name, name))
			return key;
	for (const struct weak_key *key = keys; key->name; key++)
		if (!strcasecmp(key->name, name))
			return key;
	return NULL;
}

static void refuse_key(const struct weak_key *keys, const char *name, struct strv *mistakes)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	for (; keys->name; keys++)
		strv_push(&names, keys->name);
	strv_push_taken(mistakes, format_string(".%.64s: unknown key%s", name, suggest(name, &names).text));
}

static json_t *read_groups(const struct weak_key *keys, const json_t *value, struct strv *mistakes)
{
	json_t *groups = json_array(), *element;
	size_t i;

	json_array_foreach(value, i, element) {
		size_t before = mistakes->count;

		if (json_is_null(element))
			continue;
		json_array_append_new(groups, weak_read(keys, element, mistakes));
		mistakes_in_element(mistakes, before, element, i);
	}
	return groups;
}

static json_t *read_scalar(enum weak_type type, const json_t *value, struct strv *mistakes)
{
	CLEANUP(buf_release) struct buf found = BUF_INIT;
	json_t *result = types[type].read(value);

	if (result)
		return result;
	scalar_show(value, &found);
	strv_push_taken(mistakes, format_string("must be %s, found %s", types[type].must_be, found.data));
	return json_null();
}

static json_t *read_value(const struct weak_key *key, const json_t *value, struct strv *mistakes)
{
	if (key->type == WEAK_GROUP)
		return weak_read(key->keys, value, mistakes);
	if (key->type == WEAK_GROUPS)
		return read_groups(key->keys, value, mistakes);
	return read_scalar(key->type, value, mistakes);
}

json_t *weak_read(const struct weak_key *keys, const json_t *group, struct strv *mistakes)
{
	CLEANUP(buf_release) struct buf found = BUF_INIT;
	json_t *result = json_object(), *value;
	const char *name;

	if (!json_is_object(group)) {
		scalar_show(group, &found);
		strv_push_taken(mistakes, format_string("must be a group { ... }, found %s", found.data));
	}
	json_object_foreach((json_t *)group, name, value) {
		const struct weak_key *key = find_key(keys, name);
		size_t before = mistakes->count;

		if (!key) {
			refuse_key(keys, name, mistakes);
			continue;
		}
		value = json_is_null(value) ? json_null() : read_value(key, value, mistakes);
		mistakes_in(mistakes, before, ".%s", name);
		if (!json_is_null(value))
			json_object_set(result, key->name, value);
		json_decref(value);
	}
	return result;
}
