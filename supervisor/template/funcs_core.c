#include "function.h"
#include "print.h"
#include "utf8.h"

static bool fn_len(struct call *call)
{
	struct value value = call->args[0];

	switch (kind_of(value)) {
	case KIND_STRING:
	case KIND_LIST: return give(call, value_int((int64_t)value.size));
	case KIND_MAP: return give(call, value_int((int64_t)value.map->count));
	default: return fail(call->error, "len of type %s", type_info(value.type)->name);
	}
}

static bool to_index(struct call *call, struct value value, size_t limit, size_t *index)
{
	if (kind_of(value) != KIND_INT && kind_of(value) != KIND_UINT)
		return fail(call->error, "cannot index with type %s", type_info(value.type)->name);
	if (value.integer < 0 || (uint64_t)value.integer >= limit)
		return fail(call->error, "index out of range: %lld", (long long)value.integer);
	*index = (size_t)value.integer;
	return true;
}

static bool index_map(struct call *call, struct value map, struct value key, struct value *item)
{
	const struct type_info *info = type_info(map.type);
	struct value *found;

	if (info->key == TYPE_ANY ? kind_of(key) > KIND_STRING :
	    info->key == TYPE_STRING ? key.type != TYPE_STRING : kind_of(key) != KIND_INT)
		return fail(call->error, "value has type %s; should be %s", type_info(key.type)->name,
			    type_info(info->key)->name);
	found = map_find(map.map, key);
	*item = found ? *found : value_zero(call->arena, info->element);
	return true;
}

static bool index_one(struct call *call, struct value from, struct value key, struct value *item)
{
	size_t i = 0;

	switch (kind_of(from)) {
	case KIND_INVALID:
	case KIND_NIL: return fail(call->error, "index of untyped nil");
	case KIND_MAP: return index_map(call, from, key, item);
	case KIND_STRING:
		if (!to_index(call, key, from.size, &i))
			return false;
		*item = value_int((unsigned char)from.text[i]);
		return true;
	case KIND_LIST:
		if (!to_index(call, key, from.size, &i))
			return false;
		*item = from.items[i];
		return true;
	default: return fail(call->error, "can't index item of type %s", type_info(from.type)->name);
	}
}

static bool fn_index(struct call *call)
{
	struct value item = call->args[0];

	if (item.type == TYPE_INVALID || item.type == TYPE_NIL)
		return fail(call->error, "index of untyped nil");
	for (size_t i = 1; i < call->count; i++)
		if (!index_one(call, item, call->args[i], &item))
			return false;
	return give(call, item);
}

static bool fn_slice(struct call *call)
{
	struct value from = call->args[0];
	size_t bounds[3] = { 0, from.size, 0 };

	if (kind_of(from) != KIND_STRING && kind_of(from) != KIND_LIST)
		return fail(call->error, "can't slice item of type %s", type_info(from.type)->name);
	if (call->count == 4 && kind_of(from) == KIND_STRING)
		return fail(call->error, "cannot 3-index slice a string");
	for (size_t i = 1; i < call->count; i++)
		if (!to_index(call, call->args[i], from.size + 1, &bounds[i - 1]))
			return false;
	if (bounds[0] > bounds[1])
		return fail(call->error, "invalid slice index: %zu > %zu", bounds[0], bounds[1]);
	if (call->count == 4 && bounds[1] > bounds[2])
		return fail(call->error, "invalid slice index: %zu > %zu", bounds[1], bounds[2]);
	if (kind_of(from) == KIND_STRING)
		from.text += bounds[0];
	else if (from.size)
		from.items += bounds[0];
	from.size = bounds[1] - bounds[0];
	return give(call, from);
}

static bool fn_not(struct call *call)
{
	return give(call, value_bool(!value_is_true(call->args[0])));
}

static bool fn_call(struct call *call)
{
	return fail(call->error, "%s is not a function", call->args[0].type == TYPE_INVALID ? "nil" :
		    type_info(call->args[0].type)->name);
}

static bool fn_print(struct call *call)
{
	struct text text = { .arena = call->arena };

	print_operands(&text, call->args, call->count, false);
	return give_text(call, &text);
}

static bool fn_println(struct call *call)
{
	struct text text = { .arena = call->arena };

	print_operands(&text, call->args, call->count, true);
	return give_text(call, &text);
}

static bool fn_printf(struct call *call)
{
	struct text text = { .arena = call->arena };

	print_format(&text, call->args, call->count);
	return give_text(call, &text);
}

/* The operand of html, js and urlquery. */
static struct value joined(struct call *call)
{
	struct text text = { .arena = call->arena };

	struct value *args = arena_alloc(call->arena, call->count * sizeof *args);

	for (size_t i = 0; i < call->count; i++)
		args[i] = call->args[i].type == TYPE_NIL ? value_string("<no value>") : call->args[i];
	print_operands(&text, args, call->count, false);
	return value_of_text(&text);
}

static bool fn_html(struct call *call)
{
	static const struct { char c; const char *name; } names[] = {
		{ '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" }, { '\'', "&#39;" }, { '"', "&#34;" },
		{ '\0', "\uFFFD" },
	};
	struct value value = joined(call);
	struct text text = { .arena = call->arena };

	for (size_t i = 0; i < value.size; i++) {
		const char *name = NULL;

		for (size_t n = 0; n < sizeof names / sizeof *names; n++)
			if (names[n].c == value.text[i])
				name = names[n].name;
		if (name)
			text_string(&text, name);
		else
			text_char(&text, value.text[i]);
	}
	return give_text(call, &text);
}

static bool fn_js(struct call *call)
{
	struct value value = joined(call);
	struct text text = { .arena = call->arena };

	for (size_t i = 0, length; i < value.size; i += length) {
		uint32_t rune;

		length = utf8_read(value.text + i, value.size - i, &rune);
		if (rune == '\\' || rune == '\'' || rune == '"')
			text_print(&text, "\\%c", (char)rune);
		else if (rune < ' ' || rune == '<' || rune == '>' || rune == '&' || rune == '=' ||
			 (rune >= 0x80 && !rune_is_print(rune)))
			text_print(&text, "\\u%04X", (unsigned)rune);
		else
			text_add(&text, value.text + i, length);
	}
	return give_text(call, &text);
}

static bool fn_urlquery(struct call *call)
{
	struct value value = joined(call);
	struct text text = { .arena = call->arena };

	for (size_t i = 0; i < value.size; i++) {
		unsigned char c = (unsigned char)value.text[i];

		if (c < 0x80 && (rune_is_letter(c) || c == '-' || c == '.' || c == '~'))
			text_char(&text, (char)c);
		else if (c == ' ')
			text_char(&text, '+');
		else
			text_print(&text, "%%%02X", c);
	}
	return give_text(call, &text);
}

const struct function *functions_core(void)
{
	static const struct function table[] = {
		{ "and", NULL, 1, MANY, IN_ALL, { TYPE_VALUE } },
		{ "or", NULL, 1, MANY, IN_ALL, { TYPE_VALUE } },
		{ "not", fn_not, 1, 1, IN_ALL, { TYPE_VALUE } },
		{ "len", fn_len, 1, 1, IN_ALL, { TYPE_VALUE } },
		{ "index", fn_index, 1, MANY, IN_ALL, { TYPE_VALUE } },
		{ "slice", fn_slice, 1, 4, IN_ALL, { TYPE_VALUE } },
		{ "call", fn_call, 1, MANY, IN_ALL, { TYPE_VALUE } },
		{ "print", fn_print, 0, MANY, IN_ALL, { TYPE_ANY } },
		{ "println", fn_println, 0, MANY, IN_ALL, { TYPE_ANY } },
		{ "printf", fn_printf, 1, MANY, IN_ALL, { TYPE_STRING, TYPE_ANY } },
		{ "html", fn_html, 0, MANY, IN_ALL, { TYPE_ANY } },
		{ "js", fn_js, 0, MANY, IN_ALL, { TYPE_ANY } },
		{ "urlquery", fn_urlquery, 0, MANY, IN_ALL, { TYPE_ANY } },
		{ 0 },
	};

	return table;
}
