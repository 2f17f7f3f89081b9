#include "libconf.h"

#include <ctype.h>
#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/duration.h"
#include "include.h"
#include "libconf_scan.h"

/* libconfig 1.5 does not check its allocations.  It needs at most some 112 bytes for a byte of text,
 * namely a "(" in a list, and its scanner 16 KiB. */
enum { DEPTH_LIMIT = 50, NEED = 128, RESERVE = 256 * 1024 };

/* Where the search for traps is: two adjacent tokens, and how many brackets are open. */
struct spot {
	struct token before, token;
	char *word;			/* the token's text */
	int depth;
};

static bool is_punctuation(struct token token, const char *marks)
{
	return token.kind == TOKEN_PUNCTUATION && strchr(marks, *token.start);
}

static const char *digits_of(const char *word)
{
	return word + strspn(word, "+-");
}

static bool is_number(const char *word)
{
	return isdigit((unsigned char)*digits_of(word));
}

static bool is_hex(const char *word)
{
	return digits_of(word)[0] == '0' && tolower((unsigned char)digits_of(word)[1]) == 'x';
}

static bool has_leading_zero(const struct spot *spot)
{
	const char *digits = digits_of(spot->word);

	return spot->token.kind == TOKEN_WORD && digits[0] == '0' &&
	       isdigit((unsigned char)digits[1]);
}

/* libconfig silently keeps the lower 32 bits, or 64 if an L follows. */
static bool is_truncated(const struct spot *spot)
{
	char *end;
	long number;

	if (spot->token.kind != TOKEN_WORD || !is_number(spot->word))
		return false;
	errno = 0;
	number = strtol(spot->word, &end, is_hex(spot->word) ? 16 : 10);
	if (*end == 'L')
		return errno == ERANGE;
	return !*end && (errno == ERANGE || number < INT_MIN || number > INT_MAX);
}

static bool is_side_by_side(const struct spot *spot)
{
	return spot->before.kind == TOKEN_STRING && spot->token.kind == TOKEN_STRING;
}

static bool is_bare_duration(const struct spot *spot)
{
	double seconds;
	size_t length = strlen(spot->word);

	return spot->token.kind == TOKEN_WORD && is_number(spot->word) &&
	       isalpha((unsigned char)spot->word[length - 1]) &&
	       duration_parse(spot->word, &seconds);
}

static bool is_bare_text(const struct spot *spot)
{
	return spot->token.kind == TOKEN_WORD && is_punctuation(spot->before, "=:") &&
	       isalpha((unsigned char)*spot->word) && strcasecmp(spot->word, "true") &&
	       strcasecmp(spot->word, "false");
}

static bool is_trailing_comma(const struct spot *spot)
{
	return is_punctuation(spot->before, ",") && is_punctuation(spot->token, ")],;");
}

static bool is_too_deep(const struct spot *spot)
{
	return spot->depth > DEPTH_LIMIT;
}

static const struct {
	bool (*is)(const struct spot *spot);
	const char *message;
} traps[] = {
	{ has_leading_zero,  "a number with a leading zero; write file modes in quotes" },
	{ is_truncated,      "a number beyond 32 bits; append an L, which allows 64 bits" },
	{ is_side_by_side,   "two strings side by side; a comma or a semicolon is missing" },
	{ is_bare_duration,  "a duration with a unit needs quotes" },
	{ is_bare_text,      "text needs quotes" },
	{ is_trailing_comma, "a comma with nothing after it" },
	{ is_too_deep,       "nested too deeply" },
};

static bool check_traps(const struct included_text *included, struct error *error)
{
	struct scanner scanner;
	struct spot spot = { 0 };

	scanner_init(&scanner, included->text.data, included->text.used);
	while ((spot.token = scanner_next(&scanner)).kind != TOKEN_END) {
		AUTOFREE char *word = copy_bytes(spot.token.start, spot.token.length);

		spot.word = word;
		spot.depth += is_punctuation(spot.token, "([{") - is_punctuation(spot.token, ")]}");
		for (size_t i = 0; i < sizeof traps / sizeof *traps; i++)
			if (traps[i].is(&spot))
				return included_text_fail(included, spot.token.line, error,
						    traps[i].message);
		spot.before = spot.token;
	}
	return true;
}

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

static json_t *parse(config_t *config, const struct included_text *included, struct error *error)
{
	unsigned line = 0;
	json_t *tree;

	alloc_reserve(NEED * included->text.used + RESERVE);
	if (!config_read_string(config, included->text.data)) {
		included_text_fail(included, (unsigned)config_error_line(config), error,
			     explain(config_error_text(config)));
		return NULL;
	}
	tree = convert_group(config_root_setting(config), &line);
	if (!tree)
		included_text_fail(included, line, error, "this string is not valid UTF-8");
	return tree;
}

json_t *libconf_parse(const char *path, const char *text, size_t size, struct error *error)
{
	CLEANUP(included_text_release) struct included_text included = { .text = BUF_INIT };
	json_t *tree = NULL;
	config_t config;

	config_init(&config);
	if (included_text_init(&included, path, text, size, error) && check_traps(&included, error))
		tree = parse(&config, &included, error);
	config_destroy(&config);
	return tree;
}
