#include <string.h>

#include "base/alloc.h"
#include "config/schema.h"
#include "usage.h"

bool argument_at(const char *arguments, size_t place, struct argument *argument)
{
	const char *text = arguments + strspn(arguments, " ");

	for (size_t i = 0; *text; i++, text += strcspn(text, " "), text += strspn(text, " ")) {
		size_t brackets = strspn(text, "["), length = strcspn(text + brackets, " .]");

		*argument = (struct argument){
			.name = text + brackets, .length = (int)length, .place = i,
			.optional = brackets, .repeated = text[brackets + length] == '.',
		};
		if (i == place || argument->repeated)
			return true;
	}
	return false;
}

bool argument_is(const struct argument *argument, const char *name)
{
	size_t length = (size_t)argument->length;

	return strlen(name) == length && !memcmp(argument->name, name, length);
}

int argument_unexpected(const char *word)
{
	return command_usage("unexpected argument \"%s\" (a configuration is given with -c)", word);
}

int verb_unknown(const struct verb *verbs, const char *name)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	struct suggestion suggestion;

	for (const struct verb *verb = verbs; verb->name; verb++)
		strv_push(&names, verb->name);
	suggestion = suggest(name, &names);
	if (suggestion.text[0])
		return command_usage("unknown verb \"%s\"%s", name, suggestion.text);
	return command_usage("unknown verb \"%s\" (a configuration is given with -c, a program is run by "
			     "`pilotfish -- %s`)", name, name);
}

const struct verb_action *verb_action_find(const struct verb *verb, const char *name)
{
	for (const struct verb_action *action = verb->actions; action && action->name; action++)
		if (!strcmp(action->name, name))
			return action;
	return NULL;
}

static bool refuse_action(const struct verb *verb, const char *word)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	AUTOFREE char *list = NULL;

	for (const struct verb_action *action = verb->actions; action->name; action++)
		strv_push(&names, action->name);
	list = strv_join(&names, ", ");
	if (word)
		command_usage("%s: one of %s is expected, found \"%s\"%s", verb->name, list, word,
			      suggest(word, &names).text);
	else
		command_usage("%s: one of %s is missing", verb->name, list);
	return false;
}

static bool refuse_missing(const struct verb *verb, const struct argument *argument)
{
	command_usage("%s: %.*s is missing, as in `pilotfish %s`", verb->name, argument->length, argument->name,
		      verb->example);
	return false;
}

bool verb_accepts(const struct verb *verb, const struct strv *words)
{
	const struct verb_action *action = words->count ? verb_action_find(verb, words->items[0]) : NULL;
	const char *arguments = action ? action->arguments : verb->arguments;
	size_t first = action ? 1 : 0;
	struct argument argument;

	if (verb->actions && !action)
		return refuse_action(verb, words->count ? words->items[0] : NULL);
	for (size_t i = first; i < words->count; i++)
		if (!argument_at(arguments, i - first, &argument))
			return !argument_unexpected(words->items[words->count - 1]);
	if (argument_at(arguments, words->count - first, &argument) && !argument.optional &&
	    argument.place == words->count - first)
		return refuse_missing(verb, &argument);
	return true;
}
