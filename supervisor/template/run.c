#include "run.h"

#include <string.h>

#include "base/alloc.h"
#include "print.h"

/* Each level of nesting takes some 500 bytes of stack. */
#define DEPTH_LIMIT 6000
#define CALLS_LIMIT 1000
#define STEP_WORK 64		/* of arena_work() */

enum flow { FLOW_FAILED, FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

static enum flow run_list(struct scope *scope, const struct node *list);

bool run_fail(struct run *run, size_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	source_fail(&run->template->source, at, run->error, format, args);
	va_end(args);
	return false;
}

bool run_step(struct run *run, const struct node *node)
{
	arena_work(&run->arena, STEP_WORK);
	if (run->late)
		return run_fail(run, node->at, "takes longer than %g s", run->limits.seconds);
	if (run->arena.over)
		return run_fail(run, node->at, "needs more than %zu MiB of memory",
				run->limits.memory >> 20);
	if (run->arena.too_deep)
		return run_fail(run, node->at, "a value is nested too deeply");
	return ++run->steps <= run->limits.steps ||
	       run_fail(run, node->at, "more than %zu steps", run->limits.steps);
}

static unsigned count_lines(const char *text, const char *end)
{
	unsigned lines = 0;

	for (; (text = memchr(text, '\n', (size_t)(end - text))); text++)
		lines++;
	return lines;
}

/* Counts from the last place that was asked for. */
unsigned run_line(struct run *run, size_t at)
{
	const char *text = run->template->source.text;

	if (at > run->line_at)
		run->line += count_lines(text + run->line_at, text + at);
	else
		run->line -= count_lines(text + at, text + run->line_at);
	run->line_at = at;
	return run->line;
}

/* Trimmed text begins behind the place of its node. */
static size_t place_of(const struct run *run, const struct node *node)
{
	return node->kind == NODE_TEXT ? (size_t)(node->value.text - run->template->source.text) : node->at;
}

static bool print(struct run *run, const struct node *node, const char *bytes, size_t size)
{
	if (size > run->limits.output - run->sink->used)
		return run_fail(run, node->at, "more than %zu MiB of output",
				run->limits.output >> 20);
	if (run->template->profile == TEMPLATE_CONFIG && run->sink == &run->output->text)
		origins_print(&run->output->origins, bytes, size, run_line(run, place_of(run, node)),
			      node->kind != NODE_TEXT);
	buf_append(run->sink, bytes, size);
	return true;
}

static bool run_action(struct scope *scope, const struct node *node)
{
	struct run *run = scope->run;
	struct text text = { .arena = &run->arena };
	size_t unset = run->output->origins.unset_count;
	struct value value;

	if (!eval_pipe(scope, node->pipe, &value))
		return false;
	if (node->pipe->slot_count)
		return true;
	if (kind_of(value) == KIND_LOOP || kind_of(value) == KIND_SCRATCH)
		return run_fail(run, node->pipe->at, "a %s cannot be printed",
				type_info(value.type)->name);
	if (value.type == TYPE_STRING) {
		text.data = (char *)value.text;
		text.used = value.size;
	} else {
		print_value(&text, value);
		if (run->arena.too_deep)
			return run_step(run, node);
	}
	if (value.secret)
		run_add_secret(run, text.data, text.used);
	if (!text.used && run->input->unset && run->output->origins.unset_count > unset)
		return print(run, node, run->input->unset, strlen(run->input->unset));
	return print(run, node, text.data, text.used);
}

static enum flow run_branch(struct scope *scope, const struct node *node)
{
	struct value value, dot = scope->dot;
	enum flow flow;

	if (!eval_pipe(scope, node->pipe, &value))
		return FLOW_FAILED;
	if (!value_is_true(value))
		return run_list(scope, node->otherwise);
	if (node->kind == NODE_WITH)
		scope->dot = value;
	flow = run_list(scope, node->body);
	scope->dot = dot;
	return flow;
}

static bool assign(struct scope *scope, const struct node *pipe, int which, struct value value)
{
	if (pipe->slots[which] == SLOT_UNKNOWN)
		return run_fail(scope->run, pipe->at, "assignment to an undefined variable");
	scope->slots[pipe->slots[which]] = value;
	return true;
}

static enum flow run_iteration(struct scope *scope, const struct node *node,
			       struct value index, struct value item)
{
	const struct node *pipe = node->pipe;
	enum flow flow;

	if (!run_step(scope->run, node))
		return FLOW_FAILED;
	if (pipe->slot_count == 1 && !assign(scope, pipe, 0, item))
		return FLOW_FAILED;
	if (pipe->slot_count == 2 &&
	    (!assign(scope, pipe, 0, index) || !assign(scope, pipe, 1, item)))
		return FLOW_FAILED;
	scope->dot = item;
	flow = run_list(scope, node->body);
	return flow == FLOW_CONTINUE ? FLOW_ON : flow;
}

/* The number of rounds; -1: the value cannot be ranged over. */
static int64_t range_count(struct value value)
{
	switch (kind_of(value)) {
	case KIND_INVALID:
	case KIND_NIL: return 0;
	case KIND_LIST: return (int64_t)value.size;
	case KIND_MAP: return (int64_t)value.map->count;
	case KIND_INT: return value.integer > 0 ? value.integer : 0;
	case KIND_LOOP:
		return (int64_t)value.size > value.integer ? (int64_t)value.size - value.integer : 0;
	default: return -1;
	}
}

static void range_item(struct value range, int64_t i, struct value *index, struct value *item)
{
	*index = value_int(i);
	switch (kind_of(range)) {
	case KIND_LIST: *item = range.items[i]; break;
	case KIND_MAP:
		*index = map_at(range.map, (size_t)i)->key;
		*item = map_at(range.map, (size_t)i)->value;
		break;
	case KIND_INT: *item = (struct value){ .type = range.type, .integer = i }; break;
	default: *item = value_int64(range.integer + i); break;
	}
	if (range.secret)
		item->secret = true;
}

static enum flow run_range(struct scope *scope, const struct node *node)
{
	struct value range, index, item, dot = scope->dot;
	enum flow flow = FLOW_ON;
	int64_t count;

	if (!eval_pipe(scope, node->pipe, &range))
		return FLOW_FAILED;
	count = range_count(range);
	if (count < 0)
		return run_fail(scope->run, node->pipe->at, "range can't iterate over a %s",
				type_info(range.type)->name) ? FLOW_ON : FLOW_FAILED;
	/* {{break}} in {{else}} ends this range, not the one around it. */
	if (!count) {
		flow = run_list(scope, node->otherwise);
		return flow == FLOW_BREAK ? FLOW_ON : flow;
	}
	/* scratch.MapSet may add to the map during the loop, but nothing removes entries. */
	for (int64_t i = 0; i < count && flow == FLOW_ON; i++) {
		range_item(range, i, &index, &item);
		flow = run_iteration(scope, node, index, item);
	}
	scope->dot = dot;
	return flow == FLOW_FAILED ? FLOW_FAILED : FLOW_ON;
}

static bool run_call(struct scope *scope, const struct node *node)
{
	struct value dot = { .type = TYPE_INVALID };
	const struct tree *tree = tree_find(scope->run->template, node->name);

	if (!tree)
		return run_fail(scope->run, node->at, "template \"%.*s\" not defined",
				(int)utf8_cut(node->name.text, node->name.size, 64), node->name.text);
	if (node->argument && !eval_pipe(scope, node->argument, &dot))
		return false;
	return run_tree(scope->run, tree, dot, node->at);
}

static enum flow run_node(struct scope *scope, const struct node *node)
{
	switch (node->kind) {
	case NODE_TEXT:
		return print(scope->run, node, node->value.text, node->value.size) ? FLOW_ON : FLOW_FAILED;
	case NODE_ACTION: return run_action(scope, node) ? FLOW_ON : FLOW_FAILED;
	case NODE_IF:
	case NODE_WITH: return run_branch(scope, node);
	case NODE_RANGE: return run_range(scope, node);
	case NODE_TEMPLATE: return run_call(scope, node) ? FLOW_ON : FLOW_FAILED;
	case NODE_BREAK: return FLOW_BREAK;
	default: return FLOW_CONTINUE;
	}
}

static enum flow run_list(struct scope *scope, const struct node *list)
{
	struct run *run = scope->run;
	enum flow flow = FLOW_ON;

	if (list && ++run->depth > DEPTH_LIMIT)
		return run_fail(run, list->at, "nested too deeply") ? FLOW_ON : FLOW_FAILED;
	for (const struct node *node = list; node && flow == FLOW_ON; node = node->next)
		flow = run_step(run, node) ? run_node(scope, node) : FLOW_FAILED;
	run->depth -= list != NULL;
	return flow;
}

bool run_tree(struct run *run, const struct tree *tree, struct value dot, size_t at)
{
	struct scope scope = { .run = run, .dot = dot };
	enum flow flow;

	if (++run->calls > CALLS_LIMIT)
		return run_fail(run, at, "templates call each other more than %d levels deep",
				CALLS_LIMIT);
	scope.slots = arena_alloc(&run->arena, (size_t)tree->slot_count * sizeof *scope.slots);
	scope.slots[0] = dot;
	flow = run_list(&scope, tree->body);
	run->calls--;
	return flow != FLOW_FAILED;
}
