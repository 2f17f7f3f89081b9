#include "encode.h"

#include <ctype.h>
#include <math.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "libyaml.h"
#include "print.h"
#include "yaml_scalar.h"
#include "unicode.h"
#include "utf8.h"

struct writer {
	struct arena *arena;
	struct yaml_writer *out;
	struct error *error;
};

static bool write_value(struct writer *writer, struct value value);

/* ---- the order of keys ---- */

/* Of numbers and bools among each other, then of all others: the numbers of Go's kinds. */
static int rank(struct value key)
{
	static const int ranks[] = {
		[KIND_BOOL] = 1, [KIND_INT] = 2, [KIND_UINT] = 11, [KIND_FLOAT] = 14, [KIND_NIL] = 20,
		[KIND_STRING] = 24,
	};

	return ranks[kind_of(key)];
}

static double number_of(struct value key)
{
	switch (kind_of(key)) {
	case KIND_BOOL: return key.truth;
	case KIND_INT: return (double)key.integer;
	case KIND_UINT: return (double)key.natural;
	default: return key.real;
	}
}

static bool is_digit(uint32_t rune)
{
	return rune < 0x80 ? isdigit((int)rune) : rune_category(rune) & category_find("Nd", 2);
}

static bool is_letter(uint32_t rune)
{
	return rune < 0x80 ? isalpha((int)rune) : rune_category(rune) & category_find("L", 1);
}

/* Reads digits from `at` on; it wraps, as in Go. */
static size_t read_number(struct value text, size_t at, int64_t start, uint64_t *number)
{
	size_t count = 0;

	for (*number = (uint64_t)start; at < text.size; count++) {
		uint32_t rune;
		size_t size = utf8_read(text.text + at, text.size - at, &rune);

		if (!is_digit(rune))
			break;
		*number = *number * 10 + (uint64_t)((int64_t)rune - '0');
		at += size;
	}
	return count;
}

struct difference {
	size_t at;
	uint32_t a, b;			/* the first runes that differ */
	bool number;			/* behind a digit other than 0, and perhaps more digits */
};

/* Letters come after all else; digits count as numbers. */
static bool is_less_there(struct value a, struct value b, const struct difference *place)
{
	bool letter = is_letter(place->a), other = is_letter(place->b);
	int64_t start = (place->a == '0' || place->b == '0') && place->number, x, y;
	uint64_t first, second;
	size_t size, other_size;

	if (letter && other)
		return place->a < place->b;
	if (letter || other)
		return other;
	size = read_number(a, place->at, start, &first);
	other_size = read_number(b, place->at, start, &second);
	x = (int64_t)first;
	y = (int64_t)second;
	if (x != y)
		return x < y;
	return size != other_size ? size < other_size : place->a < place->b;
}

static bool is_less_text(struct value a, struct value b)
{
	struct difference place = { 0 };

	while (place.at < a.size && place.at < b.size) {
		size_t size = utf8_read(a.text + place.at, a.size - place.at, &place.a);

		utf8_read(b.text + place.at, b.size - place.at, &place.b);
		if (place.a != place.b)
			return is_less_there(a, b, &place);
		place.number = is_digit(place.a) && (place.number || place.a != '0');
		place.at += size;
	}
	return a.size < b.size;
}

static bool is_less(const struct entry *a, const struct entry *b)
{
	bool numbers = rank(a->key) < rank(value_nil()) && rank(b->key) < rank(value_nil());

	if (numbers && number_of(a->key) != number_of(b->key))
		return number_of(a->key) < number_of(b->key);
	if (rank(a->key) != rank(b->key) || a->key.type != TYPE_STRING)
		return rank(a->key) < rank(b->key);
	return is_less_text(a->key, b->key);
}

static struct entry *sorted_entries(struct arena *arena, struct map *map)
{
	struct entry *entries = arena_alloc(arena, map->count * sizeof *entries);

	for (size_t i = 0; i < map->count; i++)
		entries[i] = *map_at(map, i);
	return entries_sort(arena, entries, map->count, is_less);
}

/* ---- values ---- */

static bool check(struct writer *writer, bool written)
{
	return written || writer->arena->over || fail(writer->error, "the YAML cannot be written");
}

/* In lines of 70, if it has that many. */
static bool write_binary(struct writer *writer, struct value value)
{
	enum { LINE = 70 };
	CLEANUP(buf_release) struct buf encoded = BUF_INIT;
	struct text text = { .arena = writer->arena };
	bool lines;

	base64_encode(BASE64_PLAIN, value.text, value.size, &encoded);
	lines = encoded.used >= LINE;
	for (size_t i = 0; i < encoded.used; i += LINE) {
		size_t left = encoded.used - i;

		text_add(&text, encoded.data + i, left < LINE ? left : LINE);
		if (lines)
			text_char(&text, '\n');
	}
	return check(writer, yaml_write_text(writer->out, value_of_text(&text), true,
					     lines ? YAML_LITERAL : YAML_PLAIN));
}

static bool write_string(struct writer *writer, struct value value)
{
	enum yaml_style style = YAML_PLAIN;
	struct value ignored;

	if (value.size > YAML_LIMIT)
		return fail(writer->error, "a string is larger than %zu MiB", YAML_LIMIT >> 20);
	if (!utf8_is_valid(value.text, value.size))
		return write_binary(writer, value);
	if (memchr(value.text, '\n', value.size))
		style = YAML_LITERAL;
	else if (scalar_resolve(writer->arena, value, &ignored) || scalar_is_sexagesimal(value))
		style = YAML_QUOTED;
	return check(writer, yaml_write_text(writer->out, value, false, style));
}

static bool write_plain(struct writer *writer, struct value value)
{
	struct text text = { .arena = writer->arena };

	if (kind_of(value) == KIND_FLOAT && isnan(value.real))
		text_string(&text, ".nan");
	else if (kind_of(value) == KIND_FLOAT && isinf(value.real))
		text_string(&text, value.real > 0 ? ".inf" : "-.inf");
	else if (kind_of(value) <= KIND_NIL)
		text_string(&text, "null");
	else
		print_inner(&text, value);
	return check(writer, yaml_write_text(writer->out, value_of_text(&text), false, YAML_PLAIN));
}

static bool write_list(struct writer *writer, struct value value)
{
	for (size_t i = 0; i < value.size; i++)
		if (!write_value(writer, value.items[i]))
			return false;
	return true;
}

static bool write_map(struct writer *writer, struct map *map)
{
	const struct entry *entries = sorted_entries(writer->arena, map);

	for (size_t i = 0; i < map->count; i++)
		if (!write_value(writer, entries[i].key) || !write_value(writer, entries[i].value))
			return false;
	return true;
}

static bool write_struct(struct writer *writer, struct value value)
{
	for (const struct member *field = encode_fields(value.type); field->name; field++) {
		char name[64];
		size_t size = strlen(field->name);

		for (size_t i = 0; i < size; i++)
			name[i] = (char)(field->name[i] | (field->name[i] <= 'Z' ? 0x20 : 0));
		if (!check(writer, yaml_write_text(writer->out, value_text(name, size), false, YAML_PLAIN)) ||
		    !write_value(writer, encode_get(writer->arena, value, field)))
			return false;
	}
	return true;
}

static bool write_nested(struct writer *writer, struct value value)
{
	enum kind kind = kind_of(value);
	enum yaml_kind style = kind == KIND_LIST ? YAML_LIST : YAML_MAP;
	bool fine;

	if (!arena_enter(writer->arena))
		return false;
	fine = check(writer, yaml_write_start(writer->out, style)) &&
	       (kind == KIND_LIST ? write_list(writer, value) :
		kind == KIND_MAP ? write_map(writer, value.map) : write_struct(writer, value)) &&
	       check(writer, yaml_write_end(writer->out, style));
	arena_leave(writer->arena);
	return fine;
}

static bool write_value(struct writer *writer, struct value value)
{
	switch (kind_of(value)) {
	case KIND_STRING: return write_string(writer, value);
	case KIND_LIST:
	case KIND_MAP:
	case KIND_STRUCT: return write_nested(writer, value);
	case KIND_LOOP:
	case KIND_SCRATCH:
		return fail(writer->error, "a %s cannot be written as YAML", type_info(value.type)->name);
	default: return write_plain(writer, value);
	}
}

bool encode_yaml(struct arena *arena, struct value value, struct value *result, struct error *error)
{
	struct text text = { .arena = arena };
	struct writer writer = { .arena = arena, .out = yaml_writer_new(&text), .error = error };
	bool fine;

	fine = check(&writer, writer.out) && writer.out && write_value(&writer, value) &&
	       check(&writer, yaml_writer_finish(writer.out));
	yaml_writer_free(writer.out);
	if (fine)
		*result = value_trimmed(arena, value_of_text(&text));
	return fine;
}
