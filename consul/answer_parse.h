/* answer_parse.h - parses the text of an answer, and has a reading make of it what its owner wants.
 *
 * A text of 64 KiB or more is parsed and read on a thread (offload.h): one of ten thousand instances
 * takes a second of processor time, and the loop must not be late by a tenth of that.  One text is
 * parsed at a time, so that the threads leave the loop its processor.
 *
 * Before JSON is parsed, its memory is estimated, and refused if the budget has no room for it.
 */
#ifndef ANSWER_PARSE_H
#define ANSWER_PARSE_H

#include <jansson.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/offload.h"

/* Makes something of an answer.  Embedded in an object that holds all that `run` needs, and its result. */
struct reading {
	/* Perhaps on a thread.  `answer` NULL: Consul has no such object. */
	void (*run)(struct reading *reading, const json_t *answer);
	void (*free)(struct reading *reading);
};

struct parser {				/* the queue of texts */
	struct loop *loop;
	struct parse *running;
	struct list waiting;
};

struct parse;
typedef void parse_fn(struct parse *parse);

struct parse {
	/* set by the owner */
	struct buf text;		/* owned */
	struct charge charge;		/* for the text, and the JSON while it is made */
	struct reading *reading;	/* NULL: none; owned until on_done */
	parse_fn *on_done;		/* takes what it wants, and calls parse_free() */
	void *owner;

	/* the outcome */
	bool good;			/* the text was JSON, and was parsed */
	struct error error;		/* "": the text is not JSON */
	json_t *json;			/* if there was no reading */
	size_t weight;			/* of the JSON */

	/* private */
	struct offload offload;
	struct parser *parser;
	struct list link;
	size_t limit;			/* of the budget */
	bool weighed, cancelled;
};

void parser_init(struct parser *parser, struct loop *loop);
void parser_release(struct parser *parser);	/* after all of its owners have abandoned theirs */

/* Takes the parse, which is allocated, until on_done.  A small text is done before this returns. */
void parse_start(struct parser *parser, struct parse *parse);
void parse_abandon(struct parse *parse);	/* frees it */
void parse_free(struct parse *parse);

#endif
