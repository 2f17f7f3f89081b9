#include "answer_parse.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "weight.h"

#define LARGE ((size_t)64 << 10)	/* what is smaller, the loop parses */
#define EXACT 9007199254740992.0	/* 2^53: below it, a real tells all integers */

static void weigh(struct parse *parse)
{
	size_t limit = parse->limit ? parse->limit : SIZE_MAX;

	parse->weighed = weight_of_text(&parse->text, limit, &parse->weight, &parse->error);
}

/* False: the tree would exceed the budget. */
static bool is_admitted(struct parse *parse)
{
	const struct budget *budget = parse->charge.budget;

	if (!parse->weighed)
		return false;
	return parse->weight <= BUDGET_EXEMPT || budget_has(budget, parse->weight) ||
	       fail(&parse->error, "an answer whose JSON exceeds %s = %zuM", budget->name,
		    budget->limit >> 20);
}

struct cursor {
	const struct parse *parse;
	size_t at;
};

/* A cancelled parse soon gets no more text. */
static size_t next_text(void *to, size_t room, void *data)
{
	struct cursor *cursor = data;
	const struct buf *text = &cursor->parse->text;
	size_t size = text->used - cursor->at < room ? text->used - cursor->at : room;

	if (__atomic_load_n(&cursor->parse->cancelled, __ATOMIC_RELAXED))
		return (size_t)-1;
	memcpy(to, text->data + cursor->at, size);
	cursor->at += size;
	return size;
}

static json_t *with_integers(json_t *value);

static void restore_integers(json_t *json)
{
	const char *key;
	json_t *value;
	size_t i;

	json_array_foreach(json, i, value) {
		json_array_set_new(json, i, with_integers(value));
	}
	json_object_foreach(json, key, value) {
		json_object_iter_set_new(json, json_object_key_to_iter(key), with_integers(value));
	}
}

/* A new reference: an integer for a real that is one, exactly. */
static json_t *with_integers(json_t *value)
{
	double real = json_real_value(value);

	if (json_is_real(value) && real > -EXACT && real < EXACT && real == (double)(json_int_t)real)
		return json_integer((json_int_t)real);
	restore_integers(value);
	return json_incref(value);
}

/* Consul has natural numbers of 64 bits, jansson integers.  A serial number or flags beyond them become a
 * real, and no number else. */
static json_t *load(const struct parse *parse)
{
	struct cursor cursor = { .parse = parse };
	json_error_t where;
	json_t *json = json_load_callback(next_text, &cursor, JSON_DECODE_ANY, &where);

	if (json || json_error_code(&where) != json_error_numeric_overflow)
		return json;
	cursor.at = 0;
	json = json_load_callback(next_text, &cursor, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &where);
	restore_integers(json);
	return json;
}

static void convert(struct parse *parse)
{
	json_t *json = load(parse);

	parse->good = json;
	if (!json || !parse->reading) {
		parse->json = json;
		return;
	}
	parse->reading->run(parse->reading, json);
	json_decref(json);
}

/* ---- on a thread, one after another ---- */

static void start_next(struct parser *parser);

static void on_thread(struct offload *offload)
{
	struct parse *parse = container_of(offload, struct parse, offload);

	if (parse->weighed)
		convert(parse);
	else
		weigh(parse);
}

static void leave(struct parse *parse)
{
	struct parser *parser = parse->parser;

	if (!parser)
		return;
	parser->running = NULL;
	start_next(parser);
}

static void on_released(struct offload *offload)
{
	struct parse *parse = container_of(offload, struct parse, offload);

	leave(parse);
	parse_free(parse);
}

static void on_converted(struct offload *offload)
{
	struct parse *parse = container_of(offload, struct parse, offload);

	leave(parse);
	parse->on_done(parse);
}

static void on_weighed(struct offload *offload)
{
	struct parse *parse = container_of(offload, struct parse, offload);

	if (!is_admitted(parse)) {
		on_converted(offload);
		return;
	}
	charge_set(&parse->charge, parse->text.used + parse->weight);
	offload->on_done = on_converted;
	offload_start(offload, parse->parser->loop);
}

static void start_next(struct parser *parser)
{
	struct parse *parse;

	if (parser->running || list_empty(&parser->waiting))
		return;
	parse = list_entry(parser->waiting.next, struct parse, link);
	list_remove(&parse->link);
	parser->running = parse;
	parse->offload = (struct offload){
		.run = on_thread, .on_done = on_weighed, .release = on_released,
	};
	offload_start(&parse->offload, parser->loop);
}

void parse_start(struct parser *parser, struct parse *parse)
{
	parse->limit = parse->charge.budget->limit;
	charge_set(&parse->charge, parse->text.used);
	if (parse->text.used < LARGE) {
		weigh(parse);
		if (is_admitted(parse))
			convert(parse);
		parse->on_done(parse);
		return;
	}
	parse->parser = parser;
	list_append(&parser->waiting, &parse->link);
	start_next(parser);
}

/* The thread may have its memory for a while, but the budget of a parse may be released before. */
void parse_abandon(struct parse *parse)
{
	charge_set(&parse->charge, 0);
	if (parse->parser->running != parse) {
		list_remove(&parse->link);
		parse_free(parse);
		return;
	}
	parse->charge.budget = NULL;
	__atomic_store_n(&parse->cancelled, true, __ATOMIC_RELAXED);
	offload_abandon(&parse->offload);
}

void parse_free(struct parse *parse)
{
	charge_set(&parse->charge, 0);
	if (parse->reading)
		parse->reading->free(parse->reading);
	json_decref(parse->json);
	buf_release(&parse->text);
	free(parse);
}

void parser_init(struct parser *parser, struct loop *loop)
{
	*parser = (struct parser){ .loop = loop };
	list_init(&parser->waiting);
}

void parser_release(struct parser *parser)
{
	if (parser->running)
		parser->running->parser = NULL;
}
