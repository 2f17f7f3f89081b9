/* `pilotfish env`: the environment of later children of a running pilotfish; and `pilotfish metric`. */
#include "command.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/printable.h"
#include "control_client.h"

static const double default_timeout = 5;

/* Takes `body`. */
static int post(const struct call *call, const char *path, json_t *body)
{
	AUTOFREE char *text = json_dumps(body, JSON_COMPACT);
	struct control_request request = {
		.method = "POST", .path = path, .body = text, .timeout = command_timeout(call, default_timeout),
	};

	json_decref(body);
	return ask_and_print(call, &request);
}

/* False: the name is there already, or one of them is not UTF-8. */
static bool add(json_t *body, const char *name, const char *value)
{
	return !json_object_get(body, name) &&
	       !json_object_set_new(body, name, value ? json_string(value) : json_null());
}

static int wrong_word(const char *action, const char *expected, const char *word, json_t *body)
{
	json_decref(body);
	return command_usage("%s: %s, once each, is expected, found \"%s\"", action, expected, word);
}

/* ---- env ---- */

static int set_variables(const struct call *call)
{
	json_t *body = json_object();

	for (size_t i = 1; i < call->words.count; i++) {
		const char *word = call->words.items[i], *equals = strchr(word, '=');
		AUTOFREE char *name = equals ? copy_bytes(word, (size_t)(equals - word)) : NULL;

		if (!name || !*name || !add(body, name, equals + 1))
			return wrong_word("env set", "NAME=VALUE in UTF-8", word, body);
	}
	return post(call, "/v4/env", body);
}

static int unset_variables(const struct call *call)
{
	json_t *body = json_object();

	for (size_t i = 1; i < call->words.count; i++) {
		const char *name = call->words.items[i];

		if (strchr(name, '=') || !add(body, name, NULL))
			return wrong_word("env unset", "the name of a variable", name, body);
	}
	return post(call, "/v4/env", body);
}

/* A newline in a value cannot begin another line. */
static void print_variables(const json_t *document)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT;
	size_t i;
	json_t *variable;

	json_array_foreach(json_object_get(document, "variables"), i, variable) {
		const char *name = json_string_value(json_object_get(variable, "name"));
		const char *value = json_string_value(json_object_get(variable, "value"));

		if (!name)
			continue;
		printable_add(&out, name, strlen(name), PRINTABLE_PLAIN);
		buf_add_char(&out, '=');
		if (!value)
			value = "(secret)";
		printable_add(&out, value, strlen(value), PRINTABLE_PLAIN);
		buf_add_char(&out, '\n');
	}
	fputs(out.data, stdout);
}

static int print_list(const struct call *call, const struct buf *answer)
{
	CLEANUP(json_decrefp) json_t *document = json_loadb(answer->data, answer->used, 0, NULL);

	if (!document)
		return command_fail(EX_SOFTWARE, &(struct error){ .text = "the environment is no JSON" });
	if (call->json)
		return command_print_json(document);
	print_variables(document);
	return EX_OK;
}

static int list_variables(const struct call *call)
{
	struct control_request request = {
		.method = "GET", .path = call->show_secrets ? "/v4/env?secrets=1" : "/v4/env",
		.timeout = command_timeout(call, default_timeout), .print = print_list,
	};

	return ask_and_print(call, &request);
}

int cmd_env(const struct call *call)
{
	static const struct { const char *name; verb_fn *fn; } actions[] = {
		{ "set", set_variables }, { "unset", unset_variables }, { "list", list_variables },
	};

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (!strcmp(call->words.items[0], actions[i].name))
			return actions[i].fn(call);
	return EX_USAGE;
}

/* ---- metric ---- */

/* NAME{label="x=y"}=VALUE: a value has no '='. */
static bool add_metric(json_t *body, const char *word)
{
	const char *equals = strrchr(word, '=');
	AUTOFREE char *name = equals ? copy_bytes(word, (size_t)(equals - word)) : NULL;

	return name && !strchr(equals, '}') && add(body, name, equals + 1);
}

int cmd_metric(const struct call *call)
{
	const struct strv *words = &call->words;
	json_t *body = json_object();

	if (words->count == 3 && !strchr(words->items[2], '=') && add(body, words->items[1], words->items[2]))
		return post(call, "/v4/metric", body);
	for (size_t i = 1; i < words->count; i++)
		if (!add_metric(body, words->items[i]))
			return wrong_word("metric set", "NAME=VALUE", words->items[i], body);
	return post(call, "/v4/metric", body);
}
