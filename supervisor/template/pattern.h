/* pattern.h - a regular expression in Go's syntax (RE2's), as a program for the matcher (regex.c).
 *
 * A program is a nondeterministic automaton: threads start at instruction 0 and walk it in parallel,
 * one rune at a time.  Of two threads the one that comes first is preferred, as Perl would choose.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include "arena.h"
#include "base/error.h"
#include "value.h"

enum op {
	OP_RUNE,	/* this rune */
	OP_FOLDED,	/* a rune that folds to this one */
	OP_CLASS,
	OP_ANY,
	OP_NOT_NEWLINE,
	OP_SPLIT,	/* goes on at `next` and, less preferred, at `other` */
	OP_JUMP,
	OP_SAVE,	/* notes the position in `slot` */
	OP_ASSERT,
	OP_MATCH,
};

enum assertion {
	ASSERT_TEXT_START, ASSERT_TEXT_END, ASSERT_LINE_START, ASSERT_LINE_END, ASSERT_WORD_EDGE,
	ASSERT_NO_WORD_EDGE,
};

enum item_kind { ITEM_RANGE, ITEM_CATEGORY, ITEM_SCRIPT, ITEM_GROUP };

struct item {			/* of a class */
	enum item_kind kind;
	bool negated;
	struct item *next;
	union {
		struct { uint32_t low, high; };		/* RANGE */
		uint32_t categories;
		unsigned script;
		const struct group *group;		/* of ASCII: \d, [:alpha:] */
	};
};

struct class {
	uint32_t ascii[4];	/* a bit for each rune below 0x80 */
	bool negated, folded;
	unsigned cost;		/* of a rune beyond ASCII, for arena_work() */
	struct item *items;
};

struct instruction {
	enum op op;
	unsigned next;
	union {
		uint32_t rune;
		const struct class *class;
		unsigned other, slot;
		enum assertion assertion;
	};
};

struct pattern {
	struct arena arena;
	struct instruction *program;
	size_t count, room;
	unsigned groups;		/* with captures, the whole match included */
	struct value *names;		/* of the groups; empty: none */
};

bool pattern_parse(struct pattern *pattern, struct value text, struct error *error);
void pattern_release(struct pattern *pattern);

uint32_t rune_fold(uint32_t rune);	/* the same for all runes that differ in case only */
bool class_has(const struct class *class, uint32_t rune);

/* ---- between pattern.c (syntax), class.c and compile.c ---- */

enum piece_kind {
	PIECE_EMPTY, PIECE_RUNE, PIECE_CLASS, PIECE_ANY, PIECE_NOT_NEWLINE, PIECE_ASSERT, PIECE_CAPTURE,
	PIECE_SEQUENCE, PIECE_CHOICE, PIECE_REPEAT,
};

enum { FLAG_FOLD = 1, FLAG_LINES = 2, FLAG_DOT_ALL = 4, FLAG_LAZY = 8 };

struct piece {
	enum piece_kind kind;
	bool folded, lazy;
	struct piece *next;		/* in its list */
	struct piece *first, *last;	/* SEQUENCE CHOICE; CAPTURE and REPEAT have one */
	int min, max;			/* REPEAT: max -1: unlimited */
	unsigned factor;		/* how often counted repetition multiplies it */
	union {
		uint32_t rune;
		struct class *class;
		enum assertion assertion;
		unsigned index;		/* CAPTURE */
	};
};

struct syntax {
	struct pattern *pattern;
	const char *text;
	size_t size, at;
	unsigned flags;
	int depth;
	bool repeated;			/* the last token was a repetition */
	size_t names_room;
	struct error *error;
};

char pattern_peek(const struct syntax *syntax, size_t ahead);	/* '\0': the end */
bool pattern_escape(struct syntax *syntax, uint32_t *rune);	/* at a backslash */
bool pattern_rune(struct syntax *syntax, uint32_t *rune);

struct class *class_new(struct syntax *syntax);
void class_finish(struct class *class);
bool class_parse(struct syntax *syntax, struct class *class);	/* at a [ */
/* \d, \pL and the like; *found: whether there is one. */
bool class_escape(struct syntax *syntax, struct class *class, bool *found);

bool pattern_compile(struct pattern *pattern, const struct piece *piece, struct error *error);

#endif
