/* libyaml.h - YAML to a tree, and events to YAML; the only user of libyaml.
 *
 * The tree and the text are in an arena.  libyaml's own memory is bounded: the input, each string of the
 * output and the depth have limits.  All work is counted, so a render pauses in it.
 */
#ifndef LIBYAML_H
#define LIBYAML_H

#include "base/error.h"
#include "value.h"

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP, YAML_ALIAS };

struct yaml_node {
	enum yaml_kind kind;
	unsigned line;
	bool plain;		/* a text whose type depends on what it looks like */
	bool busy;		/* for the reader: an alias within itself */
	const char *tag;	/* of a text, such as "int"; "!": not one of YAML's own; NULL: none */
	struct value text;
	struct yaml_node *target, *parent;
	struct yaml_node **nodes;	/* of a map: keys and values in turn */
	size_t count, room;
};

/* The first document; *root is NULL if there is none.  False without an error: a limit of the arena. */
bool yaml_load(struct arena *arena, struct value text, struct yaml_node **root, struct error *error);

enum yaml_style { YAML_PLAIN, YAML_QUOTED, YAML_LITERAL };

struct yaml_writer;

/* All return false if libyaml fails; yaml_writer_free() takes NULL. */
struct yaml_writer *yaml_writer_new(struct text *text);
void yaml_writer_free(struct yaml_writer *writer);
bool yaml_write_text(struct yaml_writer *writer, struct value text, bool binary, enum yaml_style style);
bool yaml_write_start(struct yaml_writer *writer, enum yaml_kind kind);
bool yaml_write_end(struct yaml_writer *writer, enum yaml_kind kind);
bool yaml_writer_finish(struct yaml_writer *writer);

#define YAML_LIMIT ((size_t)1 << 20)	/* bytes of an input, and of a string of the output */

const char *libyaml_library(void);		/* the version of libyaml: "0.2.5" */

#endif
