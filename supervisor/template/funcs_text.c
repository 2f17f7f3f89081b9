#include "function.h"
#include "regex.h"
#include "utf8.h"

enum { ME = TEMPLATE_CONSUL, BOTH = TEMPLATE_CONSUL | TEMPLATE_CONFIG };

static bool convert(struct call *call, uint32_t (*change)(uint32_t))
{
	struct value value = call->args[0];
	struct text text = { .arena = call->arena };

	for (size_t i = 0; i < value.size;) {
		uint32_t rune;
		char bytes[4];

		i += utf8_read(value.text + i, value.size - i, &rune);
		text_add(&text, bytes, utf8_write(bytes, change(rune)));
	}
	return give_text(call, &text);
}

static bool fn_lower(struct call *call)
{
	return convert(call, rune_lower);
}

static bool fn_upper(struct call *call)
{
	return convert(call, rune_upper);
}

/* A set of runes: a bit for each up to the greatest. */
struct runes { uint32_t *bits; uint32_t count; };

static struct runes read_runes(struct arena *arena, struct value text)
{
	struct runes runes = { 0 };
	uint32_t rune;

	for (size_t i = 0; i < text.size; arena_work(arena, 4)) {
		i += utf8_read(text.text + i, text.size - i, &rune);
		if (rune >= runes.count)
			runes.count = rune + 1;
	}
	runes.bits = arena_alloc(arena, (runes.count / 32 + 1) * sizeof *runes.bits);
	for (size_t i = 0; i < text.size; arena_work(arena, 4)) {
		i += utf8_read(text.text + i, text.size - i, &rune);
		runes.bits[rune / 32] |= (uint32_t)1 << rune % 32;
	}
	return runes;
}

static bool in_set(const struct runes *set, uint32_t rune)
{
	return rune < set->count && set->bits[rune / 32] >> rune % 32 & 1;
}

/* `set` NULL: white space. */
static struct value trimmed(struct arena *arena, struct value value, const struct runes *set)
{
	uint32_t rune;

	for (; value.size; arena_work(arena, 4)) {
		size_t length = utf8_read(value.text, value.size, &rune);

		if (!(set ? in_set(set, rune) : rune_is_space(rune)))
			break;
		value.text += length;
		value.size -= length;
	}
	for (; value.size; arena_work(arena, 4)) {
		size_t start = value.size - 1;

		while (start && value.size - start < 4 && ((unsigned char)value.text[start] & 0xC0) == 0x80)
			start--;
		utf8_read(value.text + start, value.size - start, &rune);
		if (!(set ? in_set(set, rune) : rune_is_space(rune)))
			break;
		value.size = start;
	}
	return value;
}

struct value value_trimmed(struct arena *arena, struct value value)
{
	return trimmed(arena, value, NULL);
}

static bool fn_trim(struct call *call)
{
	struct runes set = read_runes(call->arena, call->args[0]);

	return give(call, trimmed(call->arena, call->args[1], &set));
}

static bool fn_trim_space(struct call *call)
{
	return give(call, value_trimmed(call->arena, call->args[0]));
}

static bool fn_trim_prefix(struct call *call)
{
	struct value prefix = call->args[0], value = call->args[1];

	if (value.size >= prefix.size && !memcmp(value.text, prefix.text, prefix.size)) {
		value.text += prefix.size;
		value.size -= prefix.size;
	}
	return give(call, value);
}

static bool fn_trim_suffix(struct call *call)
{
	struct value suffix = call->args[0], value = call->args[1];

	if (value.size >= suffix.size &&
	    !memcmp(value.text + value.size - suffix.size, suffix.text, suffix.size))
		value.size -= suffix.size;
	return give(call, value);
}

static size_t first_rune(struct value value)
{
	uint32_t rune;

	return utf8_read(value.text, value.size, &rune);
}

/* Takes the part before `separator` off *rest; false: nothing is left. */
static bool next_part(struct value *rest, struct value separator, struct value *part)
{
	const char *found;
	size_t skip;

	if (!rest->text || (!separator.size && !rest->size))
		return false;
	*part = *rest;
	found = separator.size ? memmem(rest->text, rest->size, separator.text, separator.size) :
		rest->text + first_rune(*rest);
	if (!found) {
		rest->text = NULL;
		return true;
	}
	part->size = (size_t)(found - rest->text);
	skip = part->size + separator.size;
	rest->text += skip;
	rest->size -= skip;
	return true;
}

static bool fn_split(struct call *call)
{
	struct list_maker list = { .arena = call->arena };
	struct value rest = value_trimmed(call->arena, call->args[1]), part;

	if (rest.size)
		while (!call->arena->over && next_part(&rest, call->args[0], &part))
			list_add(&list, part);
	return give(call, value_list(TYPE_STRINGS, list.items, list.count));
}

static bool fn_split_to_map(struct call *call)
{
	struct value map = value_map(call->arena, TYPE_MAP_STRING), part, key;
	struct value rest = value_trimmed(call->arena, call->args[2]);

	if (rest.size)
		while (!call->arena->over && next_part(&rest, call->args[0], &part))
			if (next_part(&part, call->args[1], &key) && part.text &&
			    (part.size || call->args[1].size))
				*map_put(map.map, key) = part;
	return give(call, map);
}

static bool fn_join(struct call *call)
{
	struct value separator = call->args[0], list = call->args[1];
	struct text text = { .arena = call->arena };

	for (size_t i = 0; i < list.size; i++) {
		if (i)
			text_add(&text, separator.text, separator.size);
		text_add(&text, list.items[i].text, list.items[i].size);
		call->result.secret |= list.items[i].secret;
	}
	bool secret = call->result.secret;
	give_text(call, &text);
	call->result.secret = secret;
	return true;
}

static bool fn_replace_all(struct call *call)
{
	struct value from = call->args[0], to = call->args[1], rest = call->args[2], part;
	struct text text = { .arena = call->arena };

	if (!from.size)
		text_add(&text, to.text, to.size);
	while (!call->arena->over && next_part(&rest, from, &part)) {
		text_add(&text, part.text, part.size);
		if (rest.text)
			text_add(&text, to.text, to.size);
	}
	return give_text(call, &text);
}

static bool fn_regex_replace_all(struct call *call)
{
	struct text text = { .arena = call->arena };

	return regex_replace(run_regexes(call->run), call->args, &text, call->error) &&
	       give_text(call, &text);
}

static bool fn_regex_match(struct call *call)
{
	bool matches;

	return regex_match(run_regexes(call->run), call->args[0], call->args[1], &matches,
			   call->error) &&
	       give(call, value_bool(matches));
}

static bool fn_indent(struct call *call)
{
	struct value count = call->args[0], value = call->args[1];
	struct text text = { .arena = call->arena };
	bool fresh = true;

	if (count.integer < 0)
		return fail(call->error, "indent value must be a positive integer");
	for (size_t i = 0; i < value.size && !call->arena->over; i++) {
		if (fresh && value.text[i] != '\n')
			text_repeat(&text, ' ', count.integer > INT32_MAX ? INT32_MAX : (long)count.integer);
		text_char(&text, value.text[i]);
		fresh = value.text[i] == '\n';
	}
	return give_text(call, &text);
}

const struct function *functions_text(void)
{
	static const struct function table[] = {
		{ "toLower", fn_lower, 1, 1, ME, { TYPE_STRING } },
		{ "toUpper", fn_upper, 1, 1, ME, { TYPE_STRING } },
		{ "toTitle", fn_title, 1, 1, ME, { TYPE_STRING } },
		{ "trim", fn_trim, 2, 2, ME, { TYPE_STRING } },
		{ "trimSpace", fn_trim_space, 1, 1, ME, { TYPE_STRING } },
		{ "trimPrefix", fn_trim_prefix, 2, 2, ME, { TYPE_STRING } },
		{ "trimSuffix", fn_trim_suffix, 2, 2, ME, { TYPE_STRING } },
		{ "split", fn_split, 2, 2, BOTH, { TYPE_STRING } },
		{ "splitToMap", fn_split_to_map, 3, 3, ME, { TYPE_STRING } },
		{ "join", fn_join, 2, 2, BOTH, { TYPE_STRING, TYPE_STRINGS } },
		{ "replaceAll", fn_replace_all, 3, 3, BOTH, { TYPE_STRING } },
		{ "regexReplaceAll", fn_regex_replace_all, 3, 3, BOTH, { TYPE_STRING } },
		{ "regexMatch", fn_regex_match, 2, 2, ME, { TYPE_STRING } },
		{ "indent", fn_indent, 2, 2, ME, { TYPE_INT, TYPE_STRING } },
		{ 0 },
	};

	return table;
}
