/* arena.h - memory of one parse or one render, released at once, and text that grows in it.
 *
 * An allocation never fails: beyond the limit it sets `over`, which the evaluator checks after each
 * step.  Growing text stops at the limit, so no single call exceeds the limit by much.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pacer;
typedef void pace_fn(struct pacer *self);
struct pacer { pace_fn *pause; };

struct arena {
	struct chunk *chunks;
	char *at, *end;			/* the free rest of the first chunk */
	size_t used, limit;
	bool over;			/* the memory, or the time */
	int depth;			/* of the value that is being printed */
	bool too_deep;			/* it was deeper than VALUE_DEPTH; perhaps it holds itself */
	size_t work;			/* since the last pause */
	struct pacer *pacer;		/* borrowed; NULL: nothing ever pauses */
};

#define VALUE_DEPTH 3000		/* jansson has a limit of 2048 */
#define WORK_BETWEEN_PAUSES ((size_t)1 << 16)

void arena_init(struct arena *arena, size_t limit);
void arena_release(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t size);		/* zeroed */
/* An array with room for one element of `size` bytes behind its `count`: the old one, or a copy that is
 * twice as large.  NULL and *room 0: there is none yet. */
void *arena_grow(struct arena *arena, void *array, size_t count, size_t *room, size_t size);
char *arena_copy(struct arena *arena, const char *bytes, size_t size);	/* a NUL is added */
void arena_charge(struct arena *arena, size_t size);		/* counts memory held elsewhere */

void arena_pause(struct arena *arena);

/* Every computation counts its steps here, of a nanosecond or some: at times it is paused, and it may
 * be over afterwards.  Allocations and added text are counted already. */
static inline void arena_work(struct arena *arena, size_t work)
{
	arena->work += work;
	if (arena->work >= WORK_BETWEEN_PAUSES)
		arena_pause(arena);
}

/* Around each recursion into a value.  False, and no leave: it is too deep, or all is over. */
static inline bool arena_enter(struct arena *arena)
{
	arena->too_deep |= arena->depth >= VALUE_DEPTH;
	if (arena->too_deep || arena->over)
		return false;
	arena->depth++;
	return true;
}

static inline void arena_leave(struct arena *arena)
{
	arena->depth--;
}

struct text {
	struct arena *arena;
	char *data;
	size_t used, room;
};

void text_add(struct text *text, const char *bytes, size_t size);
void text_string(struct text *text, const char *string);
void text_char(struct text *text, char c);
void text_natural(struct text *text, uint64_t natural, unsigned base);
void text_repeat(struct text *text, char c, long count);
void text_print(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
