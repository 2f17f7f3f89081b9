#include "graph_text.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/printable.h"

/* How a drawing shows a condition. */
static const struct colour {
	const char *condition, *fill, *line;
} colours[] = {
	{ "ok", "#e3f4e8", "#15803d" }, { "warning", "#fdf0d8", "#a15c00" },
	{ "critical", "#fde5e7", "#c21f30" }, { "waiting", "#e4edfa", "#2f5fa8" },
	{ "ended", "#eceff2", "#5a6672" },
};

static const struct colour *colour_of(const json_t *node)
{
	const char *condition = json_string_value(json_object_get(node, "condition"));

	for (size_t i = 0; condition && i < sizeof colours / sizeof *colours; i++)
		if (!strcmp(colours[i].condition, condition))
			return &colours[i];
	return NULL;
}

/* A way to write a drawing. */
struct language {
	const char *newline;		/* between the lines of a node's text */
	void (*escape)(struct buf *out, const char *text);
};

/* Graphviz reads backslashes and the entities of HTML in a string. */
static void escape_dot(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			buf_add(out, "&amp;");
		else if (strchr("\"\\", *text))
			buf_print(out, "\\%c", *text);
		else
			buf_add_char(out, *text);
	}
}

/* Mermaid knows no escapes but entities, and reads Markdown in a string. */
static void escape_mermaid(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text, next = (unsigned char)text[1];

		if (isalnum(c) || c >= 0x80 || c == ' ' || (strchr("._-/", c) && isalnum(next)))
			buf_add_char(out, *text);
		else
			buf_print(out, "#%d;", c);
	}
}

static const struct language dot = { "\\n", escape_dot }, mermaid = { "<br/>", escape_mermaid };

static void add_text(struct buf *out, const struct language *language, const char *text)
{
	CLEANUP(buf_release) struct buf safe = BUF_INIT;

	printable_add(&safe, text, strlen(text), PRINTABLE_PLAIN);
	language->escape(out, safe.data);
}

static void add_member(struct buf *out, const struct language *language, const char *before,
		       const json_t *member)
{
	if (!json_is_string(member))
		return;
	buf_add(out, before);
	add_text(out, language, json_string_value(member));
}

/* "app", and below it "job, running, passing". */
static void add_words(struct buf *out, const struct language *language, const json_t *node)
{
	add_member(out, language, "", json_object_get(node, "name"));
	add_member(out, language, language->newline, json_object_get(node, "kind"));
	add_member(out, language, ", ", json_object_get(node, "state"));
	add_member(out, language, ", ", json_object_get(node, "health"));
}

/* The numbers of all nodes by their ids. */
static json_t *number_nodes(const json_t *nodes)
{
	json_t *numbers = json_object(), *node;
	size_t i;

	json_array_foreach(nodes, i, node) {
		const char *id = json_string_value(json_object_get(node, "id"));

		json_object_set_new(numbers, id, json_integer((json_int_t)i));
	}
	return numbers;
}

static int number_of(const json_t *numbers, const json_t *edge, const char *end)
{
	const char *id = json_string_value(json_object_get(edge, end));

	return (int)json_integer_value(json_object_get(numbers, id));
}

static bool is(const json_t *element, const char *member, const char *text)
{
	const char *value = json_string_value(json_object_get(element, member));

	return value && !strcmp(value, text);
}

void graph_text_dot(const json_t *graph, struct buf *out)
{
	const json_t *nodes = json_object_get(graph, "nodes");
	CLEANUP(json_decrefp) json_t *numbers = number_nodes(nodes);
	json_t *element;
	size_t i;

	buf_add(out, "digraph pilotfish {\n\trankdir=LR;\n"
		     "\tnode [shape=ellipse, style=filled, fillcolor=\"#ffffff\", fontname=\"sans-serif\"];\n"
		     "\tedge [fontname=\"sans-serif\", fontsize=10];\n");
	json_array_foreach(nodes, i, element) {
		const struct colour *colour = colour_of(element);

		buf_print(out, "\tn%zu [label=\"", i);
		add_words(out, &dot, element);
		buf_add(out, "\"");
		if (is(element, "kind", "job"))
			buf_add(out, ", shape=box");
		if (colour)
			buf_print(out, ", fillcolor=\"%s\", color=\"%s\"", colour->fill, colour->line);
		buf_add(out, "];\n");
	}
	json_array_foreach(json_object_get(graph, "edges"), i, element) {
		buf_print(out, "\tn%d -> n%d [%slabel=\"", number_of(numbers, element, "from"),
			  number_of(numbers, element, "to"),
			  is(element, "kind", "implicit") ? "style=dotted, " : "");
		add_member(out, &dot, "", json_object_get(element, "event"));
		buf_add(out, "\"];\n");
	}
	buf_add(out, "}\n");
}

static void add_mermaid_edge(struct buf *out, const json_t *numbers, const json_t *edge)
{
	const char *arrow = is(edge, "kind", "implicit") ? "-.->" : "-->";

	buf_print(out, "\tn%d %s", number_of(numbers, edge, "from"), arrow);
	if (json_is_string(json_object_get(edge, "event"))) {
		add_member(out, &mermaid, "|\"", json_object_get(edge, "event"));
		buf_add(out, "\"|");
	}
	buf_print(out, " n%d\n", number_of(numbers, edge, "to"));
}

void graph_text_mermaid(const json_t *graph, struct buf *out)
{
	const json_t *nodes = json_object_get(graph, "nodes");
	CLEANUP(json_decrefp) json_t *numbers = number_nodes(nodes);
	json_t *element;
	size_t i;

	buf_add(out, "flowchart LR\n");
	json_array_foreach(nodes, i, element) {
		bool is_job = is(element, "kind", "job");
		const struct colour *colour = colour_of(element);

		buf_print(out, "\tn%zu%s\"", i, is_job ? "[" : "([");
		add_words(out, &mermaid, element);
		buf_print(out, "\"%s%s%s\n", is_job ? "]" : "])", colour ? ":::" : "",
			  colour ? colour->condition : "");
	}
	json_array_foreach(json_object_get(graph, "edges"), i, element) {
		add_mermaid_edge(out, numbers, element);
	}
	for (i = 0; i < sizeof colours / sizeof *colours; i++)
		buf_print(out, "\tclassDef %s fill:%s,stroke:%s,color:#1a2027\n", colours[i].condition,
			  colours[i].fill, colours[i].line);
}
