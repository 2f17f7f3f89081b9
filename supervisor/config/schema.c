#include "schema.h"

#include <string.h>

#include "base/alloc.h"
#include "base/setting.h"
#include "mistakes.h"
#include "scalar.h"

static void decode_fields(const struct record *record, void *object, const json_t *tree,
			  size_t before, struct strv *mistakes);

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

static void check_unknown(const struct record *record, const json_t *tree, struct strv *mistakes)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)tree, name, value) {
		CLEANUP(strv_release) struct strv names = { 0 };

		if (has_field(record, name))
			continue;
		if (mistakes_full(mistakes))
			return;
		add_names(record, &names);
		strv_push_taken(mistakes, format_string(".%.64s: unknown key%s", name,
							suggest(name, &names).text));
	}
}

/* Refuses a missing key, and a key that is given by both its names. */
static void check_given(const struct record *record, const json_t *tree, struct strv *mistakes)
{
	for each_field(field, record) {
		if (field->type == FIELD_EMBED)
			check_given(field_record(field), tree, mistakes);
		if ((field->flags & REQUIRED) && !json_object_get(tree, field->name))
			strv_push_taken(mistakes, format_string(".%s: missing", field->name));
		if (field->alias && json_object_get(tree, field->name) &&
		    json_object_get(tree, field->alias))
			strv_push_taken(mistakes, format_string(".%s: already given as %s",
								field->alias, field->name));
	}
}

static void *member(void *object, size_t offset)
{
	return (char *)object + offset;
}

static bool decode_element(const struct field *field, void *item, const json_t *element, size_t index,
			   struct strv *mistakes)
{
	size_t before = mistakes->count;

	if (mistakes_full(mistakes))
		return false;
	schema_decode(field_record(field), item, element, mistakes);
	return mistakes_in_element(mistakes, before, element, index);
}

static bool decode_list(const struct field *field, void *object, const json_t *list,
			struct strv *mistakes)
{
	char **items = member(object, field->offset);
	size_t *count = member(object, field->count), size = field_record(field)->size, i;
	bool decoded = json_is_array(list);
	json_t *element;

	*items = alloc(json_array_size(list) * size);
	json_array_foreach(list, i, element)
		decoded &= decode_element(field, *items + size * (*count)++, element, i, mistakes);
	return decoded;
}

static bool decode_pointers(const struct field *field, void *object, const json_t *list,
			    struct strv *mistakes)
{
	void ***items = member(object, field->offset);
	size_t *count = member(object, field->count), i;
	bool decoded = json_is_array(list);
	json_t *element;

	*items = alloc(json_array_size(list) * sizeof **items);
	json_array_foreach(list, i, element) {
		void *item = alloc(field_record(field)->size);

		(*items)[(*count)++] = item;
		decoded &= decode_element(field, item, element, i, mistakes);
	}
	return decoded;
}

static bool decode_forms(const struct field *field, void *slot, const json_t *value,
			 struct strv *mistakes)
{
	json_t *tree = field->widen(value);
	bool decoded = tree && (json_is_null(tree) ||
				schema_decode(field_record(field), slot, tree, mistakes));

	json_decref(tree);
	return decoded;
}

static bool decode_single(const struct field *field, void *slot, const json_t *value,
			  struct strv *mistakes)
{
	decode_fn *decode = field->decode ? field->decode : scalar_decoder(field->type);
	struct error error = ERROR_INIT;

	if (decode(field, slot, value, &error))
		return true;
	return *error.text && mistakes_add(mistakes, &error);
}

/* If it adds no mistake, then false means: the value is not what the field's requirement says. */
static bool decode_any(const struct field *field, void *object, const json_t *value,
		       struct strv *mistakes)
{
	void *slot = member(object, field->offset);

	switch (field->type) {
	case FIELD_TABLE:
		return schema_decode(field_record(field), slot, value, mistakes);
	case FIELD_GROUP:
		return schema_decode(field_record(field), object, value, mistakes);
	case FIELD_FORMS:
		return decode_forms(field, slot, value, mistakes);
	case FIELD_LIST:
		return decode_list(field, object, value, mistakes);
	case FIELD_POINTERS:
		return decode_pointers(field, object, value, mistakes);
	default:
		return decode_single(field, slot, value, mistakes);
	}
}

static bool decode_value(const struct field *field, void *object, const json_t *value,
			 struct strv *mistakes)
{
	CLEANUP(buf_release) struct buf requirement = BUF_INIT, found = BUF_INIT;
	size_t before = mistakes->count;

	if (decode_any(field, object, value, mistakes))
		return true;
	if (mistakes->count > before)
		return false;
	field_print_requirement(field, &requirement);
	if (!(field->flags & SECRET))
		scalar_show(value, &found);
	strv_push_taken(mistakes, format_string("must be %s%s%s", requirement.data,
						found.used ? ", found " : "", found.data));
	return false;
}

static bool decode_text(const struct field *field, void *object, const char *text,
			struct strv *mistakes)
{
	json_t *value = json_string(text);
	bool decoded = value && decode_value(field, object, value, mistakes);

	if (!value)
		strv_push(mistakes, "is not valid UTF-8");
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
static void decode_default(const struct field *field, void *object, struct strv *mistakes)
{
	if (field->initial)
		decode_text(field, object, field->initial, mistakes);
	else if (field->type == FIELD_TABLE)
		decode_fields(field_record(field), member(object, field->offset), NULL, 0, mistakes);
	else if (field->type == FIELD_GROUP)
		decode_fields(field_record(field), object, NULL, 0, mistakes);
}

static void decode_field(const struct field *field, void *object, const json_t *tree,
			 struct strv *mistakes)
{
	AUTOFREE char *text = NULL;
	size_t before = mistakes->count;
	struct error error = ERROR_INIT;
	const char *name;
	const json_t *value = find_value(field, tree, &name);

	if (field->env && !setting_get(field->env, &text, &error)) {
		mistakes_add(mistakes, &error);
		return;
	}
	if (text && field->flags & TRIMMED && !text[strspn(text, " \t\r\n")])
		free(steal(&text));
	if (text && !(value && (field->flags & ENV_FILLS))) {
		decode_text(field, object, text, mistakes);
		mistakes_in(mistakes, before, "%s", field->env);
		return;
	}
	if (value)
		decode_value(field, object, value, mistakes);
	else
		decode_default(field, object, mistakes);
	mistakes_in(mistakes, before, ".%s", name);
}

/* `tree` NULL: the group is missing.  `before`: the number of mistakes before the whole group. */
static void decode_fields(const struct record *record, void *object, const json_t *tree,
			  size_t before, struct strv *mistakes)
{
	struct error error = ERROR_INIT;

	for each_field(field, record) {
		if (field->type == FIELD_EMBED)
			decode_fields(field_record(field), member(object, field->offset), tree, before,
				      mistakes);
		else
			decode_field(field, object, tree, mistakes);
	}
	if (tree && record->finish && mistakes->count == before && !record->finish(object, tree, &error))
		mistakes_add(mistakes, &error);
}

bool schema_decode(const struct record *record, void *object, const json_t *tree,
		   struct strv *mistakes)
{
	CLEANUP(buf_release) struct buf found = BUF_INIT;
	size_t before = mistakes->count;

	if (!json_is_object(tree)) {
		scalar_show(tree, &found);
		strv_push_taken(mistakes, format_string("must be a group { ... }, found %s", found.data));
		return false;
	}
	check_unknown(record, tree, mistakes);
	check_given(record, tree, mistakes);
	decode_fields(record, object, tree, before, mistakes);
	return mistakes->count == before;
}
