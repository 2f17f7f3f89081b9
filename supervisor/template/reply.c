#include "reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"

static int compare(json_t *a, json_t *b, const char *key)
{
	const char *first = json_string_value(json_object_get(a, key));
	const char *second = json_string_value(json_object_get(b, key));

	return strcmp(first ? first : "", second ? second : "");
}

static int by_text(const void *a, const void *b)
{
	const char *first = json_string_value(*(json_t *const *)a);
	const char *second = json_string_value(*(json_t *const *)b);

	return strcmp(first ? first : "", second ? second : "");
}

static int by_node_id(const void *a, const void *b)
{
	int order = compare(*(json_t *const *)a, *(json_t *const *)b, "Node");

	return order ? order : compare(*(json_t *const *)a, *(json_t *const *)b, "ID");
}

static int by_node_address(const void *a, const void *b)
{
	int order = compare(*(json_t *const *)a, *(json_t *const *)b, "Node");

	return order ? order : compare(*(json_t *const *)a, *(json_t *const *)b, "Address");
}

static int by_service_id(const void *a, const void *b)
{
	int order = compare(*(json_t *const *)a, *(json_t *const *)b, "Service");

	return order ? order : compare(*(json_t *const *)a, *(json_t *const *)b, "ID");
}

static int by_name(const void *a, const void *b)
{
	return compare(*(json_t *const *)a, *(json_t *const *)b, "Name");
}

/* A new list. */
static json_t *sorted(json_t *list, int (*order)(const void *, const void *))
{
	size_t count = json_array_size(list);
	AUTOFREE json_t **items = alloc((count + 1) * sizeof *items);
	json_t *result = json_array();

	for (size_t i = 0; i < count; i++)
		items[i] = json_array_get(list, i);
	if (count && order)
		qsort(items, count, sizeof *items, order);
	for (size_t i = 0; i < count; i++)
		json_array_append(result, items[i]);
	return result;
}

static json_t *sorted_and_freed(json_t *list, int (*order)(const void *, const void *))
{
	json_t *result = sorted(list, order);

	json_decref(list);
	return result;
}

/* A deep copy keeps an entry together in memory: renders are faster by a third. */
static void copy(json_t *to, const char *name, json_t *from, const char *key)
{
	json_t *value = json_object_get(from, key);

	json_object_set_new(to, name, value ? json_deep_copy(value) : json_null());
}

static const char *status_of(json_t *checks)
{
	static const char *const states[] = { "passing", "warning", "critical" };
	static const char prefix[] = "_service_maintenance:";
	json_t *check;
	size_t i, worst = 0;

	json_array_foreach(checks, i, check) {
		const char *id = json_string_value(json_object_get(check, "CheckID"));
		const char *status = json_string_value(json_object_get(check, "Status"));

		if (id && (!strcmp(id, "_node_maintenance") || !strncmp(id, prefix, strlen(prefix))))
			return "maintenance";
		for (size_t s = worst + 1; s < 3; s++)
			if (status && !strcmp(status, states[s]))
				worst = s;
	}
	return states[worst];
}

static bool is_wanted(const struct dependency *dependency, const char *status)
{
	AUTOFREE char *filters = format_string(",%s,", dependency->filters);
	AUTOFREE char *wanted = format_string(",%s,", status);

	return strstr(filters, ",any,") || strstr(filters, wanted);
}

static json_t *convert_instance(json_t *entry, const char *status)
{
	static const char *const from_node[][2] = {
		{ "Node", "Node" }, { "NodeID", "ID" }, { "NodeAddress", "Address" },
		{ "NodeTaggedAddresses", "TaggedAddresses" }, { "NodeMeta", "Meta" },
	};
	static const char *const from_service[][2] = {
		{ "ServiceMeta", "Meta" }, { "ServiceTaggedAddresses", "TaggedAddresses" }, { "ID", "ID" },
		{ "Name", "Service" }, { "Port", "Port" }, { "Weights", "Weights" },
	};
	json_t *node = json_object_get(entry, "Node"), *service = json_object_get(entry, "Service");
	json_t *result = json_object();
	bool own = json_string_length(json_object_get(service, "Address"));

	for (size_t i = 0; i < sizeof from_node / sizeof *from_node; i++)
		copy(result, from_node[i][0], node, from_node[i][1]);
	for (size_t i = 0; i < sizeof from_service / sizeof *from_service; i++)
		copy(result, from_service[i][0], service, from_service[i][1]);
	copy(result, "Address", own ? service : node, "Address");
	json_object_set_new(result, "Tags", sorted(json_object_get(service, "Tags"), by_text));
	copy(result, "Checks", entry, "Checks");
	json_object_set_new(result, "Status", json_string(status));
	return result;
}

static json_t *convert_instances(const struct dependency *dependency, json_t *body)
{
	json_t *list = json_array(), *entry;
	size_t i;

	json_array_foreach(body, i, entry) {
		const char *status = status_of(json_object_get(entry, "Checks"));

		if (is_wanted(dependency, status))
			json_array_append_new(list, convert_instance(entry, status));
	}
	return sorted_and_freed(list, *dependency->near ? NULL : by_node_id);
}

static json_t *convert_services(json_t *body)
{
	json_t *list = json_array(), *tags;
	const char *name;

	json_object_foreach(body, name, tags) {
		json_t *entry = json_object();

		json_object_set_new(entry, "Name", json_string(name));
		json_object_set_new(entry, "Tags", sorted(tags, by_text));
		json_array_append_new(list, entry);
	}
	return sorted_and_freed(list, by_name);
}

static json_t *convert_node(json_t *body)
{
	json_t *result = json_object(), *services = json_array(), *service;
	bool known = json_is_object(json_object_get(body, "Node"));
	const char *id;

	copy(result, "Node", body, "Node");
	json_object_foreach(json_object_get(body, "Services"), id, service) {
		json_t *entry = json_copy(service);

		json_object_set_new(entry, "Tags", sorted(json_object_get(service, "Tags"), by_text));
		json_array_append_new(services, entry);
	}
	services = sorted_and_freed(services, by_service_id);
	json_object_set_new(result, "Services", known ? services : json_null());
	if (!known)
		json_decref(services);
	return result;
}

/* The bytes need not be UTF-8. */
static json_t *decode(json_t *value)
{
	CLEANUP(buf_release) struct buf bytes = BUF_INIT;

	base64_decode(BASE64_PLAIN, json_string_value(value), json_string_length(value), &bytes, NULL);
	return json_stringn_nocheck(bytes.data, bytes.used);
}

static json_t *convert_pairs(const struct dependency *dependency, json_t *body)
{
	static const char *const numbers[] = { "CreateIndex", "ModifyIndex", "LockIndex", "Flags" };
	json_t *list = json_array(), *pair;
	size_t i, prefix = strlen(dependency->name);

	json_array_foreach(body, i, pair) {
		const char *path = json_string_value(json_object_get(pair, "Key"));
		const char *key = path ? path : "";
		json_t *entry = json_object(), *session = json_object_get(pair, "Session");

		json_object_set_new(entry, "Path", json_string(key));
		if (!strncmp(key, dependency->name, prefix))
			key += prefix;
		json_object_set_new(entry, "Key", json_string(key + strspn(key, "/")));
		json_object_set_new(entry, "Value", decode(json_object_get(pair, "Value")));
		for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
			copy(entry, numbers[n], pair, numbers[n]);
		json_object_set_new(entry, "Session", session ? json_incref(session) : json_string(""));
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *convert_roots(json_t *body)
{
	static const char *const names[][2] = {
		{ "ID", "ID" }, { "Name", "Name" }, { "RootCertPEM", "RootCert" }, { "Active", "Active" },
		{ "CreateIndex", "CreateIndex" }, { "ModifyIndex", "ModifyIndex" },
	};
	json_t *list = json_array(), *root;
	size_t i;

	json_array_foreach(json_object_get(body, "Roots"), i, root) {
		json_t *entry = json_object();

		for (size_t n = 0; n < sizeof names / sizeof *names; n++)
			copy(entry, names[n][0], root, names[n][1]);
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *convert_key(const struct dependency *dependency, json_t *body)
{
	json_t *pair = json_array_get(body, 0);

	if (pair)
		return decode(json_object_get(pair, "Value"));
	return dependency->kind == DEPENDENCY_GET ? json_null() : NULL;
}

json_t *reply_convert(const struct dependency *dependency, json_t *body)
{
	switch (dependency->kind) {
	case DEPENDENCY_SERVICE:
	case DEPENDENCY_CONNECT: return convert_instances(dependency, body);
	case DEPENDENCY_SERVICES: return convert_services(body);
	case DEPENDENCY_NODES: return sorted(body, *dependency->near ? NULL : by_node_address);
	case DEPENDENCY_NODE: return convert_node(body);
	case DEPENDENCY_ROOTS: return convert_roots(body);
	case DEPENDENCY_LEAF: return json_incref(body);
	case DEPENDENCY_DATACENTERS: return sorted(body, by_text);
	case DEPENDENCY_KEY:
	case DEPENDENCY_GET: return convert_key(dependency, body);
	default: return convert_pairs(dependency, body);
	}
}
