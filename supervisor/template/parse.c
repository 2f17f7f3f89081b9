#include <string.h>

#include "base/alloc.h"
#include "base/task.h"
#include "parser.h"

bool parse_fail(struct parser *parser, const struct token *token, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	source_fail(&parser->template->source, token->at, parser->error, format, args);
	va_end(args);
	return false;
}

bool parse_unexpected(struct parser *parser, const struct token *token, const char *context)
{
	if (token->kind == TOKEN_ERROR)
		return parse_fail(parser, token, "%.*s", (int)token->size, token->text);
	if (token->kind == TOKEN_EOF && parser->open)
		return parse_fail(parser, token, "unexpected end of the template: {{%.*s}} in line %zu "
				  "has no {{end}}", (int)parser->open->size, parser->open->text,
				  source_line(&parser->template->source, parser->open->at));
	if (token->kind == TOKEN_EOF)
		return parse_fail(parser, token, "unexpected end of the template");
	return parse_fail(parser, token, "unexpected \"%.*s\" in %s",
			  (int)utf8_cut(token->text, token->size, 32), token->text, context);
}

/* The last token, an error or the end, repeats. */
const struct token *peek_token(const struct parser *parser)
{
	size_t last = parser->tokens.count - 1;

	return &parser->tokens.items[parser->at < last ? parser->at : last];
}

const struct token *next_token(struct parser *parser)
{
	const struct token *token = peek_token(parser);

	task_yield();
	parser->at++;
	return token;
}

const struct token *peek_solid(struct parser *parser)
{
	while (peek_token(parser)->kind == TOKEN_SPACE)
		parser->at++;
	return peek_token(parser);
}

const struct token *next_solid(struct parser *parser)
{
	peek_solid(parser);
	return next_token(parser);
}

bool parse_enter(struct parser *parser, const struct token *token)
{
	return ++parser->nesting <= NESTING_LIMIT ||
	       parse_fail(parser, token, "nested more than %d levels deep", NESTING_LIMIT);
}

void parse_leave(struct parser *parser)
{
	parser->nesting--;
}

struct node *parse_node(struct parser *parser, enum node_kind kind, const struct token *token)
{
	struct node *node = arena_alloc(&parser->template->arena, sizeof *node);

	node->kind = kind;
	node->at = (unsigned)token->at;
	return node;
}

/* The keyword that ended a list of items. */
enum ending { ENDING_FAILED, ENDING_EOF, ENDING_END, ENDING_ELSE };

static enum ending parse_list(struct parser *parser, struct node **list);

static bool expect_right(struct parser *parser, const char *context)
{
	const struct token *token = next_solid(parser);

	return token->kind == TOKEN_RIGHT || parse_unexpected(parser, token, context);
}

static struct node *parse_control(struct parser *parser, const struct token *keyword);

/* The keyword was consumed before. */
static bool fail_at_else(struct parser *parser)
{
	return parse_fail(parser, &parser->tokens.items[parser->at - 1],
			  "unexpected {{else}}, expected {{end}}");
}

/* After {{else: `if` continues an if, `with` a with; one {{end}} closes both. */
static bool parse_else(struct parser *parser, struct node *node)
{
	const struct token *token = peek_solid(parser);

	if ((token->kind == TOKEN_IF && node->kind == NODE_IF) ||
	    (token->kind == TOKEN_WITH && node->kind == NODE_WITH)) {
		next_token(parser);
		node->otherwise = parse_control(parser, token);
		return node->otherwise;
	}
	if (!expect_right(parser, "else"))
		return false;
	switch (parse_list(parser, &node->otherwise)) {
	case ENDING_END: return true;
	case ENDING_FAILED: return false;
	default: return fail_at_else(parser);
	}
}

static bool parse_branches(struct parser *parser, struct node *node, const char *context)
{
	size_t visible;
	enum ending ending;
	bool ranges = node->kind == NODE_RANGE;

	node->pipe = parse_pipeline(parser, context, TOKEN_RIGHT);
	if (!node->pipe)
		return false;
	visible = parser->variable_count;
	parser->ranges += ranges;
	ending = parse_list(parser, &node->body);
	parser->ranges -= ranges;
	parser->variable_count = visible;
	if (ending == ENDING_ELSE)
		return parse_else(parser, node);
	return ending == ENDING_END;
}

static struct node *parse_control(struct parser *parser, const struct token *keyword)
{
	enum node_kind kind = keyword->kind == TOKEN_IF ? NODE_IF :
			      keyword->kind == TOKEN_WITH ? NODE_WITH : NODE_RANGE;
	struct node *node = parse_node(parser, kind, keyword);
	const struct token *outer = parser->open;
	size_t visible = parser->variable_count;
	static const char *const names[] = {
		[NODE_IF] = "if", [NODE_WITH] = "with", [NODE_RANGE] = "range",
	};

	parser->open = keyword;
	if (!parse_enter(parser, keyword) || !parse_branches(parser, node, names[kind]))
		return NULL;
	parse_leave(parser);
	parser->open = outer;
	parser->variable_count = visible;
	return node;
}

static struct node *parse_jump(struct parser *parser, const struct token *keyword)
{
	bool breaks = keyword->kind == TOKEN_BREAK;
	const char *name = breaks ? "{{break}}" : "{{continue}}";

	if (!expect_right(parser, name))
		return NULL;
	if (parser->ranges)
		return parse_node(parser, breaks ? NODE_BREAK : NODE_CONTINUE, keyword);
	parse_fail(parser, keyword, "%s outside {{range}}", name);
	return NULL;
}

static bool parse_name(struct parser *parser, const char *context, struct value *name)
{
	const struct token *token = next_solid(parser);

	if (token->kind != TOKEN_STRING && token->kind != TOKEN_RAW)
		return parse_unexpected(parser, token, context);
	return literal_unquote(&parser->template->arena, token->text, token->size, name) ||
	       parse_fail(parser, token, "invalid escape in a string");
}

static struct node *parse_template_call(struct parser *parser, const struct token *keyword)
{
	struct node *node = parse_node(parser, NODE_TEMPLATE, keyword);

	if (!parse_name(parser, "template clause", &node->name))
		return NULL;
	if (peek_solid(parser)->kind == TOKEN_RIGHT) {
		next_token(parser);
		return node;
	}
	node->argument = parse_pipeline(parser, "template clause", TOKEN_RIGHT);
	return node->argument ? node : NULL;
}

/* A body of comments and blanks defines nothing. */
static bool is_empty(const struct node *list)
{
	for (; list; list = list->next) {
		if (list->kind != NODE_TEXT)
			return false;
		for (size_t i = 0; i < list->value.size; i++)
			if (!strchr(" \t\r\n\v\f", list->value.text[i]) || !list->value.text[i])
				return false;
	}
	return true;
}

static size_t bucket_of(struct value name)
{
	size_t hash = 0;

	for (size_t i = 0; i < name.size; i++)
		hash = hash * 31 + (unsigned char)name.text[i];
	return hash % BUCKETS;
}

/* Behind the first, which may be the text outside all definitions: that precedes one of its name. */
static void insert_tree(struct template *template, struct tree *tree)
{
	struct tree **at = &template->buckets[bucket_of(tree->name)];

	if (*at)
		at = &(*at)->next;
	tree->next = *at;
	*at = tree;
}

static bool add_tree(struct parser *parser, struct tree *tree, const struct token *keyword)
{
	struct tree *old = (struct tree *)tree_find(parser->template, tree->name);

	if (!old || old == parser->template->trees) {
		insert_tree(parser->template, tree);
		return true;
	}
	if (!is_empty(old->body))
		return is_empty(tree->body) ||
		       parse_fail(parser, keyword, "multiple definition of template \"%.*s\"",
				  (int)utf8_cut(tree->name.text, tree->name.size, 64), tree->name.text);
	old->body = tree->body;
	old->slot_count = tree->slot_count;
	return true;
}

/* The body of define or block: $ is its only variable. */
static bool parse_body(struct parser *parser, struct value name, const struct token *keyword)
{
	struct tree *tree = arena_alloc(&parser->template->arena, sizeof *tree), *outer = parser->tree;
	struct variable *variables = parser->variables, dollar = variables[0];
	const struct token *open = parser->open;
	size_t count = parser->variable_count, room = parser->variable_room;
	int ranges = parser->ranges;
	bool fine;

	*tree = (struct tree){ .name = name, .slot_count = 1 };
	parser->tree = tree;
	parser->open = keyword;
	parser->ranges = 0;
	parser->variables = alloc(sizeof dollar);
	parser->variables[0] = dollar;
	parser->variable_count = parser->variable_room = 1;
	fine = parse_enter(parser, keyword);
	if (fine) {
		enum ending ending = parse_list(parser, &tree->body);

		fine = ending == ENDING_END ||
		       (ending == ENDING_ELSE && fail_at_else(parser));
	}
	parse_leave(parser);
	free(parser->variables);
	parser->variables = variables;
	parser->variable_count = count;
	parser->variable_room = room;
	parser->ranges = ranges;
	parser->open = open;
	parser->tree = outer;
	return fine && add_tree(parser, tree, keyword);
}

static struct node *parse_block(struct parser *parser, const struct token *keyword)
{
	struct node *node = parse_node(parser, NODE_TEMPLATE, keyword);

	if (!parse_name(parser, "block clause", &node->name))
		return NULL;
	node->argument = parse_pipeline(parser, "block clause", TOKEN_RIGHT);
	return node->argument && parse_body(parser, node->name, keyword) ? node : NULL;
}

static bool parse_define(struct parser *parser, const struct token *keyword)
{
	struct value name;

	return parse_name(parser, "define clause", &name) && expect_right(parser, "define clause") &&
	       parse_body(parser, name, keyword);
}

static struct node *parse_action(struct parser *parser)
{
	const struct token *token = peek_solid(parser);
	struct node *node;

	switch (token->kind) {
	case TOKEN_IF:
	case TOKEN_WITH:
	case TOKEN_RANGE: return parse_control(parser, next_token(parser));
	case TOKEN_BREAK:
	case TOKEN_CONTINUE: return parse_jump(parser, next_token(parser));
	case TOKEN_TEMPLATE: return parse_template_call(parser, next_token(parser));
	case TOKEN_BLOCK: return parse_block(parser, next_token(parser));
	default: break;
	}
	node = parse_node(parser, NODE_ACTION, token);
	node->pipe = parse_pipeline(parser, "command", TOKEN_RIGHT);
	return node->pipe ? node : NULL;
}

static struct node *parse_text(struct parser *parser, const struct token *token)
{
	struct node *node = parse_node(parser, NODE_TEXT, token);

	node->value = value_text(token->text, token->size);
	return node;
}

/* {{end}} and {{else}} end a list; of {{else}} only the keyword is consumed. */
static enum ending parse_ending(struct parser *parser)
{
	if (next_solid(parser)->kind == TOKEN_ELSE)
		return ENDING_ELSE;
	return expect_right(parser, "end") ? ENDING_END : ENDING_FAILED;
}

static enum ending parse_list(struct parser *parser, struct node **list)
{
	bool outside = parser->tree == parser->template->trees && !parser->nesting;

	for (;;) {
		const struct token *token = next_token(parser);

		if (token->kind == TOKEN_TEXT) {
			*list = parse_text(parser, token);
		} else if (token->kind == TOKEN_LEFT) {
			enum token_kind kind = peek_solid(parser)->kind;

			if (kind == TOKEN_END || kind == TOKEN_ELSE)
				return parse_ending(parser);
			if (kind == TOKEN_DEFINE && outside) {
				if (!parse_define(parser, next_token(parser)))
					return ENDING_FAILED;
				continue;
			}
			*list = parse_action(parser);
			if (!*list)
				return ENDING_FAILED;
		} else if (token->kind == TOKEN_EOF && outside) {
			return ENDING_EOF;
		} else {
			parse_unexpected(parser, token, "input");
			return ENDING_FAILED;
		}
		list = &(*list)->next;
	}
}

const struct tree *tree_find(const struct template *template, struct value name)
{
	for (const struct tree *tree = template->buckets[bucket_of(name)]; tree; tree = tree->next)
		if (!value_compare_text(tree->name, name))
			return tree;
	return NULL;
}

static bool parse_all(struct parser *parser)
{
	const struct token *last;

	switch (parse_list(parser, &parser->template->trees->body)) {
	case ENDING_EOF: return true;
	case ENDING_FAILED: return false;
	default: break;
	}
	last = &parser->tokens.items[parser->at - 1];
	return parse_fail(parser, last, "unexpected {{end}} or {{else}}");
}

static struct template *template_new(const char *name, const char *text, size_t size,
				     const struct template_options *options)
{
	struct template *template = NEW(struct template);
	const char *root = options->root ? options->root : "";

	arena_init(&template->arena, (size_t)256 << 20);
	template->profile = options->profile;
	template->missing_key = options->missing_key;
	template->source = (struct source){
		.name = arena_copy(&template->arena, name, strlen(name)),
		.text = arena_copy(&template->arena, text, size), .size = size,
	};
	template->trees = arena_alloc(&template->arena, sizeof *template->trees);
	template->trees->slot_count = 1;
	root = arena_copy(&template->arena, root, strlen(root));
	template->trees->name = value_string(root);
	insert_tree(template, template->trees);
	return template;
}

struct template *template_parse(const char *name, const char *text, size_t size,
				const struct template_options *options, struct error *error)
{
	struct template *template;
	struct parser parser = { .error = error };
	bool fine;

	if (size > TEMPLATE_SOURCE_LIMIT) {
		fail(error, "%s: a template may be at most 1 MiB long", name);
		return NULL;
	}
	template = template_new(name, text, size, options);
	parser.template = template;
	parser.tree = template->trees;
	parser.variables = alloc(sizeof *parser.variables);
	parser.variables[0].name = value_string("$");
	parser.variable_count = parser.variable_room = 1;
	lex(&template->source, options->left && *options->left ? options->left : "{{",
	    options->right && *options->right ? options->right : "}}", &template->arena,
	    &parser.tokens);
	fine = parse_all(&parser);
	free(parser.tokens.items);
	free(parser.variables);
	if (fine)
		return template;
	template_free(template);
	return NULL;
}

void template_free(struct template *template)
{
	if (!template)
		return;
	arena_release(&template->arena);
	free(template);
}
