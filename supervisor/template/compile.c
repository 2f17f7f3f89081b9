#include <string.h>

#include "pattern.h"

#define PROGRAM_LIMIT 100000

#define NOWHERE UINT32_MAX

/* A new instruction, which goes on at the one behind it. */
static struct instruction *emit(struct pattern *pattern, enum op op)
{
	struct instruction *instruction;

	pattern->program = arena_grow(&pattern->arena, pattern->program, pattern->count,
				      &pattern->room, sizeof *pattern->program);
	instruction = &pattern->program[pattern->count++];
	*instruction = (struct instruction){ .op = op, .next = (unsigned)pattern->count };
	return instruction;
}

static bool compile(struct pattern *pattern, const struct piece *piece);

static bool compile_list(struct pattern *pattern, const struct piece *list)
{
	for (const struct piece *piece = list->first; piece; piece = piece->next)
		if (!compile(pattern, piece))
			return false;
	return true;
}

/* Sets the target of all jumps in a chain to the end of the program. */
static void patch(struct pattern *pattern, unsigned chain)
{
	while (chain != NOWHERE) {
		struct instruction *jump = &pattern->program[chain];

		chain = jump->next;
		jump->next = (unsigned)pattern->count;
	}
}

static bool compile_choice(struct pattern *pattern, const struct piece *choice)
{
	unsigned jumps = NOWHERE;

	for (const struct piece *piece = choice->first; piece; piece = piece->next) {
		size_t split = pattern->count;

		if (piece->next)
			emit(pattern, OP_SPLIT);
		if (!compile(pattern, piece))
			return false;
		if (!piece->next)
			break;
		emit(pattern, OP_JUMP)->next = jumps;
		jumps = (unsigned)pattern->count - 1;
		pattern->program[split].other = (unsigned)pattern->count;
	}
	patch(pattern, jumps);
	return true;
}

/* A split prefers its `next`: lazily that is the way out. */
static void set_ways(struct instruction *split, bool lazy, unsigned body, unsigned out)
{
	split->next = lazy ? out : body;
	split->other = lazy ? body : out;
}

/* body+: as Go does, also for a body that may be empty. */
static bool compile_loop(struct pattern *pattern, const struct piece *piece)
{
	unsigned body = (unsigned)pattern->count;

	if (!compile(pattern, piece->first))
		return false;
	emit(pattern, OP_SPLIT);
	set_ways(&pattern->program[pattern->count - 1], piece->lazy, body, (unsigned)pattern->count);
	return true;
}

/* The copies that need not be there: (body(body)?)? */
static bool compile_optional(struct pattern *pattern, const struct piece *piece)
{
	size_t count = piece->max < 0 ? 1 : (size_t)(piece->max - piece->min);
	unsigned chain = NOWHERE;

	for (size_t i = 0; i < count; i++) {
		emit(pattern, OP_SPLIT)->other = chain;
		chain = (unsigned)pattern->count - 1;
		if (piece->max < 0 ? !compile_loop(pattern, piece) : !compile(pattern, piece->first))
			return false;
	}
	while (chain != NOWHERE) {
		struct instruction *split = &pattern->program[chain];
		unsigned body = chain + 1;

		chain = split->other;
		set_ways(split, piece->lazy, body, (unsigned)pattern->count);
	}
	return true;
}

static bool compile_repeat(struct pattern *pattern, const struct piece *piece)
{
	for (int i = 0; i + 1 < piece->min || (i < piece->min && piece->max >= 0); i++)
		if (!compile(pattern, piece->first))
			return false;
	if (piece->max < 0 && piece->min)
		return compile_loop(pattern, piece);
	return compile_optional(pattern, piece);
}

static bool compile_capture(struct pattern *pattern, const struct piece *piece)
{
	emit(pattern, OP_SAVE)->slot = 2 * piece->index;
	if (!compile_list(pattern, piece))
		return false;
	emit(pattern, OP_SAVE)->slot = 2 * piece->index + 1;
	return true;
}

/* False: the program is too large. */
static bool compile(struct pattern *pattern, const struct piece *piece)
{
	if (pattern->count > PROGRAM_LIMIT)
		return false;
	switch (piece->kind) {
	case PIECE_EMPTY: return true;
	case PIECE_RUNE:
		emit(pattern, piece->folded ? OP_FOLDED : OP_RUNE)->rune = piece->rune;
		return true;
	case PIECE_CLASS: emit(pattern, OP_CLASS)->class = piece->class; return true;
	case PIECE_ANY: emit(pattern, OP_ANY); return true;
	case PIECE_NOT_NEWLINE: emit(pattern, OP_NOT_NEWLINE); return true;
	case PIECE_ASSERT: emit(pattern, OP_ASSERT)->assertion = piece->assertion; return true;
	case PIECE_CAPTURE: return compile_capture(pattern, piece);
	case PIECE_SEQUENCE: return compile_list(pattern, piece);
	case PIECE_CHOICE: return compile_choice(pattern, piece);
	default: return compile_repeat(pattern, piece);
	}
}

bool pattern_compile(struct pattern *pattern, const struct piece *piece, struct error *error)
{
	if (!compile(pattern, piece) || pattern->arena.over)
		return fail(error, "the expression is too large");
	emit(pattern, OP_MATCH);
	return true;
}
