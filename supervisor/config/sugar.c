#include "sugar.h"

#include <string.h>

#include "base/alloc.h"

static const struct sugar {
	const char *list, *key;
	const char *prefix;		/* of the owner's name as a source */
	const char *word, *event;	/* of `when`, such as once stopped; NULL: before the owner */
	const char *timeout;		/* the default */
	const char *timeout_key;	/* the owner's key that overrides the default */
	const char *restarts;
	bool inherits;			/* user, env and so on from the owner */
} rows[] = {
	{ "jobs",      "preStart",  "",          NULL,   NULL,       "5m",  NULL,             NULL,        true },
	{ "jobs",      "preStop",   "",          "once", "stopping", NULL,  NULL,             NULL,        true },
	{ "jobs",      "postStop",  "",          "once", "stopped",  "10s", NULL,             NULL,        true },
	{ "watches",   "onChange",  "watch.",    "each", "changed",  "30s", NULL,             "onFailure", false },
	{ "templates", "exec",      "template.", "each", "settled",  "30s", NULL,             "onFailure", false },
	{ "elections", "onElected", "election.", "each", "elected",  "30s", "promoteTimeout", NULL,        false },
	{ "elections", "onDeposed", "election.", "each", "deposed",  "30s", "promoteTimeout", NULL,        false },
	{ "elections", "onLeader",  "election.", "each", "leader",   "30s", NULL,             "onFailure", false },
};

static const char *const inherited[] = { "env", "unsetEnv", "cwd", "umask" };
static const char *const identity[] = { "user", "group" };	/* inherited together or not at all */

static void move(json_t *from, json_t *to, const char *key)
{
	json_t *value = json_object_get(from, key);

	if (!value)
		return;
	json_object_set(to, key, value);
	json_object_del(from, key);
}

static void copy_default(json_t *object, const char *key, json_t *value)
{
	if (value && !json_object_get(object, key))
		json_object_set(object, key, value);
}

static void set_default(json_t *object, const char *key, const char *text)
{
	if (text && !json_object_get(object, key))
		json_object_set_new(object, key, json_string(text));
}

static void inherit(json_t *object, const json_t *owner)
{
	bool has_identity = json_object_get(object, "user") || json_object_get(object, "group");

	for (size_t i = 0; i < sizeof identity / sizeof *identity && !has_identity; i++)
		if (json_object_get(owner, identity[i]))
			json_object_set(object, identity[i], json_object_get(owner, identity[i]));
	for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
		copy_default(object, inherited[i], json_object_get(owner, inherited[i]));
}

static json_t *when_new(const char *prefix, const char *source, const char *word,
			const char *event)
{
	AUTOFREE char *whole = format_string("%s%s", prefix, source);

	return json_pack("{s:s, s:s}", "source", whole, word, event);
}

/* The preStart may end after the election has been lost. */
static void need_election(json_t *owner)
{
	const char *source = json_string_value(json_object_get(owner, "runs"));
	AUTOFREE char *need = source ? format_string("%s elected", source) : NULL;

	if (need)
		json_object_set_new(owner, "needs", json_pack("[s]", need));
}

/* Gives the owner's `when` to the hook, and lets the owner wait for the hook's success. */
static void put_before(json_t *hook, json_t *owner)
{
	const json_t *when = json_object_get(owner, "when");
	bool each = when && !json_object_get(when, "once");

	move(owner, hook, "when");
	copy_default(hook, "runs", json_object_get(owner, "runs"));
	if (!json_object_get(hook, "needs"))
		move(owner, hook, "needs");
	json_object_set_new(owner, "when",
			    when_new("", json_string_value(json_object_get(hook, "name")),
				     each ? "each" : "once", "exitSuccess"));
	need_election(owner);
}

bool sugar_is_command(const json_t *value)
{
	const json_t *command = json_is_object(value) ? json_object_get(value, "exec") : value;
	bool empty = json_is_array(command) && !json_array_size(command);

	/* The decoder of `exec` refuses any other type in a group. */
	return command && !empty && (command != value || json_is_string(value) || json_is_array(value));
}

/* NULL: malformed. */
static json_t *hook_new(const struct sugar *row, const char *name, const json_t *value)
{
	AUTOFREE char *whole = format_string("%s.%s", name, row->key);
	json_t *hook;

	if (!sugar_is_command(value))
		return NULL;
	hook = json_pack("{s:s}", "name", whole);
	if (json_is_object(value))
		json_object_update(hook, (json_t *)value);
	else
		json_object_set(hook, "exec", (json_t *)value);
	json_object_set_new(hook, "name", json_string(whole));
	return hook;
}

static void check_fixed(const struct sugar *row, const json_t *value, const char *name,
			struct strv *mistakes)
{
	static const char *const fixed[] = { "name", "when", "runs" };

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (json_object_get(value, fixed[i]))
			strv_push_taken(mistakes, format_string(
					"%s[%.64s].%s.%s: not possible in a hook; define a job instead",
					row->list, name, row->key, fixed[i]));
}

static void expand(const struct sugar *row, json_t *owner, json_t *jobs, struct strv *mistakes)
{
	const char *name = json_string_value(json_object_get(owner, "name"));
	const json_t *value = json_object_get(owner, row->key);
	json_t *hook = name && value ? hook_new(row, name, value) : NULL;

	if (!hook)
		return;
	check_fixed(row, value, name, mistakes);
	if (row->event)
		json_object_set_new(hook, "when",
				    when_new(row->prefix, name, row->word, row->event));
	else
		put_before(hook, owner);
	set_default(hook, "restarts", row->restarts);
	if (row->timeout_key)
		copy_default(hook, "timeout", json_object_get(owner, row->timeout_key));
	set_default(hook, "timeout", row->timeout);
	if (row->inherits)
		inherit(hook, owner);
	json_object_del(owner, row->key);
	json_array_append_new(jobs, hook);
}

static void expand_row(const struct sugar *row, json_t *tree, json_t *jobs, struct strv *mistakes)
{
	const json_t *owners = json_object_get(tree, row->list);

	for (size_t i = 0; i < json_array_size(owners); i++)
		expand(row, json_array_get(owners, i), jobs, mistakes);
}

/* `runs` stays, because it also stops the job when it is deposed. */
static void expand_runs(json_t *job, struct strv *mistakes)
{
	const char *name = json_string_value(json_object_get(job, "name"));
	const char *source = json_string_value(json_object_get(job, "runs"));

	if (!source || !*source)
		return;
	if (json_object_get(job, "when"))
		strv_push_taken(mistakes, format_string(
				"jobs[%.64s].when: only one of when and runs may be given",
				name ? name : "?"));
	json_object_set_new(job, "when", when_new("", source, "each", "elected"));
	set_default(job, "restarts", "unlimited");
}

static void expand_all_runs(json_t *tree, struct strv *mistakes)
{
	const json_t *jobs = json_object_get(tree, "jobs");

	for (size_t i = 0; i < json_array_size(jobs); i++)
		expand_runs(json_array_get(jobs, i), mistakes);
}

static void inherit_health(json_t *tree)
{
	size_t i;
	json_t *job;

	json_array_foreach(json_object_get(tree, "jobs"), i, job) {
		json_t *health = json_object_get(job, "health");

		if (json_object_get(health, "exec"))
			inherit(health, job);
	}
}

void sugar_expand(json_t *tree, struct strv *mistakes)
{
	json_t *hooks = json_array(), *jobs;

	expand_all_runs(tree, mistakes);
	inherit_health(tree);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expand_row(&rows[i], tree, hooks, mistakes);
	jobs = json_object_get(tree, "jobs");
	if (json_array_size(hooks) && !jobs)
		json_object_set(tree, "jobs", hooks);
	else
		json_array_extend(jobs, hooks);
	json_decref(hooks);
}

static const struct sugar *find_row(const char *job)
{
	const char *dot = strrchr(job, '.');

	for (size_t i = 0; dot && i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(dot + 1, rows[i].key))
			return &rows[i];
	return NULL;
}

bool sugar_is_hook(const char *job)
{
	return find_row(job);
}

char *sugar_written_path(const char *path)
{
	static const char list[] = "jobs[";
	const char *name = path + strlen(list), *end;
	AUTOFREE char *job = NULL;
	const struct sugar *row;

	if (strncmp(path, list, strlen(list)) || !(end = strchr(name, ']')))
		return NULL;
	job = copy_bytes(name, (size_t)(end - name));
	row = find_row(job);
	if (!row)
		return NULL;
	*strrchr(job, '.') = '\0';
	return format_string("%s[%s].%s%s", row->list, job, row->key, end + 1);
}
