#include <stdlib.h>

#include "base/alloc.h"
#include "execution.h"
#include "regex.h"

static const struct template_limits defaults = {
	.memory = (size_t)64 << 20, .output = (size_t)16 << 20, .steps = 20000000, .seconds = 2,
};

const struct template_input *execution_input(const struct execution *exec)
{
	return exec->input;
}

struct regexes *execution_regexes(struct execution *exec)
{
	return exec->regexes;
}

struct map *execution_scratch(struct execution *exec)
{
	return exec->scratch;
}

const char *execution_env(const struct execution *exec, const char *name)
{
	size_t size = strlen(name);

	for (char *const *entry = exec->input->env; entry && *entry; entry++)
		if (!strncmp(*entry, name, size) && (*entry)[size] == '=')
			return *entry + size + 1;
	return NULL;
}

/* True if it is new. */
static bool push_once(struct strv *strv, json_t *known, const char *text)
{
	if (json_object_get(known, text))
		return false;
	json_object_set_new_nocheck(known, text, json_true());
	strv_push(strv, text);
	return true;
}

bool execution_lookup(struct execution *exec, const struct dependency *dependency, const char *name,
		 json_t **value)
{
	struct template_provider *data = exec->input->data;

	push_once(&exec->output->used, exec->known_used, name);
	if (data && data->lookup(data, dependency, name, value))
		return true;
	execution_miss(exec, name);
	return false;
}

void execution_miss(struct execution *exec, const char *name)
{
	const struct source *source = &exec->template->source;

	if (push_once(&exec->output->missing, exec->known_missing, name))
		strv_push_taken(&exec->output->places,
				format_string("%s:%zu", source->name, source_line(source, exec->at)));
}

void execution_add_secret(struct execution *exec, const char *bytes, size_t size)
{
	struct strv *secrets = &exec->output->secrets;
	AUTOFREE char *text = copy_bytes(bytes, size);

	for (size_t i = 0; i < secrets->count; i++)
		if (!strcmp(secrets->items[i], text))
			return;
	if (size)
		strv_push(secrets, text);
}

void execution_own(struct execution *exec, json_t *json)
{
	json_array_append_new(exec->owned, json);
}

bool execution_template(struct call *call, struct value name, struct value dot)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct execution *exec = call->exec;
	struct buf *sink = exec->sink;
	const struct tree *tree = tree_find(exec->template, name);
	bool fine;

	if (!tree)
		return fail(call->error, "template \"%.*s\" not defined",
			    (int)utf8_cut(name.text, name.size, 64), name.text);
	exec->sink = &text;
	fine = execution_tree(exec, tree, dot, 0);
	exec->sink = sink;
	if (!fine)
		return false;
	return give(call, value_text(arena_copy(call->arena, text.data, text.used), text.used));
}

static struct value environment(struct arena *arena, char *const *env)
{
	struct value value = value_map(arena, TYPE_MAP_STRING);

	for (; env && *env; env++) {
		const char *equals = strchr(*env, '=');

		if (equals)
			*map_put(arena, value.map, value_text(*env, (size_t)(equals - *env))) =
				value_string(equals + 1);
	}
	return value;
}

static struct value first_dot(struct execution *exec)
{
	const struct template_input *input = exec->input;
	enum type type = input->dot_type ? type_by_name(input->dot_type) : TYPE_ANY;
	struct value dot = { .type = TYPE_INVALID };

	if (exec->template->profile == TEMPLATE_CONFIG)
		return environment(&exec->arena, input->env);
	if (exec->template->profile == TEMPLATE_GO && input->dot)
		dot = value_from_json(&exec->arena, input->dot, type ? type : TYPE_ANY);
	if (dot.type == TYPE_NIL)
		dot.type = TYPE_INVALID;
	return dot;
}

static struct template_limits limits_of(const struct template_input *input)
{
	struct template_limits limits = input->limits;

	if (!limits.memory)
		limits.memory = defaults.memory;
	if (!limits.output)
		limits.output = defaults.output;
	if (!limits.steps)
		limits.steps = defaults.steps;
	if (!limits.seconds)
		limits.seconds = defaults.seconds;
	return limits;
}

static void release_lists(struct template_output *output)
{
	strv_release(&output->used);
	strv_release(&output->missing);
	strv_release(&output->places);
	strv_release(&output->secrets);
}

void template_output_release(struct template_output *output)
{
	buf_release(&output->text);
	release_lists(output);
}

static void output_reset(struct template_output *output)
{
	if (!output->text.data)
		output->text = (struct buf)BUF_INIT;
	buf_clear(&output->text);
	release_lists(output);
}

bool template_render(const struct template *template, const struct template_input *input,
		     struct template_output *output, struct error *error)
{
	struct map scratch = { 0 };
	struct execution exec = {
		.template = template, .input = input, .output = output, .limits = limits_of(input),
		.error = error, .sink = &output->text, .scratch = &scratch,
		.regexes = regexes_new(), .owned = json_array(),
		.known_used = json_object(), .known_missing = json_object(),
	};
	bool fine;

	output_reset(output);
	arena_init(&exec.arena, exec.limits.memory);
	fine = execution_tree(&exec, template->trees, first_dot(&exec), 0);
	if (!fine)
		buf_clear(&output->text);
	json_decref(exec.known_used);
	json_decref(exec.known_missing);
	json_decref(exec.owned);
	regexes_free(exec.regexes);
	arena_release(&exec.arena);
	return fine;
}
