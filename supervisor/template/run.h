/* run.h - one render in progress: shared by template.c, run.c (statements), eval.c (expressions). */
#ifndef RUN_H
#define RUN_H

#include "tree.h"

struct run {
	const struct template *template;
	const struct template_input *input;
	struct template_output *output;
	struct template_limits limits;
	struct error *error;
	struct error reason;		/* why the last function failed */
	struct arena arena;
	struct buf *sink;		/* where text goes: the output or executeTemplate's */
	json_t *known_used, *known_missing, *known_secrets;	/* sets of the names in the output's lists */
	size_t at;			/* where the last function was called */
	size_t line_at;			/* for run_line() */
	unsigned line;			/* that of line_at */
	struct map *scratch;
	struct value interfaces;		/* of this machine */
	struct regexes *regexes;
	json_t *owned;
	size_t steps;
	size_t written;			/* bytes by writeToFile */
	struct pacer pacer;
	double began;			/* in processor time */
	bool late;
	int depth, calls;
};

/* The variables and the dot of a template in progress. */
struct scope {
	struct run *run;
	struct value *slots, dot;
};

bool run_fail(struct run *run, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
unsigned run_line(struct run *run, size_t at);	/* of the template's text */
bool run_step(struct run *run, const struct node *node);	/* false: a limit is exceeded */
bool run_tree(struct run *run, const struct tree *tree, struct value dot, size_t at);

bool eval_pipe(struct scope *scope, const struct node *pipe, struct value *value);

#endif
