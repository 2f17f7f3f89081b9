#include "encode.h"

#include <math.h>

#include "print.h"

/* The form of a value under its key.  Nothing: it is nil and left out. */
enum shape { SHAPE_NOTHING, SHAPE_PLAIN, SHAPE_TABLE, SHAPE_TABLES };

struct key {
	const struct key *parent;
	struct value name;
	int depth;		/* 1: at the top */
};

struct writer {
	struct arena *arena;
	struct text text;
	struct error *error;
};

/* A member of a table, in its order. */
struct item {
	struct value name, value;
	enum shape shape;
	size_t number;		/* of the field in its struct */
};

struct table {
	struct item *items;
	size_t count, room;
	bool is_struct;
};

static bool write_table(struct writer *writer, const struct key *key, struct value value);
static bool write_element(struct writer *writer, struct value value);

/* ---- shapes ---- */

static bool find_shape(struct writer *writer, struct value value, enum shape *shape);

/* Tables, if all elements are such. */
static bool find_shape_of_list(struct writer *writer, struct value list, enum shape *shape)
{
	bool tables = list.size > 0, fine = true;

	if (!arena_enter(writer->arena))
		return false;
	for (size_t i = 0; i < list.size && fine; i++) {
		enum shape inner = SHAPE_NOTHING;

		fine = find_shape(writer, list.items[i], &inner);
		if (fine && inner == SHAPE_NOTHING)
			fine = fail(writer->error, "a list with nil cannot be written as TOML");
		tables &= inner == SHAPE_TABLE;
	}
	arena_leave(writer->arena);
	*shape = tables ? SHAPE_TABLES : SHAPE_PLAIN;
	return fine;
}

static bool find_shape(struct writer *writer, struct value value, enum shape *shape)
{
	enum kind kind = kind_of(value);

	arena_work(writer->arena, 10);
	if (kind == KIND_LOOP || kind == KIND_SCRATCH)
		return fail(writer->error, "a %s cannot be written as TOML", type_info(value.type)->name);
	*shape = value.absent || kind <= KIND_NIL ? SHAPE_NOTHING :
		 kind == KIND_MAP || kind == KIND_STRUCT ? SHAPE_TABLE : SHAPE_PLAIN;
	return *shape != SHAPE_PLAIN || kind != KIND_LIST || find_shape_of_list(writer, value, shape);
}

/* ---- plain values ---- */

static void write_quoted(struct text *text, struct value value)
{
	static const char controls[] = "\b\t\n\f\r\"\\", names[] = "btnfr\"\\";

	text_char(text, '"');
	for (size_t i = 0, start = 0; i <= value.size; i++) {
		unsigned char c = i < value.size ? (unsigned char)value.text[i] : 0;
		const char *control = c ? strchr(controls, c) : NULL;

		if (i < value.size && !control && c >= ' ' && c != 0x7F)
			continue;
		text_add(text, value.text + start, i - start);
		start = i + 1;
		if (control)
			text_print(text, "\\%c", names[control - controls]);
		else if (i < value.size)
			text_print(text, "\\u%04x", c);
	}
	text_char(text, '"');
}

static void write_name(struct text *text, struct value name)
{
	size_t i = 0;

	for (; i < name.size; i++) {
		char c = name.text[i], lower = (char)(c | 0x20);

		if (!((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			break;
	}
	if (i < name.size || !name.size)
		write_quoted(text, name);
	else
		text_add(text, name.text, name.size);
}

static void write_float(struct text *text, double real)
{
	size_t start = text->used;

	if (isnan(real))
		text_string(text, "nan");
	else if (isinf(real))
		text_string(text, real > 0 ? "+inf" : "-inf");
	else
		print_decimal(text, real);
	if (isfinite(real) && text->used > start && !memchr(text->data + start, '.', text->used - start))
		text_string(text, ".0");
}

static bool write_list(struct writer *writer, struct value list)
{
	bool fine = true;

	if (!arena_enter(writer->arena))
		return false;
	text_char(&writer->text, '[');
	for (size_t i = 0; i < list.size && fine; i++) {
		if (i)
			text_string(&writer->text, ", ");
		fine = write_element(writer, list.items[i]);
	}
	text_char(&writer->text, ']');
	arena_leave(writer->arena);
	return fine;
}

/* ---- tables ---- */

static bool add_item(struct writer *writer, struct table *table, struct value name, struct value value)
{
	struct item item = { .name = name, .value = value, .number = table->count };

	if (!find_shape(writer, value, &item.shape))
		return false;
	table->items = arena_grow(writer->arena, table->items, table->count, &table->room, sizeof item);
	table->items[table->count++] = item;
	return !writer->arena->over;
}

static bool make_table(struct writer *writer, struct value value, struct table *table)
{
	const struct member *field = encode_fields(value.type);

	*table = (struct table){ .is_struct = field };
	if (!field && type_info(value.type)->key != TYPE_STRING)
		return fail(writer->error, "a map with other keys than strings cannot be written as TOML");
	for (; field && field->name; field++)
		if (!add_item(writer, table, value_string(field->name),
			      encode_get(writer->arena, value, field)))
			return false;
	for (size_t i = 0; !table->is_struct && i < value.map->count; i++)
		if (!add_item(writer, table, map_at(value.map, i)->key, map_at(value.map, i)->value))
			return false;
	return true;
}

static bool is_sub(const struct item *item)
{
	return item->shape >= SHAPE_TABLE;
}

/* The commas are those of the original, which forgets one or leaves one too many at a nil or in a struct. */
static bool has_comma(const struct table *table, const struct item *item, const size_t counts[2], size_t i)
{
	bool sub = is_sub(item);

	if (table->is_struct)
		return item->number != counts[sub] - 1;
	return i != counts[sub] - 1 || (!sub && counts[1]);
}

static bool write_inline_items(struct writer *writer, const struct table *table)
{
	size_t counts[2] = { 0 };

	for (size_t i = 0; i < table->count; i++)
		counts[is_sub(&table->items[i])]++;
	for (int sub = 0; sub < 2; sub++)
		for (size_t i = 0, number = 0; i < table->count; i++) {
			const struct item *item = &table->items[i];

			if (is_sub(item) != sub)
				continue;
			number++;
			if (item->shape == SHAPE_NOTHING)
				continue;
			write_name(&writer->text, item->name);
			text_string(&writer->text, " = ");
			if (!write_element(writer, item->value))
				return false;
			if (has_comma(table, item, counts, number - 1))
				text_string(&writer->text, ", ");
		}
	return true;
}

static bool write_inline(struct writer *writer, struct value value)
{
	struct table table;
	bool fine;

	if (!arena_enter(writer->arena))
		return false;
	text_char(&writer->text, '{');
	fine = make_table(writer, value, &table) && write_inline_items(writer, &table);
	text_char(&writer->text, '}');
	arena_leave(writer->arena);
	return fine;
}

static bool write_element(struct writer *writer, struct value value)
{
	switch (kind_of(value)) {
	case KIND_STRING: write_quoted(&writer->text, value); return true;
	case KIND_FLOAT: write_float(&writer->text, value.real); return true;
	case KIND_LIST: return write_list(writer, value);
	case KIND_MAP:
	case KIND_STRUCT: return write_inline(writer, value);
	default: print_inner(&writer->text, value); return true;
	}
}

static void write_path(struct text *text, const struct key *key)
{
	if (key->parent) {
		write_path(text, key->parent);
		text_char(text, '.');
	}
	write_name(text, key->name);
}

static void indent(struct writer *writer, const struct key *key)
{
	text_repeat(&writer->text, ' ', 2L * (key->depth - 1));
}

static void newline(struct writer *writer)
{
	if (writer->text.used)
		text_char(&writer->text, '\n');
}

static void write_head(struct writer *writer, const struct key *key, const char *brackets)
{
	indent(writer, key);
	text_string(&writer->text, brackets);
	write_path(&writer->text, key);
	text_string(&writer->text, brackets[1] ? "]]\n" : "]\n");
}

static bool write_member(struct writer *writer, const struct key *key, const struct item *item)
{
	bool fine = true;

	if (item->shape == SHAPE_PLAIN) {
		indent(writer, key);
		write_name(&writer->text, key->name);
		text_string(&writer->text, " = ");
		fine = write_element(writer, item->value);
		newline(writer);
	} else if (item->shape == SHAPE_TABLE) {
		if (key->depth == 1)
			newline(writer);
		write_head(writer, key, "[");
		fine = write_table(writer, key, item->value);
	}
	for (size_t i = 0; item->shape == SHAPE_TABLES && i < item->value.size && fine; i++) {
		newline(writer);
		write_head(writer, key, "[[");
		fine = write_table(writer, key, item->value.items[i]);
	}
	return fine;
}

/* Plain members come first: behind a table they would be part of it. */
static bool write_table(struct writer *writer, const struct key *parent, struct value value)
{
	struct table table;
	bool fine;

	if (!arena_enter(writer->arena))
		return false;
	fine = make_table(writer, value, &table);
	for (int sub = 0; sub < 2; sub++)
		for (size_t i = 0; fine && i < table.count; i++) {
			struct key key = { parent, table.items[i].name, parent ? parent->depth + 1 : 1 };

			if (is_sub(&table.items[i]) == sub)
				fine = write_member(writer, &key, &table.items[i]);
		}
	arena_leave(writer->arena);
	return fine;
}

bool encode_toml(struct arena *arena, struct value value, struct value *result, struct error *error)
{
	struct writer writer = { .arena = arena, .text = { .arena = arena }, .error = error };
	enum kind kind = kind_of(value);

	if (value.type != TYPE_NULL && kind != KIND_MAP && kind != KIND_STRUCT)
		return fail(error, "only a map or a struct can be written as TOML");
	if (value.type != TYPE_NULL && !value.absent && !write_table(&writer, NULL, value))
		return false;
	*result = value_trimmed(arena, value_of_text(&writer.text));
	return true;
}
