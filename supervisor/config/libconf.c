#include "libconf.h"

#include <libconfig.h>
#include <string.h>

#include "base/alloc.h"
#include "libconf_syntax.h"

/* libconfig 1.5 does not check its allocations.  It needs at most some 112 bytes for a byte of text,
 * namely a "(" in a list, and its scanner 16 KiB. */
enum { NEED = 128, RESERVE = 256 * 1024 };

static const struct {
	const char *of_libconfig, *ours;
} messages[] = {
	{ "syntax error", "a syntax error here or just before" },
	{ "duplicate setting name", "this key is given twice" },
	{ "mismatched element type in array",
	  "the values in [ ] must be of one type; use ( ) to mix types" },
};

static const char *explain(const char *text)
{
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
		if (!strcmp(text, messages[i].of_libconfig))
			return messages[i].ours;
	return text;
}

static json_t *convert(const config_setting_t *setting, unsigned *line);

static json_t *convert_group(const config_setting_t *setting, unsigned *line)
{
	json_t *object = json_object();
	const config_setting_t *member;

	for (unsigned i = 0; (member = config_setting_get_elem(setting, i)); i++)
		if (json_object_set_new(object, config_setting_name(member),
					convert(member, line))) {
			json_decref(object);
			return NULL;
		}
	return object;
}

static json_t *convert_list(const config_setting_t *setting, unsigned *line)
{
	json_t *array = json_array();
	const config_setting_t *element;

	for (unsigned i = 0; (element = config_setting_get_elem(setting, i)); i++)
		if (json_array_append_new(array, convert(element, line))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* NULL: the escapes in a string, which begins at *line, make it invalid UTF-8. */
static json_t *convert(const config_setting_t *setting, unsigned *line)
{
	json_t *string;

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return convert_group(setting, line);
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return convert_list(setting, line);
	case CONFIG_TYPE_BOOL:
		return json_boolean(config_setting_get_bool(setting));
	case CONFIG_TYPE_INT:
		return json_integer(config_setting_get_int(setting));
	case CONFIG_TYPE_INT64:
		return json_integer(config_setting_get_int64(setting));
	case CONFIG_TYPE_FLOAT:
		return json_real(config_setting_get_float(setting));
	default:
		string = json_string(config_setting_get_string(setting));
		if (!string)
			*line = config_setting_source_line(setting);
		return string;
	}
}

static void add(const struct included_text *included, unsigned line, const char *message,
		struct strv *mistakes)
{
	strv_push_taken(mistakes, included_text_message(included, (struct place){ .line = line }, message,
							true));
}

static json_t *parse(config_t *config, const struct included_text *included, struct strv *mistakes)
{
	unsigned line = 0;
	json_t *tree;

	alloc_reserve(NEED * included->text.used + RESERVE);
	if (!config_read_string(config, included->text.data)) {
		add(included, (unsigned)config_error_line(config), explain(config_error_text(config)),
		    mistakes);
		return NULL;
	}
	tree = convert_group(config_root_setting(config), &line);
	if (!tree)
		add(included, line, "this string is not valid UTF-8", mistakes);
	return tree;
}

json_t *libconf_parse(const struct included_text *included, struct places *places,
		      struct strv *mistakes)
{
	json_t *tree = NULL;
	config_t config;

	if (!libconf_check(included, places, mistakes))
		return NULL;
	config_init(&config);
	tree = parse(&config, included, mistakes);
	config_destroy(&config);
	return tree;
}

#define TEXT_OF(x) #x
#define DOTTED(major, minor, revision) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(revision)

const char *libconf_library(void)
{
	return DOTTED(LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR, LIBCONFIG_VER_REVISION);
}
