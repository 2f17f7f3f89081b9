#include "base/alloc.h"
#include "function.h"
#include "dependency.h"

enum { ME = TEMPLATE_CONSUL };

enum answer { ANSWER_FAILED, ANSWER_NOT_ASKED, ANSWER_MISSING, ANSWER_THERE };

static enum answer ask_for(struct call *call, enum dependency_kind kind, const char *argument,
			   json_t **json)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT;
	struct dependency dependency;

	if (!dependency_parse(kind, argument, &dependency, call->error))
		return ANSWER_FAILED;
	dependency_name(&dependency, &name);
	return run_lookup(call->run, &dependency, name.data, json) ? ANSWER_THERE
									  : ANSWER_MISSING;
}

/* Joins all arguments to one dependency; an empty one is not looked up. */
static enum answer ask(struct call *call, enum dependency_kind kind, const char *between,
		       json_t **json)
{
	struct text text = { .arena = call->arena };

	for (size_t i = 0; i < call->count; i++) {
		if (i)
			text_string(&text, between);
		text_add(&text, call->args[i].text, call->args[i].size);
	}
	if (text.used && memchr(text.data, '\0', text.used)) {
		fail(call->error, "the argument contains a NUL");
		return ANSWER_FAILED;
	}
	if (!text.used && kind != DEPENDENCY_SERVICES && kind != DEPENDENCY_NODES &&
	    kind != DEPENDENCY_NODE)
		return ANSWER_NOT_ASKED;
	return ask_for(call, kind, text.used ? text.data : "", json);
}

static bool ask_list(struct call *call, enum dependency_kind kind, const char *between,
		     enum type type)
{
	json_t *json = NULL;
	enum answer answer = ask(call, kind, between, &json);

	if (answer == ANSWER_THERE)
		return give(call, value_from_json(call->arena, json, type));
	return answer != ANSWER_FAILED && give(call, value_list(type, NULL, 0));
}

static bool fn_service(struct call *call)
{
	return ask_list(call, DEPENDENCY_SERVICE, "|", TYPE_SERVICES);
}

static bool fn_connect(struct call *call)
{
	return ask_list(call, DEPENDENCY_CONNECT, "|", TYPE_SERVICES);
}

static bool fn_services(struct call *call)
{
	return ask_list(call, DEPENDENCY_SERVICES, "", TYPE_SNIPPETS);
}

static bool fn_nodes(struct call *call)
{
	return ask_list(call, DEPENDENCY_NODES, "", TYPE_NODES);
}

static bool fn_node(struct call *call)
{
	json_t *json = NULL;
	enum answer answer = ask(call, DEPENDENCY_NODE, "", &json);

	if (answer == ANSWER_THERE)
		return give(call, value_from_json(call->arena, json, TYPE_CATALOG_NODE));
	return answer != ANSWER_FAILED && give(call, value_nil());
}

static bool fn_datacenters(struct call *call)
{
	json_t *json = NULL;

	/* The argument `ignore failing` has no effect: Consul lists only those that it can reach. */
	if (ask_for(call, DEPENDENCY_DATACENTERS, "", &json) == ANSWER_THERE)
		return give(call, value_from_json(call->arena, json, TYPE_STRINGS));
	return give(call, value_list(TYPE_STRINGS, NULL, 0));
}

/* All arguments are ignored. */
static bool fn_ca_roots(struct call *call)
{
	json_t *json = NULL;

	if (ask_for(call, DEPENDENCY_ROOTS, "", &json) == ANSWER_THERE)
		return give(call, value_from_json(call->arena, json, TYPE_ROOTS));
	return give(call, (struct value){ .type = TYPE_ROOTS, .absent = true });
}

/* Of several arguments, the first counts. */
static bool fn_ca_leaf(struct call *call)
{
	json_t *json = NULL;
	enum answer answer;

	call->count = call->count > 1 ? 1 : call->count;
	answer = ask(call, DEPENDENCY_LEAF, "", &json);
	if (answer == ANSWER_FAILED)
		return false;
	give(call, (struct value){ .type = TYPE_NULL });
	if (answer == ANSWER_THERE)
		call->result = value_from_json(call->arena, json, TYPE_LEAF);
	call->result.secret = answer == ANSWER_THERE;
	return true;
}

static bool ask_string(struct call *call, enum dependency_kind kind)
{
	json_t *json = NULL;
	enum answer answer = ask(call, kind, "", &json);

	if (answer == ANSWER_THERE)
		return give(call, value_from_json(call->arena, json, TYPE_STRING));
	return answer != ANSWER_FAILED && give(call, value_string(""));
}

static bool fn_key(struct call *call)
{
	return ask_string(call, DEPENDENCY_KEY);
}

static bool fn_file(struct call *call)
{
	return ask_string(call, DEPENDENCY_FILE);
}

static bool fn_key_exists(struct call *call)
{
	json_t *json = NULL;
	enum answer answer = ask(call, DEPENDENCY_GET, "", &json);

	return answer != ANSWER_FAILED &&
	       give(call, value_bool(answer == ANSWER_THERE && !json_is_null(json)));
}

static bool fn_key_or_default(struct call *call)
{
	struct value fallback = call->args[1];
	json_t *json = NULL;
	enum answer answer;

	call->count = 1;
	answer = ask(call, DEPENDENCY_GET, "", &json);
	call->count = 2;
	if (answer == ANSWER_THERE && json_string_length(json))
		return give(call, value_from_json(call->arena, json, TYPE_STRING));
	return answer != ANSWER_FAILED && give(call, fallback);
}

/* ls: the keys directly below; tree: all keys that are not folders. */
static bool keep_pair(struct value key, bool tree)
{
	if (!key.size)
		return false;		/* the prefix itself: Consul's UI makes such folders */
	return tree ? key.text[key.size - 1] != '/' : !memchr(key.text, '/', key.size);
}

static bool list_pairs(struct call *call, bool tree, bool safe)
{
	struct list_maker list = { .arena = call->arena };
	json_t *json = NULL, *item;
	enum answer answer = ask(call, DEPENDENCY_LIST, "", &json);
	size_t i;

	if (answer == ANSWER_FAILED)
		return false;
	json_array_foreach(json, i, item) {
		struct value pair = value_from_json(call->arena, item, TYPE_PAIR);

		if (keep_pair(struct_find(call->arena, pair, "Key"), tree))
			list_add(&list, pair);
	}
	if (safe && !list.count && answer == ANSWER_THERE) {
		CLEANUP(buf_release) struct buf name = BUF_INIT;
		struct dependency dependency;

		dependency_parse(DEPENDENCY_LIST, call_string(call, 0), &dependency, call->error);
		dependency_name(&dependency, &name);
		run_miss(call->run, name.data);
	}
	return give(call, value_list(TYPE_PAIRS, list.items, list.count));
}

static bool fn_ls(struct call *call)
{
	return list_pairs(call, false, false);
}

static bool fn_safe_ls(struct call *call)
{
	return list_pairs(call, false, true);
}

static bool fn_tree(struct call *call)
{
	return list_pairs(call, true, false);
}

static bool fn_safe_tree(struct call *call)
{
	return list_pairs(call, true, true);
}

const struct function *functions_data(void)
{
	static const struct function table[] = {
		{ "service", fn_service, 0, MANY, ME, { TYPE_STRING } },
		{ "connect", fn_connect, 0, MANY, ME, { TYPE_STRING } },
		{ "services", fn_services, 0, MANY, ME, { TYPE_STRING } },
		{ "nodes", fn_nodes, 0, MANY, ME, { TYPE_STRING } },
		{ "node", fn_node, 0, MANY, ME, { TYPE_STRING } },
		{ "datacenters", fn_datacenters, 0, 1, ME, { TYPE_BOOL } },
		{ "caRoots", fn_ca_roots, 0, MANY, ME, { TYPE_STRING } },
		{ "caLeaf", fn_ca_leaf, 0, MANY, ME, { TYPE_STRING } },
		{ "key", fn_key, 1, 1, ME, { TYPE_STRING } },
		{ "keyExists", fn_key_exists, 1, 1, ME, { TYPE_STRING } },
		{ "key_exists", fn_key_exists, 1, 1, ME, { TYPE_STRING } },
		{ "keyOrDefault", fn_key_or_default, 2, 2, ME, { TYPE_STRING } },
		{ "key_or_default", fn_key_or_default, 2, 2, ME, { TYPE_STRING } },
		{ "ls", fn_ls, 1, 1, ME, { TYPE_STRING } },
		{ "safeLs", fn_safe_ls, 1, 1, ME, { TYPE_STRING } },
		{ "tree", fn_tree, 1, 1, ME, { TYPE_STRING } },
		{ "safeTree", fn_safe_tree, 1, 1, ME, { TYPE_STRING } },
		{ "file", fn_file, 1, 1, ME, { TYPE_STRING } },
		{ 0 },
	};

	return table;
}
