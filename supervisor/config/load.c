#include "load.h"

#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "template/template.h"
#include "libconf.h"
#include "include.h"
#include "secret.h"
#include "sugar.h"

static bool render(const char *path, const struct buf *text, struct task *task,
		   struct template_output *output, struct error *error)
{
	static const struct template_options options = {
		.profile = TEMPLATE_CONFIG, .missing_key = MISSING_ZERO,
	};
	struct template_input input = { .env = environ, .now = time(NULL), .task = task };
	struct template *template = template_parse(path, text->data, text->used, &options, error);
	bool fine = template && template_render(template, &input, output, error);

	template_free(template);
	return fine;
}

/* Reads the file, and renders the text if {{ is in it. */
static bool get_text(const char *path, struct task *task, struct template_output *output,
		     struct load_error *error)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	*output = (struct template_output){ .text = BUF_INIT };
	error->code = EX_NOINPUT;
	if (!file_read(path, TEXT_LIMIT, &text, &error->error))
		return false;
	error->code = EX_DATAERR;
	if (memmem(text.data, text.used, "{{", 2))
		return render(path, &text, task, output, &error->error);
	output->text = text;
	text = (struct buf)BUF_INIT;
	return true;
}

static json_t *parse(const char *path, const char *text, size_t size, struct load_error *error)
{
	json_t *tree = libconf_parse(path, text, size, &error->error);

	error->code = EX_DATAERR;
	if (!tree)
		return NULL;
	if (sugar_expand(tree, &error->error))
		return tree;
	fail_in(&error->error, "%s", path);
	json_decref(tree);
	return NULL;
}

static struct config *decode(const char *path, json_t *tree, struct load_error *error)
{
	struct config *config = tree ? config_decode(tree, &error->error) : NULL;

	if (tree && !config)
		fail_in(&error->error, "%s", path);
	json_decref(tree);
	return config;
}

char *load_rendered(const char *path, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output;

	if (!get_text(path, NULL, &output, error))
		return NULL;
	secret_hide(&output.secrets, &output.text);
	return buf_take(&output.text);
}

json_t *load_tree(const char *path, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output;
	json_t *tree;

	if (!get_text(path, NULL, &output, error))
		return NULL;
	tree = parse(path, output.text.data, output.text.used, error);
	secret_collect(tree, &output.secrets);
	if (tree)
		secret_hide_in_tree(&output.secrets, tree);
	else
		secret_hide_in_error(&output.secrets, &error->error);
	return tree;
}

struct config *load_config(const char *path, struct task *task, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output;
	struct config *config;

	if (!get_text(path, task, &output, error))
		return NULL;
	config = decode(path, parse(path, output.text.data, output.text.used, error), error);
	if (config)
		config->has_secrets = output.secrets.count || config->consul.token ||
				      config->consul.token_file || config->consul.auth;
	else
		secret_hide_in_error(&output.secrets, &error->error);
	return config;
}

struct config *load_text(const char *text, const char *name, struct load_error *error)
{
	return decode(name, parse(name, text, strlen(text), error), error);
}
