/* function.h - the functions of templates: rows of tables, one table for each concern.
 *
 * The evaluator checks the number and the types of the arguments against the row before it calls the
 * function.  The last type holds for all further arguments.
 */
#ifndef FUNCTION_H
#define FUNCTION_H

#include "base/buf.h"
#include "template.h"
#include "value.h"

struct run;

struct call {
	struct run *run;
	struct arena *arena;
	const struct value *args;
	size_t count;
	struct value result;
	struct error *error;		/* the reason, without the place */
};

typedef bool function_fn(struct call *call);

#define MANY 255
#define MAX_TYPES 4

struct function {
	const char *name;
	function_fn *fn;		/* NULL: and, or, which the evaluator implements */
	unsigned char min, max;
	unsigned char profiles;
	enum type types[MAX_TYPES];
};

enum { IN_ALL = TEMPLATE_GO | TEMPLATE_CONFIG | TEMPLATE_CONSUL | TEMPLATE_SOCKADDR };

/* Tables end in a row without a name. */
const struct function *functions_core(void);
const struct function *functions_compare(void);
const struct function *functions_text(void);
const struct function *functions_config(void);
const struct function *functions_parse(void);
const struct function *functions_markup(void);
const struct function *functions_digest(void);
const struct function *functions_math(void);
const struct function *functions_list(void);
const struct function *functions_group(void);
const struct function *functions_data(void);
const struct function *functions_misc(void);
const struct function *functions_sockaddr(void);
const struct function *functions_sprig(void);

const struct function *function_find(enum template_profile profile, const char *name, size_t size);
const struct function *scratch_method(const char *name, size_t size);
bool function_is_unsupported(const char *name, size_t size);

function_fn fn_title;

static inline bool give(struct call *call, struct value value)
{
	call->result = value;
	return true;
}

static inline bool give_text(struct call *call, const struct text *text)
{
	return give(call, value_of_text(text));
}

/* An argument as a C string: parts of longer texts do not end in NUL. */
static inline const char *call_string(struct call *call, size_t i)
{
	return arena_copy(call->arena, call->args[i].text, call->args[i].size);
}

/* The render that calls the function. */
const struct template_input *run_input(const struct run *run);
const char *run_env(struct run *run, const char *name);	/* NULL: not set */
/* A variable or secret is not set.  Returns what stands for it; NULL: nothing does. */
const char *run_note_unset(struct run *run, const char *name, size_t size);
bool run_lookup(struct run *run, const struct dependency *dependency, const char *name,
		json_t **value);
void run_miss(struct run *run, const char *name);
void run_add_secret(struct run *run, const char *bytes, size_t size);
void run_own(struct run *run, json_t *json);	/* takes it and releases it when the render ends */
bool run_is_incomplete(const struct run *run);	/* data is missing so far */
void run_note_pending(struct run *run);		/* a program has not ended yet */
/* For a text of this size; NULL: too many or too large.  The caller fills it. */
enum { FILES_MOST = 1000 };
struct template_file *run_add_file(struct run *run, size_t size);
struct regexes *run_regexes(struct run *run);
struct map *run_scratch(struct run *run);
struct value *run_interfaces(struct run *run);	/* TYPE_INVALID: not read yet */
bool run_template(struct call *call, struct value name, struct value dot);
/* Gives the output of another template, within the limits of this render. */
bool run_text(struct call *call, enum template_profile profile, const struct text *text,
	      struct value dot);

#endif
