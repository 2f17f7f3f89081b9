#include "regex.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "matcher.h"
#include "utf8.h"

#define KEPT 32			/* patterns */
#define PATTERN_LIMIT ((size_t)64 << 10)

struct compiled {
	char *text;
	size_t size;
	struct pattern pattern;
	struct matcher matcher;
};

struct regexes {
	struct compiled kept[KEPT];
	size_t next;
	struct arena *arena;		/* of the render */
};

struct regexes *regexes_new(struct arena *arena)
{
	struct regexes *regexes = NEW(struct regexes);

	regexes->arena = arena;
	return regexes;
}

static void forget(struct compiled *compiled)
{
	free(steal(&compiled->text));
	pattern_release(&compiled->pattern);
}

void regexes_free(struct regexes *regexes)
{
	for (size_t i = 0; i < KEPT; i++)
		forget(&regexes->kept[i]);
	free(regexes);
}

/* For the text `subject`; NULL: failed. */
static struct matcher *get_matcher(struct regexes *regexes, struct value text, struct value subject,
				   struct error *error)
{
	struct compiled *compiled = NULL;

	for (size_t i = 0; i < KEPT && !compiled; i++)
		if (regexes->kept[i].text && regexes->kept[i].size == text.size &&
		    !memcmp(regexes->kept[i].text, text.text, text.size))
			compiled = &regexes->kept[i];
	if (!compiled) {
		compiled = &regexes->kept[regexes->next++ % KEPT];
		forget(compiled);
		if (text.size > PATTERN_LIMIT ? !fail(error, "the expression is too long") :
						!pattern_parse(&compiled->pattern, text, error)) {
			fail_in(error, "regular expression");
			return NULL;
		}
		matcher_init(&compiled->matcher, &compiled->pattern, regexes->arena);
		compiled->text = copy_bytes(text.text, text.size);
		compiled->size = text.size;
		arena_work(regexes->arena, 16 * compiled->pattern.count);
	}
	compiled->matcher.text = subject.text;
	compiled->matcher.size = subject.size;
	return &compiled->matcher;
}

bool regex_match(struct regexes *regexes, struct value pattern, struct value subject, bool *matches,
		 struct error *error)
{
	struct matcher *matcher = get_matcher(regexes, pattern, subject, error);

	if (!matcher)
		return false;
	matcher_set_slots(matcher, 0);
	*matches = matcher_find(matcher, 0);
	return true;
}

/* ---- what stands in for a match ---- */

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* The name behind a $; how long it is with its braces, 0: none. */
static size_t read_name(const char *text, size_t size, struct value *name)
{
	bool braces = size && text[0] == '{';
	size_t at = braces;

	while (at < size && is_word(text[at]))
		at++;
	*name = value_text(text + braces, at - braces);
	if (!name->size || (braces && (at >= size || text[at] != '}')))
		return 0;
	return at + braces;
}

/* Of no group: as many as there are. */
static unsigned group_number(const struct pattern *pattern, struct value name)
{
	unsigned number = 0;
	size_t i = 0;

	for (; i < name.size && name.text[i] >= '0' && name.text[i] <= '9'; i++)
		if (number <= pattern->groups)
			number = number * 10 + (unsigned)(name.text[i] - '0');
	if (i == name.size)
		return number < pattern->groups ? number : pattern->groups;
	for (number = 1; number < pattern->groups; number++)
		if (!value_compare_text(pattern->names[number], name))
			break;
	return number;
}

/* The text before the next $, then what that stands for: a group, or `part` alone. */
struct replacement { struct value part; unsigned group; };

static struct replacement *read_replacement(struct arena *arena, const struct pattern *pattern,
					    struct value with, size_t *count)
{
	size_t room = 1, start = 0;
	struct replacement *list;

	for (size_t i = 0; i < with.size; i++)
		room += with.text[i] == '$';
	list = arena_alloc(arena, room * sizeof *list);
	*count = 0;
	for (size_t i = 0, length; i < with.size; i += length) {
		struct value name;
		unsigned group = pattern->groups;

		length = 1;
		if (with.text[i] != '$')
			continue;
		if (i + 1 < with.size && with.text[i + 1] == '$') {
			list[(*count)++] = (struct replacement){
				value_text(with.text + start, i + 1 - start), group };
			length = 2;
		} else {
			size_t named = read_name(with.text + i + 1, with.size - i - 1, &name);

			if (!named)
				continue;
			list[(*count)++] = (struct replacement){
				value_text(with.text + start, i - start), group_number(pattern, name) };
			length = 1 + named;
		}
		start = i + length;
	}
	list[(*count)++] = (struct replacement){
		value_text(with.text + start, with.size - start), pattern->groups };
	return list;
}

static unsigned slots_needed(const struct pattern *pattern, const struct replacement *list, size_t count)
{
	unsigned slots = 2;

	for (size_t i = 0; i < count; i++)
		if (list[i].group < pattern->groups && 2 * list[i].group + 2 > slots)
			slots = 2 * list[i].group + 2;
	return slots;
}

static void expand(const struct matcher *matcher, const struct replacement *list, size_t count,
		   struct text *out)
{
	arena_work(out->arena, count);
	for (size_t i = 0; i < count; i++) {
		const size_t *slots = matcher->found + (size_t)2 * list[i].group;

		text_add(out, list[i].part.text, list[i].part.size);
		if (list[i].group < matcher->pattern->groups && slots[1] != UNSET)
			text_add(out, matcher->text + slots[0], slots[1] - slots[0]);
	}
}

bool regex_replace(struct regexes *regexes, const struct value args[3], struct text *out,
		   struct error *error)
{
	struct value subject = args[2];
	struct matcher *matcher = get_matcher(regexes, args[0], subject, error);
	struct replacement *list;
	size_t from = 0, copied = 0, count;
	uint32_t rune;

	if (!matcher)
		return false;
	list = read_replacement(out->arena, matcher->pattern, args[1], &count);
	if (!matcher_set_slots(matcher, slots_needed(matcher->pattern, list, count)))
		return fail(error, "regular expression: too many groups");
	while (from <= subject.size && matcher_find(matcher, from)) {
		size_t start = matcher->found[0], end = matcher->found[1], width = 1;

		text_add(out, subject.text + copied, start - copied);
		/* An empty match that touches the last one does not count. */
		if (end > copied || !start)
			expand(matcher, list, count, out);
		copied = end;
		if (from < subject.size)
			width = utf8_read(subject.text + from, subject.size - from, &rune);
		from = from + width > end ? from + width : end;
	}
	text_add(out, subject.text + copied, subject.size - copied);
	return true;
}
