#include <fnmatch.h>

#include "run.h"

/* The arguments of a command; a | adds its value as the last. */
struct arguments {
	const struct node *nodes;		/* the first is the function or field */
	size_t count;				/* without the first and without `final` */
	const struct value *final;		/* NULL: none */
};

static bool eval_node(struct scope *scope, const struct node *node, const struct arguments *args,
		      struct value *value);

static size_t total(const struct arguments *args)
{
	return args->count + (args->final != NULL);
}

static bool fits(enum type wanted, struct value *value)
{
	enum type type = value->type;

	if (wanted == TYPE_VALUE || wanted == type)
		return true;
	if (wanted == TYPE_ANY) {
		if (type == TYPE_INVALID)
			*value = value_nil();
		return true;
	}
	if (type == TYPE_INVALID &&
	    (type_info(wanted)->kind == KIND_LIST || type_info(wanted)->kind == KIND_MAP)) {
		value->type = wanted;
		value->items = NULL;
		value->size = 0;
		return true;
	}
	return false;
}

static bool check_type(struct run *run, const struct node *node, enum type wanted,
		       struct value *value)
{
	if (fits(wanted, value)) {
		if (kind_of(*value) == KIND_MAP && !value->map)
			value->map = value_map(&run->arena, value->type).map;
		return true;
	}
	if (value->type == TYPE_INVALID)
		return run_fail(run, node->at, "invalid value; expected %s", type_info(wanted)->name);
	return run_fail(run, node->at, "wrong type for value; expected %s; got %s",
			type_info(wanted)->name, type_info(value->type)->name);
}

/* A literal number takes the wanted type if it fits. */
static bool eval_number(struct run *run, const struct node *node, enum type wanted,
			struct value *value)
{
	bool integer = type_info(wanted)->kind == KIND_INT;

	*value = node->value;
	if (wanted == TYPE_ANY || wanted == TYPE_VALUE)
		return value->type != TYPE_UINT64 ||
		       run_fail(run, node->at, "integer overflow: the number is not an int");
	if (integer && node->is_integer)
		*value = (struct value){ .type = wanted, .integer = node->integer };
	else
		return run_fail(run, node->at, "expected %s; found a number",
				integer ? "integer" : type_info(wanted)->name);
	return true;
}

static bool eval_argument(struct scope *scope, const struct node *node, enum type wanted,
			  struct value *value)
{
	static const struct node alone;
	static const struct arguments none = { .nodes = &alone };

	if (node->kind == NODE_NUMBER)
		return eval_number(scope->run, node, wanted, value);
	if (node->kind == NODE_NIL) {
		*value = (struct value){ .type = TYPE_INVALID };
		if (!fits(wanted, value))
			return run_fail(scope->run, node->at, "cannot assign nil to %s",
					type_info(wanted)->name);
		return check_type(scope->run, node, wanted, value);
	}
	if ((node->kind == NODE_STRING || node->kind == NODE_BOOL) && !fits(wanted, &(struct value){
		.type = node->value.type }))
		return run_fail(scope->run, node->at, "expected %s; found a %s",
				type_info(wanted)->name, type_info(node->value.type)->name);
	return eval_node(scope, node, &none, value) && check_type(scope->run, node, wanted, value);
}

static bool call_function(struct run *run, const struct node *node,
			  const struct function *function, struct call *call)
{
	run->reason.text[0] = '\0';
	run->at = node->at;
	call->run = run;
	call->arena = &run->arena;
	call->error = &run->reason;
	for (const char *const *denied = run->input->denied; denied && *denied; denied++)
		if (!fnmatch(*denied, function->name, 0))
			return run_fail(run, node->at, "function %s is disabled", function->name);
	/* If all is over, that is the reason. */
	if (!function->fn(call) && !run->error->text[0])
		return run_step(run, node) && run_fail(run, node->at, "%s: %s", function->name, run->reason.text);
	if (run->error->text[0])
		return false;
	/* A value made from a secret is a secret. */
	for (size_t i = 0; i < call->count; i++)
		if (call->args[i].secret && kind_of(call->result) >= KIND_STRING)
			call->result.secret = true;
	return run_step(run, node);
}

static bool check_count(struct run *run, const struct node *node,
			const struct function *function, size_t count)
{
	if (count >= function->min && (function->max == MANY || count <= function->max))
		return true;
	return run_fail(run, node->at, "wrong number of args for %s: want %s%d got %zu",
			function->name, function->max == function->min ? "" :
			 count < function->min ? "at least " : "at most ",
			 count < function->min ? function->min : function->max, count);
}

/* and, or: the first operand that decides; later ones are not evaluated. */
static bool eval_logic(struct scope *scope, const struct function *function,
		       const struct arguments *args, struct value *value)
{
	bool wanted = function->name[0] == 'o';
	const struct node *node = args->nodes ? args->nodes->next : NULL;

	for (; node; node = node->next) {
		if (!eval_argument(scope, node, TYPE_VALUE, value))
			return false;
		if (value_is_true(*value) == wanted)
			return true;
	}
	if (args->final)
		*value = *args->final;
	return true;
}

static bool eval_function(struct scope *scope, const struct node *node,
			  const struct function *function, const struct arguments *args,
			  struct value *value)
{
	struct run *run = scope->run;
	struct value *items;
	struct call call = { .count = total(args) };
	const struct node *argument = args->nodes ? args->nodes->next : NULL;

	if (!check_count(run, node, function, call.count))
		return false;
	if (!function->fn)
		return eval_logic(scope, function, args, value);
	items = arena_alloc(&run->arena, call.count * sizeof *items);
	for (size_t i = 0; i < call.count; i++) {
		enum type wanted = function->types[i < MAX_TYPES ? i : MAX_TYPES - 1];

		for (size_t known = i; !wanted; )
			wanted = function->types[known < MAX_TYPES ? known : MAX_TYPES - 1], known--;
		if (argument) {
			if (!eval_argument(scope, argument, wanted, &items[i]))
				return false;
			argument = argument->next;
			continue;
		}
		items[i] = *args->final;
		if (!check_type(run, node, wanted, &items[i]))
			return false;
	}
	call.args = items;
	if (!call_function(run, node, function, &call))
		return false;
	*value = call.result;
	return true;
}

static bool get_from_map(struct run *run, const struct node *node, struct value base,
			 struct value *value)
{
	struct value *found = map_find(base.map, value_text(node->field, node->field_size));

	if (found) {
		*value = *found;
		return true;
	}
	if (run->template->missing_key == MISSING_ERROR)
		return run_fail(run, node->at, "map has no entry for key \"%.*s\"",
				(int)node->field_size, node->field);
	if (base.type == TYPE_MAP_STRING) {
		run->at = node->at;
		run_note_unset(run, node->field, node->field_size);
	}
	if (run->template->missing_key == MISSING_ZERO)
		*value = value_zero(&run->arena, type_info(base.type)->element);
	else
		*value = (struct value){ .type = TYPE_INVALID };
	return true;
}

static bool is_field(const struct node *node, const char *name)
{
	return strlen(name) == node->field_size && !memcmp(node->field, name, node->field_size);
}

/* .Checks.AggregatedStatus, and the deprecated .Tags.Contains "x" */
static bool eval_list_method(struct scope *scope, const struct node *node, struct value base,
			     const struct arguments *args, struct value *value)
{
	static const struct function contains = { .name = "Contains", .min = 1, .max = 1,
						  .types = { TYPE_STRING } };
	struct value wanted;

	if (base.type == TYPE_CHECKS && is_field(node, "AggregatedStatus")) {
		const struct function *find = functions_group();

		while (strcmp(find->name, "AggregatedStatus"))
			find++;
		return eval_function(scope, node, find, &(struct arguments){ .final = &base }, value);
	}
	if (base.type != TYPE_STRINGS || !is_field(node, "Contains"))
		return run_fail(scope->run, node->at, "can't evaluate field %.*s in type %s",
				(int)node->field_size, node->field, type_info(base.type)->name);
	if (!check_count(scope->run, node, &contains, total(args)))
		return false;
	if (args->final)
		wanted = *args->final;
	else if (!eval_argument(scope, args->nodes->next, TYPE_STRING, &wanted))
		return false;
	if (!check_type(scope->run, node, TYPE_STRING, &wanted))
		return false;
	*value = value_bool(false);
	for (size_t i = 0; i < base.size; i++)
		value->truth |= !value_compare_text(base.items[i], wanted);
	return true;
}

static bool eval_scratch(struct scope *scope, const struct node *node, const struct arguments *args,
			 struct value *value)
{
	const struct function *method = scratch_method(node->field, node->field_size);

	if (!method)
		return run_fail(scope->run, node->at, "scratch has no %.*s", (int)node->field_size,
				node->field);
	return eval_function(scope, node, method, args, value);
}

static bool get_field(struct scope *scope, const struct node *node, struct value base,
		      const struct arguments *args, struct value *value)
{
	struct run *run = scope->run;
	const struct type_info *info = type_info(base.type);
	const struct member *field;

	if (info->kind == KIND_SCRATCH)
		return eval_scratch(scope, node, args, value);
	if (info->kind == KIND_LIST)
		return eval_list_method(scope, node, base, args, value);
	if (info->kind == KIND_INVALID && run->template->missing_key == MISSING_ERROR)
		return run_fail(run, node->at, "nil data; no entry for key \"%.*s\"",
				(int)node->field_size, node->field);
	if (info->kind == KIND_INVALID) {
		*value = base;
		return true;
	}
	if (info->kind == KIND_NIL)
		return run_fail(run, node->at, "nil pointer evaluating %s.%.*s", info->name,
				(int)node->field_size, node->field);
	field = info->kind == KIND_STRUCT ? type_field(base.type, node->field, node->field_size) : NULL;
	if (!field && (info->kind != KIND_MAP || (info->key != TYPE_STRING && info->key != TYPE_ANY)))
		return run_fail(run, node->at, "can't evaluate field %.*s in type %s",
				(int)node->field_size, node->field, info->name);
	if (total(args))
		return run_fail(run, node->at, "%.*s is not a method but has arguments",
				(int)node->field_size, node->field);
	if (!field)
		return get_from_map(run, node, base, value);
	*value = struct_get(&run->arena, base, field);
	return true;
}

static bool eval_field(struct scope *scope, const struct node *node, const struct arguments *args,
		       struct value *value)
{
	static const struct node alone;
	static const struct arguments none = { .nodes = &alone };
	struct value base = { 0 };
	bool secret;

	if (node->base->kind == NODE_NIL)
		return run_fail(scope->run, node->at, "nil has no fields");
	if (!eval_node(scope, node->base, &none, &base))
		return false;
	/* Of a leaf certificate, the key alone is a secret. */
	secret = base.secret && base.type != TYPE_LEAF;
	if (!get_field(scope, node, base, args, value))
		return false;
	if (secret)
		value->secret = true;
	return true;
}

static bool eval_plain(struct scope *scope, const struct node *node, struct value *value)
{
	switch (node->kind) {
	case NODE_DOT: *value = scope->dot; return true;
	case NODE_VARIABLE: *value = scope->slots[node->slot]; return true;
	case NODE_NUMBER: return eval_number(scope->run, node, TYPE_VALUE, value);
	case NODE_BOOL:
	case NODE_STRING: *value = node->value; return true;
	case NODE_PIPE: return eval_pipe(scope, node, value);
	default: return run_fail(scope->run, node->at, "nil is not a command");
	}
}

static bool eval_node(struct scope *scope, const struct node *node, const struct arguments *args,
		      struct value *value)
{
	if (node->kind == NODE_FUNCTION)
		return eval_function(scope, node, node->function, args, value);
	if (node->kind == NODE_FIELD)
		return eval_field(scope, node, args, value);
	if (total(args))
		return run_fail(scope->run, node->at, "can't give argument to a non-function");
	return eval_plain(scope, node, value);
}

bool eval_pipe(struct scope *scope, const struct node *pipe, struct value *value)
{
	bool first = true;

	for (const struct node *command = pipe->commands; command; command = command->next) {
		struct value final = first ? value_nil() : *value;
		struct arguments args = { command->args, command->count - 1, first ? NULL : &final };

		if (!eval_node(scope, command->args, &args, value))
			return false;
		if (value->type == TYPE_NIL)
			value->type = TYPE_INVALID;
		first = false;
	}
	for (int i = 0; i < pipe->slot_count; i++) {
		if (pipe->slots[i] == SLOT_UNKNOWN)
			return run_fail(scope->run, pipe->at, "assignment to an undefined variable");
		scope->slots[pipe->slots[i]] = *value;
	}
	return true;
}
