/* template.h - Go's text/template with the functions of ContainerPilot or of consul-template.
 *
 * A template is parsed once, to a tree, and rendered any number of times.  A render that asks for data
 * which is not there yet goes on with something empty and notes what is missing: render again when
 * it has come.  What a failed render printed is gone.
 *
 * Messages are "FILE:LINE:COL: what", the line and a caret; they hold no values.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <jansson.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

enum template_profile {
	TEMPLATE_GO = 1,	/* Go's own functions */
	TEMPLATE_CONFIG = 2,	/* and those for configuration files; the dot is the environment */
	TEMPLATE_CONSUL = 4,	/* and those of consul-template; the dot is nil */
};

enum missing_key { MISSING_DEFAULT, MISSING_ZERO, MISSING_ERROR };

struct template_options {
	enum template_profile profile;
	enum missing_key missing_key;
	const char *root;		/* the name by which the text can call itself; NULL: "" */
	const char *left, *right;	/* delimiters; NULL: {{ }} */
};

/* Where data comes from: false while there is none for this dependency.  Embedded by who has it.
 * `query` is what `dependency` names, valid during the call.  The value is borrowed until the render is
 * done; its form is that of consul-template's structures (reply.h). */
struct template_provider;
struct dependency;
typedef bool template_lookup_fn(struct template_provider *self, const struct dependency *dependency,
				const char *name, json_t **value);
struct template_provider { template_lookup_fn *lookup; };

struct template_limits {
	size_t memory, output, steps;
	double seconds;
};

struct template_input {
	json_t *dot;			/* TEMPLATE_GO; NULL: none */
	const char *dot_type;		/* "map[string]string"; NULL: as the JSON is */
	char *const *env;		/* NULL: empty */
	struct template_provider *data;	/* NULL: nothing is there */
	const char *const *denied;	/* patterns (of fnmatch) of functions that may not be called; ends in
					 * NULL; NULL: none */
	time_t now;
	struct template_limits limits;	/* 0: the default */
};

struct template_output {
	struct buf text;
	struct strv used, missing;	/* dependencies, in the order of their first use */
	struct strv places;		/* "FILE:LINE" where each of `missing` is asked for first */
	struct strv secrets;		/* what in `text` came from secrets */
};

#define TEMPLATE_SOURCE_LIMIT ((size_t)1 << 20)

struct template;

/* `name` is for messages; `text` is copied. */
struct template *template_parse(const char *name, const char *text, size_t size,
				const struct template_options *options, struct error *error);
void template_free(struct template *template);

/* `output` is cleared first.  An error while something is missing may mean no more than that. */
bool template_render(const struct template *template, const struct template_input *input,
		     struct template_output *output, struct error *error);
void template_output_release(struct template_output *output);

#endif
