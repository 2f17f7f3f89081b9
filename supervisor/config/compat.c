#include "compat.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "mistakes.h"
#include "translate.h"

void compat_result_release(struct compat_result *result)
{
	strv_release(&result->mistakes);
	strv_release(&result->notes);
}

/* ---- which version ---- */

/* The first key of the file that this version has and the other has not; NULL: none. */
static const char *key_of_version(const json_t *tree, int version)
{
	static const char *const keys[][12] = {
		[2] = { "services", "backends", "tasks", "coprocesses", "preStart", "preStop", "postStop", "onStart",
			"etcd", NULL },
		[3] = { "jobs", "watches", "control", NULL },
	};

	for (const char *const *key = keys[version]; *key; key++)
		if (json_object_get(tree, *key))
			return *key;
	return NULL;
}

/* 0: our own, by the key `compat` or because nothing says otherwise. */
static int choose_version(const json_t *tree, const struct compat_call *call, struct strv *mistakes)
{
	const json_t *compat = json_object_get(tree, "compat");
	const char *two = key_of_version(tree, 2), *three = key_of_version(tree, 3);

	if (json_is_false(compat))
		return 0;
	if (two && three)
		strv_push_taken(mistakes, format_string(
				"%s: a key of ContainerPilot 2, and %s is one of version 3; a file has keys of one of them",
				two, three));
	if (json_is_integer(compat) && (json_integer_value(compat) == 2 || json_integer_value(compat) == 3))
		return (int)json_integer_value(compat);
	if (two || (call->command && !three))
		return 2;
	return 3;
}

/* Called by our own name, for a file without a mark of ContainerPilot: only if that would accept it.  A
 * group `compat` may be ours, too. */
static bool may_be_ours(const json_t *tree, const struct compat_call *call, int version)
{
	const json_t *compat = json_object_get(tree, "compat");

	return version == 3 && !call->certain && (!compat || json_is_object(compat));
}

/* ---- what is kept ---- */

static bool *option_named(struct translation *translation, const char *name)
{
#define X(member, key)					\
	if (!strcmp(name, key))				\
		return &translation->member;
	COMPAT_OPTIONS(X)
#undef X
	return NULL;
}

static void note_kept(struct translation *translation, const json_t *ours)
{
	CLEANUP(buf_release) struct buf kept = BUF_INIT;
	const char *name;
	json_t *value;

#define X(member, key)						\
	if (translation->member)				\
		buf_print(&kept, "%s, ", key);
	COMPAT_OPTIONS(X)
#undef X
	json_object_foreach((json_t *)ours, name, value)
		if (!json_is_false(value))
			buf_print(&kept, "%s, ", name);
	note(translation, "compat: a file of ContainerPilot %d; of its ways it keeps %sas pilotfish-migrate(7) tells",
	     translation->version, kept.data);
}

/* Other members of the file's `compat` override the group of ours. */
static void translate_compat(struct translation *translation, const json_t *compat)
{
	json_t *ours = json_pack("{s:s, s:b, s:b}", "signals",
				 translation->version == 2 ? "containerpilot2" : "containerpilot3",
				 "variables", true, "unknownSources", true);
	const char *name;
	json_t *value;

#define X(member, key) translation->member = true;
	COMPAT_OPTIONS(X)
#undef X
	json_object_foreach((json_t *)compat, name, value) {
		bool *option = option_named(translation, name);

		if (option && json_is_boolean(value))
			*option = json_is_true(value);
		else if (option)
			refuse(translation, "compat.%s: must be true or false", name);
		else
			json_object_set(ours, name, value);
	}
	json_object_set_new(translation->to, "compat", ours);
	note_kept(translation, ours);
}

/* ---- the whole ---- */

static json_t *translate(const json_t *tree, const struct compat_call *call, struct compat_result *result)
{
	struct translation translation = {
		.call = call, .version = result->version, .to = json_object(), .names = json_object(),
		.watches = json_object(),
		.mistakes = &result->mistakes, .notes = &result->notes,
	};

	translation.from = weak_read(result->version == 2 ? version2_keys() : version3_keys(), tree,
				     &result->mistakes);
	translate_compat(&translation, json_object_get(tree, "compat"));
	if (result->version == 2)
		version2_translate(&translation);
	else
		version3_translate(&translation);
	json_decref(translation.from);
	json_decref(translation.names);
	json_decref(translation.watches);
	return translation.to;
}

json_t *compat_read(json_t *tree, const struct compat_call *call, struct compat_result *result)
{
	json_t *translated;

	*result = (struct compat_result){ .version = 0 };
	result->version = choose_version(tree, call, &result->mistakes);
	if (!result->version) {
		json_object_del(tree, "compat");
		return json_incref(tree);
	}
	translated = translate(tree, call, result);
	mistakes_drop_dots(&result->mistakes);
	if (!result->mistakes.count || !may_be_ours(tree, call, result->version))
		return translated;
	json_decref(translated);
	compat_result_release(result);
	*result = (struct compat_result){ .version = 0 };
	return json_incref(tree);
}
