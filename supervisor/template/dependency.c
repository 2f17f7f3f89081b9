#include "dependency.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/url.h"

static const struct shape {
	const char *name, *path;
	const char *suffixes;		/* of "?@~|" */
	bool named;			/* false: no name is taken */
	bool key;			/* the name is a path of the KV store */
} shapes[] = {
	[QUERY_SERVICE]     = { "health.service", "/v1/health/service/", "?@~|", true, false },
	[QUERY_CONNECT]     = { "health.connect", "/v1/health/connect/", "?@~|", true, false },
	[QUERY_SERVICES]    = { "catalog.services", "/v1/catalog/services", "?@", false, false },
	[QUERY_NODES]       = { "catalog.nodes", "/v1/catalog/nodes", "?@~", false, false },
	[QUERY_NODE]        = { "catalog.node", "/v1/catalog/node/", "?@", true, false },
	[QUERY_DATACENTERS] = { "catalog.datacenters", "/v1/catalog/datacenters", "", false, false },
	[QUERY_KEY]         = { "kv.block", "/v1/kv/", "?@", true, true },
	[QUERY_GET]         = { "kv.get", "/v1/kv/", "?@", true, true },
	[QUERY_LIST]        = { "kv.list", "/v1/kv/", "?@", true, true },
	[QUERY_FILE]        = { "file", "", "", true, true },
};

static bool is_made_of(const char *text, const char *others)
{
	for (; *text; text++)
		if (!((*text >= '0' && *text <= '9') || ((*text | 32) >= 'a' && (*text | 32) <= 'z') ||
		      *text == '_' || strchr(others, *text)))
			return false;
	return true;
}

/* Cuts off what stands behind the last `sign` that is there. */
static char *cut(char *text, char sign)
{
	char *found = strchr(text, sign);

	if (!found)
		return text + strlen(text);
	*found = '\0';
	return found + 1;
}

static bool take_suffix(struct query *query, char sign, char *value)
{
	if (sign == '~')
		query->near = value;
	else if (sign == '@')
		query->dc = value;
	else
		query->filters = value;
	return *value && is_made_of(value, sign == '|' ? "," : ".-");
}

static bool take_options(struct query *query, char *options, struct error *error)
{
	char *option;

	while ((option = strsep(&options, "&"))) {
		char *value = cut(option, '=');

		if (!strcmp(option, "ns"))
			query->namespace = value;
		else if (!strcmp(option, "partition"))
			query->partition = value;
		else if (!strcmp(option, "peer"))
			query->peer = value;
		else if (!strcmp(option, "sameness-group"))
			query->group = value;
		else
			return fail(error, "invalid query parameter: ns, partition, peer or sameness-group");
		if (!is_made_of(value, "-."))
			return fail(error, "invalid query parameter");
	}
	return !*query->peer || !*query->group ||
	       fail(error, "cannot specify both peer and sameness-group");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that one question has one name. */
static bool take_filters(struct query *query, char *room, struct error *error)
{
	static const char known[] = ",any,passing,warning,critical,maintenance,";
	char *filters[16] = { NULL }, *filter, *rest = query->filters;
	size_t count = 0;

	while ((filter = strsep(&rest, ","))) {
		char wanted[24] = ",";

		if (strlen(filter) > 16 || count == 16)
			return fail(error, "invalid filter");
		strcpy(stpcpy(wanted + 1, filter), ",");
		if (!*filter || !strstr(known, wanted))
			return fail(error, "invalid filter: any, passing, warning, critical or maintenance");
		filters[count++] = filter;
	}
	qsort(filters, count, sizeof *filters, by_text);
	query->filters = room;
	for (size_t i = 0; i < count; i++) {
		if (i)
			*room++ = ',';
		room = stpcpy(room, filters[i]);
	}
	return true;
}

static bool take_name(struct query *query, const struct shape *shape, char *name,
		      struct error *error)
{
	char *dot = strrchr(name, '.');
	bool service = query->kind == QUERY_SERVICE || query->kind == QUERY_CONNECT;

	if (service && dot) {
		*dot = '\0';
		query->tag = name;
		name = dot + 1;
		if (!*query->tag || !is_made_of(query->tag, "=:.-"))
			return fail(error, "invalid format of the tag");
	}
	if (shape->key && query->kind != QUERY_FILE && *name == '/' && name[1])
		name++;
	query->name = name;
	if (!shape->named)
		return !*name || fail(error, "invalid format: it takes no name");
	if (!*name)
		return query->kind == QUERY_NODE || fail(error, "invalid format: a name is missing");
	return shape->key || is_made_of(name, service ? "-" : ".-") ||
	       fail(error, "invalid format of the name");
}

bool query_parse(enum query_kind kind, const char *argument, struct query *query,
		 struct error *error)
{
	const struct shape *shape = &shapes[kind];
	size_t size = strlen(argument);
	char *options = NULL;

	if (size >= QUERY_LIMIT)
		return fail(error, "%s: the argument is too long", shape->name);
	*query = (struct query){ .kind = kind };
	strcpy(query->text, argument);
	char *none = query->text + size;
	query->tag = query->name = query->dc = query->near = query->filters = none;
	query->namespace = query->partition = query->peer = query->group = none;
	for (size_t i = strlen(shape->suffixes); i-- > 0;) {
		char sign = shape->suffixes[i];

		if (!strchr(query->text, sign))
			continue;
		char *value = cut(query->text, sign);
		if (sign == '?')
			options = value;
		else if (!take_suffix(query, sign, value))
			return fail(error, "%s: invalid format", shape->name);
	}
	if (!take_name(query, shape, query->text, error) ||
	    (options && !take_options(query, options, error)))
		return fail_in(error, "%s", shape->name);
	if (kind != QUERY_SERVICE && kind != QUERY_CONNECT)
		return true;
	if (!*query->filters) {
		query->filters = strcpy(query->text + QUERY_LIMIT, "passing");
		return true;
	}
	return take_filters(query, query->text + QUERY_LIMIT, error) || fail_in(error, "%s", shape->name);
}

void query_copy(struct query *to, const struct query *from)
{
	char **const ours[] = {
		&to->tag, &to->name, &to->dc, &to->near, &to->filters, &to->namespace,
		&to->partition, &to->peer, &to->group,
	};
	const char *const theirs[] = {
		from->tag, from->name, from->dc, from->near, from->filters, from->namespace,
		from->partition, from->peer, from->group,
	};

	*to = *from;
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		*ours[i] = to->text + (theirs[i] - from->text);
}

static void add_part(struct buf *buf, const char *before, const char *part)
{
	if (*part)
		buf_print(buf, "%s%s", before, part);
}

void query_name(const struct query *query, struct buf *name)
{
	CLEANUP(buf_release) struct buf inside = BUF_INIT;

	if (*query->tag)
		buf_print(&inside, "%s.", query->tag);
	buf_add(&inside, query->name);
	add_part(&inside, "@", query->dc);
	add_part(&inside, "@partition=", query->partition);
	add_part(&inside, "@peer=", query->peer);
	add_part(&inside, "@ns=", query->namespace);
	add_part(&inside, "@sameness-group=", query->group);
	add_part(&inside, "~", query->near);
	add_part(&inside, "|", query->filters);
	buf_add(name, shapes[query->kind].name);
	if (inside.used)
		buf_print(name, "(%s)", inside.data);
}

static void add_parameter(struct buf *request, const char *name, const char *value)
{
	if (!*value)
		return;
	buf_print(request, "%c%s=", strchr(request->data, '?') ? '&' : '?', name);
	url_escape_path(request, value);
}

void query_request(const struct query *query, struct buf *request)
{
	if (query->kind == QUERY_NODE && !*query->name) {
		buf_add(request, "/v1/agent/self");
		return;
	}
	buf_add(request, shapes[query->kind].path);
	url_escape_path(request, query->name);
	if (!strcmp(query->filters, "passing"))
		add_parameter(request, "passing", "1");
	if (query->kind == QUERY_LIST)
		buf_add(request, "?recurse=");
	add_parameter(request, "tag", query->tag);
	add_parameter(request, "dc", query->dc);
	add_parameter(request, "near", query->near);
	add_parameter(request, "ns", query->namespace);
	add_parameter(request, "partition", query->partition);
	add_parameter(request, "peer", query->peer);
	add_parameter(request, "sameness-group", query->group);
}
