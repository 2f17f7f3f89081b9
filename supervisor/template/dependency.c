#include "dependency.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/trim.h"
#include "base/url.h"

static const struct shape {
	const char *name, *path;
	const char *suffixes;		/* those of "?@~|" that it accepts */
	bool named;			/* false: it takes no name */
	bool key;			/* the name is a path of the KV store */
} shapes[] = {
	[DEPENDENCY_SERVICE]     = { "health.service", "/v1/health/service/", "?@~|", true, false },
	[DEPENDENCY_CONNECT]     = { "health.connect", "/v1/health/connect/", "?@~|", true, false },
	[DEPENDENCY_SERVICES]    = { "catalog.services", "/v1/catalog/services", "?@", false, false },
	[DEPENDENCY_NODES]       = { "catalog.nodes", "/v1/catalog/nodes", "?@~", false, false },
	[DEPENDENCY_NODE]        = { "catalog.node", "/v1/catalog/node/", "?@", true, false },
	[DEPENDENCY_DATACENTERS] = { "catalog.datacenters", "/v1/catalog/datacenters", "", false, false },
	[DEPENDENCY_KEY]         = { "kv.block", "/v1/kv/", "?@", true, true },
	[DEPENDENCY_GET]         = { "kv.get", "/v1/kv/", "?@", true, true },
	[DEPENDENCY_LIST]        = { "kv.list", "/v1/kv/", "?@", true, true },
	[DEPENDENCY_ROOTS]       = { "connect.caroots", "/v1/agent/connect/ca/roots", "", false, false },
	[DEPENDENCY_LEAF]        = { "connect.caleaf", "/v1/agent/connect/ca/leaf/", "", true, false },
	[DEPENDENCY_FILE]        = { "file", "", "", true, true },
};

static bool is_made_of(const char *text, const char *others)
{
	for (; *text; text++)
		if (!((*text >= '0' && *text <= '9') ||
		      ((*text | 32) >= 'a' && (*text | 32) <= 'z') || *text == '_' ||
		      strchr(others, *text)))
			return false;
	return true;
}

/* Ends `text` at the first `sign` and returns the part behind it. */
static char *cut(char *text, char sign)
{
	char *found = strchr(text, sign);

	if (!found)
		return text + strlen(text);
	*found = '\0';
	return found + 1;
}

static bool take_suffix(struct dependency *dependency, char sign, char *value)
{
	if (sign == '~')
		dependency->near = value;
	else if (sign == '@')
		dependency->dc = value;
	else
		dependency->filters = value;
	return *value && is_made_of(value, sign == '|' ? "," : ".-");
}

static bool take_options(struct dependency *dependency, char *options, struct error *error)
{
	char *option;

	while ((option = strsep(&options, "&"))) {
		char *value = cut(option, '=');

		if (!strcmp(option, "ns"))
			dependency->namespace = value;
		else if (!strcmp(option, "partition"))
			dependency->partition = value;
		else if (!strcmp(option, "peer"))
			dependency->peer = value;
		else if (!strcmp(option, "sameness-group"))
			dependency->group = value;
		else
			return fail(error, "invalid query parameter: ns, partition, peer or sameness-group");
		if (!is_made_of(value, "-."))
			return fail(error, "invalid query parameter");
	}
	return !*dependency->peer || !*dependency->group ||
	       fail(error, "cannot specify both peer and sameness-group");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the filters, so that equal dependencies have equal names. */
static bool take_filters(struct dependency *dependency, char *room, struct error *error)
{
	static const char known[] = ",any,passing,warning,critical,maintenance,";
	char *filters[16] = { NULL }, *filter, *rest = dependency->filters;
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
	dependency->filters = room;
	for (size_t i = 0; i < count; i++) {
		if (i)
			*room++ = ',';
		room = stpcpy(room, filters[i]);
	}
	return true;
}

/* Without the white space around it. */
static void trim_in_place(char *text)
{
	size_t size = strlen(text);
	const char *start = trim(text, &size, " \t\n\v\f\r");

	memmove(text, start, size);
	text[size] = '\0';
}

/* The path of a key as Consul reads it: it answers 301 for empty parts, `.` and `..`.  Never longer
 * than `path`.  False: the path leads out of the store. */
static bool clean_path(const char *path, char clean[DEPENDENCY_LIMIT])
{
	char *end = clean;
	bool folder = false;

	for (const char *part = path; *part; part += folder) {
		size_t size = strcspn(part, "/");
		bool up = size == 2 && !memcmp(part, "..", 2), here = size == 1 && *part == '.';

		if (up && end == clean)
			return false;
		if (up) {
			do
				end--;
			while (end > clean && *end != '/');
		} else if (size && !here) {
			if (end > clean)
				*end++ = '/';
			end = mempcpy(end, part, size);
		}
		part += size;
		folder = *part;
	}
	if (end > clean && folder)
		*end++ = '/';
	*end = '\0';
	return true;
}

static bool take_name(struct dependency *dependency, const struct shape *shape, char *name,
		      struct error *error)
{
	char *dot = strrchr(name, '.');
	bool service =
	    dependency->kind == DEPENDENCY_SERVICE || dependency->kind == DEPENDENCY_CONNECT;

	if (service && dot) {
		*dot = '\0';
		dependency->tag = name;
		name = dot + 1;
		if (!*dependency->tag || !is_made_of(dependency->tag, "=:.-"))
			return fail(error, "invalid format of the tag");
	}
	if (shape->key && dependency->kind != DEPENDENCY_FILE && *name == '/' && name[1])
		name++;
	if (dependency->kind == DEPENDENCY_FILE)
		trim_in_place(name);
	else if (shape->key && !clean_path(name, (char[DEPENDENCY_LIMIT]){ 0 }))
		return fail(error, "the path leads out of the store");
	dependency->name = name;
	if (!shape->named)
		return !*name || fail(error, "invalid format: it takes no name");
	if (!*name)
		return dependency->kind == DEPENDENCY_NODE || fail(error, "invalid format: a name is missing");
	return shape->key || is_made_of(name, service ? "-" : ".-") ||
	       fail(error, "invalid format of the name");
}

bool dependency_parse(enum dependency_kind kind, const char *argument,
		      struct dependency *dependency, struct error *error)
{
	const struct shape *shape = &shapes[kind];
	size_t size = strlen(argument);
	char *options = NULL;

	if (size >= DEPENDENCY_LIMIT)
		return fail(error, "%s: the argument is too long", shape->name);
	*dependency = (struct dependency){ .kind = kind };
	strcpy(dependency->text, argument);
	char *none = dependency->text + size;
	dependency->tag = dependency->name = dependency->dc = dependency->near =
	    dependency->filters = none;
	dependency->namespace = dependency->partition = dependency->peer = dependency->group = none;
	for (size_t i = strlen(shape->suffixes); i-- > 0;) {
		char sign = shape->suffixes[i];

		if (!strchr(dependency->text, sign))
			continue;
		char *value = cut(dependency->text, sign);
		if (sign == '?')
			options = value;
		else if (!take_suffix(dependency, sign, value))
			return fail(error, "%s: invalid format", shape->name);
	}
	if (!take_name(dependency, shape, dependency->text, error) ||
	    (options && !take_options(dependency, options, error)))
		return fail_in(error, "%s", shape->name);
	if (kind != DEPENDENCY_SERVICE && kind != DEPENDENCY_CONNECT)
		return true;
	if (!*dependency->filters) {
		dependency->filters = strcpy(dependency->text + DEPENDENCY_LIMIT, "passing");
		return true;
	}
	return take_filters(dependency, dependency->text + DEPENDENCY_LIMIT, error) || fail_in(error, "%s", shape->name);
}

void dependency_copy(struct dependency *to, const struct dependency *from)
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

void dependency_name(const struct dependency *dependency, struct buf *name)
{
	CLEANUP(buf_release) struct buf inside = BUF_INIT;

	if (*dependency->tag)
		buf_print(&inside, "%s.", dependency->tag);
	buf_add(&inside, dependency->name);
	add_part(&inside, "@", dependency->dc);
	add_part(&inside, "@partition=", dependency->partition);
	add_part(&inside, "@peer=", dependency->peer);
	add_part(&inside, "@ns=", dependency->namespace);
	add_part(&inside, "@sameness-group=", dependency->group);
	add_part(&inside, "~", dependency->near);
	add_part(&inside, "|", dependency->filters);
	buf_add(name, shapes[dependency->kind].name);
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

void dependency_subject(const struct dependency *dependency, char subject[DEPENDENCY_LIMIT])
{
	if (shapes[dependency->kind].key)
		clean_path(dependency->name, subject);
	else
		strcpy(subject, dependency->name);
}

void dependency_request(const struct dependency *dependency, struct buf *request)
{
	char subject[DEPENDENCY_LIMIT];

	if (dependency->kind == DEPENDENCY_NODE && !*dependency->name) {
		buf_add(request, "/v1/agent/self");
		return;
	}
	buf_add(request, shapes[dependency->kind].path);
	dependency_subject(dependency, subject);
	url_escape_path(request, subject);
	if (!strcmp(dependency->filters, "passing"))
		add_parameter(request, "passing", "1");
	if (dependency->kind == DEPENDENCY_LIST)
		buf_add(request, "?recurse=");
	add_parameter(request, "tag", dependency->tag);
	add_parameter(request, "dc", dependency->dc);
	add_parameter(request, "near", dependency->near);
	add_parameter(request, "ns", dependency->namespace);
	add_parameter(request, "partition", dependency->partition);
	add_parameter(request, "peer", dependency->peer);
	add_parameter(request, "sameness-group", dependency->group);
}
