#include <string.h>

#include "base/alloc.h"
#include "parser.h"

static struct value token_value(const struct token *token)
{
	return value_text(token->text, token->size);
}

static struct node *parse_variable(struct parser *parser, const struct token *token)
{
	struct node *node = parse_node(parser, NODE_VARIABLE, token);

	for (size_t i = parser->variable_count; i-- > 0;) {
		if (value_compare_text(parser->variables[i].name, token_value(token)))
			continue;
		node->slot = parser->variables[i].slot;
		return node;
	}
	parse_fail(parser, token, "undefined variable \"%.*s\"", (int)token->size, token->text);
	return NULL;
}

static struct node *parse_function(struct parser *parser, const struct token *token)
{
	struct node *node = parse_node(parser, NODE_FUNCTION, token);

	node->function = function_find(parser->template->profile, token->text, token->size);
	if (node->function)
		return node;
	if (function_is_unsupported(token->text, token->size))
		parse_fail(parser, token, "function \"%.*s\" is not supported", (int)token->size,
			   token->text);
	else
		parse_fail(parser, token, "function \"%.*s\" not defined", (int)token->size,
			   token->text);
	return NULL;
}

static struct node *parse_number(struct parser *parser, const struct token *token)
{
	struct node *node = parse_node(parser, NODE_NUMBER, token);
	const char *wrong = NULL;

	if (token->kind == TOKEN_NUMBER) {
		wrong = literal_number(token->text, token->size, node);
	} else if (literal_character(token->text, token->size, &node->integer)) {
		node->value = value_int(node->integer);
		node->is_integer = true;
	} else {
		wrong = "malformed character constant";
	}
	if (!wrong)
		return node;
	parse_fail(parser, token, "%s: %.*s", wrong, (int)token->size, token->text);
	return NULL;
}

static struct node *parse_string(struct parser *parser, const struct token *token)
{
	struct node *node = parse_node(parser, NODE_STRING, token);

	if (literal_unquote(&parser->template->arena, token->text, token->size, &node->value))
		return node;
	parse_fail(parser, token, "invalid escape in a string");
	return NULL;
}

static struct node *parse_bool(struct parser *parser, const struct token *token)
{
	struct node *node = parse_node(parser, NODE_BOOL, token);

	node->value = value_bool(token->text[0] == 't');
	return node;
}

static struct node *parse_field(struct parser *parser, const struct token *token, struct node *base)
{
	struct node *node = parse_node(parser, NODE_FIELD, token);

	node->base = base;
	node->field = token->text + 1;
	node->field_size = token->size - 1;
	return node;
}

/* NULL: failed, or there is no term here; then there is no message. */
static struct node *parse_term(struct parser *parser)
{
	const struct token *token = next_solid(parser);

	switch (token->kind) {
	case TOKEN_IDENTIFIER: return parse_function(parser, token);
	case TOKEN_DOT: return parse_node(parser, NODE_DOT, token);
	case TOKEN_NIL: return parse_node(parser, NODE_NIL, token);
	case TOKEN_VARIABLE: return parse_variable(parser, token);
	case TOKEN_FIELD: return parse_field(parser, token, parse_node(parser, NODE_DOT, token));
	case TOKEN_BOOL: return parse_bool(parser, token);
	case TOKEN_NUMBER:
	case TOKEN_CHARACTER: return parse_number(parser, token);
	case TOKEN_STRING:
	case TOKEN_RAW: return parse_string(parser, token);
	case TOKEN_OPEN: return parse_pipeline(parser, "parenthesized pipeline", TOKEN_CLOSE);
	default: break;
	}
	parser->at--;
	return NULL;
}

static struct node *parse_operand(struct parser *parser)
{
	struct node *node = parse_term(parser);

	while (node && peek_token(parser)->kind == TOKEN_FIELD) {
		const struct token *token = next_token(parser);

		if (node->kind == NODE_BOOL || node->kind == NODE_STRING || node->kind == NODE_NUMBER ||
		    node->kind == NODE_NIL || node->kind == NODE_DOT) {
			parse_fail(parser, token, "unexpected . after a term without fields");
			return NULL;
		}
		node = parse_field(parser, token, node);
	}
	return node;
}

static struct node *parse_command(struct parser *parser)
{
	struct node *command = parse_node(parser, NODE_COMMAND, peek_solid(parser));
	struct node **end = &command->args;

	for (;;) {
		struct node *operand = parse_operand(parser);
		const struct token *token;

		if (parser->error->text[0])
			return NULL;
		if (operand) {
			*end = operand;
			end = &operand->next;
			command->count++;
		}
		token = next_token(parser);
		if (token->kind == TOKEN_SPACE)
			continue;
		if (token->kind == TOKEN_RIGHT || token->kind == TOKEN_CLOSE)
			parser->at--;
		else if (token->kind != TOKEN_PIPE && !parse_unexpected(parser, token, "operand"))
			return NULL;
		break;
	}
	if (command->args)
		return command;
	parse_fail(parser, peek_token(parser), "empty command");
	return NULL;
}

static void declare(struct parser *parser, const struct token *token, int slot)
{
	if (parser->variable_count == parser->variable_room) {
		parser->variable_room = parser->variable_room ? 2 * parser->variable_room : 16;
		parser->variables = alloc_resize(parser->variables,
						 parser->variable_room * sizeof *parser->variables);
	}
	parser->variables[parser->variable_count++] =
		(struct variable){ token_value(token), slot };
}

static int assigned_slot(const struct parser *parser, const struct token *token)
{
	for (size_t i = parser->variable_count; i-- > 0;)
		if (!value_compare_text(parser->variables[i].name, token_value(token)))
			return parser->variables[i].slot;
	return SLOT_UNKNOWN;
}

/* `$x :=`, `$x =`, `$k, $v :=`: the pipeline cannot use the variables that it declares. */
static bool parse_declarations(struct parser *parser, const char *context, struct node *pipe,
			       const struct token *names[2])
{
	while (peek_solid(parser)->kind == TOKEN_VARIABLE) {
		size_t start = parser->at;
		const struct token *name = next_token(parser), *token = next_solid(parser);

		if (token->kind != TOKEN_ASSIGN && token->kind != TOKEN_DECLARE &&
		    token->kind != TOKEN_COMMA) {
			parser->at = start;
			return true;
		}
		names[pipe->slot_count++] = name;
		if (token->kind != TOKEN_COMMA) {
			pipe->assigns = token->kind == TOKEN_ASSIGN;
			return true;
		}
		if (strcmp(context, "range") || pipe->slot_count == 2)
			return parse_fail(parser, token, "too many declarations in %s", context);
		token = peek_solid(parser);
		if (token->kind != TOKEN_VARIABLE && token->kind != TOKEN_RIGHT)
			return parse_fail(parser, token, "range can only initialize variables");
	}
	return true;
}

static void bind_declarations(struct parser *parser, struct node *pipe, const struct token *names[2])
{
	for (int i = 0; i < pipe->slot_count; i++) {
		if (pipe->assigns) {
			pipe->slots[i] = assigned_slot(parser, names[i]);
			continue;
		}
		pipe->slots[i] = parser->tree->slot_count++;
		declare(parser, names[i], pipe->slots[i]);
	}
}

/* Only functions, fields and variables may follow a |. */
static bool check_pipeline(struct parser *parser, const struct node *pipe, const char *context,
			   const struct token *end)
{
	int stage = 1;

	if (!pipe->commands)
		return parse_fail(parser, end, "missing value for %s", context);
	for (const struct node *command = pipe->commands->next; command; command = command->next) {
		enum node_kind kind = command->args->kind;

		stage++;
		if (kind == NODE_BOOL || kind == NODE_DOT || kind == NODE_NIL || kind == NODE_NUMBER ||
		    kind == NODE_STRING)
			return parse_fail(parser, &(struct token){ .at = command->args->at },
					  "non executable command in pipeline stage %d", stage);
	}
	return true;
}

static bool parse_commands(struct parser *parser, struct node *pipe, const char *context,
			   enum token_kind end)
{
	struct node **last = &pipe->commands;

	for (;;) {
		const struct token *token = next_solid(parser);

		if (token->kind == end)
			return check_pipeline(parser, pipe, context, token);
		if ((token->kind < TOKEN_NUMBER || token->kind > TOKEN_IDENTIFIER) &&
		    token->kind != TOKEN_OPEN)
			return parse_unexpected(parser, token, context);
		parser->at--;
		*last = parse_command(parser);
		if (!*last)
			return false;
		last = &(*last)->next;
	}
}

struct node *parse_pipeline(struct parser *parser, const char *context, enum token_kind end)
{
	struct node *pipe = parse_node(parser, NODE_PIPE, peek_solid(parser));
	const struct token *names[2] = { NULL };

	if (!parse_enter(parser, peek_token(parser)) ||
	    !parse_declarations(parser, context, pipe, names) ||
	    !parse_commands(parser, pipe, context, end))
		return NULL;
	bind_declarations(parser, pipe, names);
	parse_leave(parser);
	return pipe;
}
