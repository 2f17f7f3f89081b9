#include "hcl.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hcl_string.h"

struct reader {
	struct import *import;
	const char *path, *text;
	const char *at;
	int depth;
};

static bool refuse(struct reader *reader, const char *at, const char *expected)
{
	return hcl_refuse(reader->import, reader->path, &(struct hcl_place){ reader->text, at }, expected);
}

/* ---- objects ---- */

static void add(json_t *object, const char *key, json_t *value)
{
	json_t *values = json_object_get(object, key);

	if (!values)
		json_object_set_new(object, key, values = json_array());
	json_array_append_new(values, value);
}

static bool are_objects(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_object(json_array_get(list, i)))
			return false;
	return json_array_size(list);
}

/* Takes the value. */
static void add_value(json_t *object, const char *key, json_t *value)
{
	size_t i;
	json_t *element;

	if (!are_objects(value)) {
		add(object, key, value);
		return;
	}
	json_array_foreach(value, i, element) {
		add(object, key, json_incref(element));
	}
	json_decref(value);
}

const json_t *hcl_values(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

const json_t *hcl_value(const json_t *object, const char *key)
{
	const json_t *values = hcl_values(object, key);

	return values ? json_array_get(values, json_array_size(values) - 1) : NULL;
}

/* ---- the JSON form ---- */

/* NULL: nested too deeply. */
static json_t *from_json(const json_t *value, int depth)
{
	json_t *copy, *member;
	const char *key;
	size_t i;

	if (depth > IMPORT_NESTING_LIMIT)
		return NULL;
	if (!json_is_object(value) && !json_is_array(value))
		return json_copy((json_t *)value);
	copy = json_is_object(value) ? json_object() : json_array();
	json_array_foreach(value, i, member) {
		json_t *inner = from_json(member, depth + 1);

		if (!inner || json_array_append_new(copy, inner)) {
			json_decref(copy);
			return NULL;
		}
	}
	json_object_foreach((json_t *)value, key, member) {
		json_t *inner = from_json(member, depth + 1);

		if (!inner) {
			json_decref(copy);
			return NULL;
		}
		add_value(copy, key, inner);
	}
	return copy;
}

static json_t *parse_json(struct import *import, const char *path, const char *text)
{
	json_error_t reason;
	CLEANUP(json_decrefp) json_t *json = json_loads(text, 0, &reason);
	json_t *tree;

	if (!json) {
		import_fail(import, "%s:%d:%d: found %s, expected JSON", path, reason.line, reason.column, reason.text);
		return NULL;
	}
	tree = from_json(json, 0);
	if (!tree)
		import_fail(import, "%s: found more than %d levels, expected fewer", path, IMPORT_NESTING_LIMIT);
	return tree;
}

/* ---- blanks and comments ---- */

/* A "/" or "*" that is never closed ends at the end. */
static void skip(struct reader *reader)
{
	const char *at = reader->at;

	for (;;) {
		at += strspn(at, " \t\r\n");
		if (*at == '#' || !strncmp(at, "//", 2)) {
			at += strcspn(at, "\n");
		} else if (!strncmp(at, "/*", 2)) {
			const char *end = strstr(at + 2, "*/");

			at = end ? end + 2 : at + strlen(at);
		} else {
			break;
		}
	}
	reader->at = at;
}

static bool accept(struct reader *reader, char c)
{
	skip(reader);
	if (*reader->at != c)
		return false;
	reader->at++;
	return true;
}

/* ---- values ---- */

static json_t *read_value(struct reader *reader);
static bool read_members(struct reader *reader, json_t *object, char end);

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_-.", c));
}

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (is_word(text[length]) || (text[length] == '+' && length))
		length++;
	return length;
}

static json_t *read_number(const char *word)
{
	char *end;
	long long number;
	double real;

	errno = 0;
	number = strtoll(word, &end, 0);
	if (!*end && !errno && *word)
		return json_integer(number);
	if (word[strspn(word, "0123456789.eE+-")])
		return NULL;
	errno = 0;
	real = strtod(word, &end);
	return *end || errno || !*word ? NULL : json_real(real);
}

static json_t *read_word(struct reader *reader)
{
	size_t length = word_length(reader->at);
	AUTOFREE char *word = copy_bytes(reader->at, length);
	json_t *value;

	if (!strcmp(word, "true") || !strcmp(word, "false"))
		value = json_boolean(*word == 't');
	else
		value = read_number(word);
	if (!value)
		refuse(reader, reader->at, "a string in quotes, a number, true, false, a list or an object");
	reader->at += length;
	return value;
}

static json_t *read_string(struct reader *reader)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	const char *wrong = reader->at;
	const char *expected = hcl_string(&reader->at, &text, &wrong);

	if (!expected)
		return import_string(text.data);
	refuse(reader, wrong, expected);
	return NULL;
}

static json_t *read_list(struct reader *reader)
{
	const char *open = reader->at++;
	json_t *list = json_array(), *value;

	while (!accept(reader, ']')) {
		value = *reader->at ? read_value(reader) : NULL;
		if (!value || (!accept(reader, ',') && *reader->at != ']')) {
			refuse(reader, *reader->at ? reader->at : open, *reader->at ? "a comma or ]" : "a ] that closes it");
			json_decref(value);
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, value);
	}
	return list;
}

static json_t *read_object(struct reader *reader)
{
	const char *open = reader->at++;
	json_t *object = json_object();

	if (read_members(reader, object, '}')) {
		if (*reader->at == '}') {
			reader->at++;
			return object;
		}
		refuse(reader, open, "a } that closes it");
	}
	json_decref(object);
	return NULL;
}

static json_t *read_value(struct reader *reader)
{
	json_t *value;

	skip(reader);
	if (*reader->at == '"' || !strncmp(reader->at, "<<", 2))
		return read_string(reader);
	if (*reader->at != '[' && *reader->at != '{')
		return read_word(reader);
	if (reader->depth == IMPORT_NESTING_LIMIT) {
		refuse(reader, reader->at, "fewer levels");
		return NULL;
	}
	reader->depth++;
	value = *reader->at == '[' ? read_list(reader) : read_object(reader);
	reader->depth--;
	return value;
}

/* ---- members ---- */

/* A word, or a string in quotes; NULL: an error. */
static char *read_key(struct reader *reader)
{
	size_t length = word_length(reader->at);
	json_t *string;
	char *key;

	if (*reader->at != '"') {
		if (!length || !(isalpha((unsigned char)*reader->at) || *reader->at == '_')) {
			refuse(reader, reader->at, "a key");
			return NULL;
		}
		key = copy_bytes(reader->at, length);
		reader->at += length;
		return key;
	}
	string = read_string(reader);
	key = copy_string(json_string_value(string));
	json_decref(string);
	return key;
}

/* A key, and behind it "= VALUE", or labels and a block. */
static bool read_member(struct reader *reader, json_t *object)
{
	AUTOFREE char *key = read_key(reader);
	json_t *value;

	if (!key)
		return false;
	skip(reader);
	if (*reader->at == '"' || is_word(*reader->at)) {
		bool fine;

		if (reader->depth == IMPORT_NESTING_LIMIT)
			return refuse(reader, reader->at, "fewer levels");
		value = json_object();
		reader->depth++;
		fine = read_member(reader, value);
		reader->depth--;
		add(object, key, value);
		return fine;
	}
	if (!accept(reader, '=') && *reader->at != '{')
		return refuse(reader, reader->at, "= or { after a key");
	value = read_value(reader);
	if (value)
		add_value(object, key, value);
	return value;
}

/* Until `end`, which stays, or the end of the text. */
static bool read_members(struct reader *reader, json_t *object, char end)
{
	for (skip(reader); *reader->at && *reader->at != end; skip(reader)) {
		if (!read_member(reader, object))
			return false;
		accept(reader, ',');
	}
	return true;
}

json_t *hcl_parse(struct import *import, const char *path, const char *text)
{
	struct reader reader = { .import = import, .path = path, .text = text, .at = text };
	json_t *tree;

	skip(&reader);
	if (*reader.at == '{')
		return parse_json(import, path, text);
	tree = json_object();
	if (read_members(&reader, tree, '\0'))
		return tree;
	json_decref(tree);
	return NULL;
}
