/* function.h - what templates can call: rows of tables, one table a concern.
 *
 * The evaluator checks numbers and types of arguments by the row; a function sees only what it
 * asked for.  The last type holds for all further arguments.
 */
#ifndef FUNCTION_H
#define FUNCTION_H

#include "base/buf.h"
#include "template.h"
#include "value.h"

struct execution;

struct call {
	struct execution *exec;
	struct arena *arena;
	const struct value *args;
	size_t count;
	struct value result;
	struct error *error;		/* what is wrong, without the place */
};

typedef bool function_fn(struct call *call);

#define MANY 255
#define MAX_TYPES 4

struct function {
	const char *name;
	function_fn *fn;		/* NULL: and, or, which the evaluator knows */
	unsigned char min, max;
	unsigned char profiles;
	enum type types[MAX_TYPES];
};

enum { IN_ALL = TEMPLATE_GO | TEMPLATE_CONFIG | TEMPLATE_CONSUL };

/* Tables end in a row without a name. */
const struct function *functions_core(void);
const struct function *functions_compare(void);
const struct function *functions_text(void);
const struct function *functions_config(void);
const struct function *functions_parse(void);
const struct function *functions_digest(void);
const struct function *functions_math(void);
const struct function *functions_list(void);
const struct function *functions_group(void);
const struct function *functions_data(void);
const struct function *functions_misc(void);

const struct function *function_find(enum template_profile profile, const char *name, size_t size);
const struct function *scratch_method(const char *name, size_t size);
bool function_is_unsupported(const char *name, size_t size);

static inline bool give(struct call *call, struct value value)
{
	call->result = value;
	return true;
}

static inline bool give_text(struct call *call, const struct text *text)
{
	return give(call, value_of_text(text));
}

/* An argument as a string of C: parts of others do not end in NUL. */
static inline const char *call_string(struct call *call, size_t i)
{
	return arena_copy(call->arena, call->args[i].text, call->args[i].size);
}

/* What the program around a render offers to functions. */
const struct template_input *execution_input(const struct execution *exec);
const char *execution_env(const struct execution *exec, const char *name);	/* NULL: not set */
bool execution_lookup(struct execution *exec, const struct dependency *dependency, const char *name,
		 json_t **value);
void execution_miss(struct execution *exec, const char *name);
void execution_add_secret(struct execution *exec, const char *bytes, size_t size);
void execution_own(struct execution *exec, json_t *json);	/* takes it, until the render ends */
struct regexes *execution_regexes(struct execution *exec);
struct map *execution_scratch(struct execution *exec);
bool execution_template(struct call *call, struct value name, struct value dot);

#endif
