#include "execution.h"

#include "base/alloc.h"
#include "print.h"

/* A level of nesting takes some 500 bytes of stack. */
#define DEPTH_LIMIT 6000
#define CALLS_LIMIT 1000
#define STEPS_BETWEEN_CLOCKS 1024

enum flow { FLOW_FAILED, FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

static enum flow execution_list(struct scope *scope, const struct node *list);

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

bool execution_fail(struct execution *exec, size_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	source_fail(&exec->template->source, at, exec->error, format, args);
	va_end(args);
	return false;
}

bool execution_step(struct execution *exec, const struct node *node)
{
	if (exec->arena.over)
		return execution_fail(exec, node->at, "more than %zu MiB of memory are needed",
				 exec->limits.memory >> 20);
	if (++exec->steps > exec->limits.steps)
		return execution_fail(exec, node->at, "more than %zu steps", exec->limits.steps);
	if (exec->steps % STEPS_BETWEEN_CLOCKS)
		return true;
	if (!exec->deadline)
		exec->deadline = now() + exec->limits.seconds;
	return now() < exec->deadline ||
	       execution_fail(exec, node->at, "takes longer than %g s", exec->limits.seconds);
}

static bool print(struct execution *exec, const struct node *node, const char *bytes, size_t size)
{
	if (size > exec->limits.output - exec->sink->used)
		return execution_fail(exec, node->at, "more than %zu MiB of output",
				 exec->limits.output >> 20);
	buf_append(exec->sink, bytes, size);
	return true;
}

static bool execution_action(struct scope *scope, const struct node *node)
{
	struct execution *exec = scope->exec;
	struct text text = { .arena = &exec->arena };
	struct value value;

	if (!eval_pipe(scope, node->pipe, &value))
		return false;
	if (node->pipe->slot_count)
		return true;
	if (kind_of(value) == KIND_LOOP || kind_of(value) == KIND_SCRATCH)
		return execution_fail(exec, node->pipe->at, "a %s cannot be printed",
				 type_info(value.type)->name);
	if (value.type == TYPE_STRING) {
		text.data = (char *)value.text;
		text.used = value.size;
	} else {
		print_value(&text, value);
	}
	if (value.secret)
		execution_add_secret(exec, text.data, text.used);
	return print(exec, node, text.data, text.used);
}

static enum flow execution_branch(struct scope *scope, const struct node *node)
{
	struct value value, dot = scope->dot;
	enum flow flow;

	if (!eval_pipe(scope, node->pipe, &value))
		return FLOW_FAILED;
	if (!value_is_true(value))
		return execution_list(scope, node->otherwise);
	if (node->kind == NODE_WITH)
		scope->dot = value;
	flow = execution_list(scope, node->body);
	scope->dot = dot;
	return flow;
}

static bool assign(struct scope *scope, const struct node *pipe, int which, struct value value)
{
	if (pipe->slots[which] == SLOT_UNKNOWN)
		return execution_fail(scope->exec, pipe->at, "assignment to an undefined variable");
	scope->slots[pipe->slots[which]] = value;
	return true;
}

static enum flow execution_iteration(struct scope *scope, const struct node *node,
				     struct value index, struct value item)
{
	const struct node *pipe = node->pipe;
	enum flow flow;

	if (!execution_step(scope->exec, node))
		return FLOW_FAILED;
	if (pipe->slot_count == 1 && !assign(scope, pipe, 0, item))
		return FLOW_FAILED;
	if (pipe->slot_count == 2 &&
	    (!assign(scope, pipe, 0, index) || !assign(scope, pipe, 1, item)))
		return FLOW_FAILED;
	scope->dot = item;
	flow = execution_list(scope, node->body);
	return flow == FLOW_CONTINUE ? FLOW_ON : flow;
}

/* How often a range goes round; -1: it cannot. */
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
		*index = range.map->entries[i].key;
		*item = range.map->entries[i].value;
		break;
	case KIND_INT: *item = (struct value){ .type = range.type, .integer = i }; break;
	default: *item = value_int64(range.integer + i); break;
	}
	if (range.secret)
		item->secret = true;
}

static enum flow execution_range(struct scope *scope, const struct node *node)
{
	struct value range, index, item, dot = scope->dot;
	enum flow flow = FLOW_ON;
	int64_t count;

	if (!eval_pipe(scope, node->pipe, &range))
		return FLOW_FAILED;
	count = range_count(range);
	if (count < 0)
		return execution_fail(scope->exec, node->pipe->at, "range can't iterate over a %s",
				 type_info(range.type)->name) ? FLOW_ON : FLOW_FAILED;
	/* {{break}} in {{else}} ends this range, which has no round, and not the one around it. */
	if (!count) {
		flow = execution_list(scope, node->otherwise);
		return flow == FLOW_BREAK ? FLOW_ON : flow;
	}
	/* A map may shrink no more than grow while it is walked: scratch.MapSet. */
	for (int64_t i = 0; i < count && flow == FLOW_ON; i++) {
		range_item(range, i, &index, &item);
		flow = execution_iteration(scope, node, index, item);
	}
	scope->dot = dot;
	return flow == FLOW_FAILED ? FLOW_FAILED : FLOW_ON;
}

static bool execution_call(struct scope *scope, const struct node *node)
{
	struct value dot = { .type = TYPE_INVALID };
	const struct tree *tree = tree_find(scope->exec->template, node->name);

	if (!tree)
		return execution_fail(scope->exec, node->at, "template \"%.*s\" not defined",
				 (int)utf8_cut(node->name.text, node->name.size, 64), node->name.text);
	if (node->argument && !eval_pipe(scope, node->argument, &dot))
		return false;
	return execution_tree(scope->exec, tree, dot, node->at);
}

static enum flow execution_node(struct scope *scope, const struct node *node)
{
	switch (node->kind) {
	case NODE_TEXT:
		return print(scope->exec, node, node->value.text, node->value.size) ? FLOW_ON : FLOW_FAILED;
	case NODE_ACTION: return execution_action(scope, node) ? FLOW_ON : FLOW_FAILED;
	case NODE_IF:
	case NODE_WITH: return execution_branch(scope, node);
	case NODE_RANGE: return execution_range(scope, node);
	case NODE_TEMPLATE: return execution_call(scope, node) ? FLOW_ON : FLOW_FAILED;
	case NODE_BREAK: return FLOW_BREAK;
	default: return FLOW_CONTINUE;
	}
}

static enum flow execution_list(struct scope *scope, const struct node *list)
{
	struct execution *exec = scope->exec;
	enum flow flow = FLOW_ON;

	if (list && ++exec->depth > DEPTH_LIMIT)
		return execution_fail(exec, list->at, "nested too deep") ? FLOW_ON : FLOW_FAILED;
	for (const struct node *node = list; node && flow == FLOW_ON; node = node->next)
		flow = execution_step(exec, node) ? execution_node(scope, node) : FLOW_FAILED;
	exec->depth -= list != NULL;
	return flow;
}

bool execution_tree(struct execution *exec, const struct tree *tree, struct value dot, size_t at)
{
	struct scope scope = { .exec = exec, .dot = dot };
	enum flow flow;

	if (++exec->calls > CALLS_LIMIT)
		return execution_fail(exec, at, "templates call each other more than %d levels deep",
				 CALLS_LIMIT);
	scope.slots = arena_alloc(&exec->arena, (size_t)tree->slot_count * sizeof *scope.slots);
	scope.slots[0] = dot;
	flow = execution_list(&scope, tree->body);
	exec->calls--;
	return flow != FLOW_FAILED;
}
