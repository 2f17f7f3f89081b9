#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/env.h"
#include "base/file.h"
#include "template/template.h"
#include "image.h"
#include "json5.h"
#include "libconf.h"
#include "mistakes.h"
#include "secret.h"
#include "sugar.h"
#include "syntax.h"

/* How a configuration is loaded. */
struct loading {
	const char *path;
	struct task *task;
	struct strv *unsure;		/* NULL: not for an image */
};

static bool render(const struct loading *how, const struct buf *text, struct template_output *output,
		   struct error *error)
{
	static const struct template_options options = {
		.profile = TEMPLATE_CONFIG, .missing_key = MISSING_ZERO,
	};
	CLEANUP(strv_release) struct strv env = { 0 };
	struct template_input input = {
		.now = time(NULL), .task = how->task,
		.unset = how->unsure ? UNSET_TEXT : NULL,
	};
	struct template *template = template_parse(how->path, text->data, text->used, &options, error);
	bool fine;

	env_copy(&env);
	input.env = env.items;
	fine = template && template_render(template, &input, output, error);
	template_free(template);
	return fine;
}

/* Reads the file, and renders the text if {{ is in it. */
static bool get_text(const struct loading *how, struct template_output *output, struct load_error *error)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct error reason = ERROR_INIT;

	*output = (struct template_output){ .text = BUF_INIT };
	error->code = EX_NOINPUT;
	if (!file_read(how->path, TEXT_LIMIT, &text, &reason))
		return load_error_add(error, &reason);
	error->code = EX_DATAERR;
	if (memmem(text.data, text.used, "{{", 2))
		return render(how, &text, output, &reason) || load_error_add(error, &reason);
	output->text = text;
	text = (struct buf)BUF_INIT;
	return true;
}

/* A configuration's text with its includes, and where everything stands in it. */
struct document {
	struct included_text text;
	struct places places;
};

static void document_release(struct document *document)
{
	included_text_release(&document->text);
	places_release(&document->places);
}

static void name_language(const char *path, const char *text, struct load_error *error)
{
	const char *language = syntax_resembles(text);

	if (language)
		strv_push_taken(&error->mistakes, format_string("%s: this looks like %s; pilotfish reads libconfig's "
								"syntax and JSON5, see pilotfish.conf(5)", path, language));
}

static json_t *parse(struct document *document, const char *path, const struct template_output *output,
		     struct load_error *error)
{
	const struct origins *origins = output->origins.count ? &output->origins : NULL;
	struct error reason = ERROR_INIT;
	const struct buf *text;
	json_t *tree;

	error->code = EX_DATAERR;
	places_init(&document->places);
	if (!included_text_init(&document->text, path, &output->text, origins, &reason)) {
		load_error_add(error, &reason);
		return NULL;
	}
	text = &document->text.text;
	if (syntax_is_json5(text->data, text->used))
		tree = json5_parse(&document->text, &document->places, &error->mistakes);
	else
		tree = libconf_parse(&document->text, &document->places, &error->mistakes);
	if (!tree)
		name_language(path, text->data, error);
	return tree;
}

static bool is_before(struct place a, struct place b)
{
	return a.line < b.line || (a.line == b.line && a.column < b.column);
}

static struct place find_place(const struct document *document, const char *message)
{
	AUTOFREE char *written = sugar_written_path(message);

	return places_find(&document->places, written ? written : message);
}

/* Puts its place before each message, which begins with the path of a key, and sorts them by it.  The
 * first messages are enough to read at once. */
static void locate(const struct document *document, struct strv *messages)
{
	struct place places[MISTAKES_MOST];
	size_t more = messages->count > MISTAKES_MOST ? messages->count - MISTAKES_MOST : 0;

	strv_truncate(messages, MISTAKES_MOST);
	for (size_t i = 0; i < messages->count; i++) {
		AUTOFREE char *message = messages->items[i];
		struct place place = find_place(document, message);
		size_t to = i;

		for (; to && is_before(place, places[to - 1]); to--) {
			places[to] = places[to - 1];
			messages->items[to] = messages->items[to - 1];
		}
		places[to] = place;
		messages->items[to] = included_text_message(&document->text, place, message, false);
	}
	if (more)
		strv_push_taken(messages, format_string("%s: and more of them",
							document->text.files.items[0]));
}

/* Moves the mistakes in lines that print a variable that is not set. */
static void set_aside(const struct document *document, struct strv *mistakes, struct strv *unsure)
{
	CLEANUP(strv_release) struct strv all = *mistakes;

	*mistakes = (struct strv){ 0 };
	for (size_t i = 0; i < all.count; i++) {
		bool uncertain = included_text_has_unset(&document->text, find_place(document, all.items[i]));

		strv_push(uncertain ? unsure : mistakes, all.items[i]);
	}
}

/* `unsure` NULL: not for an image. */
static struct config *decode(const struct document *document, json_t *tree, struct strv *unsure,
			     struct load_error *error)
{
	struct config *config;

	if (!tree)
		return NULL;
	sugar_expand(tree, &error->mistakes);
	config = config_decode(tree, &error->mistakes);
	if (unsure) {
		set_aside(document, &error->mistakes, unsure);
		image_check(tree, &error->mistakes, unsure);
		locate(document, unsure);
	}
	json_decref(tree);
	if (config)
		locate(document, &config->warnings);
	locate(document, &error->mistakes);
	return config;
}

void load_error_release(struct load_error *error)
{
	strv_release(&error->mistakes);
	*error = (struct load_error){ 0 };
}

bool load_error_add(struct load_error *error, const struct error *mistake)
{
	return mistakes_add(&error->mistakes, mistake);
}

char *load_error_text(const struct load_error *error)
{
	return strv_join(&error->mistakes, "\n");
}

void load_error_log(const struct load_error *error, const char *consequence)
{
	for (size_t i = 0; i < error->mistakes.count; i++)
		log_error("%s%s", i ? "" : consequence, error->mistakes.items[i]);
}

char *load_rendered(const char *path, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output;

	if (!get_text(&(struct loading){ .path = path }, &output, error))
		return NULL;
	secret_hide(&output.secrets, &output.text);
	return buf_take(&output.text);
}

json_t *load_tree(const char *path, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output;
	CLEANUP(document_release) struct document document = { 0 };
	json_t *tree;

	if (!get_text(&(struct loading){ .path = path }, &output, error))
		return NULL;
	tree = parse(&document, path, &output, error);
	if (tree) {
		sugar_expand(tree, &error->mistakes);
		locate(&document, &error->mistakes);
	}
	secret_collect(tree, &output.secrets);
	secret_hide_in_messages(&output.secrets, &error->mistakes);
	if (!error->mistakes.count)
		secret_hide_in_tree(&output.secrets, tree);
	else
		json_decref(steal(&tree));
	return tree;
}

static struct config *load(const struct loading *how, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output;
	CLEANUP(document_release) struct document document = { 0 };
	struct config *config;

	if (!get_text(how, &output, error))
		return NULL;
	config = decode(&document, parse(&document, how->path, &output, error), how->unsure, error);
	secret_hide_in_messages(&output.secrets, &error->mistakes);
	if (config)
		config->has_secrets = output.secrets.count || config->consul.token ||
				      config->consul.token_file || config->consul.auth;
	return config;
}

struct config *load_config(const char *path, struct task *task, struct load_error *error)
{
	return load(&(struct loading){ .path = path, .task = task }, error);
}

struct config *load_image_config(const char *path, struct load_error *error, struct strv *unsure)
{
	struct config *config = load(&(struct loading){ .path = path, .unsure = unsure }, error);

	if (!error->mistakes.count)
		return config;
	config_free(config);
	return NULL;
}

struct config *load_text(const char *text, const char *name, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output = { .text = BUF_INIT };
	CLEANUP(document_release) struct document document = { 0 };

	buf_add(&output.text, text);
	return decode(&document, parse(&document, name, &output, error), NULL, error);
}
