#include "containerpilot_flags.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"

enum kind { SWITCH, TEXT, PAIRS };

static const struct flag {
	const char *name;
	enum kind kind;
	size_t offset;			/* of the member of struct containerpilot_flags */
	const char *value, *help;	/* value NULL: it has none */
} table[] = {
#define ROW(name, kind, member, value, help) \
	{ name, kind, offsetof(struct containerpilot_flags, member), value, help }
	ROW("config", TEXT, config, "PATH|file://PATH|TEXT",
	    "The configuration: a file, or its text itself. The default is $CONTAINERPILOT."),
	ROW("help", SWITCH, help, NULL, "Print this."),
	ROW("maintenance", TEXT, maintenance, "enable|disable", "Begin or end maintenance of the running one."),
	ROW("out", TEXT, out, "FILE|file://FILE|-", "For -template: where to write to. The default is -, standard output."),
	ROW("ping", SWITCH, ping, NULL, "Print ok if one runs."),
	ROW("putenv", PAIRS, variables, "NAME=VALUE", "Set a variable for programs that start later. May be repeated."),
	ROW("putmetric", PAIRS, metrics, "NAME=VALUE", "Set a metric. May be repeated."),
	ROW("reload", SWITCH, reload, NULL, "Reload the configuration, and wait for the outcome."),
	ROW("template", SWITCH, render, NULL, "Print the rendered configuration, and start nothing."),
	ROW("version", SWITCH, version, NULL, "Print the version."),
#undef ROW
};

static const struct flag *find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strlen(table[i].name) == length && !memcmp(table[i].name, name, length))
			return &table[i];
	return length == 1 && *name == 'h' ? find("help", 4) : NULL;
}

bool containerpilot_flags_have(const char *word)
{
	const struct flag *flag = *word == '-' ? find(word + 1, strcspn(word + 1, "=")) : NULL;

	return flag && flag->offset != offsetof(struct containerpilot_flags, help);
}

const char *containerpilot_path(const char *value)
{
	if (value[strspn(value, " \t\r\n")] == '{')
		return NULL;
	return strncmp(value, "file://", 7) ? value : value + 7;
}

static bool take_switch(bool *slot, const struct flag *flag, const char *value, struct error *error)
{
	static const char *const words[2][6] = {
		{ "0", "f", "F", "false", "FALSE", "False" }, { "1", "t", "T", "true", "TRUE", "True" },
	};

	for (size_t i = 0; i < 12; i++)
		if (!value || !strcmp(value, words[i % 2][i / 2])) {
			*slot = !value || i % 2;
			return true;
		}
	return fail(error, "-%s: true or false is expected, found \"%.128s\"", flag->name, value);
}

static bool take_pair(json_t **slot, const struct flag *flag, const char *value, struct error *error)
{
	const char *equals = strchr(value, '=');
	AUTOFREE char *name = equals ? copy_bytes(value, (size_t)(equals - value)) : NULL;

	if (!*slot)
		*slot = json_object();
	return (name && !json_object_set_new(*slot, name, json_string(equals + 1))) ||
	       fail(error, "-%s: NAME=VALUE in UTF-8 is expected, found \"%.128s\"", flag->name, value);
}

static bool take(struct containerpilot_flags *flags, const struct flag *flag, const char *value,
		 struct error *error)
{
	void *slot = (char *)flags + flag->offset;

	if (flag->kind == SWITCH)
		return take_switch(slot, flag, value, error);
	if (!value)
		return fail(error, "-%s: its value is missing", flag->name);
	if (flag->kind == PAIRS)
		return take_pair(slot, flag, value, error);
	*(const char **)slot = *value ? value : NULL;
	return true;
}

bool containerpilot_flags_parse(struct containerpilot_flags *flags, char **words, struct error *error)
{
	*flags = (struct containerpilot_flags){ 0 };
	for (; *words && words[0][0] == '-' && words[0][1]; words++) {
		const char *name = *words + (words[0][1] == '-' ? 2 : 1);
		size_t length = strcspn(name, "=");
		const char *value = name[length] ? name + length + 1 : NULL;
		const struct flag *flag = find(name, length);

		if (!*name) {		/* "--" */
			words++;
			break;
		}
		if (!flag)
			return fail(error, "%.128s: there is no such option", *words);
		if (!value && flag->kind != SWITCH)
			value = *++words;
		if (!take(flags, flag, value, error))
			return false;
	}
	flags->command = *words ? words : NULL;
	return true;
}

void containerpilot_flags_release(struct containerpilot_flags *flags)
{
	json_decref(flags->variables);
	json_decref(flags->metrics);
	*flags = (struct containerpilot_flags){ 0 };
}

void containerpilot_flags_print_usage(struct buf *out)
{
	buf_add(out, "usage: containerpilot [OPTION]... [COMMAND [ARGUMENT]...]\n");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		buf_print(out, "  -%s%s%s\n    \t%s\n", table[i].name, table[i].value ? " " : "",
			  table[i].value ? table[i].value : "", table[i].help);
}
