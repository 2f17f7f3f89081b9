#include <stdlib.h>

#include "base/alloc.h"
#include "base/task.h"
#include "run.h"
#include "regex.h"

#define PARSE_WORK 100		/* of arena_work(), for each byte of a text */

static const struct template_limits defaults = {
	.memory = (size_t)64 << 20, .output = (size_t)16 << 20, .steps = 20000000, .seconds = 2,
};

const struct template_input *run_input(const struct run *run)
{
	return run->input;
}

struct regexes *run_regexes(struct run *run)
{
	return run->regexes;
}

struct map *run_scratch(struct run *run)
{
	return run->scratch;
}

const char *run_env(struct run *run, const char *name)
{
	size_t size = strlen(name);

	for (char *const *entry = run->input->env; entry && *entry; entry++)
		if (!strncmp(*entry, name, size) && (*entry)[size] == '=')
			return *entry + size + 1;
	run_note_unset(run, name, size);
	return NULL;
}

const char *run_note_unset(struct run *run, const char *name, size_t size)
{
	if (run->template->profile == TEMPLATE_CONFIG)
		origins_add_unset(&run->output->origins, name, size, run_line(run, run->at));
	return run->input->unset;
}

/* True: the text is new. */
static bool push_once(struct strv *strv, json_t *known, const char *text)
{
	if (json_object_getn(known, text, strlen(text)))
		return false;
	json_object_set_new_nocheck(known, text, json_true());
	strv_push(strv, text);
	return true;
}

bool run_lookup(struct run *run, const struct dependency *dependency, const char *name,
		json_t **value)
{
	struct template_provider *data = run->input->data;

	push_once(&run->output->used, run->known_used, name);
	if (data && data->lookup(data, dependency, name, value)) {
		/* It may be replaced during a pause. */
		json_array_append(run->owned, *value);
		return true;
	}
	run_miss(run, name);
	return false;
}

void run_miss(struct run *run, const char *name)
{
	const struct source *source = &run->template->source;

	if (push_once(&run->output->missing, run->known_missing, name))
		strv_push_taken(&run->output->places,
				format_string("%s:%zu", source->name, source_line(source, run->at)));
}

void run_add_secret(struct run *run, const char *bytes, size_t size)
{
	AUTOFREE char *text = copy_bytes(bytes, size);

	if (*text)
		push_once(&run->output->secrets, run->known_secrets, text);
}

void run_own(struct run *run, json_t *json)
{
	json_array_append_new(run->owned, json);
}

bool run_is_incomplete(const struct run *run)
{
	return run->output->missing.count;
}

void run_note_pending(struct run *run)
{
	run->output->pending++;
}

struct template_file *run_add_file(struct run *run, size_t size)
{
	struct template_output *output = run->output;

	if (output->file_count == FILES_MOST || size > run->limits.output - run->written)
		return NULL;
	run->written += size;
	output->files = alloc_resize(output->files, (output->file_count + 1) * sizeof *output->files);
	output->files[output->file_count] = (struct template_file){ .text = BUF_INIT };
	return &output->files[output->file_count++];
}

bool run_template(struct call *call, struct value name, struct value dot)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct run *run = call->run;
	struct buf *sink = run->sink;
	const struct tree *tree = tree_find(run->template, name);
	bool fine;

	if (!tree)
		return fail(call->error, "template \"%.*s\" not defined",
			    (int)utf8_cut(name.text, name.size, 64), name.text);
	run->sink = &text;
	fine = run_tree(run, tree, dot, 0);
	run->sink = sink;
	if (!fine)
		return false;
	return give(call, value_text(arena_copy(call->arena, text.data, text.used), text.used));
}

struct value *run_interfaces(struct run *run)
{
	return &run->interfaces;
}

/* "NAME:LINE:COL: reason", a line and a caret.  A reason names what is in the text, perhaps a secret. */
static bool fail_inside(struct call *call, const struct error *inside)
{
	const char *reason = strstr(inside->text, ": ");
	bool secret = false;

	for (size_t i = 0; i < call->count; i++)
		secret |= call->args[i].secret;
	call->error->text[0] = '\0';
	if (!reason || secret)
		return fail(call->error, "the text is not valid");
	return fail(call->error, "%.*s", (int)strcspn(reason + 2, "\n"), reason + 2);
}

static bool run_inside(struct run *run, const struct template *inside, struct value dot,
		       struct buf *text, struct error *error)
{
	const struct template *template = run->template;
	struct error *outer = run->error;
	struct buf *sink = run->sink;
	size_t at = run->at;
	bool fine;

	run->template = inside;
	run->error = error;
	run->sink = text;
	fine = run_tree(run, inside->trees, dot, 0);
	run->template = template;
	run->error = outer;
	run->sink = sink;
	run->at = at;
	return fine;
}

bool run_text(struct call *call, enum template_profile profile, const struct text *text,
	      struct value dot)
{
	const struct template_options options = { .profile = profile, .missing_key = MISSING_ERROR };
	CLEANUP(buf_release) struct buf printed = BUF_INIT;
	struct error error = ERROR_INIT;
	struct template *inside = template_parse("", text->data, text->used, &options, &error);
	bool fine = inside && run_inside(call->run, inside, dot, &printed, &error);

	template_free(inside);
	arena_work(call->arena, PARSE_WORK * text->used);
	if (!fine)
		return fail_inside(call, &error);
	return give(call, value_text(arena_copy(call->arena, printed.data, printed.used), printed.used));
}

static struct value environment(struct arena *arena, const struct template_input *input)
{
	struct value value = value_map(arena, TYPE_MAP_STRING);

	for (char *const *env = input->env; env && *env; env++) {
		size_t name = strcspn(*env, "=");
		const char *text = *env + name + 1;

		if ((*env)[name])
			*map_put(value.map, value_text(*env, name)) =
				value_text(text, input->cuts_values ? strcspn(text, "=") : strlen(text));
	}
	return value;
}

static struct value first_dot(struct run *run)
{
	const struct template_input *input = run->input;
	enum type type = input->dot_type ? type_by_name(input->dot_type) : TYPE_ANY;
	struct value dot = { .type = TYPE_INVALID };

	if (run->template->profile == TEMPLATE_CONFIG)
		return environment(&run->arena, input);
	if (run->template->profile == TEMPLATE_GO && input->dot)
		dot = value_from_json(&run->arena, input->dot, type ? type : TYPE_ANY);
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

static void release_files(struct template_output *output)
{
	for (size_t i = 0; i < output->file_count; i++) {
		free(output->files[i].path);
		free(output->files[i].owner);
		free(output->files[i].group);
		buf_release(&output->files[i].text);
	}
	free(steal(&output->files));
	output->file_count = 0;
}

static void release_lists(struct template_output *output)
{
	release_files(output);
	output->pending = 0;
	strv_release(&output->used);
	strv_release(&output->missing);
	strv_release(&output->places);
	strv_release(&output->secrets);
	origins_release(&output->origins);
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

/* A cancelled task ends as a late one does. */
static void on_pause(struct pacer *pacer)
{
	struct run *run = container_of(pacer, struct run, pacer);
	struct task *task = run->input->task;
	double spent = task ? task_spent(task) : processor_now() - run->began;

	if ((task && !task_pause(task)) || spent > run->limits.seconds)
		run->late = run->arena.over = true;
}

bool template_render(const struct template *template, const struct template_input *input,
		     struct template_output *output, struct error *error)
{
	struct run run = {
		.template = template, .input = input, .output = output, .limits = limits_of(input),
		.error = error, .sink = &output->text, .line = 1,
		.owned = json_array(),
		.known_used = json_object(), .known_missing = json_object(), .known_secrets = json_object(),
		.pacer = { on_pause }, .began = processor_now(),
	};
	bool fine;

	output_reset(output);
	arena_init(&run.arena, run.limits.memory);
	run.arena.pacer = &run.pacer;
	run.scratch = value_map(&run.arena, TYPE_MAP_ANY).map;
	run.regexes = regexes_new(&run.arena);
	fine = run_tree(&run, template->trees, first_dot(&run), 0);
	if (!fine)
		buf_clear(&output->text);
	json_decref(run.known_used);
	json_decref(run.known_missing);
	json_decref(run.known_secrets);
	json_decref(run.owned);
	regexes_free(run.regexes);
	arena_release(&run.arena);
	return fine;
}
