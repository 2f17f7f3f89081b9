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
#include "compat.h"
#include "image.h"
#include "json5.h"
#include "libconf.h"
#include "mistakes.h"
#include "secret.h"
#include "sugar.h"
#include "syntax.h"

/* How a configuration is loaded. */
struct loading {
	struct load_source source;
	struct task *task;
	struct strv *unsure;		/* NULL: not for an image */
	struct strv *cut;		/* gets the names of variables whose values are cut; NULL: none is */
};

/* ContainerPilot's {{ .NAME }} ends at the first "=" in the value. */
static void find_cut(const struct buf *text, const struct strv *env, struct strv *cut)
{
	for (size_t i = 0; i < env->count; i++) {
		size_t size = strcspn(env->items[i], "=");
		AUTOFREE char *name = copy_bytes(env->items[i], size);
		AUTOFREE char *use = format_string(".%s", name);

		if (env->items[i][size] && strchr(env->items[i] + size + 1, '=') &&
		    memmem(text->data, text->used, use, size + 1))
			strv_push(cut, name);
	}
}

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
	struct template *template = template_parse(how->source.path, text->data, text->used, &options, error);
	bool fine;

	env_copy(&env);
	input.env = env.items;
	input.cuts_values = how->cut;
	if (how->cut)
		find_cut(text, &env, how->cut);
	fine = template && template_render(template, &input, output, error);
	template_free(template);
	return fine;
}

static bool read_source(const struct load_source *source, struct buf *text, struct error *error)
{
	if (!source->text)
		return file_read(source->path, TEXT_LIMIT, text, error);
	if (strlen(source->text) > TEXT_LIMIT)
		return fail(error, "%s: the text has more than %d bytes", source->path, TEXT_LIMIT);
	buf_add(text, source->text);
	return true;
}

/* Reads the text, and renders it if {{ is in it. */
static bool get_text(const struct loading *how, struct template_output *output, struct load_error *error)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct error reason = ERROR_INIT;

	*output = (struct template_output){ .text = BUF_INIT };
	error->code = EX_NOINPUT;
	if (!read_source(&how->source, &text, &reason))
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
	bool is_json5;
	struct strv repeated;		/* messages of keys that are given twice */
	struct compat_result compat;
};

static void document_release(struct document *document)
{
	included_text_release(&document->text);
	places_release(&document->places);
	strv_release(&document->repeated);
	compat_result_release(&document->compat);
}

static void move(struct strv *from, struct strv *to)
{
	strv_copy(to, from->items);
	strv_release(from);
}

static void name_language(const char *path, const char *text, struct load_error *error)
{
	const char *language = syntax_resembles(text);

	if (language)
		strv_push_taken(&error->mistakes, format_string("%s: this looks like %s; pilotfish reads libconfig's "
								"syntax and JSON5, see pilotfish.conf(5)", path, language));
}

static json_t *parse_json5(struct document *document, struct strv *mistakes)
{
	return json5_parse(&document->text, &document->places, mistakes, &document->repeated);
}

/* Does the text begin as one of libconfig: "key ="? */
static bool begins_as_libconf(const char *text)
{
	text += strspn(text, " \t\r\n");
	text += strcspn(text, " \t\r\n={[");
	return text[strspn(text, " \t\r\n")] == '=';
}

/* A file that is certainly ContainerPilot's may be ours nevertheless.  If it is neither, the view of either
 * reader helps, that of the likelier one first. */
static json_t *parse_either(struct document *document, bool containerpilot, struct strv *mistakes)
{
	const struct buf *text = &document->text.text;
	CLEANUP(strv_release) struct strv ours = { 0 };
	json_t *tree;

	document->is_json5 = syntax_is_json5(text->data, text->used) ||
			     (containerpilot && !text->data[strspn(text->data, " \t\r\n")]);
	if (document->is_json5)
		return parse_json5(document, mistakes);
	tree = libconf_parse(&document->text, &document->places, &ours);
	if (tree || !containerpilot || begins_as_libconf(text->data)) {
		move(&ours, mistakes);
		return tree;
	}
	json_decref(parse_json5(document, mistakes));
	move(&ours, mistakes);
	return NULL;
}

static json_t *parse(const struct loading *how, struct document *document,
		     const struct template_output *output, struct load_error *error)
{
	const struct origins *origins = output->origins.count ? &output->origins : NULL;
	const char *path = how->source.path;
	struct error reason = ERROR_INIT;
	json_t *tree;

	error->code = EX_DATAERR;
	places_init(&document->places);
	if (!included_text_init(&document->text, path, &output->text, origins, &reason)) {
		load_error_add(error, &reason);
		return NULL;
	}
	tree = parse_either(document, how->source.containerpilot, &error->mistakes);
	if (!tree)
		name_language(path, document->text.text.data, error);
	return tree;
}

static bool is_before(struct place a, struct place b)
{
	return a.line < b.line || (a.line == b.line && a.column < b.column);
}

/* Services, tasks and coprocesses of ContainerPilot 2 are jobs here. */
static struct place find_job(const struct document *document, const char *message)
{
	static const char *const lists[] = { "services", "tasks", "coprocesses" };
	struct place place = { 0 };

	for (size_t i = 0; i < sizeof lists / sizeof *lists && !place.line; i++) {
		AUTOFREE char *written = format_string("%s%s", lists[i], message + strlen("jobs"));

		place = places_find(&document->places, written);
	}
	return place;
}

static struct place find_place(const struct document *document, const char *message)
{
	AUTOFREE char *written = sugar_written_path(message);

	if (document->compat.version == 2 && !strncmp(message, "jobs[", 5))
		return find_job(document, message);
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

/* The words of the command are templates, too.  If one cannot be rendered, all stay as they are. */
static void render_command(const struct loading *how, struct strv *words)
{
	char *const *word = how->source.command;

	for (; word && *word; word++) {
		CLEANUP(template_output_release) struct template_output output = { .text = BUF_INIT };
		struct buf text = { .data = *word, .used = strlen(*word) };
		struct error error = ERROR_INIT;

		if (!render(how, &text, &output, &error)) {
			strv_release(words);
			strv_copy(words, how->source.command);
			return;
		}
		strv_push(words, output.text.data);
	}
}

/* Takes a tree as it is written, and returns one with our keys; NULL: a mistake was added, or there was. */
static json_t *translate(const struct loading *how, struct document *document, json_t *tree,
			 struct load_error *error)
{
	const struct load_source *source = &how->source;
	CLEANUP(strv_release) struct strv command = { 0 };
	json_t *ours = tree;

	if (tree && document->is_json5) {
		struct compat_call call = { .certain = source->containerpilot };

		render_command(how, &command);
		call.command = command.items;
		ours = compat_read(tree, &call, &document->compat);
		json_decref(tree);
	}
	if (ours && !document->compat.version) {
		move(&document->repeated, &error->mistakes);
		if (source->command && !error->mistakes.count)
			strv_push_taken(&error->mistakes, format_string(
					"%s: a command follows, \"%.64s\", which only a file of ContainerPilot 2 can have; "
					"write it as the exec of a job", source->path, source->command[0]));
	}
	move(&document->compat.mistakes, &error->mistakes);
	if (error->mistakes.count)
		json_decref(steal(&ours));
	if (document->compat.version)
		locate(document, &error->mistakes);
	return ours;
}

static struct config *decode(const struct loading *how, const struct document *document, json_t *tree,
			     struct load_error *error)
{
	struct config *config;

	if (!tree)
		return NULL;
	sugar_expand(tree, &error->mistakes);
	config = config_decode(tree, &error->mistakes);
	if (how->unsure) {
		set_aside(document, &error->mistakes, how->unsure);
		image_check(tree, &error->mistakes, how->unsure);
		locate(document, how->unsure);
	}
	json_decref(tree);
	if (config)
		locate(document, &config->warnings);
	locate(document, &error->mistakes);
	return config;
}

/* From the source to a tree with our keys; NULL: a mistake was added. */
static json_t *read_tree(const struct loading *how, struct template_output *output, struct document *document,
			 struct load_error *error)
{
	if (!get_text(how, output, error))
		return NULL;
	return translate(how, document, parse(how, document, output, error), error);
}

static bool has_values_to_cut(void)
{
	CLEANUP(strv_release) struct strv env = { 0 };

	env_copy(&env);
	for (size_t i = 0; i < env.count; i++)
		if (strchr(env.items[i] + strcspn(env.items[i], "=") + 1, '='))
			return true;
	return false;
}

/* Only what a text is rendered to tells whether it is ContainerPilot's: then it is rendered again. */
static json_t *read_again_if_cut(struct loading *how, struct template_output *output,
				 struct document *document, struct strv *cut, struct load_error *error)
{
	json_t *tree = read_tree(how, output, document, error);

	if (!document->compat.version || !output->origins.count || !has_values_to_cut())
		return tree;
	json_decref(tree);
	document_release(document);
	template_output_release(output);
	strv_release(&error->mistakes);
	*document = (struct document){ .is_json5 = false };
	how->cut = cut;
	return read_tree(how, output, document, error);
}

static void warn_of_cut(const struct loading *how, struct config *config)
{
	for (size_t i = 0; how->cut && i < how->cut->count; i++) {
		const char *name = how->cut->items[i];

		strv_push_taken(&config->warnings, format_string(
				"%s: {{ .%s }} ends at the first \"=\" in the value, as in ContainerPilot; {{ env \"%s\" }} has "
				"all of it", how->source.path, name, name));
	}
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

	if (!get_text(&(struct loading){ .source.path = path }, &output, error))
		return NULL;
	secret_hide(&output.secrets, &output.text);
	return buf_take(&output.text);
}

json_t *load_tree(const char *path, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output = { .text = BUF_INIT };
	CLEANUP(document_release) struct document document = { 0 };
	CLEANUP(strv_release) struct strv cut = { 0 };
	struct loading how = { .source.path = path };
	json_t *tree = read_again_if_cut(&how, &output, &document, &cut, error);

	if (!tree)
		return NULL;
	sugar_expand(tree, &error->mistakes);
	locate(&document, &error->mistakes);
	secret_collect(tree, &output.secrets);
	secret_hide_in_messages(&output.secrets, &error->mistakes);
	if (!error->mistakes.count)
		secret_hide_in_tree(&output.secrets, tree);
	else
		json_decref(steal(&tree));
	return tree;
}

json_t *load_translated(const struct load_source *source, struct strv *notes, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output = { .text = BUF_INIT };
	CLEANUP(document_release) struct document document = { 0 };
	struct loading how = { .source = *source };
	json_t *tree = read_tree(&how, &output, &document, error);

	if (tree && !document.compat.version) {
		strv_push_taken(&error->mistakes, format_string("%s: is no file of ContainerPilot", source->path));
		json_decref(steal(&tree));
	}
	places_print_comments(&document.places, notes);
	move(&document.compat.notes, notes);
	return tree;
}

static void describe(struct config *config, const struct loading *how, struct document *document,
		     struct template_output *output)
{
	config->has_secrets = output->secrets.count || config->consul.token || config->consul.token_file ||
			      config->consul.auth;
	config->secrets = output->secrets;
	output->secrets = (struct strv){ 0 };
	config->containerpilot = document->compat.version;
	move(&document->compat.notes, &config->notes);
	locate(document, &config->notes);
	move(&document->repeated, &config->warnings);
	warn_of_cut(how, config);
}

static struct config *load(struct loading *how, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output = { .text = BUF_INIT };
	CLEANUP(document_release) struct document document = { 0 };
	CLEANUP(strv_release) struct strv cut = { 0 };
	json_t *tree = read_again_if_cut(how, &output, &document, &cut, error);
	struct config *config = decode(how, &document, tree, error);

	secret_hide_in_messages(&output.secrets, &error->mistakes);
	if (config)
		describe(config, how, &document, &output);
	how->cut = NULL;
	return config;
}

struct config *load_config(const char *path, struct task *task, struct load_error *error)
{
	return load_config_from(&(struct load_source){ .path = path }, task, error);
}

char *load_rendered_from(const struct load_source *source, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output;

	if (!get_text(&(struct loading){ .source = *source }, &output, error))
		return NULL;
	return buf_take(&output.text);
}

struct config *load_config_from(const struct load_source *source, struct task *task,
				struct load_error *error)
{
	return load(&(struct loading){ .source = *source, .task = task }, error);
}

struct config *load_image_config(const char *path, struct load_error *error, struct strv *unsure)
{
	struct config *config = load(&(struct loading){ .source.path = path, .unsure = unsure }, error);

	if (!error->mistakes.count)
		return config;
	config_free(config);
	return NULL;
}

struct config *load_text(const char *text, const char *name, struct load_error *error)
{
	CLEANUP(template_output_release) struct template_output output = { .text = BUF_INIT };
	CLEANUP(document_release) struct document document = { 0 };
	struct loading how = { .source.path = name };
	json_t *tree;

	buf_add(&output.text, text);
	tree = translate(&how, &document, parse(&how, &document, &output, error), error);
	return decode(&how, &document, tree, error);
}
