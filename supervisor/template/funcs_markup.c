#include "base/alloc.h"
#include "base/base64.h"
#include "encode.h"
#include "function.h"
#include "libyaml.h"
#include "yaml_scalar.h"

enum { ME = TEMPLATE_CONSUL };

/* A tree of YAML becomes values.  Each alias gets a copy, as in Go. */
struct decoder {
	struct arena *arena;
	struct error *error;
	size_t count, copied;		/* nodes; in aliases */
	int aliases;			/* that are open */
};

static bool decode(struct decoder *decoder, struct yaml_node *node, struct value *value);
static bool decode_into(struct decoder *decoder, struct yaml_node *node, struct value *value);

/* ---- texts ---- */

static bool decode_binary(struct decoder *decoder, const struct yaml_node *node, struct value *value)
{
	CLEANUP(buf_release) struct buf bytes = BUF_INIT;

	if (!base64_decode(BASE64_PLAIN | BASE64_LINES, node->text.text, node->text.size, &bytes, NULL))
		return fail(decoder->error, "not Base64 in line %u", node->line);
	*value = value_text(arena_copy(decoder->arena, bytes.data, bytes.used), bytes.used);
	return true;
}

static bool is_of_schema(const char *tag)
{
	static const char *const tags[] = { "null", "bool", "int", "float", "timestamp" };

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (!strcmp(tag, tags[i]))
			return true;
	return false;
}

static bool decode_text(struct decoder *decoder, const struct yaml_node *node, struct value *value)
{
	const char *tag = node->tag, *type;

	if (tag && !strcmp(tag, "binary"))
		return decode_binary(decoder, node, value);
	*value = node->text;
	if (tag ? !is_of_schema(tag) : !node->plain)
		return true;
	type = scalar_resolve(decoder->arena, node->text, value);
	if (!tag || (type && !strcmp(tag, type)))
		return true;
	if (type && !strcmp(tag, "float") && value->type == TYPE_INT) {
		*value = value_float((double)value->integer);
		return true;
	}
	return fail(decoder->error, "the value in line %u is no %s", node->line, tag);
}

/* ---- maps ---- */

static bool is_merge(const struct yaml_node *key)
{
	return key->kind == YAML_TEXT && value_is_text(key->text, "<<") &&
	       (key->plain || (key->tag && !strcmp(key->tag, "merge")));
}

/* As yaml.v2 does, it replaces members that came before it. */
static bool merge_one(struct decoder *decoder, struct yaml_node *node, struct value *map)
{
	const struct yaml_node *target = node->kind == YAML_ALIAS ? node->target : node;

	if (target->kind != YAML_MAP)
		return fail(decoder->error, "<< in line %u needs a map or a list of maps", node->line);
	return decode_into(decoder, node, map);
}

static bool merge(struct decoder *decoder, struct yaml_node *node, struct value *map)
{
	if (node->kind != YAML_LIST)
		return merge_one(decoder, node, map);
	for (size_t i = node->count; i-- > 0;)
		if (!merge_one(decoder, node->nodes[i], map))
			return false;
	return true;
}

/* A map has the type of parseJSON's, unless there is a key that only a map of YAML can have. */
static bool decode_member(struct decoder *decoder, struct yaml_node *const *member, struct value *map)
{
	struct value key = { 0 }, value = { 0 };

	if (!decode(decoder, member[0], &key))
		return false;
	if (kind_of(key) > KIND_STRING)
		return fail(decoder->error, "the key in line %u is a map or a list", member[0]->line);
	if (key.type != TYPE_STRING)
		map->type = TYPE_MAP_ANY_ANY;
	if (!decode(decoder, member[1], &value))
		return false;
	*map_put(map->map, key) = value;
	return true;
}

static bool decode_map(struct decoder *decoder, const struct yaml_node *node, struct value *map)
{
	for (size_t i = 0; i + 1 < node->count; i += 2)
		if (is_merge(node->nodes[i]) ? !merge(decoder, node->nodes[i + 1], map) :
		    !decode_member(decoder, node->nodes + i, map))
			return false;
	return true;
}

/* ---- all nodes ---- */

/* The allowance of yaml.v2: 99 of 100 nodes of a small document may come from aliases, 10 of a large one. */
static bool count_node(struct decoder *decoder)
{
	const double small = 400000, large = 4000000;
	double count = (double)++decoder->count, share = 0.99;

	arena_work(decoder->arena, 50);
	decoder->copied += decoder->aliases > 0;
	if (count >= large)
		share = 0.10;
	else if (count > small)
		share -= 0.89 * ((count - small) / (large - small));
	if (decoder->copied > 100 && decoder->count > 1000 && (double)decoder->copied / count > share)
		return fail(decoder->error, "too many aliases");
	return !decoder->arena->over;
}

static bool decode_list(struct decoder *decoder, const struct yaml_node *node, struct value *value)
{
	struct value *items = arena_alloc(decoder->arena, node->count * sizeof *items);

	for (size_t i = 0; i < node->count; i++)
		if (!decode(decoder, node->nodes[i], &items[i]))
			return false;
	*value = value_list(TYPE_ANYS, items, node->count);
	return true;
}

static bool decode_nested(struct decoder *decoder, const struct yaml_node *node, struct value *value)
{
	bool fine;

	if (!arena_enter(decoder->arena))
		return false;
	if (node->kind == YAML_MAP)
		fine = decode_map(decoder, node, value);
	else
		fine = decode_list(decoder, node, value);
	arena_leave(decoder->arena);
	return fine;
}

/* `value` has a map already, which takes the members of the node or of its target. */
static bool decode_into(struct decoder *decoder, struct yaml_node *node, struct value *value)
{
	bool fine;

	if (!count_node(decoder))
		return false;
	if (node->kind == YAML_TEXT)
		return decode_text(decoder, node, value);
	if (node->kind != YAML_ALIAS)
		return decode_nested(decoder, node, value);
	if (node->busy)
		return fail(decoder->error, "the alias in line %u contains itself", node->line);
	node->busy = true;
	decoder->aliases++;
	fine = decode_into(decoder, node->target, value);
	decoder->aliases--;
	node->busy = false;
	return fine;
}

static bool decode(struct decoder *decoder, struct yaml_node *node, struct value *value)
{
	const struct yaml_node *target = node->kind == YAML_ALIAS ? node->target : node;

	if (target->kind == YAML_MAP)
		*value = value_map(decoder->arena, TYPE_MAP_ANY);
	return decode_into(decoder, node, value);
}

/* ---- the functions ---- */

/* The evaluator reports a limit of the arena better than we can. */
static bool finish(struct call *call, bool fine, struct value value)
{
	if (call->arena->over || call->arena->too_deep)
		value = value_nil();
	else if (!fine)
		return false;
	return give(call, value);
}

static bool fn_parse_yaml(struct call *call)
{
	struct decoder decoder = { .arena = call->arena, .error = call->error };
	struct yaml_node *root = NULL;
	struct value value = value_nil();
	bool fine;

	if (!call->args[0].size)
		return give(call, value_map(call->arena, TYPE_MAP_ANY));
	fine = yaml_load(call->arena, call->args[0], &root, call->error) &&
	       (!root || decode(&decoder, root, &value));
	return finish(call, fine, value);
}

static bool fn_to_yaml(struct call *call)
{
	struct value text = value_nil();
	bool fine = encode_yaml(call->arena, call->args[0], &text, call->error);

	return finish(call, fine, text);
}

static bool fn_to_toml(struct call *call)
{
	struct value text = value_nil();
	bool fine = encode_toml(call->arena, call->args[0], &text, call->error);

	return finish(call, fine, text);
}

const struct function *functions_markup(void)
{
	static const struct function table[] = {
		{ "parseYAML", fn_parse_yaml, 1, 1, ME, { TYPE_STRING } },
		{ "toYAML", fn_to_yaml, 1, 1, ME, { TYPE_ANY } },
		{ "toTOML", fn_to_toml, 1, 1, ME, { TYPE_ANY } },
		{ 0 },
	};

	return table;
}
