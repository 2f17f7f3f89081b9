#include "fingerprint.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "consul/answer.h"

/* FNV-1a, including the NUL, so that "a" "bc" and "ab" "c" differ. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	do {
		hash = (hash ^ (unsigned char)*text) * 0x100000001B3;
	} while (*text++);
	return hash;
}

static uint64_t hash_integer(uint64_t hash, json_int_t number)
{
	for (int shift = 0; shift < 64; shift += 8)
		hash = (hash ^ ((uint64_t)number >> shift & 0xFF)) * 0x100000001B3;
	return hash;
}

static uint64_t hash_members(const json_t *object, const char *const *keys)
{
	uint64_t hash = 0xCBF29CE484222325;

	for (; *keys; keys++)
		hash = hash_text(hash, answer_text(object, *keys));
	return hash_integer(hash, json_integer_value(json_object_get(object, "ModifyIndex")));
}

static char *key_of(const char *what, const char *name)
{
	return format_string("%s %s", what, name);
}

/* Adds up the hashes, so their order does not matter. */
static void add(json_t *fingerprint, const char *what, const char *name, uint64_t hash)
{
	AUTOFREE char *key = key_of(what, name);
	uint64_t sum = hash + (uint64_t)json_integer_value(json_object_get(fingerprint, key));

	json_object_set_new(fingerprint, key, json_integer((json_int_t)sum));
}

static bool read_checks(json_t *fingerprint, const json_t *answer)
{
	static const char *const members[] = { "Node", "CheckID", "Status", NULL };
	json_t *check;
	size_t i;

	json_array_foreach(answer, i, check) {
		const char *service = answer_text(check, "ServiceName");
		bool own = *answer_text(check, "ServiceID");

		if (!json_is_object(check))
			return false;
		add(fingerprint, own ? "service" : "node",
		    own ? service : answer_text(check, "Node"), hash_members(check, members));
	}
	return json_is_array(answer);
}

static bool read_services(json_t *fingerprint, const json_t *answer)
{
	const char *name;
	json_t *tags, *tag;
	size_t i;

	json_object_foreach((json_t *)answer, name, tags) {
		uint64_t hash = 1;

		if (!json_is_array(tags))
			return false;
		json_array_foreach(tags, i, tag)	/* in any order */
			hash += hash_text(0, json_is_string(tag) ? json_string_value(tag) : "");
		add(fingerprint, "service", name, hash);
	}
	return json_is_object(answer);
}

static bool read_nodes(json_t *fingerprint, const json_t *answer)
{
	static const char *const members[] = { "ID", "Address", NULL };
	json_t *node;
	size_t i;

	json_array_foreach(answer, i, node) {
		if (!json_is_object(node))
			return false;
		add(fingerprint, "node", answer_text(node, "Node"), hash_members(node, members));
	}
	return json_is_array(answer);
}

static bool read_keys(json_t *fingerprint, const json_t *answer)
{
	(void)fingerprint;
	return !answer || json_is_array(answer);
}

json_t *fingerprint_read(enum fingerprint_kind kind, const json_t *answer, struct error *error)
{
	static bool (*const readers[])(json_t *fingerprint, const json_t *answer) = {
		[FINGERPRINT_CHECKS] = read_checks,
		[FINGERPRINT_CRITICAL] = read_checks,
		[FINGERPRINT_WARNING] = read_checks,
		[FINGERPRINT_SERVICES] = read_services,
		[FINGERPRINT_NODES] = read_nodes,
		[FINGERPRINT_KEYS] = read_keys,
	};
	CLEANUP(json_decrefp) json_t *fingerprint = json_object();

	if (!readers[kind](fingerprint, answer)) {
		fail(error, "an answer of an unexpected form");
		return NULL;
	}
	return steal(&fingerprint);
}

json_t *fingerprint_changes(const json_t *before, const json_t *now)
{
	json_t *changes = json_object(), *hash;
	const char *key;

	json_object_foreach((json_t *)now, key, hash)
		if (!json_equal(hash, json_object_get(before, key)))
			json_object_set(changes, key, hash);
	json_object_foreach((json_t *)before, key, hash)
		if (!json_object_get(now, key))
			json_object_set(changes, key, hash);
	return changes;
}

bool fingerprint_has(const json_t *fingerprint, const char *what, const char *name)
{
	AUTOFREE char *key = key_of(what, name);

	return json_object_get(fingerprint, key);
}

bool fingerprint_has_any(const json_t *fingerprint, const char *what)
{
	const char *key;
	json_t *hash;

	json_object_foreach((json_t *)fingerprint, key, hash)
		if (!strncmp(key, what, strlen(what)))
			return true;
	return false;
}
