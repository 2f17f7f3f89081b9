#include "matcher.h"

#include <string.h>

#include "utf8.h"

#define SLOTS_LIMIT ((size_t)16 << 20)
#define FOLDED_COST 500		/* of a rune beyond ASCII, for arena_work() */

/* ---- what a match begins with ---- */

static void find_prefix(struct matcher *matcher, struct pattern *pattern)
{
	struct text text = { .arena = &pattern->arena };
	char bytes[4];

	for (size_t i = 0; i < pattern->count; i++) {
		const struct instruction *at = &pattern->program[i];

		if (at->op == OP_SAVE)
			continue;
		if (at->op != OP_RUNE || at->rune == RUNE_BAD)
			break;
		text_add(&text, bytes, utf8_write(bytes, at->rune));
	}
	matcher->prefix = text.data;
	matcher->prefix_size = text.used;
}

static void add_starts(struct matcher *matcher, const struct instruction *at)
{
	bool beyond = at->op != OP_RUNE || at->rune == RUNE_BAD;
	char bytes[4];

	if (!beyond) {
		utf8_write(bytes, at->rune);
		matcher->starts[(unsigned char)bytes[0]] = true;
	}
	for (uint32_t rune = 0; rune < 0x80; rune++)
		matcher->starts[rune] |= at->op == OP_ANY || at->op == OP_NOT_NEWLINE ||
			(at->op == OP_FOLDED && rune_fold(rune) == at->rune) ||
			(at->op == OP_CLASS && class_has(at->class, rune));
	for (int byte = 0x80; byte < 0x100; byte++)
		matcher->starts[byte] |= beyond;
}

static bool insert(struct threads *threads, unsigned i)
{
	unsigned at = threads->sparse[i];

	if (at < threads->count && threads->dense[at] == i)
		return false;
	threads->sparse[i] = (unsigned)threads->count;
	threads->dense[threads->count++] = i;
	return true;
}

/* Walks from the start to the first instructions that take a rune. */
static void find_starts(struct matcher *matcher)
{
	const struct pattern *pattern = matcher->pattern;
	struct threads *seen = &matcher->now;
	size_t depth = 0;

	seen->count = 0;
	matcher->stack[depth++].what = 0;
	while (depth) {
		unsigned i = matcher->stack[--depth].what;
		const struct instruction *at = &pattern->program[i];

		if (!insert(seen, i))
			continue;
		if (at->op == OP_MATCH)
			matcher->anywhere = true;
		else if (at->op < OP_SPLIT)
			add_starts(matcher, at);
		else
			matcher->stack[depth++].what = at->next;
		if (at->op == OP_SPLIT)
			matcher->stack[depth++].what = at->other;
	}
	seen->count = 0;
}

static bool is_anchored(const struct pattern *pattern)
{
	size_t i = 0;

	while (pattern->program[i].op == OP_SAVE)
		i++;
	return pattern->program[i].op == OP_ASSERT && pattern->program[i].assertion == ASSERT_TEXT_START;
}

void matcher_init(struct matcher *matcher, struct pattern *pattern, struct arena *arena)
{
	struct threads *lists[] = { &matcher->now, &matcher->then };

	*matcher = (struct matcher){
		.pattern = pattern, .arena = arena, .anchored = is_anchored(pattern),
		.stack = arena_alloc(&pattern->arena, (3 * pattern->count + 3) * sizeof *matcher->stack),
		.found = arena_alloc(&pattern->arena, 2 * pattern->groups * sizeof *matcher->found),
		.current = arena_alloc(&pattern->arena, 2 * pattern->groups * sizeof *matcher->current),
	};
	for (int i = 0; i < 2; i++) {
		size_t size = pattern->count * sizeof *lists[i]->dense;

		lists[i]->dense = arena_alloc(&pattern->arena, size);
		lists[i]->sparse = arena_alloc(&pattern->arena, size);
	}
	find_starts(matcher);
	find_prefix(matcher, pattern);
}

bool matcher_set_slots(struct matcher *matcher, unsigned count)
{
	struct pattern *pattern = matcher->pattern;
	size_t size = pattern->count * count * sizeof *matcher->now.slots;

	if (size > SLOTS_LIMIT)
		return false;
	if (count > matcher->slot_room) {
		matcher->now.slots = arena_alloc(&pattern->arena, size);
		matcher->then.slots = arena_alloc(&pattern->arena, size);
		matcher->slot_room = count;
	}
	matcher->slot_count = count;
	return true;
}

/* ---- threads ---- */

static bool is_word(const struct matcher *matcher, size_t at)
{
	unsigned char c = at < matcher->size ? (unsigned char)matcher->text[at] : ' ';

	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool holds(const struct matcher *matcher, enum assertion assertion, size_t at)
{
	bool first = at == 0, last = at == matcher->size;

	switch (assertion) {
	case ASSERT_TEXT_START: return first;
	case ASSERT_TEXT_END: return last;
	case ASSERT_LINE_START: return first || matcher->text[at - 1] == '\n';
	case ASSERT_LINE_END: return last || matcher->text[at] == '\n';
	default:
		return ((!first && is_word(matcher, at - 1)) != is_word(matcher, at)) ==
		       (assertion == ASSERT_WORD_EDGE);
	}
}

static size_t *slots_of(const struct matcher *matcher, const struct threads *threads, unsigned i)
{
	return threads->slots + (size_t)i * matcher->slot_count;
}

#define RESTORE 0x80000000u	/* in a step: `what` is a slot, which gets its value back */

/* Adds what `first` leads to without a rune, in the order of preference, with the slots in `current`, which
 * are unchanged afterwards.  The stack has at most three steps for each instruction. */
static void add(struct matcher *matcher, struct threads *threads, unsigned first, size_t at)
{
	const struct instruction *program = matcher->pattern->program;
	size_t *slots = matcher->current, depth = 0;
	struct step *stack = matcher->stack;

	stack[depth++].what = first;
	while (depth) {
		unsigned i = stack[--depth].what;

		if (i & RESTORE) {
			slots[i & ~RESTORE] = stack[depth].value;
			continue;
		}
		if (!insert(threads, i))
			continue;
		if (program[i].op == OP_SAVE && program[i].slot < matcher->slot_count) {
			stack[depth++] = (struct step){ RESTORE | program[i].slot, slots[program[i].slot] };
			slots[program[i].slot] = at;
		}
		if (program[i].op == OP_SPLIT)
			stack[depth++].what = program[i].other;
		if (program[i].op == OP_SPLIT || program[i].op == OP_JUMP || program[i].op == OP_SAVE ||
		    (program[i].op == OP_ASSERT && holds(matcher, program[i].assertion, at)))
			stack[depth++].what = program[i].next;
		else if (matcher->slot_count)
			memcpy(slots_of(matcher, threads, i), slots, matcher->slot_count * sizeof *slots);
	}
}

static bool takes(const struct instruction *at, uint32_t rune)
{
	switch (at->op) {
	case OP_RUNE: return rune == at->rune;
	case OP_FOLDED: return rune_fold(rune) == at->rune;
	case OP_CLASS: return class_has(at->class, rune);
	case OP_ANY: return true;
	case OP_NOT_NEWLINE: return rune != '\n';
	default: return false;
	}
}

/* All threads over the rune between `at` and `after`.  True: one of them has matched at `at`; those that
 * are less preferred are gone. */
static bool step(struct matcher *matcher, uint32_t rune, size_t at, size_t after)
{
	const struct threads *now = &matcher->now;
	size_t size = matcher->slot_count * sizeof *matcher->found;

	matcher->then.count = 0;
	for (size_t t = 0; t < now->count; t++) {
		unsigned i = now->dense[t];
		const struct instruction *instruction = &matcher->pattern->program[i];

		if (instruction->op == OP_MATCH) {
			if (size) {
				memcpy(matcher->found, slots_of(matcher, now, i), size);
				matcher->found[1] = at;
			}
			return true;
		}
		if (rune >= 0x80 && (instruction->op == OP_CLASS || instruction->op == OP_FOLDED))
			arena_work(matcher->arena, instruction->op == OP_CLASS ?
				   instruction->class->cost : FOLDED_COST);
		if (at == after || !takes(instruction, rune))
			continue;
		if (size)
			memcpy(matcher->current, slots_of(matcher, now, i), size);
		add(matcher, &matcher->then, instruction->next, after);
	}
	return false;
}

/* ---- the search ---- */

/* Where the next match may begin; the end: nowhere, unless `anywhere`. */
static size_t skip(const struct matcher *matcher, size_t at)
{
	const char *found;

	if (matcher->anywhere)
		return at;
	if (matcher->prefix_size) {
		found = at < matcher->size ? memmem(matcher->text + at, matcher->size - at,
						    matcher->prefix, matcher->prefix_size) : NULL;
		return found ? (size_t)(found - matcher->text) : matcher->size;
	}
	while (at < matcher->size && !matcher->starts[(unsigned char)matcher->text[at]])
		at++;
	return at;
}

static void begin(struct matcher *matcher, size_t at)
{
	for (unsigned i = 0; i < matcher->slot_count; i++)
		matcher->current[i] = UNSET;
	if (matcher->slot_count)
		matcher->current[0] = at;
	add(matcher, &matcher->now, 0, at);
}

bool matcher_find(struct matcher *matcher, size_t from)
{
	bool matched = false;

	matcher->now.count = 0;
	for (size_t at = from, after;; at = after) {
		uint32_t rune = 0;
		struct threads now;

		if (!matcher->now.count) {
			size_t start = at;

			if (matched || (matcher->anchored && at))
				break;
			at = skip(matcher, at);
			arena_work(matcher->arena, (at - start) / 8);
			if (at == matcher->size && !matcher->anywhere)
				break;
		}
		if (!matched && !(matcher->anchored && at))
			begin(matcher, at);
		after = at;
		if (at < matcher->size)
			after += utf8_read(matcher->text + at, matcher->size - at, &rune);
		arena_work(matcher->arena, 8 * (matcher->now.count + 1));
		if (step(matcher, rune, at, after)) {
			matched = true;
			if (!matcher->slot_count)
				break;
		}
		if (after == at || matcher->arena->over)
			break;
		now = matcher->now;
		matcher->now = matcher->then;
		matcher->then = now;
	}
	return matched && !matcher->arena->over;
}
