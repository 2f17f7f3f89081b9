#include "containerpilot_actions.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/trim.h"
#include "configuration_print.h"
#include "import.h"
#include "template/template.h"

/* A mark is a number between two characters for private use, U+E000 and U+E001. */
static const char open_mark[] = "\xee\x80\x80", close_mark[] = "\xee\x80\x81";

enum { MARK_SIZE = 3 };

void containerpilot_actions_release(struct containerpilot_actions *actions)
{
	strv_release(&actions->aside);
}

/* ---- setting aside ---- */

/* Where in JSON5 the text is. */
struct position {
	char quote;			/* of the string; 0: outside */
	int scopes;			/* of range and its like, in which the dot is something else */
};

/* Behind the action's closing braces; the end of the text if there are none. */
static const char *skip_action(const char *text)
{
	char quote = 0;

	for (; *text; text++)
		if (quote == '"' && *text == '\\' && text[1])
			text++;
		else if (quote)
			quote = *text == quote ? 0 : quote;
		else if (*text == '"' || *text == '`')
			quote = *text;
		else if (!strncmp(text, "}}", 2))
			return text + 2;
	return text;
}

static char *inner_of(const char *action, const char *end)
{
	const char *start = action + 2;
	size_t size = (size_t)(end - start);

	size -= size >= 2 && !memcmp(end - 2, "}}", 2) ? 2 : 0;
	start = trim(start, &size, " \t\n\v\f\r");
	return copy_bytes(start, size);
}

static bool begins_with(const char *inner, const char *const *words)
{
	size_t size = strcspn(inner, " \t\r\n");

	for (; *words; words++)
		if (strlen(*words) == size && !memcmp(inner, *words, size))
			return true;
	return false;
}

/* Follows the nesting of scopes.  Within one, an `if` counts too, because it has an end of its own. */
static void follow(struct position *position, const char *inner)
{
	static const char *const conditions[] = { "if", NULL };
	static const char *const scopes[] = { "range", "with", "define", "block", NULL };
	static const char *const ends[] = { "end", NULL };
	const char *word = inner + (*inner == '-') + strspn(inner + (*inner == '-'), " \t\r\n");

	if (begins_with(word, scopes) || (position->scopes && begins_with(word, conditions)))
		position->scopes++;
	else if (begins_with(word, ends) && position->scopes)
		position->scopes--;
}

/* An action that is no template is left for the rendering to refuse. */
static bool is_template(const char *inner)
{
	static const struct template_options options = { .profile = TEMPLATE_CONFIG };
	AUTOFREE char *text = format_string("{{ print (%s) | quote }}", inner);
	struct error error = ERROR_INIT;
	struct template *template = template_parse("", text, strlen(text), &options, &error);
	bool fine = template;

	template_free(template);
	return fine;
}

static bool only_prints(const char *inner)
{
	static const char *const words[] = {
		"if", "else", "end", "range", "with", "define", "block", "template", NULL,
	};

	return *inner && !strchr("-/$", *inner) && inner[strlen(inner) - 1] != '-' && !strstr(inner, ":=") &&
	       !begins_with(inner, words) && (strchr(inner, '.') || strstr(inner, "env ")) &&
	       is_template(inner);
}

static const char *pass_action(struct containerpilot_actions *actions, struct position *position,
			       const char *text, struct buf *out)
{
	const char *end = skip_action(text + 2);
	AUTOFREE char *inner = inner_of(text, end);

	if (position->quote && !position->scopes && only_prints(inner)) {
		buf_print(out, "%s%zu%s", open_mark, actions->aside.count, close_mark);
		strv_push(&actions->aside, inner);
		return end;
	}
	follow(position, inner);
	actions->decides |= *inner && !strchr("`\"", *inner);
	buf_append(out, text, (size_t)(end - text));
	return end;
}

/* Behind the comment that begins here; NULL: none does. */
static const char *skip_comment(const char *text)
{
	const char *end = NULL;

	if (!strncmp(text, "//", 2))
		return text + strcspn(text, "\n");
	if (!strncmp(text, "/*", 2)) {
		end = strstr(text + 2, "*/");
		return end ? end + 2 : text + strlen(text);
	}
	return NULL;
}

void containerpilot_actions_set_aside(struct containerpilot_actions *actions, const char *text,
				      struct buf *out)
{
	struct position position = { .quote = 0 };

	while (*text) {
		const char *end = position.quote ? NULL : skip_comment(text);

		if (!strncmp(text, "{{", 2)) {
			text = pass_action(actions, &position, text, out);
			continue;
		}
		if (!end)
			end = text + 1 + (position.quote && *text == '\\' && text[1]);
		if (position.quote && *text == position.quote)
			position.quote = 0;
		else if (!position.quote && (*text == '"' || *text == '\''))
			position.quote = *text;
		buf_append(out, text, (size_t)(end - text));
		text = end;
	}
}

/* ---- restoring ---- */

/* The action of the mark at `text`, and what follows the mark; NULL: none is there. */
static const char *action_at(const struct containerpilot_actions *actions, const char *text,
			     const char **rest)
{
	char *end;
	size_t number;

	if (strncmp(text, open_mark, MARK_SIZE) != 0)
		return NULL;
	number = strtoul(text + MARK_SIZE, &end, 10);
	if (number >= actions->aside.count || strncmp(end, close_mark, MARK_SIZE) != 0)
		return NULL;
	*rest = end + MARK_SIZE;
	return actions->aside.items[number];
}

/* "print "a" (.B) | quote" for the string "a{{ .B }}". */
static json_t *action_of(const struct containerpilot_actions *actions, const char *text)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	buf_add(&out, "print ");
	while (*text) {
		const char *rest, *mark = strstr(text, open_mark);
		const char *action = action_at(actions, text, &rest);
		AUTOFREE char *literal = NULL;

		if (action) {
			buf_print(&out, "(%s) ", action);
			text = rest;
			continue;
		}
		if (mark == text)
			mark = strstr(text + MARK_SIZE, open_mark);
		literal = copy_bytes(text, mark ? (size_t)(mark - text) : strlen(text));
		import_add_literal(&out, literal);
		buf_add_char(&out, ' ');
		text += strlen(literal);
	}
	buf_add(&out, "| quote");
	return json_pack("{s:s}", ACTION, out.data);
}

static json_t *restored(const struct containerpilot_actions *actions, const json_t *value)
{
	const char *text = json_string_value(value);

	return text && strstr(text, open_mark) ? action_of(actions, text) : json_incref((json_t *)value);
}

void containerpilot_actions_restore(const struct containerpilot_actions *actions, json_t *tree)
{
	json_t *value;
	const char *key;
	size_t i;

	json_object_foreach(tree, key, value) {
		containerpilot_actions_restore(actions, value);
		json_object_set_new(tree, key, restored(actions, value));
	}
	json_array_foreach(tree, i, value) {
		containerpilot_actions_restore(actions, value);
		json_array_set_new(tree, i, restored(actions, value));
	}
}

char *containerpilot_actions_show(const struct containerpilot_actions *actions, const char *text)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT;

	while (*text) {
		const char *rest, *action = action_at(actions, text, &rest);

		if (action)
			buf_print(&out, "{{ %s }}", action);
		else
			buf_add_char(&out, *text);
		text = action ? rest : text + 1;
	}
	return buf_take(&out);
}
