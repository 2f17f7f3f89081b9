#include "value.h"

#include "base/alloc.h"

static const struct member service[] = {
	{ "Node", TYPE_STRING }, { "NodeID", TYPE_STRING }, { "NodeAddress", TYPE_STRING },
	{ "NodeTaggedAddresses", TYPE_MAP_STRING }, { "NodeMeta", TYPE_MAP_STRING },
	{ "ServiceMeta", TYPE_MAP_STRING }, { "Address", TYPE_STRING },
	{ "ServiceTaggedAddresses", TYPE_MAP_ADDRESS }, { "ID", TYPE_STRING },
	{ "Name", TYPE_STRING }, { "Tags", TYPE_STRINGS }, { "Checks", TYPE_CHECKS },
	{ "Status", TYPE_STRING }, { "Port", TYPE_INT }, { "Weights", TYPE_WEIGHTS }, { 0 },
};

static const struct member check[] = {
	{ "Node", TYPE_STRING }, { "CheckID", TYPE_STRING }, { "Name", TYPE_STRING },
	{ "Status", TYPE_STRING }, { "Notes", TYPE_STRING }, { "Output", TYPE_STRING },
	{ "ServiceID", TYPE_STRING }, { "ServiceName", TYPE_STRING },
	{ "ServiceTags", TYPE_STRINGS }, { "Type", TYPE_STRING },
	{ "Namespace", TYPE_STRING }, { "Partition", TYPE_STRING },
	{ "ExposedPort", TYPE_INT }, { "PeerName", TYPE_STRING },
	{ "Definition", TYPE_CHECK_DEFINITION }, { "CreateIndex", TYPE_UINT64 },
	{ "ModifyIndex", TYPE_UINT64 }, { 0 },
};

/* Durations are text, as in Consul's answers. */
static const struct member check_definition[] = {
	{ "Interval", TYPE_STRING }, { "Timeout", TYPE_STRING },
	{ "DeregisterCriticalServiceAfter", TYPE_STRING }, { "HTTP", TYPE_STRING },
	{ "Header", TYPE_MAP_STRINGS }, { "Method", TYPE_STRING }, { "Body", TYPE_STRING },
	{ "TLSServerName", TYPE_STRING }, { "TLSSkipVerify", TYPE_BOOL }, { "TCP", TYPE_STRING },
	{ "UDP", TYPE_STRING }, { "GRPC", TYPE_STRING }, { "GRPCUseTLS", TYPE_BOOL }, { 0 },
};

static const struct member snippet[] = { { "Name", TYPE_STRING }, { "Tags", TYPE_STRINGS }, { 0 } };

static const struct member node[] = {
	{ "ID", TYPE_STRING }, { "Node", TYPE_STRING }, { "Address", TYPE_STRING },
	{ "Datacenter", TYPE_STRING }, { "TaggedAddresses", TYPE_MAP_STRING },
	{ "Meta", TYPE_MAP_STRING }, { 0 },
};

static const struct member catalog_node[] = {
	{ "Node", TYPE_NODE }, { "Services", TYPE_NODE_SERVICES }, { 0 },
};

static const struct member node_service[] = {
	{ "ID", TYPE_STRING }, { "Service", TYPE_STRING }, { "Tags", TYPE_STRINGS },
	{ "Meta", TYPE_MAP_STRING }, { "Port", TYPE_INT }, { "Address", TYPE_STRING },
	{ "EnableTagOverride", TYPE_BOOL }, { 0 },
};

static const struct member pair[] = {
	{ "Path", TYPE_STRING }, { "Key", TYPE_STRING }, { "Value", TYPE_STRING },
	{ "CreateIndex", TYPE_UINT64 }, { "ModifyIndex", TYPE_UINT64 },
	{ "LockIndex", TYPE_UINT64 }, { "Flags", TYPE_UINT64 }, { "Session", TYPE_STRING }, { 0 },
};

static const struct member weights[] = { { "Passing", TYPE_INT }, { "Warning", TYPE_INT }, { 0 } };
static const struct member address[] = { { "Address", TYPE_STRING }, { "Port", TYPE_INT }, { 0 } };

/* Times are text, as in Consul's answers. */
static const struct member root[] = {
	{ "ID", TYPE_STRING }, { "Name", TYPE_STRING }, { "RootCertPEM", TYPE_STRING },
	{ "Active", TYPE_BOOL }, { "CreateIndex", TYPE_UINT64 }, { "ModifyIndex", TYPE_UINT64 }, { 0 },
};

static const struct member leaf[] = {
	{ "SerialNumber", TYPE_STRING }, { "CertPEM", TYPE_STRING },
	{ "PrivateKeyPEM", TYPE_STRING }, { "Service", TYPE_STRING },
	{ "ServiceURI", TYPE_STRING }, { "ValidAfter", TYPE_STRING }, { "ValidBefore", TYPE_STRING },
	{ "CreateIndex", TYPE_UINT64 }, { "ModifyIndex", TYPE_UINT64 }, { 0 },
};

static const struct member interface[] = {
	{ "SockAddr", TYPE_STRING }, { "Name", TYPE_STRING }, { "Flags", TYPE_STRING }, { 0 },
};

#define LIST(name, element) { name, KIND_LIST, element, TYPE_INT, NULL }
#define MAP(name, element) { name, KIND_MAP, element, TYPE_STRING, NULL }
#define STRUCT(name, fields) { name, KIND_STRUCT, 0, 0, fields }
#define PLAIN(name, kind) { name, kind, 0, 0, NULL }

static const struct type_info types[TYPE_COUNT] = {
	[TYPE_INVALID] = PLAIN("<nil>", KIND_INVALID),
	[TYPE_NIL] = PLAIN("interface {}", KIND_NIL),
	[TYPE_NULL] = PLAIN("nil pointer", KIND_NIL),
	[TYPE_ANY] = PLAIN("interface {}", KIND_NIL),
	[TYPE_VALUE] = PLAIN("interface {}", KIND_NIL),
	[TYPE_BOOL] = PLAIN("bool", KIND_BOOL),
	[TYPE_INT] = PLAIN("int", KIND_INT),
	[TYPE_INT64] = PLAIN("int64", KIND_INT),
	[TYPE_UINT64] = PLAIN("uint64", KIND_UINT),
	[TYPE_FLOAT] = PLAIN("float64", KIND_FLOAT),
	[TYPE_STRING] = PLAIN("string", KIND_STRING),
	[TYPE_LOOP] = PLAIN("<-chan int64", KIND_LOOP),
	[TYPE_SCRATCH] = PLAIN("scratch", KIND_SCRATCH),
	[TYPE_ANYS] = LIST("[]interface {}", TYPE_ANY),
	[TYPE_STRINGS] = LIST("[]string", TYPE_STRING),
	[TYPE_INTS] = LIST("[]int", TYPE_INT),
	[TYPE_FLOATS] = LIST("[]float64", TYPE_FLOAT),
	[TYPE_MAP_ANY] = MAP("map[string]interface {}", TYPE_ANY),
	[TYPE_MAP_STRING] = MAP("map[string]string", TYPE_STRING),
	[TYPE_MAP_INT] = MAP("map[string]int", TYPE_INT),
	[TYPE_MAP_STRINGS] = MAP("map[string][]string", TYPE_STRINGS),
	[TYPE_MAP_INT_STRING] = { "map[int]string", KIND_MAP, TYPE_STRING, TYPE_INT, NULL },
	[TYPE_MAP_ANY_ANY] = { "map[interface {}]interface {}", KIND_MAP, TYPE_ANY, TYPE_ANY, NULL },
	[TYPE_SERVICE] = STRUCT("service", service),
	[TYPE_SERVICES] = LIST("list of services", TYPE_SERVICE),
	[TYPE_MAP_SERVICES] = MAP("map of services", TYPE_SERVICES),
	[TYPE_MAP_INT_SERVICES] = { "map of services", KIND_MAP, TYPE_SERVICES, TYPE_INT, NULL },
	[TYPE_SNIPPET] = STRUCT("entry of services", snippet),
	[TYPE_SNIPPETS] = LIST("list of services' names", TYPE_SNIPPET),
	[TYPE_MAP_SNIPPETS] = MAP("map of services' names", TYPE_SNIPPETS),
	[TYPE_NODE] = STRUCT("node", node),
	[TYPE_NODES] = LIST("list of nodes", TYPE_NODE),
	[TYPE_CATALOG_NODE] = STRUCT("node with services", catalog_node),
	[TYPE_NODE_SERVICE] = STRUCT("service of a node", node_service),
	[TYPE_NODE_SERVICES] = LIST("list of a node's services", TYPE_NODE_SERVICE),
	[TYPE_PAIR] = STRUCT("key pair", pair),
	[TYPE_PAIRS] = LIST("list of key pairs", TYPE_PAIR),
	[TYPE_MAP_PAIR] = MAP("map of key pairs", TYPE_PAIR),
	[TYPE_MAP_MAP_PAIR] = MAP("map of maps of key pairs", TYPE_MAP_PAIR),
	[TYPE_CHECK] = STRUCT("check", check),
	[TYPE_CHECKS] = LIST("list of checks", TYPE_CHECK),
	[TYPE_CHECK_DEFINITION] = STRUCT("definition of a check", check_definition),
	[TYPE_WEIGHTS] = STRUCT("weights", weights),
	[TYPE_ADDRESS] = STRUCT("address", address),
	[TYPE_ROOT] = STRUCT("root certificate", root),
	[TYPE_ROOTS] = LIST("list of root certificates", TYPE_ROOT),
	[TYPE_LEAF] = STRUCT("leaf certificate", leaf),
	[TYPE_INTERFACE] = STRUCT("interface", interface),
	[TYPE_INTERFACES] = LIST("list of interfaces", TYPE_INTERFACE),
	[TYPE_MAP_ADDRESS] = MAP("map of addresses", TYPE_ADDRESS),
};

const struct type_info *type_info(enum type type)
{
	return &types[type];
}

/* "interface{}" is read as "interface {}". */
enum type type_by_name(const char *name)
{
	const char *braces = strstr(name, "{}");
	AUTOFREE char *spaced = braces && braces > name && braces[-1] != ' '
		? format_string("%.*s %s", (int)(braces - name), name, braces) : NULL;

	if (spaced)
		name = spaced;
	for (enum type type = TYPE_BOOL; type < TYPE_COUNT; type++)
		if (!strcmp(types[type].name, name))
			return type;
	return TYPE_INVALID;
}

const struct member *type_field(enum type type, const char *name, size_t size)
{
	for (const struct member *field = types[type].fields; field && field->name; field++)
		if (field->name[0] == name[0] && !strncmp(field->name, name, size) && !field->name[size])
			return field;
	return NULL;
}

struct value struct_get(struct arena *arena, struct value value, const struct member *field)
{
	struct value found =
		value_from_json(arena, json_object_get(value.json, field->name), field->type);

	if (value.type == TYPE_PAIR && !strcmp(field->name, "Key") && value.size <= found.size) {
		found.text += value.size;
		found.size -= value.size;
	}
	found.secret = value.type == TYPE_LEAF && !strcmp(field->name, "PrivateKeyPEM");
	return found;
}

struct value struct_find(struct arena *arena, struct value value, const char *name)
{
	const struct member *field = type_field(value.type, name, strlen(name));

	return field ? struct_get(arena, value, field) : value_nil();
}
