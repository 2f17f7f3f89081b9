#include "config.h"

#include <string.h>

#include "base/alloc.h"
#include "decode.h"
#include "tables.h"

/* The JSON Schema of each type that needs no more than the type. */
#define SCALAR "{\"type\":[\"string\",\"number\",\"boolean\"]}"
#define LIST_OF_SCALARS "{\"type\":\"array\",\"items\":" SCALAR "}"
static const char *const types[FIELD_TYPE_COUNT] = {
	[FIELD_STRING]   = "{\"type\":\"string\",\"minLength\":1}",
	[FIELD_BOOL]     = "{\"anyOf\":[{\"type\":\"boolean\"},{\"type\":\"string\",\"pattern\":"
			   "\"^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$\"}]}",
	[FIELD_SECONDS]  = "{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\",\"pattern\":"
			   "\"^[-+]?([0-9]+|(([0-9]+[.]?[0-9]*|[.][0-9]+)(ns|us|\\u00b5s|ms|s|m|h))+)$\"}]}",
	[FIELD_SIGNAL]   = "{\"type\":[\"string\",\"integer\"]}",
	[FIELD_COMMAND]  = "{\"anyOf\":[{\"type\":\"string\",\"minLength\":1},{\"type\":\"array\","
			   "\"items\":" SCALAR "}]}",
	[FIELD_STRINGS]  = "{\"anyOf\":[{\"type\":\"string\"}," LIST_OF_SCALARS "]}",
	[FIELD_MAP]      = "{\"anyOf\":[{\"type\":\"object\",\"additionalProperties\":" SCALAR "},"
			   "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"pattern\":\"=\"}}]}",
};

static json_t *record_json(const struct record *record);

static json_t *type_list(const char *names)
{
	CLEANUP(strv_release) struct strv words = { 0 };
	struct error error = ERROR_INIT;
	json_t *list = json_array();

	strv_split(&words, names, &error);
	for (size_t i = 0; i < words.count; i++)
		json_array_append_new(list, json_string(words.items[i]));
	return json_pack("{so so}", "type", list, "items", json_loads(SCALAR, 0, NULL));
}

static json_t *whole_number(const struct field *field)
{
	json_t *number = json_pack("{ss sI}", "type", "integer", "minimum", (json_int_t)field->min);

	if (field->max != 0)
		json_object_set_new(number, "maximum", json_integer((json_int_t)field->max));
	return json_pack("{s[o{ss ss}]}", "anyOf", number, "type", "string", "pattern", "^-?[0-9]+$");
}

/* Choices are compared without case; a word in other letters is not suggested by an editor. */
static json_t *choice_json(const struct field *field)
{
	json_t *names = json_array();

	for (const struct choice *choice = field->choices; choice->name; choice++)
		json_array_append_new(names, json_string(choice->name));
	return json_pack("{so}", "enum", names);
}

static void add_key_names(const struct record *record, json_t *names)
{
	for each_field(field, record)
		if (field->type == FIELD_EMBED)
			add_key_names(field_record(field), names);
		else
			json_array_append_new(names, json_string(field->name));
}

/* A command, or a job without a name: its keys are described where jobs are. */
static json_t *hook_json(void)
{
	json_t *names = json_array();

	for each_field(field, config_record())
		if (!strcmp(field->name, "jobs"))
			add_key_names(field_record(field), names);
	return json_pack("{s[o{ss s[s] s{so}}]}", "anyOf", json_loads(types[FIELD_COMMAND], 0, NULL),
			 "type", "object", "required", "exec", "propertyNames", "enum", names);
}

static json_t *value_json(const struct field *field)
{
	switch (field->type) {
	case FIELD_TABLE:
	case FIELD_GROUP:
		return record_json(field_record(field));
	case FIELD_FORMS:
		return json_pack("{s[oo]}", "anyOf", record_json(field_record(field)), type_list(field->json));
	case FIELD_LIST:
	case FIELD_POINTERS:
		return json_pack("{ss so}", "type", "array", "items", record_json(field_record(field)));
	case FIELD_INT:
		return whole_number(field);
	case FIELD_CHOICE:
		return choice_json(field);
	case FIELD_CUSTOM:
		return field->decode == decode_hook ? hook_json() : type_list(field->json);
	default:
		return json_loads(types[field->type], 0, NULL);
	}
}

static void add_fields(const struct record *record, json_t *properties, json_t *required)
{
	for each_field(field, record) {
		json_t *value;

		if (field->type == FIELD_EMBED) {
			add_fields(field_record(field), properties, required);
			continue;
		}
		value = value_json(field);
		if (field->help)
			json_object_set_new(value, "description", json_string(field->help));
		if (field->initial)
			json_object_set_new(value, "default", json_string(field->initial));
		json_object_set_new(properties, field->name, value);
		if (field->alias)
			json_object_set(properties, field->alias, value);
		if (field->flags & REQUIRED)
			json_array_append_new(required, json_string(field->name));
	}
}

static json_t *record_json(const struct record *record)
{
	json_t *properties = json_object(), *required = json_array();

	add_fields(record, properties, required);
	return json_pack("{ss ss* so so sb}", "type", "object", "description", record->about, "properties", properties,
			 "required", required, "additionalProperties", 0);
}

json_t *config_json_schema(void)
{
	json_t *schema = record_json(config_record());

	json_object_set_new(schema, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(schema, "title", json_string("The configuration of pilotfish, as `pilotfish expand` prints it"));
	return schema;
}
