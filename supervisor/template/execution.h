/* execution.h - one render under way; between exec.c (statements), eval.c (expressions), render.c. */
#ifndef EXECUTION_H
#define EXECUTION_H

#include "tree.h"

struct execution {
	const struct template *template;
	const struct template_input *input;
	struct template_output *output;
	struct template_limits limits;
	struct error *error;
	struct error reason;		/* why the function that was called last has failed */
	struct arena arena;
	struct buf *sink;		/* where text goes: the output, or what executeTemplate makes */
	json_t *known_used, *known_missing;	/* objects: the names in the output's lists */
	size_t at;			/* of the function that was called last */
	struct map *scratch;
	struct regexes *regexes;
	json_t *owned;
	size_t steps;
	double deadline;
	int depth, calls;
};

/* What a template sees while it runs. */
struct scope {
	struct execution *exec;
	struct value *slots, dot;
};

bool execution_fail(struct execution *exec, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool execution_step(struct execution *exec, const struct node *node);	/* limits */
bool execution_tree(struct execution *exec, const struct tree *tree, struct value dot, size_t at);

bool eval_pipe(struct scope *scope, const struct node *pipe, struct value *value);

#endif
