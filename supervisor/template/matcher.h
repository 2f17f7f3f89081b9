/* matcher.h - looks for a pattern in a text: Thompson's simulation of the automaton, with captures (Pike's).
 *
 * Each rune of the text is looked at once, by all threads.  Where none is alive, bytes that cannot begin
 * a match are skipped.
 */
#ifndef MATCHER_H
#define MATCHER_H

#include "pattern.h"

#define UNSET ((size_t)-1)

struct threads {
	unsigned *dense, *sparse;	/* a set of instructions, in the order of preference */
	size_t count;
	size_t *slots;			/* slot_count of each instruction */
};

struct matcher {
	struct pattern *pattern;
	struct arena *arena;		/* of the render: steps are counted there */
	struct threads now, then;
	struct step { unsigned what; size_t value; } *stack;
	unsigned slot_count, slot_room;
	size_t *current, *found;	/* the slots of a thread; of the match */
	const char *prefix;		/* with which each match begins */
	size_t prefix_size;
	bool starts[256];		/* the bytes that a match may begin with, unless `anywhere` */
	bool anywhere, anchored;
	const char *text;
	size_t size;
};

/* Memory is the pattern's arena. */
void matcher_init(struct matcher *matcher, struct pattern *pattern, struct arena *arena);

/* How many slots the next searches need: two a group; 0: only whether there is a match.  False: too many. */
bool matcher_set_slots(struct matcher *matcher, unsigned count);

/* The first match at `from` or behind; false: none, or the arena is over. */
bool matcher_find(struct matcher *matcher, size_t from);

#endif
