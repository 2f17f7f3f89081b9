#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "function.h"
#include "gotime.h"

enum { ME = TEMPLATE_CONSUL, LOOP_LIMIT = 1000000 };

static bool fn_env_or_default(struct call *call)
{
	const char *value = run_env(call->run, call_string(call, 0));

	return give(call, value ? value_string(value) : call->args[1]);
}

static bool fn_must_env(struct call *call)
{
	const char *value = run_env(call->run, call_string(call, 0));

	return value && *value ? give(call, value_string(value)) :
	       fail(call->error, "the variable is not set");
}

static bool fn_execute_template(struct call *call)
{
	struct value dot = call->count > 1 ? call->args[1] : (struct value){ .type = TYPE_INVALID };

	if (call->count > 2)
		return fail(call->error, "wrong number of arguments: want 1 or 2");
	return run_template(call, call->args[0], dot);
}

static bool to_number(struct call *call, struct value value, int64_t *number)
{
	const char *text;
	char *end;

	if (kind_of(value) == KIND_INT || kind_of(value) == KIND_UINT) {
		*number = value.integer;
		return true;
	}
	if (value.type != TYPE_STRING)
		return fail(call->error, "cannot use a %s", type_info(value.type)->name);
	text = arena_copy(call->arena, value.text, value.size);
	errno = 0;
	*number = strtoll(text, &end, 10);
	return (*text && !errno && !*end) || fail(call->error, "not a number");
}

/* Ascending only. */
static bool fn_loop(struct call *call)
{
	int64_t from = 0, to = 0;

	if (call->count > 2)
		return fail(call->error, "wrong number of arguments: want 1 or 2");
	if (!to_number(call, call->args[call->count - 1], &to) ||
	    (call->count == 2 && !to_number(call, call->args[0], &from)))
		return false;
	if (to > from && (uint64_t)to - (uint64_t)from > LOOP_LIMIT)
		return fail(call->error, "more than %d rounds", LOOP_LIMIT);
	return give(call, (struct value){ .type = TYPE_LOOP, .integer = from,
					  .size = (size_t)(to < from ? from : to) });
}

static bool fn_timestamp(struct call *call)
{
	static const struct value standard = { .type = TYPE_STRING, .text = "2006-01-02T15:04:05Z07:00",
					       .size = 25 };
	time_t now = run_input(call->run)->now;
	struct value layout = call->count ? call->args[0] : standard;
	struct text text = { .arena = call->arena };

	if (call->count > 1)
		return fail(call->error, "wrong number of arguments: want 0 or 1");
	if (value_is_text(layout, "unix"))
		text_print(&text, "%lld", (long long)now);
	else
		gotime_format(&text, now, layout.text, layout.size);
	return give_text(call, &text);
}

static bool fn_scratch(struct call *call)
{
	return give(call, (struct value){ .type = TYPE_SCRATCH });
}

static struct value *scratch_slot(struct call *call)
{
	return map_put(run_scratch(call->run), call->args[0]);
}

static bool scratch_key(struct call *call)
{
	struct value *found = map_find(run_scratch(call->run), call->args[0]);

	return give(call, value_bool(found && found->type));
}

static bool scratch_get(struct call *call)
{
	struct value *found = map_find(run_scratch(call->run), call->args[0]);

	return give(call, found && found->type ? *found : value_nil());
}

static bool scratch_set(struct call *call)
{
	*scratch_slot(call) = call->args[1];
	return give(call, value_string(""));
}

static bool scratch_set_once(struct call *call)
{
	struct value *slot = scratch_slot(call);

	if (!slot->type)
		*slot = call->args[1];
	return give(call, value_string(""));
}

static bool set_in_map(struct call *call, bool once)
{
	struct value *slot = scratch_slot(call), *inner;

	if (!slot->type)
		*slot = value_map(call->arena, TYPE_MAP_ANY);
	if (slot->type != TYPE_MAP_ANY)
		return fail(call->error, "the value is not a map");
	inner = map_put(slot->map, call->args[1]);
	if (!once || !inner->type)
		*inner = call->args[2];
	return give(call, value_string(""));
}

static bool scratch_map_set(struct call *call)
{
	return set_in_map(call, false);
}

static bool scratch_map_set_once(struct call *call)
{
	return set_in_map(call, true);
}

static bool scratch_map_values(struct call *call)
{
	struct value *slot = map_find(run_scratch(call->run), call->args[0]);
	struct list_maker list = { .arena = call->arena };

	if (!slot || !slot->type)
		return give(call, value_list(TYPE_ANYS, NULL, 0));
	if (slot->type != TYPE_MAP_ANY)
		return fail(call->error, "the value is not a map");
	for (size_t i = 0; i < slot->map->count; i++)
		list_add(&list, map_at(slot->map, i)->value);
	return give(call, value_list(TYPE_ANYS, list.items, list.count));
}

const struct function *scratch_method(const char *name, size_t size)
{
	static const struct function table[] = {
		{ "Key", scratch_key, 1, 1, ME, { TYPE_STRING } },
		{ "Get", scratch_get, 1, 1, ME, { TYPE_STRING } },
		{ "Set", scratch_set, 2, 2, ME, { TYPE_STRING, TYPE_ANY } },
		{ "SetX", scratch_set_once, 2, 2, ME, { TYPE_STRING, TYPE_ANY } },
		{ "MapSet", scratch_map_set, 3, 3, ME, { TYPE_STRING, TYPE_STRING, TYPE_ANY } },
		{ "MapSetX", scratch_map_set_once, 3, 3, ME, { TYPE_STRING, TYPE_STRING, TYPE_ANY } },
		{ "MapValues", scratch_map_values, 1, 1, ME, { TYPE_STRING } },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strncmp(table[i].name, name, size) && !table[i].name[size])
			return &table[i];
	return NULL;
}

static bool parse_mode(const char *text, int *mode)
{
	char *end;

	*mode = (int)strtol(text, &end, 8);
	return isdigit((unsigned char)*text) && !*end && *mode >= 0 && *mode <= 07777;
}

/* "newline", "" or none.  To append would repeat the text at each render. */
static bool read_flags(struct call *call, bool *newline)
{
	const char *flags = call->count == 6 ? call_string(call, 4) : "";

	*newline = !strcmp(flags, "newline");
	return !*flags || *newline ||
	       fail(call->error, "the only flag is newline: a template is rendered again and again");
}

/* The render's owner writes the file when all data is there. */
static bool fn_write_to_file(struct call *call)
{
	struct value text = call->args[call->count - 1];
	const char *path = call_string(call, 0);
	struct template_file *file;
	bool newline;
	int mode;

	if (*path != '/' || call->args[0].size != strlen(path))
		return fail(call->error, "the path must be absolute");
	if (!parse_mode(call_string(call, 3), &mode))
		return fail(call->error, "the permissions must be octal digits, such as 0644");
	if (!read_flags(call, &newline))
		return false;
	file = run_add_file(call->run, text.size + newline);
	if (!file)
		return fail(call->error, "too many files, or too large ones");
	file->path = copy_string(path);
	file->owner = copy_string(call_string(call, 1));
	file->group = copy_string(call_string(call, 2));
	file->mode = mode;
	buf_append(&file->text, text.text, text.size);
	if (newline)
		buf_add_char(&file->text, '\n');
	return give(call, value_string(""));
}

/* The output of a program, without white space at its ends. */
static bool fn_plugin(struct call *call)
{
	struct template_plugins *plugins = run_input(call->run)->plugins;
	CLEANUP(strv_release) struct strv argv = { 0 };
	const struct buf *output = NULL;
	struct value text;

	if (!plugins)
		return fail(call->error, "no program can be run here");
	if (run_is_incomplete(call->run))	/* the text will not be used */
		return give(call, value_string(""));
	for (size_t i = 0; i < call->count; i++) {
		struct value word = value_trimmed(call->arena, call->args[i]);

		strv_push_taken(&argv, copy_bytes(word.text, word.size));
	}
	if (!plugins->run(plugins, &argv, &output, call->error))
		return false;
	if (!output) {
		run_note_pending(call->run);
		return give(call, value_string(""));
	}
	text = value_trimmed(call->arena, value_string(output->data));
	return give(call, value_text(arena_copy(call->arena, text.text, text.size), text.size));
}

const struct function *functions_misc(void)
{
	static const struct function table[] = {
		{ "envOrDefault", fn_env_or_default, 2, 2, ME, { TYPE_STRING } },
		{ "mustEnv", fn_must_env, 1, 1, ME, { TYPE_STRING } },
		{ "executeTemplate", fn_execute_template, 1, MANY, ME, { TYPE_STRING, TYPE_ANY } },
		{ "loop", fn_loop, 1, MANY, ME, { TYPE_ANY } },
		{ "plugin", fn_plugin, 1, MANY, ME, { TYPE_STRING } },
		{ "writeToFile", fn_write_to_file, 5, 6, ME, { TYPE_STRING } },
		{ "timestamp", fn_timestamp, 0, MANY, ME, { TYPE_STRING } },
		{ "scratch", fn_scratch, 0, 0, ME, { TYPE_STRING } },
		{ 0 },
	};

	return table;
}
