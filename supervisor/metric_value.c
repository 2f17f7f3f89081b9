#include "metric_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "config/schema.h"
#include "exposition.h"

static const char blanks[] = " \t", white_space[] = " \t\r\n";

void metric_key_release(struct metric_key *key)
{
	free(steal(&key->name));
	strv_release(&key->labels);
	strv_release(&key->values);
}

/* A word up to one of these characters or a blank, which is not empty; *text moves behind it. */
static char *take_word(const char **text, const char *ends)
{
	size_t length;

	*text += strspn(*text, blanks);
	length = strcspn(*text, ends);
	while (length && strchr(blanks, (*text)[length - 1]))
		length--;
	*text += length;
	return length ? copy_bytes(*text - length, length) : NULL;
}

static bool take_character(const char **text, char c)
{
	*text += strspn(*text, blanks);
	if (**text != c)
		return false;
	++*text;
	return true;
}

/* The text in quotes; NULL: the closing one is missing, or an escape is none. */
static char *take_quoted(const char **text)
{
	CLEANUP(buf_release) struct buf value = BUF_INIT;
	const char *c = *text;

	for (; *c && *c != '"'; c++) {
		bool escaped = *c == '\\';

		c += escaped;
		if (escaped && (!*c || !strchr("n\"\\", *c)))
			return NULL;
		buf_add_char(&value, (char)(escaped && *c == 'n' ? '\n' : *c));
	}
	if (!*c)
		return NULL;
	*text = c + 1;
	return buf_take(&value);
}

static bool take_label(const char **text, struct metric_key *key)
{
	char *label = take_word(text, "=,{}\""), *value = NULL;

	if (label && take_character(text, '=') && take_character(text, '"'))
		value = take_quoted(text);
	if (!value) {
		free(label);
		return false;
	}
	strv_push_taken(&key->labels, label);
	strv_push_taken(&key->values, value);
	return true;
}

/* Behind the opening brace; a comma may stand behind the last label. */
static bool take_labels(const char **text, struct metric_key *key)
{
	while (!take_character(text, '}')) {
		if (!take_label(text, key))
			return false;
		if (!take_character(text, ',') && *(*text += strspn(*text, blanks)) != '}')
			return false;
	}
	return true;
}

bool metric_key_parse(const char *text, struct metric_key *key, struct error *error)
{
	const char *rest = text;
	bool fine;

	*key = (struct metric_key){ .name = take_word(&rest, "{}\",=") };
	fine = key->name && (!take_character(&rest, '{') || take_labels(&rest, key));

	if (fine && !rest[strspn(rest, blanks)])
		return true;
	return fail(error, "\"%.128s\" is no metric; expected is NAME or NAME{label=\"value\"}", text);
}

/* The index in `words`; its count: it is not there. */
static size_t find(const struct strv *words, const char *word)
{
	size_t i = 0;

	while (i < words->count && strcmp(words->items[i], word) != 0)
		i++;
	return i;
}

static bool check_labels(const struct metric_key *key, const struct strv *declared, struct error *error)
{
	for (size_t i = 0; i < key->labels.count; i++) {
		const char *label = key->labels.items[i];

		if (find(declared, label) == declared->count)
			return fail(error, "there is no label %.64s%s", label, suggest(label, declared).text);
		if (find(&key->labels, label) != i)
			return fail(error, "the label %s is given twice", label);
	}
	for (size_t i = 0; i < declared->count; i++)
		if (find(&key->labels, declared->items[i]) == key->labels.count)
			return fail(error, "the label %s is missing", declared->items[i]);
	return true;
}

char *metric_labels(const struct metric_key *key, const struct strv *declared, size_t most,
		    struct error *error)
{
	struct buf text = BUF_INIT;

	if (!check_labels(key, declared, error))
		return NULL;
	for (size_t i = 0; i < declared->count; i++) {
		const char *value = key->values.items[find(&key->labels, declared->items[i])];

		if (strlen(value) > most) {
			fail(error, "the label %s has more than %zu bytes", declared->items[i], most);
			buf_release(&text);
			return NULL;
		}
		buf_print(&text, "%s%s=\"", i ? "," : "", declared->items[i]);
		exposition_escape(&text, value);
		buf_add_char(&text, '"');
	}
	return buf_take(&text);
}

bool metric_number(const json_t *value, double *number, struct error *error)
{
	const char *text = json_string_value(value);
	char *end = NULL;

	if (json_is_number(value)) {
		*number = json_number_value(value);
		return true;
	}
	if (text && strspn(text, "+-.0123456789eE \t\r\n") == strlen(text))
		*number = strtod(text, &end);
	if (end && end != text && !end[strspn(end, white_space)] && isfinite(*number))
		return true;
	return fail(error, "a finite number is expected, found %s%.64s%s", text ? "\"" : "",
		    text ? text : "another type", text ? "\"" : "");
}
