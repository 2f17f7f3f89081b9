#include "variables.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/env.h"
#include "base/error.h"
#include "base/printable.h"
#include "config/secret.h"

static bool looks_secret(const char *name)
{
	static const char *const words[] = { "PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "AUTH", "PRIVATE" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

static json_t *shown_value(const char *value, bool secrets)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	static const struct strv none;

	printable_repair(&text, value, strlen(value));
	if (!secrets)
		secret_hide(&none, &text);
	return json_stringn(text.data, text.used);
}

static json_t *variable_json(const char *entry, bool secrets)
{
	size_t length = strcspn(entry, "=");
	AUTOFREE char *name = copy_bytes(entry, length);
	CLEANUP(buf_release) struct buf shown = BUF_INIT;
	const struct strv *changes = env_changes();
	bool hidden = !secrets && looks_secret(name);

	printable_repair(&shown, name, length);
	return json_pack("{so so sb}", "name", json_stringn(shown.data, shown.used),
			 "value", hidden ? json_null()
					 : shown_value(entry[length] ? entry + length + 1 : "", secrets),
			 "changed", strv_get(changes, name) != NULL);
}

json_t *variables_document(bool secrets)
{
	CLEANUP(strv_release) struct strv env = { 0 };
	json_t *list = json_array();

	env_copy_for_child(&env);
	for (size_t i = 0; i < env.count; i++)
		json_array_append_new(list, variable_json(env.items[i], secrets));
	return json_pack("{so}", "variables", list);
}

/* The value may be any text, as execve(2) allows. */
static bool check(const char *name, const json_t *value, struct error *error)
{
	if (!*name)
		return fail(error, "a variable has no name");
	for (const char *c = name; *c; c++)
		if (*c == '=' || iscntrl((unsigned char)*c))
			return fail(error, "the variable %.64s: its name has %s", name,
				    *c == '=' ? "a '='" : "a control character");
	if (strlen(name) > VARIABLE_NAME_MOST)
		return fail(error, "the variable %.64s...: its name has more than %d bytes", name, VARIABLE_NAME_MOST);
	if (!strncmp(name, "PILOTFISH_", 10))
		return fail(error, "the variable %.64s: variables with PILOTFISH_ are pilotfish's own", name);
	return json_is_string(value) || json_is_null(value) ||
	       fail(error, "the variable %.64s: its value must be a string, or null to remove it", name);
}

/* The size of the changes so far, and of those in `body`.  */
static void measure(const json_t *body, size_t *count, size_t *bytes)
{
	const struct strv *changes = env_changes();
	const char *name;
	json_t *value;

	*count = 0;
	*bytes = 0;
	for (size_t i = 0; i < changes->count; i++) {
		size_t length = strcspn(changes->items[i], "=");
		AUTOFREE char *changed = copy_bytes(changes->items[i], length);

		if (json_object_get(body, changed))
			continue;
		++*count;
		*bytes += strlen(changes->items[i]);
	}
	json_object_foreach((json_t *)body, name, value) {
		++*count;
		*bytes += strlen(name) + json_string_length(value);
	}
}

/* The status of the answer. */
static int check_all(const json_t *body, struct error *error)
{
	size_t count, bytes;
	const char *name;
	json_t *value;

	if (!json_object_size(body)) {
		fail(error, "the body must be a JSON object with the names and values of variables");
		return 400;
	}
	json_object_foreach((json_t *)body, name, value)
		if (!check(name, value, error))
			return 400;
	measure(body, &count, &bytes);
	if (count > VARIABLES_MOST || bytes > VARIABLE_BYTES_MOST) {
		fail(error, "at most %d variables and %d bytes of them can be changed", VARIABLES_MOST,
		     VARIABLE_BYTES_MOST);
		return 409;
	}
	return 200;
}

static void apply(const json_t *body, struct buf *answer)
{
	const char *name, *separator = "environment: ";
	json_t *value;

	json_object_foreach((json_t *)body, name, value) {
		buf_print(answer, "%s%s %s", separator, json_is_null(value) ? "removed" : "set", name);
		separator = ", ";
		if (json_is_null(value))
			env_unset(name);
		else
			env_set(name, json_string_value(value));
	}
}

int variables_change(const char *body, size_t size, struct buf *answer)
{
	json_t *document = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);
	struct error error = ERROR_INIT;
	int status = check_all(document, &error);

	if (status == 200)
		apply(document, answer);
	else
		buf_add(answer, error.text);
	json_decref(document);
	return status;
}
