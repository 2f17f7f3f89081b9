#include "consul_template_exec.h"

#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "base/process.h"
#include "hcl.h"

/* ---- env { } ---- */

/* "NAME=VALUE" each. */
static void take_custom(const struct target *target, const struct key *key, const json_t *value)
{
	json_t *env = json_object();

	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *pair = json_string_value(json_array_get(value, i));
		const char *equal = pair ? strchr(pair, '=') : NULL;
		AUTOFREE char *name = equal ? copy_bytes(pair, (size_t)(equal - pair)) : NULL;

		if (name && *name)
			import_set(env, name, equal + 1);
		else
			target_refuse(target, key->theirs, json_array_get(value, i), "NAME=VALUE");
	}
	import_set_env(target->object, env);
}

static void take_denylist(const struct target *target, const struct key *key, const json_t *value)
{
	json_t *names = json_array();

	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *name = json_string_value(json_array_get(value, i));

		if (name && *name && !strpbrk(name, "*?["))
			json_array_append_new(names, import_string(name));
		else
			target_refuse(target, key->theirs, json_array_get(value, i), "the name of a variable, not a pattern,");
	}
	if (json_array_size(names))
		json_object_set(target->object, "unsetEnv", names);
	json_decref(names);
}

#define NO_ALLOWLIST "left out: jobs get all variables but those in unsetEnv."

static const struct key env_keys[] = {
	KEY("custom", custom), KEY("denylist", denylist), KEY("blacklist", denylist),
	KEY_NOTE("pristine", NO_ALLOWLIST), KEY_NOTE("allowlist", NO_ALLOWLIST), KEY_NOTE("whitelist", NO_ALLOWLIST),
	OTHER_KEYS,
};

static void take_env(const struct target *target, const struct key *key, const json_t *value)
{
	struct target env = *target;

	env.source = value;
	if (json_is_object(value))
		keys_take(&env, env_keys);
	else
		target_refuse(target, key->theirs, value, "a block");
}

/* ---- the command of a template ---- */

#define NO_SIGNAL "left out: a command is killed when its time is over."

static void take_command(const struct target *target, const struct key *key, const json_t *value)
{
	json_t *command = key_command(value);

	if (command)
		json_object_set_new(target->object, "exec", command);
	else
		target_refuse(target, key->theirs, value, "a command");
}

#define NO_SPLAY "left out: nothing is delayed at random."

static const struct key hook_keys[] = {
	KEY("enabled", nothing), KEY("command", command), KEY_AS("timeout", duration, "timeout"), KEY("env", env),
	KEY_NOTE("splay", NO_SPLAY), KEY_NOTE("kill_signal", NO_SIGNAL), KEY_NOTE("kill_timeout", NO_SIGNAL),
	KEY_NOTE("reload_signal", NO_SIGNAL), OTHER_KEYS,
};
static const struct key short_keys[] = {
	KEY("command", command), KEY_AS("command_timeout", duration, "timeout"), { .take = take_nothing },
};

void consul_template_set_hook(const struct target *target)
{
	const json_t *block = hcl_value(target->source, "exec");
	struct target hook = *target;

	hook.object = json_object();
	keys_take(&hook, short_keys);
	if (json_is_object(block) && key_flag(block, "enabled", true)) {
		hook.source = block;
		keys_take(&hook, hook_keys);
	}
	if (json_object_size(hook.object) == 1 && json_object_get(hook.object, "exec"))
		json_object_set(target->object, "exec", json_object_get(hook.object, "exec"));
	else if (json_object_get(hook.object, "exec"))
		json_object_set(target->object, "exec", hook.object);
	json_decref(hook.object);
}

/* ---- exec { }: the program that is supervised ---- */

static void take_kill_signal(const struct target *target, const struct key *key, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text && signal_parse(text))
		import_set(target->object, "stopSignal", text);
	else
		target_refuse(target, key->theirs, value, "a signal");
}

static void take_kill_timeout(const struct target *target, const struct key *key, const json_t *value)
{
	double seconds = 0;

	take_duration(target, key, value);
	if (json_object_get(target->object, key->ours) && duration_parse(json_string_value(value), &seconds))
		import_allow_stop(target->import, seconds);
}

static const struct key exec_keys[] = {
	KEY("enabled", nothing), KEY("command", nothing), KEY("env", env), KEY("kill_signal", kill_signal),
	KEY_AS("kill_timeout", kill_timeout, "stopTimeout"), KEY("reload_signal", nothing),
	KEY_NOTE("splay", NO_SPLAY), KEY_NOTE("timeout", "left out: the program runs as long as it likes."), OTHER_KEYS,
};

/* The program's name, from a line or words. */
static char *name_of(const json_t *value)
{
	const char *text = json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);
	CLEANUP(strv_release) struct strv words = { 0 };
	struct error error = ERROR_INIT;
	const char *slash;

	if (!text || !strv_split(&words, text, &error) || !words.count)
		return copy_string("app");
	slash = strrchr(words.items[0], '/');
	return copy_string(slash && slash[1] ? slash + 1 : words.items[0]);
}

/* A template has one hook: another becomes a job that waits for the same event. */
static void tell(struct import *import, json_t *template, const char *line)
{
	const char *name = json_string_value(json_object_get(template, "name")), *given;
	AUTOFREE char *source = format_string("template.%s", name), *job = format_string("%s.told", name);
	json_t *teller;

	if (!json_object_get(template, "exec")) {
		import_set(template, "exec", line);
		return;
	}
	teller = import_add(import, "jobs", job, &given);
	import_set(teller, "exec", line);
	json_object_set_new(teller, "when", json_pack("{s:s, s:s}", "source", source, "each", "settled"));
	import_note(import, "jobs[%s]: the template has a command of its own, so this is a job beside it.", given);
}

static void tell_of_changes(struct import *import, const char *job, const char *signal)
{
	AUTOFREE char *quoted = job[strcspn(job, " '\"\\\t")] ? format_string("\"%s\"", job) : copy_string(job);
	AUTOFREE char *line = signal ? format_string("pilotfish signal %s %s", signal, quoted)
				     : format_string("pilotfish restart %s", quoted);
	json_t *templates = json_object_get(import->tree, "templates");

	for (size_t i = 0; i < json_array_size(templates); i++)
		tell(import, json_array_get(templates, i), line);
	if (json_array_size(templates))
		import_note(import, "jobs[%s]: after a change, `%s` tells it; that needs the control socket.", job, line);
}

static json_t *rendered(const struct import *import)
{
	json_t *templates = json_object_get(import->tree, "templates"), *needs = json_array();

	for (size_t i = 0; i < json_array_size(templates); i++) {
		const char *name = json_string_value(json_object_get(json_array_get(templates, i), "name"));
		AUTOFREE char *need = format_string("template.%s rendered", name);

		json_array_append_new(needs, import_string(need));
	}
	return needs;
}

void consul_template_add_job(struct import *import, const json_t *exec)
{
	AUTOFREE char *name = name_of(hcl_value(exec, "command")), *path = NULL;
	struct target target = { .import = import, .source = exec };
	const char *given, *signal = key_text(exec, "reload_signal");
	json_t *needs, *command;

	command = key_command(hcl_value(exec, "command"));
	if (!command || !key_flag(exec, "enabled", true)) {
		json_decref(command);
		return;
	}
	target.object = import_add(import, "jobs", name, &given);
	target.path = path = format_string("jobs[%s]", given);
	json_object_set_new(target.object, "exec", command);
	needs = rendered(import);
	if (json_array_size(needs))
		json_object_set(target.object, "needs", needs);
	json_decref(needs);
	keys_take(&target, exec_keys);
	json_object_set_new(target.object, "essential", json_true());
	if (!json_object_get(target.object, "stopSignal")) {
		import_set(target.object, "stopSignal", "SIGINT");
		import_note(import, "%s.stopSignal: the default of consul-template.", path);
	}
	tell_of_changes(import, given, signal && signal_parse(signal) ? signal : NULL);
}
