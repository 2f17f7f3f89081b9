/* tree.h - a parsed template.  The nodes of a list are linked by `next`. */
#ifndef TREE_H
#define TREE_H

#include "arena.h"
#include "function.h"
#include "source.h"
#include "template.h"
#include "value.h"

enum node_kind {
	NODE_TEXT, NODE_ACTION, NODE_IF, NODE_WITH, NODE_RANGE, NODE_TEMPLATE, NODE_BREAK,
	NODE_CONTINUE,
	NODE_PIPE, NODE_COMMAND,
	NODE_DOT, NODE_NIL, NODE_BOOL, NODE_NUMBER, NODE_STRING, NODE_VARIABLE, NODE_FUNCTION,
	NODE_FIELD,		/* base.name */
};

#define SLOT_UNKNOWN (-1)

struct node {
	enum node_kind kind;
	unsigned at;
	struct node *next;
	union {
		struct value value;		/* TEXT BOOL NUMBER STRING; see also is_integer */
		struct {			/* ACTION IF WITH RANGE */
			struct node *pipe, *body, *otherwise;
		};
		struct {			/* TEMPLATE: pipe may be NULL */
			struct node *argument;
			struct value name;
		};
		struct {			/* PIPE */
			struct node *commands;
			int slots[2], slot_count;
			bool assigns;
		};
		struct {			/* COMMAND */
			struct node *args;
			size_t count;
		};
		int slot;			/* VARIABLE */
		const struct function *function;
		struct {			/* FIELD */
			struct node *base;
			const char *field;
			size_t field_size;
		};
	};
	int64_t integer;	/* NUMBER: its value as an integer, if is_integer */
	bool is_integer;
};

#define BUCKETS 256

struct tree {
	struct tree *next;	/* in its bucket */
	struct value name;
	struct node *body;
	int slot_count;		/* variables; the first is $ */
};

struct template {
	struct arena arena;
	struct source source;
	enum template_profile profile;
	enum missing_key missing_key;
	struct tree *trees;	/* the text outside all definitions */
	struct tree *buckets[BUCKETS];	/* of all, by name */
};

const struct tree *tree_find(const struct template *template, struct value name);

/* Go's literals.  unquote: false if the text is not a valid literal. */
bool literal_unquote(struct arena *arena, const char *text, size_t size, struct value *value);
bool literal_character(const char *text, size_t size, int64_t *rune);
bool literal_float(struct arena *arena, const char *text, size_t size, double *number);
const char *literal_number(const char *text, size_t size, struct node *node);	/* the error, NULL: none */

#endif
