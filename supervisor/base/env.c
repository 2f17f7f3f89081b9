#include "env.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

static struct strv changes, given;

static char **find_change(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < changes.count; i++)
		if (!strncmp(changes.items[i], name, length) && strchr("=", changes.items[i][length]))
			return &changes.items[i];
	return NULL;
}

/* Takes `entry`. */
static void change(const char *name, char *entry)
{
	char **old = find_change(name);

	if (!old) {
		strv_push_taken(&changes, entry);
		return;
	}
	free(*old);
	*old = entry;
}

void env_set(const char *name, const char *value)
{
	change(name, format_string("%s=%s", name, value));
}

void env_unset(const char *name)
{
	change(name, copy_string(name));
}

void env_give(const char *name, const char *value)
{
	if (value)
		strv_set(&given, name, value);
	else
		strv_unset(&given, name);
}

const char *env_get(const char *name)
{
	char **change = find_change(name);
	size_t length = strlen(name);

	if (!change)
		return getenv(name);
	return (*change)[length] ? *change + length + 1 : NULL;
}

const struct strv *env_changes(void)
{
	return &changes;
}

static void apply(const struct strv *from, struct strv *env)
{
	for (size_t i = 0; i < from->count; i++) {
		const char *entry = from->items[i];
		size_t length = strcspn(entry, "=");
		AUTOFREE char *name = copy_bytes(entry, length);

		if (entry[length])
			strv_set(env, name, entry + length + 1);
		else
			strv_unset(env, name);
	}
}

void env_copy(struct strv *env)
{
	strv_copy(env, environ);
	apply(&changes, env);
}

void env_copy_for_child(struct strv *env)
{
	env_copy(env);
	apply(&given, env);
}
