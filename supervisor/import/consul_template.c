#include "consul_template.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "consul_template_exec.h"
#include "hcl.h"
#include "keys.h"

/* ---- is it one? ---- */

static const char *const blocks[] = { "template", "consul", "vault", "nomad", "exec", "wait", "deduplicate", "syslog" };

static bool is_json(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	bool fine = json_object_get(json, "template") || json_object_get(json, "exec") || json_object_get(json, "vault");

	fine = fine && !json_object_get(json, "jobs") && !json_object_get(json, "services");
	json_decref(json);
	return fine;
}

static bool has_end(const char *text, const char *end)
{
	size_t length = strlen(text), size = strlen(end);

	return length > size && !strcmp(text + length - size, end);
}

static bool is_block(const char *line)
{
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		size_t length = strlen(blocks[i]);

		if (!strncmp(line, blocks[i], length) && line[length + strspn(line + length, " \t")] == '{')
			return true;
	}
	return false;
}

static bool has_files(const char *path)
{
	struct import import = { .path = path };
	CLEANUP(strv_release) struct strv names = { 0 };
	bool found = false;

	if (!import_list_folder(&import, path, &names))
		return false;
	for (size_t i = 0; i < names.count && !found; i++)
		found = has_end(names.items[i], ".hcl");
	return found;
}

bool consul_template_recognises(const char *path, const char *text)
{
	if (!text)
		return has_files(path);
	if (has_end(path, ".hcl"))
		return true;
	if (text[strspn(text, " \t\r\n")] == '{')
		return is_json(text);
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (is_block(text))
			return true;
	return false;
}

/* ---- consul ---- */

static void take_auth(const struct target *target, const struct key *key, const json_t *value)
{
	const char *user = key_text(value, "username"), *password = key_text(value, "password");
	AUTOFREE char *both = user ? format_string("%s:%s", user, password ? password : "") : NULL;

	(void)key;
	if (json_is_string(value))
		import_set(target->object, "auth", json_string_value(value));
	else if (key_flag(value, "enabled", true))
		import_set(target->object, "auth", both);
}

static const struct key tls_keys[] = {
	KEY("enabled", nothing), KEY_AS("verify", bool, "verify"), KEY_AS("cert", text, "clientcert"),
	KEY_AS("key", text, "clientkey"), KEY_AS("ca_cert", text, "cafile"), KEY_AS("ca_path", text, "capath"),
	KEY_AS("server_name", text, "servername"), OTHER_KEYS,
};

static void take_ssl(const struct target *target, const struct key *key, const json_t *value)
{
	struct target tls = {
		.import = target->import, .object = json_object(), .path = "consul.tls", .source = value,
	};

	if (!json_is_object(value)) {
		target_refuse(target, key->theirs, value, "a block");
	} else if (key_flag(value, "enabled", true)) {
		import_set(target->object, "scheme", "https");
		keys_take(&tls, tls_keys);
	}
	if (json_object_size(tls.object))
		json_object_set(target->object, "tls", tls.object);
	json_decref(tls.object);
}

static void take_token(const struct target *target, const struct key *key, const json_t *value)
{
	take_text(target, key, value);
	import_note(target->import, "consul.token: tokenFile keeps the token out of this file.");
}

#define RETRIES "pilotfish retries for ever, with longer and longer pauses."

static const struct key consul_keys[] = {
	KEY_AS("address", text, "address"), KEY_AS("token", token, "token"), KEY_AS("token_file", text, "tokenFile"),
	KEY_AS("namespace", text, "namespace"), KEY("auth", auth), KEY("ssl", ssl),
	KEY_NOTE("retry", RETRIES),
	KEY_NOTE("transport", "left out: few connections serve all queries."),
	OTHER_KEYS,
};

static struct target consul_target(const struct target *target, const json_t *source)
{
	return (struct target){
		.import = target->import, .object = json_object_get(target->import->tree, "consul"), .path = "consul",
		.source = source,
	};
}

static void take_consul(const struct target *target, const struct key *key, const json_t *value)
{
	struct target consul = consul_target(target, value);

	if (json_is_object(value))
		keys_take(&consul, consul_keys);
	else
		take_text(&consul, &(struct key){ .theirs = key->theirs, .ours = "address" }, value);
}

/* Older versions have the keys of consul at the top. */
static void take_in_consul(const struct target *target, const struct key *key, const json_t *value)
{
	CLEANUP(json_decrefp) json_t *source = json_pack("{s:[O]}", key->theirs, value);
	struct target consul = consul_target(target, source);

	keys_take(&consul, consul_keys);
}

/* ---- templates ---- */

static void take_perms(const struct target *target, const struct key *key, const json_t *value)
{
	AUTOFREE char *octal = format_string("%04llo", (unsigned long long)json_integer_value(value) & 07777);
	const char *text = json_is_integer(value) ? octal : json_string_value(value);

	if (!text || !*text || text[strspn(text, "01234567")] || strlen(text) > 5)
		target_refuse(target, key->theirs, value, "an octal number such as 0644");
	else if (strspn(text, "0") < strlen(text))
		import_set(target->object, "perms", text);
}

static void take_owner(const struct target *target, const struct key *key, const json_t *value)
{
	if (json_is_integer(value) && json_integer_value(value) >= 0)
		json_object_set(target->object, key->ours, (json_t *)value);
	else if (json_is_string(value) && *json_string_value(value))
		import_set(target->object, key->ours, json_string_value(value));
}

/* A path of ours is absolute. */
static void take_destination(const struct target *target, const struct key *key, const json_t *value)
{
	const char *text = json_string_value(value);
	AUTOFREE char *here = text && *text != '/' ? realpath(".", NULL) : NULL;
	AUTOFREE char *whole = here ? format_string("%s/%s", here, text) : NULL;

	(void)key;
	if (whole)
		import_note(target->import, "%s.destination: was \"%s\", relative to the folder of the process.",
			    target->path, text);
	import_set(target->object, "destination", whole ? whole : text);
}

static const struct key wait_keys[] = {
	KEY("enabled", nothing), KEY_AS("min", duration, "min"), KEY_AS("max", duration, "max"),
	OTHER_KEYS,
};

/* A block { min max }, or "MIN:MAX". */
static json_t *wait_of(const struct target *target, const json_t *value)
{
	const char *text = json_string_value(value), *colon = text ? strchr(text, ':') : NULL;
	AUTOFREE char *min = text ? copy_bytes(text, colon ? (size_t)(colon - text) : strlen(text)) : NULL;
	AUTOFREE char *path = format_string("%s.wait", target->path);
	CLEANUP(json_decrefp) json_t *pair = NULL;
	struct target wait = {
		.import = target->import, .object = json_object(), .path = path, .source = value,
	};

	if (text) {
		pair = json_pack("{s:[o]}", "min", import_string(min));
		if (colon)
			json_object_set_new(pair, "max", json_pack("[o]", import_string(colon + 1)));
		wait.source = pair;
	}
	if (text || key_flag(value, "enabled", true))
		keys_take(&wait, wait_keys);
	return wait.object;
}

static void set_wait(const struct target *target, const json_t *value)
{
	json_t *wait = wait_of(target, value);

	if (json_object_get(wait, "min"))
		json_object_set(target->object, "wait", wait);
	json_decref(wait);
}

static void take_wait(const struct target *target, const struct key *key, const json_t *value)
{
	(void)key;
	set_wait(target, value);
}

static void take_contents(const struct target *target, const struct key *key, const json_t *value)
{
	const char *text = json_string_value(value);

	take_text(target, key, value);
	if (text && strstr(text, "{{"))
		import_note(target->import, "%s.contents: \\x7b is a brace. Two braces side by side would belong to the "
			    "rendering of this file; a file of its own, with source, is easier to read.", target->path);
}

static const struct key template_keys[] = {
	KEY_AS("source", text, "source"), KEY_AS("contents", contents, "contents"), KEY("destination", destination),
	KEY("perms", perms), KEY_AS("user", owner, "user"), KEY_AS("group", owner, "group"),
	KEY_AS("uid", owner, "user"), KEY_AS("gid", owner, "group"), KEY_AS("backup", bool, "backup"),
	KEY_AS("create_dest_dirs", bool, "createDestDirs"),
	KEY_AS("error_on_missing_key", bool, "errorOnMissingKey"),
	KEY_AS("left_delimiter", text, "leftDelimiter"), KEY_AS("right_delimiter", text, "rightDelimiter"),
	KEY("wait", wait), KEY("command", nothing), KEY("command_timeout", nothing),
	KEY("exec", nothing),
	KEY_NOTE("error_fatal", "an error never ends pilotfish: the old file stays."),
	KEY_NOTE("function_denylist", "left out: pilotfish cannot forbid single functions."),
	KEY_NOTE("function_blacklist", "left out: pilotfish cannot forbid single functions."),
	KEY_NOTE("sandbox_path", "left out: the function file reads any file that pilotfish may read."),
	OTHER_KEYS,
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static bool destination_is_taken(const json_t *templates, const json_t *mine)
{
	size_t i;
	json_t *other;

	json_array_foreach(templates, i, other)
		if (other != mine && json_equal(json_object_get(other, "destination"), json_object_get(mine, "destination")))
			return true;
	return false;
}

/* The keys of the top that templates have unless they say something else. */
static void set_defaults(const struct target *target)
{
	static const struct { const char *theirs, *ours; } defaults[] = {
		{ "default_left_delimiter", "leftDelimiter" }, { "default_right_delimiter", "rightDelimiter" },
	};
	const json_t *wait = hcl_value(target->source, "wait");

	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		if (!json_object_get(target->object, defaults[i].ours))
			import_set(target->object, defaults[i].ours,
				   key_text(target->source, defaults[i].theirs));
	if (wait && !json_object_get(target->object, "wait"))
		set_wait(target, wait);
}

/* `root`: the whole foreign configuration. */
static void add_template(struct import *import, const json_t *root, const json_t *source)
{
	const char *destination = key_text(source, "destination"), *name;
	struct target target = { .import = import, .source = source };
	AUTOFREE char *path = NULL;
	json_t *list;

	if (!destination || !*destination || !key_text(source, "source") == !key_text(source, "contents")) {
		import_note(import, "templates: a template with the source \"%s\" is left out, as it does not have one "
			    "destination and one of source and contents.",
			    key_text(source, "source") ? key_text(source, "source") : "");
		return;
	}
	target.object = import_add(import, "templates", base_name(destination), &name);
	target.path = path = format_string("templates[%s]", name);
	keys_take(&target, template_keys);
	target.source = root;
	set_defaults(&target);
	target.source = source;
	consul_template_set_hook(&target);
	list = json_object_get(import->tree, "templates");
	if (destination_is_taken(list, target.object)) {
		import_note(import, "templates: a further template for %s is left out.", destination);
		json_array_remove(list, json_array_size(list) - 1);
	}
}

static void take_templates(const struct target *target, const struct key *key, const json_t *value)
{
	const json_t *templates = hcl_values(target->source, key->theirs);
	size_t i;
	json_t *template;

	(void)value;
	json_array_foreach(templates, i, template)
		if (!json_is_object(template))
			target_refuse(target, key->theirs, template, "a block");
		else if (i < IMPORT_COUNT_LIMIT)
			add_template(target->import, target->source, template);
}

/* ---- the top ---- */

static void take_level(const struct target *target, const struct key *key, const json_t *value)
{
	static const struct { const char *theirs, *ours; } levels[] = {
		{ "trace", "debug" }, { "debug", "debug" }, { "info", "info" }, { "warn", "warn" }, { "err", "error" },
		{ "error", "error" },
	};
	const char *text = json_string_value(value);

	for (size_t i = 0; text && i < sizeof levels / sizeof *levels; i++)
		if (!strcasecmp(text, levels[i].theirs)) {
			json_object_set_new(target->object, "logging", json_pack("{s:s}", "level", levels[i].ours));
			return;
		}
	target_refuse(target, key->theirs, value, "trace, debug, info, warn or err");
}

#define NO_FILE "left out: pilotfish logs to its standard output; logging.output names a file."

static const struct key top_keys[] = {
	KEY("consul", consul), KEY("token", in_consul), KEY("auth", in_consul), KEY("ssl", in_consul),
	KEY("template", templates), KEY("exec", nothing), KEY("wait", nothing),
	KEY("default_left_delimiter", nothing), KEY("default_right_delimiter", nothing),
	KEY("log_level", level), KEY_NOTE("log_file", NO_FILE), KEY_NOTE("syslog", NO_FILE),
	KEY_NOTE("retry", RETRIES),
	KEY_NOTE("vault", "not supported, and templates that read secrets are refused."),
	KEY_NOTE("nomad", "not supported, and templates with functions of Nomad are refused."),
	KEY_NOTE("deduplicate", "left out: each pilotfish asks its own agent, once for all templates that "
					    "need the same."),
	KEY_NOTE("max_stale", "left out: pilotfish has no limit of its own for stale answers."),
	KEY_NOTE("block_query_wait", "left out: pilotfish chooses how long a query waits."),
	KEY_NOTE("pid_file", "left out: pilotfish is process 1 of its container."),
	KEY_NOTE("kill_signal", "left out: SIGTERM and SIGINT stop pilotfish in order."),
	KEY_NOTE("reload_signal", "left out: SIGHUP reloads the configuration."),
	KEY("dump_signal", nothing),
	KEY_NOTE("once", "left out: `pilotfish render --once` renders templates and ends."),
	KEY_NOTE("err_on_failed_lookup", "left out: the log names what a template waits for."),
	KEY_NOTE("template_error_fatal", "left out: an error never ends pilotfish, and the old file stays."),
	OTHER_KEYS,
};

/* Adds the values of the second object to those of the first. */
static void merge(json_t *root, const json_t *more)
{
	const char *key;
	json_t *values;

	json_object_foreach((json_t *)more, key, values)
		if (json_object_get(root, key))
			json_array_extend(json_object_get(root, key), values);
		else
			json_object_set(root, key, values);
}

static bool read_file(struct import *import, const char *path, json_t *root)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	CLEANUP(json_decrefp) json_t *tree = NULL;

	if (!import_read_file(import, path, &text))
		return false;
	tree = hcl_parse(import, path, text.data);
	merge(root, tree);
	return tree;
}

/* As consul-template does, all files of a folder are one configuration. */
static bool read_folder(struct import *import, json_t *root)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	if (!import_list_folder(import, import->path, &names))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		AUTOFREE char *path = format_string("%s/%s", import->path, names.items[i]);

		if ((has_end(path, ".hcl") || has_end(path, ".json")) && !read_file(import, path, root))
			return false;
	}
	return true;
}

bool consul_template_read(struct import *import)
{
	CLEANUP(json_decrefp) json_t *root = !import->text ? json_object()
							   : hcl_parse(import, import->path, import->text);
	const struct target target = { .import = import, .object = import->tree, .path = "", .source = root };

	if (!root || (!import->text && !read_folder(import, root)))
		return false;
	json_object_set_new(import->tree, "consul", json_object());
	keys_take(&target, top_keys);
	consul_template_add_job(import, hcl_value(root, "exec"));
	if (!json_object_get(json_object_get(import->tree, "consul"), "address"))
		import_note(import, "consul: the address is that in CONSUL_HTTP_ADDR, else 127.0.0.1:8500.");
	return true;
}
