#include "supervisord_value.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "configuration_print.h"

/* A value in parts: while `action` is empty, the text; else the operands so far and the text behind them. */
struct value {
	struct buf text, action;
};

static void value_release(struct value *value)
{
	buf_release(&value->text);
	buf_release(&value->action);
}

static void flush_text(struct value *value)
{
	if (!value->text.used)
		return;
	buf_add(&value->action, value->action.used ? " " : "");
	import_add_literal(&value->action, value->text.data);
	buf_clear(&value->text);
}

static bool is_identifier(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalpha((unsigned char)*c) && *c != '_' && (c == name || !isdigit((unsigned char)*c)))
			return false;
	return *name;
}

static void add_variable(struct value *value, const char *name)
{
	flush_text(value);
	buf_add(&value->action, value->action.used ? " " : "");
	if (is_identifier(name)) {
		buf_print(&value->action, ".%s", name);
	} else {
		buf_add(&value->action, "(index . ");
		import_add_literal(&value->action, name);
		buf_add_char(&value->action, ')');
	}
}

static json_t *value_json(struct value *value)
{
	AUTOFREE char *action = NULL;

	if (!value->action.used)
		return import_string(value->text.data);
	flush_text(value);
	action = format_string("print %s | quote", value->action.data);
	return json_pack("{s:o}", ACTION, import_string(action));
}

/* The flags and the width of a format: 0 or 2 of "02d". */
static bool add_number(struct buf *out, long number, const char *format)
{
	bool zero = *format == '0';
	size_t digits = strspn(format, "0123456789");
	int width = digits <= 2 ? atoi(format) : 0;

	if (format[digits] == 'd' || format[digits] == 'i')
		buf_print(out, zero ? "%0*ld" : "%*ld", width, number);
	else if (format[digits] == 's')
		buf_print(out, "%*ld", width, number);
	else
		return false;
	return true;
}

/* One expression: its name, and the format that follows it, such as "02d".  False: there is no such one. */
static bool add_expression(const struct expansion *expansion, struct value *value, const char *name,
			   const char *format)
{
	const struct { const char *name, *text; } texts[] = {
		{ "program_name", expansion->program }, { "group_name", expansion->group }, { "here", expansion->here },
	};

	if (!strcmp(name, "process_num"))
		return add_number(&value->text, expansion->number, format);
	if (!strcmp(name, "numprocs"))
		return add_number(&value->text, expansion->count, format);
	if (*format != 's')
		return false;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!strcmp(name, texts[i].name)) {
			buf_add(&value->text, texts[i].text);
			return true;
		}
	if (strcmp(name, "host_node_name") && (strncmp(name, "ENV_", 4) || !name[4]))
		return false;
	add_variable(value, *name == 'E' ? name + 4 : "HOSTNAME");
	return true;
}

/* Reads the expression at a '%', and returns what is behind it; NULL: there is no such one. */
static const char *read_expression(const struct expansion *expansion, struct value *value, const char *at)
{
	const char *end = at[1] == '(' ? strchr(at, ')') : NULL;
	AUTOFREE char *name = end ? copy_bytes(at + 2, (size_t)(end - at - 2)) : NULL;

	if (at[1] == '%') {
		buf_add_char(&value->text, '%');
		return at + 2;
	}
	if (!name || !add_expression(expansion, value, name, end + 1))
		return NULL;
	return end + 1 + strspn(end + 1, "0123456789") + 1;
}

static json_t *expand(const struct expansion *expansion, const struct ini_entry *entry, const char *text)
{
	CLEANUP(value_release) struct value value = { .text = BUF_INIT, .action = BUF_INIT };

	while (*text) {
		size_t length = strcspn(text, "%");

		buf_append(&value.text, text, length);
		text += length;
		if (*text && !(text = read_expression(expansion, &value, text))) {
			ini_refuse(expansion->import, entry, "only expressions such as %(ENV_HOME)s, %(here)s, "
				   "%(program_name)s, %(process_num)02d, and %% for %");
			return NULL;
		}
	}
	return value_json(&value);
}

json_t *supervisord_expand(const struct expansion *expansion, const struct ini_entry *entry)
{
	return expand(expansion, entry, entry->value);
}

/* ---- KEY="value",... ---- */

static const char space[] = " \t\r\n";

/* Behind the value at `text`: a quoted one, or one that ends at a comma.  NULL: a quote is not closed. */
static const char *read_text(const char *text, char **value)
{
	const char *end;

	if (*text != '"' && *text != '\'') {
		size_t length = strcspn(text, ",\n");

		end = text + length;
		while (length && strchr(space, text[length - 1]))
			length--;
		*value = copy_bytes(text, length);
		return end;
	}
	end = strchr(text + 1, *text);
	if (!end)
		return NULL;
	*value = copy_bytes(text + 1, (size_t)(end - text - 1));
	return end + 1;
}

/* Reads one pair, and returns what is behind it; NULL: the import has an error. */
static const char *read_pair(const struct expansion *expansion, const struct ini_entry *entry,
			     const char *text, json_t *env)
{
	size_t length = strcspn(text, "= \t\r\n,\"'");
	AUTOFREE char *key = copy_bytes(text, length), *value = NULL;
	json_t *expanded;

	text += length + strspn(text + length, space);
	if (*key && *text == '=')
		text = read_text(text + 1 + strspn(text + 1, space), &value);
	if (!value) {
		ini_refuse(expansion->import, entry, "pairs such as A=\"x\",B=\"y\"");
		return NULL;
	}
	expanded = expand(expansion, entry, value);
	if (!expanded)
		return NULL;
	json_object_set_new(env, key, expanded);
	return text;
}

bool supervisord_environment(const struct expansion *expansion, const struct ini_entry *entry, json_t *env)
{
	const char *text = entry->value;

	while (*(text += strspn(text, " \t\r\n,"))) {
		text = read_pair(expansion, entry, text, env);
		if (!text)
			return false;
	}
	return true;
}
