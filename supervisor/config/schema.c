#include "schema.h"

#include <string.h>

#include "base/alloc.h"
#include "base/setting.h"
#include "scalar.h"

static bool decode_fields(const struct record *record, void *object, const json_t *tree,
			  struct error *error);

const struct record *field_record(const struct field *field)
{
	return field->record_of ? field->record_of() : field->record;
}

static bool is_called(const struct field *field, const char *name)
{
	return !strcmp(field->name, name) || (field->alias && !strcmp(field->alias, name));
}

static bool has_field(const struct record *record, const char *name)
{
	for each_field(field, record)
		if (field->type == FIELD_EMBED ? has_field(field_record(field), name)
					       : is_called(field, name))
			return true;
	return false;
}

static void add_names(const struct record *record, struct strv *names)
{
	for each_field(field, record) {
		if (field->type == FIELD_EMBED)
			add_names(field_record(field), names);
		else
			strv_push(names, field->name);
	}
}

static bool check_unknown(const struct record *record, const json_t *tree, struct error *error)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)tree, name, value) {
		if (has_field(record, name))
			continue;
		add_names(record, &names);
		return fail(error, ".%.64s: unknown key%s", name,
			    suggest(name, &names).text);
	}
	return true;
}

/* Refuses a missing key, and a key that is given by both its names. */
static bool check_given(const struct record *record, const json_t *tree, struct error *error)
{
	for each_field(field, record) {
		if (field->type == FIELD_EMBED && !check_given(field_record(field), tree, error))
			return false;
		if ((field->flags & REQUIRED) && !json_object_get(tree, field->name))
			return fail(error, ".%s: missing", field->name);
		if (field->alias && json_object_get(tree, field->name) &&
		    json_object_get(tree, field->alias))
			return fail(error, ".%s: already given as %s", field->alias, field->name);
	}
	return true;
}

static void *member(void *object, size_t offset)
{
	return (char *)object + offset;
}

static bool fail_in_element(const json_t *element, size_t index, struct error *error)
{
	const char *name = json_string_value(json_object_get(element, "name"));

	if (name && *name)
		return fail_in(error, "[%.64s]", name);
	return fail_in(error, "[%zu]", index);
}

static bool decode_list(const struct field *field, void *object, const json_t *list,
			struct error *error)
{
	char **items = member(object, field->offset);
	size_t *count = member(object, field->count), size = field_record(field)->size, i;
	json_t *element;

	if (!json_is_array(list))
		return false;
	*items = alloc(json_array_size(list) * size);
	json_array_foreach(list, i, element)
		if (!schema_decode(field_record(field), *items + size * (*count)++, element, error))
			return fail_in_element(element, i, error);
	return true;
}

static bool decode_pointers(const struct field *field, void *object, const json_t *list,
			    struct error *error)
{
	void ***items = member(object, field->offset);
	size_t *count = member(object, field->count), i;
	json_t *element;

	if (!json_is_array(list))
		return false;
	*items = alloc(json_array_size(list) * sizeof **items);
	json_array_foreach(list, i, element) {
		void *item = alloc(field_record(field)->size);

		(*items)[(*count)++] = item;
		if (!schema_decode(field_record(field), item, element, error))
			return fail_in_element(element, i, error);
	}
	return true;
}

static bool decode_any(const struct field *field, void *object, const json_t *value,
		       struct error *error)
{
	void *slot = member(object, field->offset);
	decode_fn *decode = field->decode ? field->decode : scalar_decoder(field->type);

	switch (field->type) {
	case FIELD_TABLE:
		return schema_decode(field_record(field), slot, value, error);
	case FIELD_GROUP:
		return schema_decode(field_record(field), object, value, error);
	case FIELD_LIST:
		return decode_list(field, object, value, error);
	case FIELD_POINTERS:
		return decode_pointers(field, object, value, error);
	default:
		return decode(field, slot, value, error);
	}
}

static bool decode_value(const struct field *field, void *object, const json_t *value,
			 struct error *error)
{
	CLEANUP(buf_release) struct buf requirement = BUF_INIT, found = BUF_INIT;

	if (decode_any(field, object, value, error))
		return true;
	field_print_requirement(field, &requirement);
	if (field->flags & SECRET)
		return fail(error, "must be %s", requirement.data);
	scalar_show(value, &found);
	return fail(error, "must be %s, found %s", requirement.data, found.data);
}

static bool decode_text(const struct field *field, void *object, const char *text,
			struct error *error)
{
	json_t *value = json_string(text);
	bool decoded = value ? decode_value(field, object, value, error)
			     : fail(error, "is not valid UTF-8");

	json_decref(value);
	return decoded;
}

/* The value in the file, or NULL; *name is the name that the file uses. */
static const json_t *find_value(const struct field *field, const json_t *tree, const char **name)
{
	const json_t *value = json_object_get(tree, field->name);

	*name = field->name;
	if (!value && field->alias) {
		*name = field->alias;
		value = json_object_get(tree, field->alias);
	}
	return value;
}

/* A missing group gets the defaults of its keys. */
static bool decode_default(const struct field *field, void *object, struct error *error)
{
	if (field->initial)
		return decode_text(field, object, field->initial, error);
	if (field->type == FIELD_TABLE)
		return decode_fields(field_record(field), member(object, field->offset), NULL, error);
	if (field->type == FIELD_GROUP)
		return decode_fields(field_record(field), object, NULL, error);
	return true;
}

static bool decode_field(const struct field *field, void *object, const json_t *tree,
			 struct error *error)
{
	AUTOFREE char *text = NULL;
	const char *name;
	const json_t *value = find_value(field, tree, &name);

	if (field->env && !setting_get(field->env, &text, error))
		return false;
	if (text && field->flags & TRIMMED && !text[strspn(text, " \t\r\n")])
		free(steal(&text));
	if (text && !(value && (field->flags & ENV_FILLS)))
		return decode_text(field, object, text, error) || fail_in(error, "%s", field->env);
	if (value)
		return decode_value(field, object, value, error) || fail_in(error, ".%s", name);
	return decode_default(field, object, error) || fail_in(error, ".%s", name);
}

/* `tree` NULL: the group is missing. */
static bool decode_fields(const struct record *record, void *object, const json_t *tree,
			  struct error *error)
{
	for each_field(field, record) {
		bool decoded = field->type == FIELD_EMBED ?
			decode_fields(field_record(field), member(object, field->offset), tree, error) :
			decode_field(field, object, tree, error);

		if (!decoded)
			return false;
	}
	return !tree || !record->finish || record->finish(object, tree, error);
}

bool schema_decode(const struct record *record, void *object, const json_t *tree,
		   struct error *error)
{
	CLEANUP(buf_release) struct buf found = BUF_INIT;

	if (!json_is_object(tree)) {
		scalar_show(tree, &found);
		return fail(error, "must be a group { ... }, found %s", found.data);
	}
	return check_unknown(record, tree, error) && check_given(record, tree, error) &&
	       decode_fields(record, object, tree, error);
}
