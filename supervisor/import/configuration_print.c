#include "configuration_print.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/printable.h"

enum { WIDTH = 90, INDENT = 2, LONG_STRING = 60, INDENT_MOST = 20 };

struct printer {
	struct buf *out;
	json_t *notes;			/* path: [text] */
	int depth;
};

/* ---- paths ---- */

/* "parent.key", "key" at the top. */
static char *key_path(const char *parent, const char *key)
{
	return format_string("%s%s%s", parent, *parent ? "." : "", key);
}

static char *element_path(const char *parent, const json_t *element, size_t index)
{
	const char *name = json_string_value(json_object_get(element, "name"));

	return name ? format_string("%s[%s]", parent, name) : format_string("%s[%zu]", parent, index);
}

/* The length of the three texts if the note's path begins with them, and ends or goes on there; else 0. */
static size_t step_length(const char *note, const char *before, const char *name, const char *after)
{
	const char *parts[] = { before, name, after };
	size_t length = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (strncmp(note + length, parts[i], strlen(parts[i])) != 0)
			return 0;
		length += strlen(parts[i]);
	}
	return note[length] && strchr(".[:", note[length]) ? length : 0;
}

static size_t element_length(const char *note, const json_t *element, size_t index)
{
	const char *name = json_string_value(json_object_get(element, "name"));
	char number[24];

	if (name)
		return step_length(note, "[", name, "]");
	snprintf(number, sizeof number, "%zu", index);
	return step_length(note, "[", number, "]");
}

/* As find_child(), among the elements of a list, first at *last, where the note before this one was. */
static size_t find_element(const char *note, const json_t **tree, size_t *last)
{
	const json_t *list = *tree;
	const json_t *guess = json_array_get(list, *last);
	size_t length = guess ? element_length(note, guess, *last) : 0;

	for (size_t i = 0; i < json_array_size(list) && !length; i++)
		if ((length = element_length(note, json_array_get(list, i), i)))
			*last = i;
	if (length)
		*tree = json_array_get(list, *last);
	return length;
}

/* The length of the next step of the note's path, and *tree becomes the child there; 0: there is none. */
static size_t find_child(const char *note, bool is_top, const json_t **tree, size_t *last)
{
	const char *key;
	json_t *child;

	if (json_is_array(*tree) && *note == '[')
		return find_element(note, tree, last);
	json_object_foreach((json_t *)*tree, key, child) {
		size_t length = step_length(note, is_top ? "" : ".", key, "");

		if (length) {
			*tree = child;
			return length;
		}
	}
	return 0;
}

/* The text of a note begins after the first ": " behind the path that was found. */
static void place_note(json_t *notes, const char *note, const json_t *tree, size_t *last)
{
	AUTOFREE char *path = NULL;
	const char *text;
	size_t length = 0, step;
	json_t *texts;

	while ((step = find_child(note + length, !length, &tree, last)))
		length += step;
	path = copy_bytes(note, length);
	text = strstr(note + length, ": ");
	texts = json_object_get(notes, path);
	if (!texts)
		json_object_set_new(notes, path, texts = json_array());
	json_array_append_new(texts, json_string(text ? text + 2 : note));
}

static json_t *place_notes(const struct strv *notes, const json_t *tree)
{
	json_t *placed = json_object();
	size_t last = 0;

	for (size_t i = 0; notes && i < notes->count; i++) {
		CLEANUP(buf_release) struct buf note = BUF_INIT;

		printable_repair(&note, notes->items[i], strlen(notes->items[i]));
		place_note(placed, note.data, tree, &last);
	}
	return placed;
}

/* ---- comments ---- */

static int indent_of(int depth)
{
	return INDENT * (depth < INDENT_MOST ? depth : INDENT_MOST);
}

static void start_line(const struct printer *printer)
{
	buf_print(printer->out, "%*s", indent_of(printer->depth), "");
}

/* Two braces, also those that end and begin a word, would begin an action. */
static void add_comment_word(struct buf *out, const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		buf_add_char(out, word[i]);
		if (word[i] == '{' && i + 1 < length && word[i + 1] == '{')
			buf_add_char(out, ' ');
	}
}

static void print_comment(const struct printer *printer, const char *text)
{
	CLEANUP(buf_release) struct buf safe = BUF_INIT;
	size_t column = 0, room = (size_t)(WIDTH - indent_of(printer->depth));

	printable_add(&safe, text, strlen(text), PRINTABLE_PLAIN);
	for (const char *word = safe.data + strspn(safe.data, " \t"); *word; word += strspn(word, " \t")) {
		size_t length = strcspn(word, " \t");

		if (column && column + 1 + length > room) {
			buf_add_char(printer->out, '\n');
			column = 0;
		}
		if (!column) {
			start_line(printer);
			buf_add_char(printer->out, '#');
			column = 1;
		}
		buf_add_char(printer->out, ' ');
		add_comment_word(printer->out, word, length);
		column += 1 + length;
		word += length;
	}
	if (column)
		buf_add_char(printer->out, '\n');
}

static void print_notes(const struct printer *printer, const char *path)
{
	json_t *text;
	size_t i;

	json_array_foreach(json_object_get(printer->notes, path), i, text) {
		print_comment(printer, json_string_value(text));
	}
}

/* ---- scalars ---- */

/* A newline stays a newline in a long text. */
static void print_string(struct buf *out, const char *text)
{
	static const struct { char c, letter; } escapes[] = {
		{ '\n', 'n' }, { '\r', 'r' }, { '\t', 't' }, { '\f', 'f' }, { '"', '"' }, { '\\', '\\' },
	};
	bool lines = strlen(text) > LONG_STRING && strchr(text, '\n');

	buf_add_char(out, '"');
	for (const char *c = text; *c; c++) {
		size_t i = 0;

		while (i < sizeof escapes / sizeof *escapes && escapes[i].c != *c)
			i++;
		if (*c == '\n' && lines)
			buf_add_char(out, '\n');
		else if (i < sizeof escapes / sizeof *escapes)
			buf_print(out, "\\%c", escapes[i].letter);
		else if (iscntrl((unsigned char)*c) || (*c == '{' && c > text && c[-1] == '{'))
			buf_print(out, "\\x%02x", (unsigned char)*c);
		else
			buf_add_char(out, *c);
	}
	buf_add_char(out, '"');
}

static void print_integer(struct buf *out, json_int_t value)
{
	buf_print(out, "%lld%s", (long long)value, value < INT_MIN || value > INT_MAX ? "L" : "");
}

static void print_real(struct buf *out, double value)
{
	char text[40];

	snprintf(text, sizeof text, "%.17g", value);
	buf_print(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static const char *action_of(const json_t *value)
{
	return json_object_size(value) == 1 ? json_string_value(json_object_get(value, ACTION)) : NULL;
}

static bool is_scalar(const json_t *value)
{
	return action_of(value) || !(json_is_object(value) || json_is_array(value));
}

static void print_scalar(struct buf *out, const json_t *value)
{
	if (json_is_object(value))
		buf_print(out, "{{ %s }}", action_of(value));
	else if (json_is_string(value))
		print_string(out, json_string_value(value));
	else if (json_is_integer(value))
		print_integer(out, json_integer_value(value));
	else if (json_is_real(value))
		print_real(out, json_real_value(value));
	else
		buf_add(out, json_is_true(value) ? "true" : "false");
}

/* ---- lists ---- */

/* An array in brackets takes one type; whole numbers of 32 and 64 bits are two. */
static int type_of(const json_t *value)
{
	json_int_t number = json_integer_value(value);

	if (action_of(value))
		return JSON_STRING;
	if (json_is_false(value))
		return JSON_TRUE;
	if (json_is_integer(value) && (number < INT_MIN || number > INT_MAX))
		return -1;
	return json_typeof(value);
}

static bool is_array_of_scalars(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!is_scalar(json_array_get(list, i)) ||
		    type_of(json_array_get(list, i)) != type_of(json_array_get(list, 0)))
			return false;
	return true;
}

static bool are_scalars(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!is_scalar(json_array_get(list, i)))
			return false;
	return true;
}

/* All in a line, if there is room. */
static bool print_short(const struct printer *printer, const json_t *list, const char *brackets)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT;

	for (size_t i = 0; i < json_array_size(list); i++) {
		buf_add(&line, i ? ", " : "");
		print_scalar(&line, json_array_get(list, i));
	}
	if (line.used > (size_t)(WIDTH - 20 - indent_of(printer->depth)))
		return false;
	buf_print(printer->out, line.used ? "%c %s %c" : "%c%s %c", brackets[0], line.data, brackets[1]);
	return true;
}

static void print_value(struct printer *printer, const json_t *value, const char *path);

static void print_list(struct printer *printer, const json_t *list, const char *path)
{
	const char *brackets = is_array_of_scalars(list) ? "[]" : "()";
	size_t count = json_array_size(list);

	if (are_scalars(list) && print_short(printer, list, brackets))
		return;
	buf_print(printer->out, "%c\n", brackets[0]);
	printer->depth++;
	for (size_t i = 0; i < count; i++) {
		AUTOFREE char *inner = element_path(path, json_array_get(list, i), i);

		print_notes(printer, inner);
		start_line(printer);
		print_value(printer, json_array_get(list, i), inner);
		buf_add(printer->out, i + 1 < count ? ",\n" : "\n");
	}
	printer->depth--;
	start_line(printer);
	buf_add_char(printer->out, brackets[1]);
}

/* ---- groups ---- */

bool configuration_has_key(const char *key)
{
	if (!isalpha((unsigned char)*key) && *key != '*')
		return false;
	while (isalnum((unsigned char)*key) || (*key && strchr("-_*", *key)))
		key++;
	return !*key;
}

static void print_left_out(const struct printer *printer, const char *key, const json_t *value)
{
	AUTOFREE char *json = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	AUTOFREE char *text = format_string("left out, as libconfig's syntax cannot have it: \"%s\" = %s", key,
					    json ? json : "?");

	print_comment(printer, text);
}

static void print_settings(struct printer *printer, const json_t *group, const char *path)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)group, key, value) {
		AUTOFREE char *inner = key_path(path, key);

		print_notes(printer, inner);
		if (!configuration_has_key(key) || json_is_null(value)) {
			print_left_out(printer, key, value);
			continue;
		}
		start_line(printer);
		buf_print(printer->out, "%s = ", key);
		print_value(printer, value, inner);
		buf_add(printer->out, ";\n");
	}
}

static void print_value(struct printer *printer, const json_t *value, const char *path)
{
	if (is_scalar(value)) {
		print_scalar(printer->out, value);
	} else if (json_is_array(value)) {
		print_list(printer, value, path);
	} else if (!json_object_size(value)) {
		buf_add(printer->out, "{ }");
	} else {
		buf_add(printer->out, "{\n");
		printer->depth++;
		print_settings(printer, value, path);
		printer->depth--;
		start_line(printer);
		buf_add_char(printer->out, '}');
	}
}

void configuration_print(struct buf *out, const json_t *tree, const struct strv *notes)
{
	CLEANUP(json_decrefp) json_t *placed = place_notes(notes, tree);
	struct printer printer = { .out = out, .notes = placed };

	print_notes(&printer, "");
	buf_add(out, json_object_get(placed, "") ? "\n" : "");
	print_settings(&printer, tree, "");
}
