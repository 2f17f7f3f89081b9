#include "libyaml.h"

#include <yaml.h>

#include "base/alloc.h"

/* The cost of a byte in units of arena_work(); a pause comes after a few pieces. */
enum { BYTE_WORK = 20, PIECE = 256, COPIES = 4 };

#define STANDARD "tag:yaml.org,2002:"

/* ---- reading ---- */

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	const char *at, *end;
	size_t fed;
	struct map *anchors;		/* a name -> a number in `marked` */
	struct yaml_node **marked;
	size_t count, room;
	struct yaml_node *root, *open;
	size_t depth;
	struct error *error;
};

static int feed(void *data, unsigned char *buffer, size_t size, size_t *used)
{
	struct reader *reader = data;
	size_t left = (size_t)(reader->end - reader->at);

	if (size > PIECE)
		size = PIECE;
	*used = left < size ? left : size;
	memcpy(buffer, reader->at, *used);
	reader->at += *used;
	/* Each token looks at all open brackets, each directive before the document at earlier ones. */
	arena_work(reader->arena, *used * (BYTE_WORK + (reader->root ? reader->depth : reader->fed >> 8)));
	reader->fed += *used;
	return !reader->arena->over;
}

static struct yaml_node *add_node(struct reader *reader, enum yaml_kind kind, const yaml_event_t *event)
{
	struct yaml_node *node = arena_alloc(reader->arena, sizeof *node), *open = reader->open;

	node->kind = kind;
	node->line = (unsigned)event->start_mark.line + 1;
	node->parent = open;
	if (!open) {
		reader->root = node;
		return node;
	}
	open->nodes = arena_grow(reader->arena, open->nodes, open->count, &open->room, sizeof *open->nodes);
	open->nodes[open->count++] = node;
	return node;
}

static struct value copy_text(struct reader *reader, const yaml_char_t *text, size_t size)
{
	return value_text(arena_copy(reader->arena, (const char *)text, size), size);
}

/* A later anchor replaces one with the same name. */
static void add_anchor(struct reader *reader, const yaml_char_t *name, struct yaml_node *node)
{
	struct value text;

	if (!name)
		return;
	text = copy_text(reader, name, strlen((const char *)name));
	reader->marked = arena_grow(reader->arena, reader->marked, reader->count, &reader->room,
				    sizeof *reader->marked);
	*map_put(reader->anchors, text) = value_int((int64_t)reader->count);
	reader->marked[reader->count++] = node;
}

static bool add_alias(struct reader *reader, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct yaml_node *node = add_node(reader, YAML_ALIAS, event);
	const struct value *found = map_find(reader->anchors, value_string(name));

	if (!found)
		return fail(reader->error, "not YAML: unknown anchor in line %u", node->line);
	node->target = reader->marked[found->integer];
	return true;
}

static bool add_text(struct reader *reader, const yaml_event_t *event)
{
	struct yaml_node *node = add_node(reader, YAML_TEXT, event);
	const char *tag = (const char *)event->data.scalar.tag;
	size_t prefix = strlen(STANDARD);

	node->text = copy_text(reader, event->data.scalar.value, event->data.scalar.length);
	node->plain = event->data.scalar.plain_implicit;
	if (tag && !strncmp(tag, STANDARD, prefix))
		node->tag = arena_copy(reader->arena, tag + prefix, strlen(tag + prefix));
	else if (tag)
		node->tag = "!";
	add_anchor(reader, event->data.scalar.anchor, node);
	return true;
}

static bool open_node(struct reader *reader, enum yaml_kind kind, const yaml_event_t *event)
{
	struct yaml_node *node = add_node(reader, kind, event);

	add_anchor(reader, kind == YAML_LIST ? event->data.sequence_start.anchor :
		   event->data.mapping_start.anchor, node);
	reader->open = node;
	reader->arena->too_deep |= ++reader->depth > VALUE_DEPTH;
	return !reader->arena->too_deep;
}

static bool close_node(struct reader *reader)
{
	reader->open = reader->open->parent;
	reader->depth--;
	return true;
}

static bool take(struct reader *reader, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT: return add_text(reader, event);
	case YAML_ALIAS_EVENT: return add_alias(reader, event);
	case YAML_SEQUENCE_START_EVENT: return open_node(reader, YAML_LIST, event);
	case YAML_MAPPING_START_EVENT: return open_node(reader, YAML_MAP, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: return close_node(reader);
	default: return true;
	}
}

static size_t count_lines(const char *text, const char *end)
{
	size_t lines = text < end;

	for (; text < end; text++)
		lines += *text == '\n' && text + 1 < end;
	return lines;
}

/* For libyaml, the end of the text is in a line of its own. */
static bool fail_to_parse(const struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	bool marked = parser->error == YAML_SCANNER_ERROR || parser->error == YAML_PARSER_ERROR;
	size_t line = (marked ? parser->problem_mark.line : parser->mark.line) + 1;
	size_t lines = count_lines(reader->at - reader->fed, reader->end);

	if (reader->arena->over)
		return false;
	return fail(reader->error, "not YAML: %s in line %zu", parser->problem ? parser->problem : "an error",
		    line < lines ? line : lines);
}

static bool read_events(struct reader *reader)
{
	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		bool fine;

		if (!yaml_parser_parse(&reader->parser, &event))
			return fail_to_parse(reader);
		type = event.type;
		fine = take(reader, &event);
		yaml_event_delete(&event);
		if (!fine || reader->arena->over)
			return false;
		if (type == YAML_DOCUMENT_END_EVENT || type == YAML_STREAM_END_EVENT)
			return true;
	}
}

bool yaml_load(struct arena *arena, struct value text, struct yaml_node **root, struct error *error)
{
	struct reader reader = { .arena = arena, .at = text.text, .error = error };
	bool fine;

	if (text.size > YAML_LIMIT)
		return fail(error, "the YAML is larger than %zu MiB", YAML_LIMIT >> 20);
	arena_charge(arena, COPIES * text.size);
	if (arena->over)
		return false;
	if (!yaml_parser_initialize(&reader.parser))
		return fail(error, "out of memory");
	reader.end = text.text + text.size;
	reader.anchors = value_map(arena, TYPE_MAP_INT).map;
	yaml_parser_set_input(&reader.parser, feed, &reader);
	fine = read_events(&reader);
	yaml_parser_delete(&reader.parser);
	if (fine)
		*root = reader.root;
	return fine;
}

/* ---- writing ---- */

struct yaml_writer {
	yaml_emitter_t emitter;
	struct text *text;
};

static int drain(void *data, unsigned char *buffer, size_t size)
{
	struct yaml_writer *writer = data;

	text_add(writer->text, (const char *)buffer, size);
	return !writer->text->arena->over;
}

/* libyaml writes an event at once, or after at most three more. */
static bool emit(struct yaml_writer *writer, int made, yaml_event_t *event)
{
	arena_work(writer->text->arena, BYTE_WORK);
	return made && yaml_emitter_emit(&writer->emitter, event);
}

struct yaml_writer *yaml_writer_new(struct text *text)
{
	struct yaml_writer *writer = alloc(sizeof *writer);
	yaml_event_t event;

	writer->text = text;
	if (!yaml_emitter_initialize(&writer->emitter)) {
		free(writer);
		return NULL;
	}
	yaml_emitter_set_output(&writer->emitter, drain, writer);
	yaml_emitter_set_unicode(&writer->emitter, true);
	if (emit(writer, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), &event) &&
	    emit(writer, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, true), &event))
		return writer;
	yaml_writer_free(writer);
	return NULL;
}

void yaml_writer_free(struct yaml_writer *writer)
{
	if (writer)
		yaml_emitter_delete(&writer->emitter);
	free(writer);
}

bool yaml_write_text(struct yaml_writer *writer, struct value text, bool binary, enum yaml_style style)
{
	static const yaml_scalar_style_t styles[] = {
		[YAML_PLAIN] = YAML_PLAIN_SCALAR_STYLE, [YAML_QUOTED] = YAML_DOUBLE_QUOTED_SCALAR_STYLE,
		[YAML_LITERAL] = YAML_LITERAL_SCALAR_STYLE,
	};
	const yaml_char_t *tag = binary ? (const yaml_char_t *)STANDARD "binary" : NULL;
	yaml_event_t event;
	int made;

	arena_work(writer->text->arena, text.size * BYTE_WORK);
	made = yaml_scalar_event_initialize(&event, NULL, tag, (const yaml_char_t *)text.text,
					    (int)text.size, !binary, !binary, styles[style]);
	return emit(writer, made, &event);
}

bool yaml_write_start(struct yaml_writer *writer, enum yaml_kind kind)
{
	yaml_event_t event;
	int made;

	if (kind == YAML_LIST)
		made = yaml_sequence_start_event_initialize(&event, NULL, NULL, true,
							    YAML_BLOCK_SEQUENCE_STYLE);
	else
		made = yaml_mapping_start_event_initialize(&event, NULL, NULL, true,
							   YAML_BLOCK_MAPPING_STYLE);
	return emit(writer, made, &event);
}

bool yaml_write_end(struct yaml_writer *writer, enum yaml_kind kind)
{
	yaml_event_t event;

	return emit(writer, kind == YAML_LIST ? yaml_sequence_end_event_initialize(&event) :
		    yaml_mapping_end_event_initialize(&event), &event);
}

/* The end of the stream is left out: it would write "..." after a text that ends in line breaks. */
bool yaml_writer_finish(struct yaml_writer *writer)
{
	yaml_event_t event;

	return emit(writer, yaml_document_end_event_initialize(&event, true), &event);
}

const char *libyaml_library(void)
{
	return yaml_get_version_string();
}
