#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "completion.h"

/* Of "FILE", "JOB", "on|off". */
static enum value_kind value_kind(const char *name, int length)
{
	static const struct { const char *name; enum value_kind kind; } kinds[] = {
		{ "FILE", VALUE_FILE }, { "PATH", VALUE_FILE }, { "IN[:OUT[:COMMAND]]", VALUE_FILE },
		{ "JOB", VALUE_JOB }, { "SIGNAL", VALUE_SIGNAL }, { "VERB", VALUE_VERB },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strncmp(kinds[i].name, name, (size_t)length) && !kinds[i].name[length])
			return kinds[i].kind;
	return memchr(name, '|', (size_t)length) ? VALUE_WORDS : VALUE_FREE;
}

const struct verb *next_name(const struct verb *verbs, const struct verb *after)
{
	for (const struct verb *verb = after + 1; verb->name; verb++) {
		const struct verb *first = verbs;

		while (strcmp(first->name, verb->name))
			first++;
		if (first == verb)
			return verb;
	}
	return NULL;
}

bool name_takes(const struct verb *verbs, const char *name, const struct call_option *option)
{
	for (const struct verb *verb = verbs; verb->name; verb++)
		if (!strcmp(verb->name, name) && verb_takes(verb, option))
			return true;
	return false;
}

void add_clause(const char *text, const char *escaped, struct buf *out)
{
	for (; *text && strncmp(text, ". ", 2) && strcmp(text, "."); text++) {
		if (*text == '\'')
			buf_add(out, "'\\'");
		else if (strchr(escaped, *text))
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
}

static void add_word(struct values *values, const char *word, int length)
{
	size_t used = strlen(values->words);

	snprintf(values->words + used, sizeof values->words - used, "%s%.*s", used ? " " : "", length, word);
}

static struct values values_of(const char *name, int length)
{
	struct values values = { .kind = value_kind(name, length) };

	for (int start = 0, end; values.kind == VALUE_WORDS && start < length; start = end + 1) {
		end = start + (int)strcspn(name + start, "|");
		add_word(&values, name + start, (end < length ? end : length) - start);
	}
	return values;
}

struct values option_values(const struct call_option *option)
{
	return values_of(option->value, (int)strlen(option->value));
}

bool place_values(const struct verb *verb, size_t place, struct values *values)
{
	struct argument argument;

	if (verb->actions) {
		*values = (struct values){ .kind = VALUE_WORDS };
		for (const struct verb_action *action = verb->actions; action->name; action++)
			add_word(values, action->name, (int)strlen(action->name));
		return !place;
	}
	if (!argument_at(verb->arguments, place, &argument) || argument.place != place)
		return false;
	*values = values_of(argument.name, argument.length);
	values->repeated = argument.repeated;
	return true;
}

int cmd_completion(const struct call *call)
{
	static const struct {
		const char *shell;
		void (*print)(const struct verb *verbs, struct buf *out);
	} shells[] = { { "bash", completion_bash }, { "zsh", completion_zsh }, { "fish", completion_fish } };
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (!strcmp(shells[i].shell, call->words.items[0]))
			shells[i].print(call->verbs, &text);
	fputs(text.data, stdout);
	return EX_OK;
}
