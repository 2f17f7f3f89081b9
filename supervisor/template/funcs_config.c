#include <errno.h>
#include <stdlib.h>

#include "base/setting.h"
#include "function.h"
#include "print.h"
#include "utf8.h"

enum { ME = TEMPLATE_CONFIG, LOOP_LIMIT = 1000000 };

static bool fn_default(struct call *call)
{
	struct text text = { .arena = call->arena };

	if (call->args[1].type == TYPE_STRING && call->args[1].size)
		return give(call, call->args[1]);
	print_inner(&text, call->args[0]);
	return give_text(call, &text);
}

static bool fn_env(struct call *call)
{
	const char *value = run_env(call->run, call_string(call, 0));

	return give(call, value_string(value ? value : ""));
}

static bool to_number(struct call *call, struct value value, int64_t *number)
{
	char *end;

	if (kind_of(value) == KIND_INT || kind_of(value) == KIND_UINT) {
		*number = value.integer;
		return true;
	}
	if (value.type != TYPE_STRING)
		return fail(call->error, "cannot use a %s", type_info(value.type)->name);
	value.text = arena_copy(call->arena, value.text, value.size);
	errno = 0;
	*number = strtoll(value.text, &end, 10);
	if (!value.size || errno || end != value.text + value.size ||
	    rune_is_space((unsigned char)value.text[0]))
		return fail(call->error, "not a number");
	return true;
}

/* A list, ascending or descending, without its end. */
static bool fn_loop(struct call *call)
{
	struct list_maker list = { .arena = call->arena };
	int64_t from = 0, to = 0;

	if (!to_number(call, call->args[call->count - 1], &to) ||
	    (call->count == 2 && !to_number(call, call->args[0], &from)))
		return false;
	if ((to > from ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to) > LOOP_LIMIT)
		return fail(call->error, "more than %d rounds", LOOP_LIMIT);
	for (; from != to; from += from < to ? 1 : -1)
		list_add(&list, value_int(from));
	return give(call, value_list(TYPE_INTS, list.items, list.count));
}

/* A string literal that libconfig and JSON5 read alike. */
static bool fn_quote(struct call *call)
{
	static const char special[] = "\\\"\n\r\t\f", names[] = "\\\"nrtf";
	struct text plain = { .arena = call->arena }, text = { .arena = call->arena };

	print_inner(&plain, call->args[0]);
	text_char(&text, '"');
	for (size_t i = 0; i < plain.used; i++) {
		unsigned char c = (unsigned char)plain.data[i];
		const char *found = c ? strchr(special, c) : NULL;

		if (!c)
			return fail(call->error, "the text contains a NUL");
		if (found)
			text_print(&text, "\\%c", names[found - special]);
		else if (c < ' ' || c == 0x7F)
			text_print(&text, "\\x%02X", c);
		else
			text_char(&text, (char)c);
	}
	text_char(&text, '"');
	if (!utf8_is_valid(text.data, text.used))
		return fail(call->error, "the text is not UTF-8");
	/* The escaped form, without the quotes, is what a log could show. */
	if (call->args[0].secret)
		run_add_secret(call->run, text.data + 1, text.used - 2);
	return give_text(call, &text);
}

/* The variable, or the contents of the file that NAME_FILE names. */
static bool fn_secret(struct call *call)
{
	const char *name = call_string(call, 0);
	struct error error = ERROR_INIT;
	const char *unset;
	char *text = NULL;

	if (!setting_get(name, &text, &error))
		return fail(call->error, "%s", error.text);
	if (!text && (unset = run_note_unset(call->run, name, strlen(name))))
		return give(call, value_string(unset));
	if (!text)
		return fail(call->error, "neither %.64s nor %.64s_FILE is set", name, name);
	give(call, value_string(arena_copy(call->arena, text, strlen(text))));
	call->result.secret = true;
	run_add_secret(call->run, text, strlen(text));
	free(text);
	return true;
}

const struct function *functions_config(void)
{
	static const struct function table[] = {
		{ "default", fn_default, 2, 2, ME, { TYPE_ANY } },
		{ "env", fn_env, 1, 1, ME | TEMPLATE_CONSUL, { TYPE_STRING } },
		{ "loop", fn_loop, 1, 2, ME, { TYPE_ANY } },
		{ "quote", fn_quote, 1, 1, ME, { TYPE_ANY } },
		{ "secret", fn_secret, 1, 1, ME, { TYPE_STRING } },
		{ 0 },
	};

	return table;
}
