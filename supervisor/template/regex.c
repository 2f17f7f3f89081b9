#define PCRE2_CODE_UNIT_WIDTH 8
#include "regex.h"

#include <pcre2.h>
#include <stdlib.h>

#include "base/alloc.h"

#define COMPILED 32		/* more patterns than that are compiled each time */
#define PATTERN_LIMIT 10000

struct compiled { char *pattern; size_t size; pcre2_code *code; };

struct regexes {
	struct compiled compiled[COMPILED];
	size_t next;
	pcre2_match_context *limits;
};

struct regexes *regexes_new(void)
{
	return NEW(struct regexes);
}

void regexes_free(struct regexes *regexes)
{
	for (size_t i = 0; i < COMPILED; i++) {
		free(regexes->compiled[i].pattern);
		pcre2_code_free(regexes->compiled[i].code);
	}
	pcre2_match_context_free(regexes->limits);
	free(regexes);
}

static bool check_escape(char c, bool class, struct error *error)
{
	static const char known[] = "abfnrtvxpPdDsSwWzABQE";

	if (class && c && strchr("AzBQE", c))
		return fail(error, "invalid escape sequence in a class: \\%c", c);
	if ((unsigned char)c >= 0x80)
		return fail(error, "invalid escape sequence");
	if ((c >= '1' && c <= '9') || (((c | 32) >= 'a' && (c | 32) <= 'z') && !strchr(known, c)))
		return fail(error, "invalid escape sequence: \\%c", c);
	return true;
}

/* Behind "(?" only groups without capture, names and flags. */
static bool check_group(const char *text, size_t size, struct error *error)
{
	size_t i = 0;

	if (size && text[0] == 'P')
		return (size > 1 && text[1] == '<') || fail(error, "invalid named group");
	if (size > 1 && text[0] == '<' && text[1] != '=' && text[1] != '!')
		return true;
	while (i < size && text[i] && strchr("imsU-", text[i]))
		i++;
	return (i < size && (text[i] == ':' || (text[i] == ')' && i))) ||
	       fail(error, "invalid or unsupported group: (?");
}

/* {n,m}: at most 1000; how long it is, 0: it is literal. */
static size_t check_repeat(const char *text, size_t size, struct error *error)
{
	size_t i = 1;
	long number = 0;

	if (size < 3 || text[1] < '0' || text[1] > '9')
		return 0;
	for (; i < size && ((text[i] >= '0' && text[i] <= '9') || text[i] == ','); i++) {
		number = text[i] == ',' ? 0 : number * 10 + (text[i] - '0');
		if (number > 1000) {
			fail(error, "invalid repeat count");
			return 0;
		}
	}
	return i < size && text[i] == '}' ? i + 1 : 0;
}

/* A pattern on its way from Go's syntax to PCRE2's. */
struct translation {
	const char *text;
	size_t size, at;
	bool class, repeated;
	struct buf *out;
	struct error *error;
};

static char next_char(const struct translation *t, size_t ahead)
{
	return t->at + ahead < t->size ? t->text[t->at + ahead] : '\0';
}

static void copy_chars(struct translation *t, size_t count)
{
	buf_append(t->out, t->text + t->at, count);
	t->at += count;
}

static bool translate_repeat(struct translation *t, size_t length)
{
	bool lazy = t->text[t->at] == '?' && t->repeated;

	if (t->repeated && !lazy)
		return fail(t->error, "invalid nested repetition operator");
	copy_chars(t, length);
	t->repeated = true;
	if (lazy && next_char(t, 0) && strchr("*+?", next_char(t, 0)))
		return fail(t->error, "invalid nested repetition operator");
	return true;
}

/* \101: octal; how long it is, 0: it is none (a digit alone would refer back). */
static size_t octal_length(const struct translation *t)
{
	size_t length = 1;

	while (length < 4 && next_char(t, length) >= '0' && next_char(t, length) <= '7')
		length++;
	return length > 2 || next_char(t, 1) == '0' ? length : 0;
}

static void translate_octal(struct translation *t, size_t length)
{
	unsigned value = 0;

	for (size_t i = 1; i < length; i++)
		value = value * 8 + (unsigned)(next_char(t, i) - '0');
	buf_print(t->out, "\\x{%x}", value);
	t->at += length;
}

/* \Qtext\E */
static void translate_quoted(struct translation *t)
{
	const char *start = t->text + t->at + 2;
	const char *end = memmem(start, t->size - t->at - 2, "\\E", 2);
	size_t size = end ? (size_t)(end - start) : t->size - t->at - 2;

	for (size_t i = 0; i < size; i++) {
		if (start[i] > 0 && strchr("\\^$.[]|()*+?{}", start[i]))
			buf_add_char(t->out, '\\');
		buf_add_char(t->out, start[i]);
	}
	t->at += size + (end ? 4 : 2);
}

/* Whether `*`, `+`, `?` or {n} stands `ahead`. */
static bool is_repeated(const struct translation *t, size_t ahead)
{
	struct error ignored = ERROR_INIT;
	char c = next_char(t, ahead);

	return c && (strchr("*+?", c) ||
		     (c == '{' && check_repeat(t->text + t->at + ahead, t->size - t->at - ahead, &ignored)));
}

/* What matches no character may be repeated in Go, although that makes no sense. */
static void translate_assertion(struct translation *t, size_t length)
{
	bool repeated = is_repeated(t, length);

	if (repeated)
		buf_add(t->out, "(?:");
	copy_chars(t, length);
	if (repeated)
		buf_add_char(t->out, ')');
}

/* \s is Go's, without the vertical tab; \v is just that. */
static void translate_shorthand(struct translation *t)
{
	char c = next_char(t, 1);

	if (c == 's')
		buf_add(t->out, t->class ? "\\t\\n\\f\\r " : "[\\t\\n\\f\\r ]");
	else if (c == 'S')
		buf_add(t->out, t->class ? "\\x00-\\x08\\x0b\\x0e-\\x1f\\x21-\\x{10ffff}" :
					   "[^\\t\\n\\f\\r ]");
	else
		buf_add(t->out, "\\x0b");
	t->at += 2;
}

static bool translate_escape(struct translation *t)
{
	char c = next_char(t, 1);
	size_t octal = octal_length(t);

	if (octal) {
		translate_octal(t, octal);
		return true;
	}
	if (!check_escape(c, t->class, t->error))
		return false;
	if (c == 's' || c == 'S' || c == 'v')
		translate_shorthand(t);
	else if (c == 'Q')
		translate_quoted(t);
	else if (!t->class && c && strchr("bBAz", c))
		translate_assertion(t, 2);
	else
		copy_chars(t, 2);
	return true;
}

static void open_class(struct translation *t)
{
	t->class = true;
	copy_chars(t, next_char(t, 1) == '^' ? 2 : 1);
	if (next_char(t, 0) == ']') {
		buf_add(t->out, "\\]");
		t->at++;
	}
}

static void translate_in_class(struct translation *t)
{
	const char *end = next_char(t, 0) == '[' && next_char(t, 1) == ':' ?
		memmem(t->text + t->at, t->size - t->at, ":]", 2) : NULL;

	if (end) {
		copy_chars(t, (size_t)(end + 2 - (t->text + t->at)));
		return;
	}
	t->class = next_char(t, 0) != ']';
	if (next_char(t, 0) == '[')
		buf_add_char(t->out, '\\');
	copy_chars(t, 1);
}

static bool translate_group(struct translation *t)
{
	if (next_char(t, 1) == '*')
		return fail(t->error, "missing argument to repetition operator");
	if (next_char(t, 1) != '?') {
		copy_chars(t, 1);
		return true;
	}
	if (!check_group(t->text + t->at + 2, t->size - t->at - 2, t->error))
		return false;
	copy_chars(t, 2);
	return true;
}

static bool translate_next(struct translation *t)
{
	char c = next_char(t, 0);
	size_t repeat = !t->class && c == '{' ?
		check_repeat(t->text + t->at, t->size - t->at, t->error) : 0;

	if (t->error->text[0])
		return false;
	if (!t->class && (repeat || (c && strchr("*+?", c))))
		return translate_repeat(t, repeat ? repeat : 1);
	t->repeated = false;
	if (c == '\\' && t->at + 1 < t->size)
		return translate_escape(t);
	if (t->class)
		translate_in_class(t);
	else if (c == '[')
		open_class(t);
	else if (c == '(')
		return translate_group(t);
	else if (c == '^' || c == '$')
		translate_assertion(t, 1);
	else
		copy_chars(t, 1);
	return true;
}

/* What Go would refuse although PCRE2 would not is an error. */
static bool translate(struct value pattern, struct buf *out, struct error *error)
{
	struct translation t = {
		.text = pattern.text, .size = pattern.size, .out = out, .error = error,
	};

	while (t.at < t.size)
		if (!translate_next(&t))
			return false;
	return true;
}

static pcre2_code *compile(struct value pattern, struct error *error)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	PCRE2_UCHAR message[120];
	PCRE2_SIZE at;
	pcre2_code *code;
	int number;

	if (pattern.size > PATTERN_LIMIT) {
		fail(error, "the regular expression is too long");
		return NULL;
	}
	if (!translate(pattern, &text, error))
		return NULL;
	code = pcre2_compile((PCRE2_SPTR)text.data, text.used, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
			     PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C | PCRE2_ALT_CIRCUMFLEX,
			     &number, &at, NULL);
	if (code)
		return code;
	pcre2_get_error_message(number, message, sizeof message);
	fail(error, "regular expression: %s", (const char *)message);
	return NULL;
}

static const pcre2_code *get_code(struct regexes *regexes, struct value pattern, struct error *error)
{
	struct compiled *slot = &regexes->compiled[regexes->next % COMPILED];
	pcre2_code *code;

	for (size_t i = 0; i < COMPILED; i++) {
		const struct compiled *known = &regexes->compiled[i];

		if (known->code && known->size == pattern.size &&
		    !memcmp(known->pattern, pattern.text, pattern.size))
			return known->code;
	}
	code = compile(pattern, error);
	if (!code)
		return NULL;
	regexes->next++;
	free(slot->pattern);
	pcre2_code_free(slot->code);
	*slot = (struct compiled){ copy_bytes(pattern.text, pattern.size), pattern.size, code };
	return code;
}

struct search {
	struct regexes *regexes;
	const pcre2_code *code;
	struct value subject;
	pcre2_match_data *data;
};

/* Groups found, 0: no match, -1: failed. */
static int find(const struct search *search, size_t from, struct error *error)
{
	struct regexes *regexes = search->regexes;
	int found;

	if (!regexes->limits) {
		regexes->limits = pcre2_match_context_create(NULL);
		pcre2_set_match_limit(regexes->limits, 1000000);
		pcre2_set_depth_limit(regexes->limits, 10000);
		pcre2_set_heap_limit(regexes->limits, 16384);
	}
	found = pcre2_match(search->code, (PCRE2_SPTR)search->subject.text, search->subject.size, from,
			    0, search->data, regexes->limits);
	if (found >= 0)
		return found ? found : 1;
	if (found == PCRE2_ERROR_NOMATCH)
		return 0;
	fail(error, "the regular expression takes too long");
	return -1;
}

static bool search_init(struct search *search, struct regexes *regexes, struct value pattern,
			struct value subject, struct error *error)
{
	const pcre2_code *code = get_code(regexes, pattern, error);

	if (!code)
		return false;
	*search = (struct search){
		regexes, code, subject, pcre2_match_data_create_from_pattern(code, NULL),
	};
	return true;
}

bool regex_match(struct regexes *regexes, struct value pattern, struct value subject, bool *matches,
		 struct error *error)
{
	struct search search;
	int found;

	if (!search_init(&search, regexes, pattern, subject, error))
		return false;
	found = find(&search, 0, error);
	pcre2_match_data_free(search.data);
	*matches = found > 0;
	return found >= 0;
}

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* The name behind a $; how long it is with its braces, 0: none. */
static size_t read_name(const char *text, size_t size, char name[64])
{
	bool braces = size && text[0] == '{';
	size_t at = braces, length = 0;

	while (at < size && is_word(text[at]) && length < 63)
		name[length++] = text[at++];
	name[length] = '\0';
	if (!length || (braces && (at >= size || text[at] != '}')))
		return 0;
	return at + braces;
}

static int group_number(const pcre2_code *code, const char *name)
{
	size_t digits = strspn(name, "0123456789");
	int number;

	if (!name[digits])
		return digits < 5 ? atoi(name) : -1;
	number = pcre2_substring_number_from_name(code, (PCRE2_SPTR)name);
	return number > 0 ? number : -1;
}

static void expand(const struct search *search, struct value with, struct text *out)
{
	const PCRE2_SIZE *groups = pcre2_get_ovector_pointer(search->data);
	char name[64];

	for (size_t i = 0; i < with.size; i++) {
		size_t length;
		int group;

		if (with.text[i] != '$') {
			text_char(out, with.text[i]);
			continue;
		}
		if (i + 1 < with.size && with.text[i + 1] == '$') {
			text_char(out, '$');
			i++;
			continue;
		}
		length = read_name(with.text + i + 1, with.size - i - 1, name);
		if (!length) {
			text_char(out, '$');
			continue;
		}
		i += length;
		group = group_number(search->code, name);
		if (group >= 0 && (uint32_t)group < pcre2_get_ovector_count(search->data) &&
		    groups[2 * group] != PCRE2_UNSET)
			text_add(out, search->subject.text + groups[2 * group],
				 groups[2 * group + 1] - groups[2 * group]);
	}
}

static size_t rune_size(struct value text, size_t at)
{
	size_t size = 1;

	while (at + size < text.size && size < 4 && ((unsigned char)text.text[at + size] & 0xC0) == 0x80)
		size++;
	return size;
}

bool regex_replace(struct regexes *regexes, const struct value args[3], struct text *out,
		   struct error *error)
{
	struct value subject = args[2];
	struct search search;
	size_t from = 0, copied = 0;
	bool first = true;
	int found = 1;

	if (!search_init(&search, regexes, args[0], subject, error))
		return false;
	while (from <= subject.size && !out->arena->over) {
		const PCRE2_SIZE *groups = pcre2_get_ovector_pointer(search.data);

		found = find(&search, from, error);
		if (found <= 0)
			break;
		/* An empty match that touches the last one does not count. */
		if (first || groups[1] > groups[0] || groups[0] != copied) {
			text_add(out, subject.text + copied, groups[0] - copied);
			expand(&search, args[1], out);
			copied = groups[1];
			first = false;
		}
		from = groups[1] > from ? groups[1] : from;
		if (groups[1] == groups[0])
			from += from < subject.size ? rune_size(subject, from) : 1;
	}
	pcre2_match_data_free(search.data);
	text_add(out, subject.text + copied, subject.size - copied);
	return found >= 0;
}
