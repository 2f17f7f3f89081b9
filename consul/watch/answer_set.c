#include "answer_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "consul/answer.h"

static int compare(const json_t *a, const json_t *b)
{
	static const char *const identity[] = { "node", "id", "key" };
	int order = 0;

	for (size_t i = 0; !order && i < sizeof identity / sizeof *identity; i++)
		order = strcmp(answer_text(a, identity[i]), answer_text(b, identity[i]));
	return order;
}

static int compare_slots(const void *a, const void *b)
{
	return compare(*(json_t *const *)a, *(json_t *const *)b);
}

static json_int_t rank_of(const json_t *instance)
{
	return json_integer_value(json_object_get(instance, "rank"));
}

static int compare_ranks(const void *a, const void *b)
{
	json_int_t first = rank_of(*(json_t *const *)a), second = rank_of(*(json_t *const *)b);

	return (first > second) - (first < second);
}

/* Takes `set`. */
static json_t *sorted(json_t *set, int (*compare_two)(const void *, const void *))
{
	size_t count = json_array_size(set);
	AUTOFREE json_t **slots = alloc(count * sizeof *slots);
	json_t *result = json_array();

	for (size_t i = 0; i < count; i++)
		slots[i] = json_array_get(set, i);
	if (count)
		qsort(slots, count, sizeof *slots, compare_two);
	for (size_t i = 0; i < count; i++)
		json_array_append(result, slots[i]);
	json_decref(set);
	return result;
}

static const char *const badness[] = { "passing", "warning", "critical", "maintenance" };

static size_t badness_of(const json_t *check)
{
	const char *id = answer_text(check, "CheckID"), *status = answer_text(check, "Status");

	if (!strncmp(id, "_service_maintenance", 20) || !strcmp(id, "_node_maintenance"))
		return 3;
	for (size_t i = 0; i < 2; i++)
		if (!strcmp(status, badness[i]))
			return i;
	return 2;
}

/* Among equals, the check of a service, and not that of the node. */
static bool is_worse(const json_t *check, const json_t *other)
{
	size_t bad = badness_of(check), as = other ? badness_of(other) : 0;

	return !other || bad > as || (bad == as && !*answer_text(other, "ServiceID"));
}

const char *answer_set_status(const json_t *checks, const json_t **worst)
{
	json_t *check;
	size_t i;

	*worst = NULL;
	json_array_foreach(checks, i, check)
		if (is_worse(check, *worst))
			*worst = check;
	return badness[*worst ? badness_of(*worst) : 0];
}

static json_t *read_instance(const json_t *entry, struct error *error)
{
	const json_t *node = json_object_get(entry, "Node");
	const json_t *service = json_object_get(entry, "Service");
	const json_t *tags = json_object_get(service, "Tags");
	const json_t *meta = json_object_get(service, "Meta");
	const char *address = answer_text(service, "Address");
	const json_t *worst;

	if (!json_is_object(node) || !json_is_object(service)) {
		fail(error, "an instance without node or service");
		return NULL;
	}
	return json_pack("{ss ss ss sI so so ss}",
			 "id", answer_text(service, "ID"),
			 "node", answer_text(node, "Node"),
			 "address", *address ? address : answer_text(node, "Address"),
			 "port", json_integer_value(json_object_get(service, "Port")),
			 "tags", json_is_array(tags) ? json_deep_copy(tags) : json_array(),
			 "meta", json_is_object(meta) ? json_deep_copy(meta) : json_object(),
			 "status", answer_set_status(json_object_get(entry, "Checks"), &worst));
}

static json_t *read_key(const json_t *entry, struct error *error)
{
	CLEANUP(buf_release) struct buf bytes = BUF_INIT;
	const char *key = answer_text(entry, "Key"), *encoded = answer_text(entry, "Value");
	json_t *value;

	if (!json_is_object(entry) ||
	    !base64_decode(BASE64_PLAIN, encoded, strlen(encoded), &bytes, NULL)) {
		fail(error, "a key whose value is not base64");
		return NULL;
	}
	value = json_stringn(bytes.data, bytes.used);	/* NULL: not UTF-8 */
	return json_pack("{ss ss so sI}", "key", key,
			 "encoding", value ? "utf-8" : "base64",
			 "value", value ? value : json_string(encoded),
			 "modifyIndex", json_integer_value(json_object_get(entry, "ModifyIndex")));
}

const char *const *answer_set_identity(enum watch_kind kind)
{
	static const char *const instance[] = { "node", "id", NULL };
	static const char *const key[] = { "key", NULL };

	return kind == WATCH_SERVICE ? instance : key;
}

static json_t *read_set(enum watch_kind kind, bool ranked, const json_t *answer, struct error *error)
{
	CLEANUP(json_decrefp) json_t *set = json_array();
	json_t *entry;
	size_t i;

	if (answer && !json_is_array(answer)) {
		fail(error, "an answer that is not a list");
		return NULL;
	}
	json_array_foreach(answer, i, entry) {
		json_t *item = kind == WATCH_SERVICE ? read_instance(entry, error)
						     : read_key(entry, error);

		if (!item)
			return NULL;
		if (ranked)
			json_object_set_new(item, "rank", json_integer((json_int_t)i));
		json_array_append_new(set, item);
	}
	return sorted(steal(&set), compare_slots);
}

json_t *answer_set_read(enum watch_kind kind, const json_t *answer, struct error *error)
{
	return read_set(kind, false, answer, error);
}

json_t *answer_set_read_ranked(const json_t *answer, struct error *error)
{
	return read_set(WATCH_SERVICE, true, answer, error);
}

static bool same_data(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)a, key, value)
		if (strcmp(key, "modifyIndex") && strcmp(key, "rank") &&
		    !json_equal(value, json_object_get(b, key)))
			return false;
	return true;
}

bool answer_set_equal(const json_t *a, const json_t *b)
{
	size_t i;
	json_t *entry;

	if (json_array_size(a) != json_array_size(b))
		return false;
	json_array_foreach(a, i, entry)
		if (!same_data(entry, json_array_get(b, i)))
			return false;
	return true;
}

/* A position in two sets.  `was` and `is` have the same identity; NULL: not in that set. */
struct pair {
	const json_t *old, *now;
	size_t at_old, at_now;
	json_t *was, *is;
};

static bool next_pair(struct pair *pair)
{
	int order;

	pair->was = json_array_get(pair->old, pair->at_old);
	pair->is = json_array_get(pair->now, pair->at_now);
	order = !pair->was ? 1 : !pair->is ? -1 : compare(pair->was, pair->is);
	if (order < 0)
		pair->is = NULL;
	if (order > 0)
		pair->was = NULL;
	pair->at_old += pair->was != NULL;
	pair->at_now += pair->is != NULL;
	return pair->was || pair->is;
}

/* A hook gets the instances in the order of their ranks, which it does not see. */
static json_t *without_ranks(const json_t *set)
{
	json_t *ordered = json_array(), *instance;
	size_t i;

	json_array_extend(ordered, (json_t *)set);
	ordered = sorted(ordered, compare_ranks);
	json_array_foreach(ordered, i, instance) {
		json_t *copy = json_copy(instance);

		json_object_del(copy, "rank");
		json_array_set_new(ordered, i, copy);
	}
	return ordered;
}

/* Takes `set`. */
static json_t *listed(json_t *set)
{
	json_t *result = json_object_get(json_array_get(set, 0), "rank") ? without_ranks(set)
									 : json_incref(set);

	json_decref(set);
	return result;
}

json_t *answer_set_document(const struct event *event, enum watch_kind kind, const json_t *before,
			const json_t *now)
{
	struct pair pair = { .old = before, .now = now };
	json_t *added = json_array(), *removed = json_array(), *modified = json_array();

	while (next_pair(&pair)) {
		if (!pair.was)
			json_array_append(added, pair.is);
		else if (!pair.is)
			json_array_append(removed, pair.was);
		else if (!same_data(pair.was, pair.is))
			json_array_append(modified, pair.is);
	}
	return json_pack("{ss ss so so so so}",
			 "source", event->source->name, "event", event_name(event->code),
			 kind == WATCH_SERVICE ? "instances" : "keys", listed(json_incref((json_t *)now)),
			 "added", listed(added), "removed", listed(removed),
			 "modified", listed(modified));
}
