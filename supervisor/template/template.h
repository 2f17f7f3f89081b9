/* template.h - Go's text/template with the functions of ContainerPilot or of consul-template.
 *
 * A template is parsed once, to a tree, and rendered any number of times.  If data is not there yet,
 * the render continues with an empty value and notes the dependency as missing; the caller renders
 * again when the data has come.  A failed render leaves no text.
 *
 * A message is "FILE:LINE:COL: reason", the line and a caret; messages hold no values.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <jansson.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "origin.h"

enum template_profile {
	TEMPLATE_GO = 1,	/* Go's own functions */
	TEMPLATE_CONFIG = 2,	/* plus those of configuration files; the dot is the environment */
	TEMPLATE_CONSUL = 4,	/* plus those of consul-template; the dot is nil */
	TEMPLATE_SOCKADDR = 8,	/* plus those of go-sockaddr: inside {{sockaddr}} */
};

enum missing_key { MISSING_DEFAULT, MISSING_ZERO, MISSING_ERROR };

struct template_options {
	enum template_profile profile;
	enum missing_key missing_key;
	const char *root;		/* the name of the main text, for {{template}}; NULL: "" */
	const char *left, *right;	/* delimiters; NULL: {{ }} */
};

/* The owner of the data embeds a template_provider.  lookup() returns false while it has no value for
 * the dependency, whose canonical name is `name`; both are valid during the call.  The value is
 * borrowed until the render ends and has the form of consul-template's structures (reply.h). */
struct template_provider;
struct dependency;
struct task;
typedef bool template_lookup_fn(struct template_provider *self, const struct dependency *dependency,
				const char *name, json_t **value);
struct template_provider { template_lookup_fn *lookup; };

/* Runs programs.  *output NULL: it has not ended yet, and the render is to be repeated.  False: it
 * cannot be run, or has failed. */
struct template_plugins;
typedef bool template_plugin_fn(struct template_plugins *self, const struct strv *argv,
				const struct buf **output, struct error *error);
struct template_plugins { template_plugin_fn *run; };

struct template_limits {
	size_t memory, output, steps;
	double seconds;			/* of processor time */
};

struct template_input {
	json_t *dot;			/* TEMPLATE_GO; NULL: none */
	const char *dot_type;		/* "map[string]string"; NULL: as the JSON is */
	char *const *env;		/* NULL: empty */
	bool cuts_values;		/* TEMPLATE_CONFIG: in the dot, a value ends at its first "=" */
	const char *unset;		/* TEMPLATE_CONFIG: printed for what has no text because a variable
					 * or secret is not set; NULL: nothing, and a secret must be set */
	struct template_provider *data;	/* NULL: no data */
	struct template_plugins *plugins;	/* NULL: no program can be run */
	const char *const *denied;	/* patterns for fnmatch() of forbidden functions; ends in NULL;
					 * NULL: none */
	time_t now;
	struct template_limits limits;	/* 0: the default */
	struct task *task;		/* that renders, and pauses; NULL: none */
};

/* Of writeToFile. */
struct template_file {
	char *path;			/* absolute */
	char *owner, *group;		/* names or numbers; "": ours */
	int mode;
	struct buf text;
};

struct template_output {
	struct buf text;
	struct strv used, missing;	/* dependencies, in the order of their first use */
	struct strv places;		/* "FILE:LINE" of the first use of each of `missing` */
	size_t pending;			/* programs that have not ended yet */
	struct strv secrets;		/* the parts of `text` made from secrets */
	struct template_file *files;
	size_t file_count;
	struct origins origins;		/* TEMPLATE_CONFIG: of the lines of `text` */
};

#define TEMPLATE_SOURCE_LIMIT ((size_t)1 << 20)

struct template;

/* `name` is for messages; `text` is copied. */
struct template *template_parse(const char *name, const char *text, size_t size,
				const struct template_options *options, struct error *error);
void template_free(struct template *template);

/* Clears `output` first.  While dependencies are missing, they may be the cause of an error. */
bool template_render(const struct template *template, const struct template_input *input,
		     struct template_output *output, struct error *error);
void template_output_release(struct template_output *output);

#endif
