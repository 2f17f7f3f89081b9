#include <string.h>

#include "pattern.h"
#include "unicode.h"
#include "utf8.h"

/* Pairs of first and last characters. */
struct group { const char *name, *pairs; size_t size; };

#define GROUP(name, pairs) { name, pairs, sizeof pairs - 1 }
#define WORD "09AZ__az"

static const struct group letters[] = {
	GROUP("d", "09"), GROUP("s", "\t\n\f\r  "), GROUP("w", WORD),
};

static const struct group posix[] = {
	GROUP("alnum", "09AZaz"), GROUP("alpha", "AZaz"), GROUP("ascii", "\0\x7f"),
	GROUP("blank", "\t\t  "), GROUP("cntrl", "\0\x1f\x7f\x7f"), GROUP("digit", "09"),
	GROUP("graph", "!~"), GROUP("lower", "az"), GROUP("print", " ~"), GROUP("punct", "!/:@[`{~"),
	GROUP("space", "\t\r  "), GROUP("upper", "AZ"), GROUP("word", WORD), GROUP("xdigit", "09AFaf"),
};

/* ---- what a class contains ---- */

/* The Turkish i without and the I with a dot fold to themselves. */
uint32_t rune_fold(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= 'A' && rune <= 'Z' ? rune + 'a' - 'A' : rune;
	return rune == 0x130 || rune == 0x131 ? rune : rune_lower(rune_upper(rune));
}

static bool group_has(const struct group *group, uint32_t rune)
{
	for (size_t i = 0; i < group->size; i += 2)
		if (rune >= (unsigned char)group->pairs[i] && rune <= (unsigned char)group->pairs[i + 1])
			return true;
	return false;
}

static bool item_has(const struct item *item, uint32_t rune)
{
	switch (item->kind) {
	case ITEM_RANGE: return rune >= item->low && rune <= item->high;
	case ITEM_CATEGORY: return rune_category(rune) & item->categories;
	case ITEM_SCRIPT: return rune_script(rune) == item->script;
	default: return group_has(item->group, rune);
	}
}

/* All runes that are neither the lower, the upper nor the title form of the rune that they fold to. */
static const uint32_t odd[] = {
	0xB5, 0x17F, 0x345, 0x3C2, 0x3D0, 0x3D1, 0x3D5, 0x3D6, 0x3F0, 0x3F1, 0x3F4, 0x3F5, 0x1C80, 0x1C81,
	0x1C82, 0x1C83, 0x1C84, 0x1C85, 0x1C86, 0x1C87, 0x1C88, 0x1E9B, 0x1E9E, 0x1FBE, 0x2126, 0x212A,
	0x212B,
};

enum { ODD = sizeof odd / sizeof *odd };

static uint32_t odd_fold(size_t i)
{
	static uint32_t folds[ODD];

	if (!folds[i])
		folds[i] = rune_fold(odd[i]);
	return folds[i];
}

/* The runes that differ from `rune` in case only; returns their number. */
static size_t list_forms(uint32_t rune, uint32_t forms[4 + ODD])
{
	uint32_t folded = rune_fold(rune);
	size_t count = 0;

	forms[count++] = rune;
	if (folded == 0x130 || folded == 0x131)
		return count;
	forms[count++] = folded;
	forms[count++] = rune_upper(folded);
	forms[count++] = rune_title(folded);
	for (size_t i = 0; i < ODD; i++)
		if (odd_fold(i) == folded)
			forms[count++] = odd[i];
	return count;
}

static bool has(const struct class *class, uint32_t rune)
{
	uint32_t forms[4 + ODD] = { rune };
	size_t count = class->folded ? list_forms(rune, forms) : 1;

	for (const struct item *item = class->items; item; item = item->next) {
		bool found = false;

		for (size_t i = 0; i < count && !found; i++)
			found = item_has(item, forms[i]);
		if (found != item->negated)
			return !class->negated;
	}
	return class->negated;
}

bool class_has(const struct class *class, uint32_t rune)
{
	return rune < 0x80 ? class->ascii[rune / 32] >> rune % 32 & 1 : has(class, rune);
}

void class_finish(struct class *class)
{
	class->cost = class->folded ? 1000 : 20;
	for (const struct item *item = class->items; item; item = item->next)
		class->cost += class->folded ? 100 : 20;
	for (uint32_t rune = 0; rune < 0x80; rune++)
		class->ascii[rune / 32] |= (uint32_t)has(class, rune) << rune % 32;
}

/* ---- how it is written ---- */

struct class *class_new(struct syntax *syntax)
{
	struct class *class = arena_alloc(&syntax->pattern->arena, sizeof *class);

	class->folded = syntax->flags & FLAG_FOLD;
	return class;
}

static struct item *add_item(struct syntax *syntax, struct class *class, enum item_kind kind,
			     bool negated)
{
	struct item *item = arena_alloc(&syntax->pattern->arena, sizeof *item);

	item->kind = kind;
	item->negated = negated;
	item->next = class->items;
	class->items = item;
	return item;
}

/* \pL, \p{Greek}, \P{^Lu} */
static bool parse_property(struct syntax *syntax, struct class *class)
{
	bool negated = pattern_peek(syntax, 1) == 'P', braces = pattern_peek(syntax, 2) == '{';
	const char *name = syntax->text + syntax->at + (braces ? 3 : 2);
	const char *end = syntax->text + syntax->size, *close;
	size_t size = name < end;
	uint32_t categories;

	if (braces) {
		close = memchr(name, '}', (size_t)(end - name));
		if (!close)
			return fail(syntax->error, "invalid character class range");
		size = (size_t)(close - name);
		syntax->at++;
	}
	syntax->at += size + (braces ? 3 : 2);
	if (size && *name == '^') {
		negated = !negated;
		name++;
		size--;
	}
	categories = category_find(name, size);
	if (categories) {
		add_item(syntax, class, ITEM_CATEGORY, negated)->categories = categories;
		return true;
	}
	if (size == 3 && !memcmp(name, "Any", 3)) {
		add_item(syntax, class, ITEM_RANGE, negated)->high = 0x10FFFF;
		return true;
	}
	add_item(syntax, class, ITEM_SCRIPT, negated)->script = script_find(name, size);
	return class->items->script || fail(syntax->error, "invalid character class range");
}

bool class_escape(struct syntax *syntax, struct class *class, bool *found)
{
	char c = pattern_peek(syntax, 1);

	*found = true;
	if (c == 'p' || c == 'P')
		return parse_property(syntax, class);
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (c && (c | 32) == letters[i].name[0]) {
			add_item(syntax, class, ITEM_GROUP, c < 'a')->group = &letters[i];
			syntax->at += 2;
			return true;
		}
	*found = false;
	return true;
}

/* [:name:] */
static bool parse_named(struct syntax *syntax, struct class *class, bool *found)
{
	const char *name = syntax->text + syntax->at + 2, *end;
	bool negated;
	size_t size;

	*found = false;
	if (pattern_peek(syntax, 0) != '[' || pattern_peek(syntax, 1) != ':')
		return true;
	end = memmem(name, syntax->size - syntax->at - 2, ":]", 2);
	if (!end)
		return true;
	*found = true;
	negated = *name == '^';
	size = (size_t)(end - name) - negated;
	syntax->at += size + negated + 4;
	for (size_t i = 0; i < sizeof posix / sizeof *posix; i++)
		if (strlen(posix[i].name) == size && !memcmp(posix[i].name, name + negated, size)) {
			add_item(syntax, class, ITEM_GROUP, negated)->group = &posix[i];
			return true;
		}
	return fail(syntax->error, "invalid character class range");
}

static bool parse_member(struct syntax *syntax, uint32_t *rune)
{
	if (syntax->at >= syntax->size)
		return fail(syntax->error, "missing closing ]");
	return pattern_peek(syntax, 0) == '\\' ? pattern_escape(syntax, rune) :
						 pattern_rune(syntax, rune);
}

static bool parse_range(struct syntax *syntax, struct class *class)
{
	uint32_t low = 0, high = 0;
	struct item *item;

	if (!parse_member(syntax, &low))
		return false;
	high = low;
	if (pattern_peek(syntax, 0) == '-' && syntax->at + 1 < syntax->size &&
	    pattern_peek(syntax, 1) != ']') {
		syntax->at++;
		if (!parse_member(syntax, &high))
			return false;
	}
	if (high < low)
		return fail(syntax->error, "invalid character class range");
	item = add_item(syntax, class, ITEM_RANGE, false);
	item->low = low;
	item->high = high;
	return true;
}

bool class_parse(struct syntax *syntax, struct class *class)
{
	bool found;

	syntax->at++;
	if (pattern_peek(syntax, 0) == '^') {
		class->negated = true;
		syntax->at++;
	}
	for (bool first = true; first || pattern_peek(syntax, 0) != ']'; first = false) {
		if (!parse_named(syntax, class, &found))
			return false;
		if (!found && pattern_peek(syntax, 0) == '\\' &&
		    !class_escape(syntax, class, &found))
			return false;
		if (!found && !parse_range(syntax, class))
			return false;
	}
	syntax->at++;
	return true;
}
