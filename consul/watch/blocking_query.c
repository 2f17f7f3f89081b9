#include "blocking_query.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "consul/answer.h"

enum { RIGHTS_MAX = 60 };		/* in one request; Consul accepts 64 */

bool blocking_query_equal(const struct blocking_query *query, const json_t *a, const json_t *b)
{
	return query->equal ? query->equal(a, b) : json_equal(a, b);
}

static int compare(const struct blocking_query *query, const json_t *a, const json_t *b)
{
	int order = 0;

	for (const char *const *key = query->identity; !order && *key; key++)
		order = strcmp(answer_text(a, *key), answer_text(b, *key));
	return order;
}

static char *identity_of(const struct blocking_query *query, const json_t *entry)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	for (const char *const *key = query->identity; *key; key++)
		buf_print(&text, "%s\n", answer_text(entry, *key));
	return buf_take(&text);
}

static json_t *identities(const struct blocking_query *query, const json_t *set)
{
	json_t *known = json_object(), *entry;
	size_t i;

	json_array_foreach(set, i, entry) {
		AUTOFREE char *identity = identity_of(query, entry);

		json_object_set_new_nocheck(known, identity, json_true());
	}
	return known;
}

/* Merges both in order of identity.  If they have another order, the result is complete all the
 * same: an old entry then comes before the first new one that is greater. */
static json_t *unite(const struct blocking_query *query, const json_t *old, const json_t *now)
{
	CLEANUP(json_decrefp) json_t *known = identities(query, now);
	json_t *both = json_array();
	size_t at = 0;

	for (size_t i = 0; i < json_array_size(old); i++) {
		json_t *entry = json_array_get(old, i);
		AUTOFREE char *identity = identity_of(query, entry);

		if (json_object_get(known, identity))
			continue;
		while (at < json_array_size(now) &&
		       compare(query, json_array_get(now, at), entry) < 0)
			json_array_append(both, json_array_get(now, at++));
		json_array_append(both, entry);
	}
	while (at < json_array_size(now))
		json_array_append(both, json_array_get(now, at++));
	return both;
}

json_t *blocking_query_keep(const struct blocking_query *query, json_t *old, json_t *now)
{
	if (query->identity)
		return unite(query, old, now);
	return json_incref(json_is_null(now) ? old : now);
}

static void add_right(json_t *rights, const char *resource, const char *name)
{
	if (json_array_size(rights) < RIGHTS_MAX)
		json_array_append_new(rights, json_pack("{ss ss ss}", "Resource", resource,
							"Access", "read", "Segment", name));
}

json_t *blocking_query_rights(const struct blocking_query *query, const json_t *set)
{
	static const struct { const char *subject, *entry; } resources[] = {
		[TOPIC_SERVICE] = { "service", "node" },
		[TOPIC_CONNECT] = { "service", "node" },
		[TOPIC_KEYS] = { "key", "key" },
	};
	json_t *rights = json_array(), *entry;
	const char *last = "";
	size_t i;

	add_right(rights, resources[query->topic].subject, query->subject);
	json_array_foreach(set, i, entry) {
		const char *name = answer_text(entry, query->identity[0]);

		if (strcmp(name, last))
			add_right(rights, resources[query->topic].entry, name);
		last = name;
	}
	return rights;
}
