#include "template_args.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "config/mistakes.h"
#include "config/sugar.h"

static char *absolute_path(const char *path)
{
	AUTOFREE char *folder = path[0] == '/' ? NULL : getcwd(NULL, 0);

	return folder ? format_string("%s/%s", folder, path) : copy_string(path);
}

static json_t *command_tree(const char *command)
{
	if (strpbrk(command, " \t\n'\"\\$`*?[]{}()<>|&;#~"))
		return json_pack("[sss]", "/bin/sh", "-c", command);
	return json_pack("[s]", command);
}

/* The text before the next colon; moves *rest behind it, or to NULL if there is no colon. */
static char *cut(const char **rest)
{
	const char *text = *rest, *colon = text ? strchr(text, ':') : NULL;

	if (!text)
		return NULL;
	*rest = colon ? colon + 1 : NULL;
	return colon ? copy_bytes(text, (size_t)(colon - text)) : copy_string(text);
}

/* Jansson takes no other text. */
static bool is_utf8(const char *text)
{
	json_t *copy = json_string(text);

	json_decref(copy);
	return copy;
}

static json_t *template_tree(const struct template_args *args, const char *text,
			     struct error *error)
{
	const char *rest = text;
	AUTOFREE char *in = cut(&rest), *out = cut(&rest);
	AUTOFREE char *destination = in ? absolute_path(out && *out ? out : in) : NULL;
	json_t *tree;

	if (!in || !*in) {
		fail(error, "\"%s\": a template is IN[:OUT[:COMMAND]]", text);
		return NULL;
	}
	if (!is_utf8(text) || !is_utf8(destination)) {
		fail(error, "\"%s\": the path %s is not UTF-8", text, destination);
		return NULL;
	}
	tree = json_pack("{ss ss ss}", "name", out && *out ? out : in, "source", in,
			 "destination", destination);
	if (rest && *rest)
		json_object_set_new(tree, "exec", json_pack("{so ss}", "exec", command_tree(rest),
				    "restarts", args->once ? "never" : "onFailure"));
	return tree;
}

static json_t *args_tree(const struct template_args *args, struct error *error)
{
	json_t *templates;

	if (args->consul && !is_utf8(args->consul)) {
		fail(error, "--consul-addr: \"%s\" is not UTF-8", args->consul);
		return NULL;
	}
	templates = json_array();
	for (size_t i = 0; i < args->templates.count; i++) {
		json_t *template = template_tree(args, args->templates.items[i], error);

		if (!template) {
			json_decref(templates);
			return NULL;
		}
		json_array_append_new(templates, template);
	}
	return json_pack("{so s{ss} s{ss*}}", "templates", templates,
			 "logging", "output", "stderr", "consul", "address", args->consul);
}

static bool has_output(const char *template)
{
	const char *colon = strchr(template, ':');

	return colon && colon[1] && colon[1] != ':';
}

struct config *template_args_config(const struct template_args *args, struct load_error *error)
{
	struct error reason = ERROR_INIT;
	json_t *tree = args_tree(args, &reason);
	struct config *config;

	if (!tree) {
		load_error_add(error, &reason);
		return NULL;
	}
	sugar_expand(tree, &error->mistakes);
	config = config_decode(tree, &error->mistakes);
	json_decref(tree);
	if (!config)
		return NULL;
	mistakes_in(&config->warnings, 0, "the command line");
	config->consul.once = args->once;
	for (size_t i = 0; i < config->template_count; i++) {
		struct template_config *template = config->templates[i];

		if (!has_output(args->templates.items[i]))
			template->print = PRINT_TEXT;
		else if (args->dry)
			template->print = PRINT_TITLED;
		template->new_is_change = true;
	}
	return config;
}
