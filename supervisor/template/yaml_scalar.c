#include "yaml_scalar.h"

#include <ctype.h>
#include <math.h>

#include "tree.h"

/* ---- words ---- */

static const struct word {
	const char *type;
	double number;
	const char *texts[12];		/* ends in NULL */
} words[] = {
	{ "bool", 1, { "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON" } },
	{ "bool", 0, { "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF" } },
	{ "null", 0, { "", "~", "null", "Null", "NULL" } },
	{ "float", NAN, { ".nan", ".NaN", ".NAN" } },
	{ "float", INFINITY, { ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF" } },
	{ "float", -INFINITY, { "-.inf", "-.Inf", "-.INF" } },
};

static const struct word *find_word(struct value text)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		for (size_t k = 0; words[i].texts[k]; k++)
			if (value_is_text(text, words[i].texts[k]))
				return &words[i];
	return NULL;
}

static struct value value_of_word(const struct word *word)
{
	if (word->type[0] == 'n')
		return value_nil();
	return word->type[0] == 'b' ? value_bool(word->number != 0) : value_float(word->number);
}

/* ---- numbers ---- */

/* Base 0: as the prefix says; a leading 0 alone means octal. */
static unsigned skip_prefix(const char **text)
{
	static const struct { char letter; unsigned base; } prefixes[] = {
		{ 'x', 16 }, { 'o', 8 }, { 'b', 2 },
	};
	const char *at = *text;

	if (at[0] != '0')
		return 10;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if ((at[1] | 0x20) == prefixes[i].letter && at[2]) {
			*text += 2;
			return prefixes[i].base;
		}
	++*text;
	return 8;
}

static bool parse_natural(const char *text, unsigned base, uint64_t *natural)
{
	if (!*text)
		return false;
	if (!base)
		base = skip_prefix(&text);
	for (*natural = 0; *text; text++) {
		unsigned digit = isdigit((unsigned char)*text) ? (unsigned)(*text - '0') :
				 isalpha((unsigned char)*text) ? (unsigned)((*text | 0x20) - 'a' + 10) : base;

		if (digit >= base || __builtin_mul_overflow(*natural, base, natural) ||
		    __builtin_add_overflow(*natural, digit, natural))
			return false;
	}
	return true;
}

static bool parse_integer(const char *text, unsigned base, struct value *value)
{
	bool minus = *text == '-', sign = minus || *text == '+';
	uint64_t natural;

	if (!parse_natural(text + sign, base, &natural))
		return false;
	if (natural <= (uint64_t)INT64_MAX + minus)
		*value = value_int((int64_t)(minus ? -natural : natural));
	else if (!sign)
		*value = value_uint64(natural);
	else
		return false;
	return true;
}

static const char *skip_digits(const char *text)
{
	while (isdigit((unsigned char)*text))
		text++;
	return text;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool looks_like_float(const char *text)
{
	const char *start = text += *text == '-' || *text == '+', *digits;

	text = skip_digits(text);
	if (*text == '.') {
		digits = text + 1;
		text = skip_digits(digits);
		if (digits == start + 1 && text == digits)
			return false;
	} else if (text == start) {
		return false;
	}
	if ((*text | 0x20) == 'e') {
		digits = text + 1 + (text[1] == '-' || text[1] == '+');
		text = skip_digits(digits);
		if (text == digits)
			return false;
	}
	return !*text;
}

static bool parse_float(struct arena *arena, const char *text, size_t size, struct value *value)
{
	double real;

	if (!literal_float(arena, text, size, &real))
		return false;
	*value = value_float(real);
	return true;
}

/* ---- timestamps ---- */

/* One digit or two, at most `limit`. */
static bool skip_number(const char **text, long limit, long *number)
{
	const char *at = *text;

	if (!isdigit((unsigned char)*at))
		return false;
	*number = *at++ - '0';
	if (isdigit((unsigned char)*at))
		*number = 10 * *number + *at++ - '0';
	*text = at;
	return *number <= limit;
}

static bool skip_char(const char **text, char c)
{
	return **text == c && (++*text, true);
}

/* Z or +hh:mm */
static bool is_zone(const char *text)
{
	const char *at = text + 1;
	long number;

	if (!strcmp(text, "Z"))
		return true;
	return (*text == '+' || *text == '-') && strlen(at) == 5 && skip_number(&at, 24, &number) &&
	       skip_char(&at, ':') && at == text + 4 && skip_number(&at, 60, &number) && !*at;
}

static bool is_time(const char *text, bool zone)
{
	long number;

	if (!skip_number(&text, 23, &number) || !skip_char(&text, ':') || !skip_number(&text, 59, &number) ||
	    !skip_char(&text, ':') || !skip_number(&text, 59, &number))
		return false;
	if ((*text == '.' || *text == ',') && isdigit((unsigned char)text[1]))
		text = skip_digits(text + 1);
	return zone ? is_zone(text) : !*text;
}

static long days_of(long year, long month)
{
	if (month == 2)
		return 28 + ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
	return 30 + (month + (month > 7)) % 2;
}

/* A date, perhaps with a time: 2001-2-3T4:5:6.7Z or 2001-2-3 4:5:6.7 */
static bool is_timestamp(const char *text)
{
	const char *at = skip_digits(text);
	long year = 0, month, day;

	if (at != text + 4)
		return false;
	for (int i = 0; i < 4; i++)
		year = 10 * year + text[i] - '0';
	if (!skip_char(&at, '-') || !skip_number(&at, 12, &month) || !month || !skip_char(&at, '-') ||
	    !skip_number(&at, days_of(year, month), &day) || !day)
		return false;
	if (*at == 'T' || *at == 't')
		return is_time(at + 1, true);
	if (*at != ' ')
		return !*at;
	return is_time(at + strspn(at, " "), false);
}

/* ---- all of them ---- */

static const char *resolve_number(struct arena *arena, const char *text, struct value *value)
{
	char *plain, *to;

	if (is_timestamp(text))
		return "timestamp";
	plain = to = arena_copy(arena, text, strlen(text));
	for (; *text; text++)
		if (*text != '_')
			*to++ = *text;
	*to = '\0';
	if (parse_integer(plain, 0, value))
		return "int";
	if (looks_like_float(plain) && parse_float(arena, plain, (size_t)(to - plain), value))
		return "float";
	/* yaml.v2 takes a sign behind 0b, too. */
	return !strncmp(plain, "0b", 2) && parse_integer(plain + 2, 2, value) ? "int" : NULL;
}

const char *scalar_resolve(struct arena *arena, struct value text, struct value *value)
{
	char first = text.size ? text.text[0] : '~';
	const struct word *word = NULL;
	const char *type;

	arena_work(arena, text.size);
	if (first && strchr("yYnNtTfFoO~.+-", first))
		word = find_word(text);
	if (word) {
		*value = value_of_word(word);
		return word->type;
	}
	if (first == '.')
		return parse_float(arena, text.text, text.size, value) ? "float" : NULL;
	if (!isdigit((unsigned char)first) && first != '+' && first != '-')
		return NULL;
	if (memchr(text.text, '\0', text.size))
		return NULL;
	type = resolve_number(arena, arena_copy(arena, text.text, text.size), value);
	if (type && type[0] == 't')
		*value = text;
	return type;
}

/* [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)? */
bool scalar_is_sexagesimal(struct value text)
{
	size_t i = text.size && (text.text[0] == '-' || text.text[0] == '+'), parts = 0;

	if (i >= text.size || !isdigit((unsigned char)text.text[i]))
		return false;
	while (i < text.size && (isdigit((unsigned char)text.text[i]) || text.text[i] == '_'))
		i++;
	for (; i < text.size && text.text[i] == ':'; parts++) {
		size_t start = ++i;

		while (i < text.size && isdigit((unsigned char)text.text[i]) && i < start + 2)
			i++;
		if (i == start || (i == start + 2 && text.text[start] > '5'))
			return false;
	}
	if (i < text.size && text.text[i] == '.')
		for (i++; i < text.size && (isdigit((unsigned char)text.text[i]) || text.text[i] == '_');)
			i++;
	return parts && i == text.size;
}
